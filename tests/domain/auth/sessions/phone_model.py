"""A phone, a thief and a bad network, as steps on a `Server`: the same machines run on the rules and over HTTP.

What they claim, exactly. The window of a token is open for `grace_seconds` after it was consumed, and, with recovery,
after each later answer to it while nobody has used the newest access token. The thief leads when it was the thief who
consumed the token that the phone still holds.

1. The phone alone is never logged out in lenient mode, however many requests and replies are lost, provided that a
   copy of a refresh reaches the server within `grace_seconds` after the answer that the phone kept, and before the
   phone has refreshed four times more. One refresh cures a refused access token.
2. At most one refresh token of a session is live: an answer carries the newest token or the next one, and only the
   newest begets the next.
3. A thief that led and whose call with an access token of that lead was accepted ends the session at the phone's next
   refresh outside the window. In every case, after the next refresh outside the window of a phone that is led, no
   access token which the thief got before is accepted: the silent thief is cut off.
4. Whoever presents a consumed token outside its window, after the newest access token was used, ends the session: so a
   thief that comes second is caught as soon as the phone has made one call.
5. Strict mode: a token works once; the second time ends the session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

ROTATIONS_BORNE = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What POST /auth/refresh said: `ok` 200, `wait` 429, `reused`, `dead` and `invalid` 401 by their codes."""

    kind: Literal["ok", "wait", "reused", "dead", "invalid"]
    refresh: str = ""
    access: str = ""
    retry_after_seconds: int = 0


class Server(Protocol):
    """One session on a server. Access tokens must outlive a run, or `call` must not count expiry as a refusal."""

    def login(self) -> Answer: ...

    def refresh(self, token: str) -> Answer: ...

    def call(self, access: str) -> bool: ...

    def advance(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Mode:
    """How the server under test is set."""

    grace_seconds: int
    recovery: bool

    @property
    def strict(self) -> bool:
        return self.grace_seconds == 0 and not self.recovery


@dataclass(slots=True)
class Hand:
    """The pair somebody holds."""

    refresh: str
    access: str


# What becomes of a copy of a request: its reply is lost, its reply arrives, it is still on its way.
Fate = Literal["mute", "arrives", "held"]
BURSTS: st.SearchStrategy[tuple[Fate, ...]] = st.sampled_from(
    [
        ("arrives",),
        ("mute",),
        ("arrives", "held"),
        ("held", "mute", "arrives", "arrives"),
    ]
)
# Two of the shorter outlast a window of 15 s; one does not.
PAUSES = st.sampled_from([8.0, 15.0])


class Network(RuleBasedStateMachine):
    """The phone and its network, with every answer checked as it comes. Subclasses give the server and the mode."""

    mode: ClassVar[Mode]

    def new_server(self) -> Server:
        raise NotImplementedError

    @initialize()
    def log_in(self) -> None:
        self.server = self.new_server()
        first = self.server.login()
        assert first.kind == "ok"
        self.phone = Hand(first.refresh, first.access)
        self.time = 0.0
        self.over = False
        self.chain = [first.refresh]  # every refresh token, oldest first
        self.given = [first.access]  # every access token, oldest first
        self.newest_from = 0  # where the access tokens of the newest epoch begin
        self.newest_used = False
        self.window_from: dict[str, float] = {}
        self.kept: dict[str, float] = {}  # when the phone replaced a token
        self.held: list[str] = []  # copies of the phone's requests, still on their way

    def present(self, token: str) -> Answer:
        """Refresh, and check what must hold whoever asks (claims 2, 4 and 5)."""
        newest, over, was_open = self.chain[-1], self.over, self.window_is_open(token)
        answer = self.server.refresh(token)
        if over:
            assert answer.kind == "dead", "an ended session answers nobody"
            return answer
        if token == newest:
            assert answer.kind == "ok", "the newest token always works"
            assert answer.refresh not in self.chain, "claim 2: the newest token begets a new one"
            self.chain.append(answer.refresh)
        elif answer.kind == "ok":
            assert not self.mode.strict, "claim 5: a consumed token was answered"
            assert was_open or not self.newest_used, "claim 4: a thief that came second got away"
            assert answer.refresh == newest, "claim 2: a consumed token begets nothing"
        elif answer.kind == "wait":
            assert was_open, "told to wait for a window that is shut"
            assert 1 <= answer.retry_after_seconds <= self.mode.grace_seconds
        else:
            assert answer.kind == "reused"
            assert not was_open, "a window was shut early"
            self.over = True
        if answer.kind == "ok":
            if token == newest or not was_open:
                self.newest_from, self.newest_used = len(self.given), False
            if token == newest or (self.mode.recovery and token == self.chain[-2] and not self.newest_used):
                self.window_from[token] = self.time
            self.given.append(answer.access)
        return answer

    def window_is_open(self, token: str) -> bool:
        """Only the last four consumed tokens have one."""
        since = self.time - self.window_from.get(token, float("-inf"))
        return since < self.mode.grace_seconds and token in self.chain[-1 - ROTATIONS_BORNE :]

    def call(self, access: str) -> bool:
        accepted = self.server.call(access)
        assert not (accepted and self.over), "an ended session lets nobody pass"
        if accepted and access in self.given[self.newest_from :]:
            self.newest_used = True
        return accepted

    def sent(self, fates: Sequence[Fate]) -> list[Answer]:
        """The phone sends copies of one refresh. Returns the answers that it got."""
        token, got = self.phone.refresh, list[Answer]()
        for fate in fates:
            if fate == "held":
                self.held.append(token)
                continue
            answer = self.present(token)
            if fate == "arrives":
                got.append(answer)
        for answer in got:
            if answer.kind == "ok":
                self.phone = Hand(answer.refresh, answer.access)
                self.kept[token] = self.time
        return got

    def copy_may_arrive(self, token: str) -> bool:
        """The network's bound in claim 1."""
        kept = self.kept.get(token)
        if kept is None:
            return True
        borne = len(self.chain) - 1 - self.chain.index(token) <= ROTATIONS_BORNE
        return borne and self.time - kept < self.mode.grace_seconds

    def time_passes(self, seconds: float) -> None:
        self.server.advance(seconds)
        self.time += seconds


class HonestPhone(Network):
    """The phone alone: claims 1 and 2."""

    @rule(pause=PAUSES, fates=BURSTS, use=st.sampled_from([True, True, False]))
    def refresh(self, pause: float, fates: tuple[Fate, ...], *, use: bool) -> None:
        self.time_passes(pause)
        self.sent(fates)
        assert not self.over, "claim 1: the phone alone was logged out"
        if use:
            self.use()

    @rule(pause=PAUSES, last=st.booleans())
    @precondition(lambda self: self.held)
    def a_late_copy_arrives(self, pause: float, *, last: bool) -> None:
        self.time_passes(pause)
        token = self.held.pop(-1 if last else 0)
        if self.copy_may_arrive(token):
            # The phone gave up on this request: its reply goes nowhere.
            self.present(token)
            assert not self.over, "claim 1: a late copy logged the phone out"

    @rule()
    def use(self) -> None:
        if self.call(self.phone.access):
            return
        answers = self.sent(["arrives"])
        if answers[0].kind == "wait":
            self.time_passes(answers[0].retry_after_seconds)
            answers = self.sent(["arrives"])
        assert answers[0].kind == "ok", "a phone that waited as told was refused"
        assert self.call(self.phone.access), "one refresh must cure a refused access token"


class Theft(Network):
    """The phone and a thief who copies its refresh token at any moment: claims 2 to 5."""

    @initialize()
    def log_in(self) -> None:
        super().log_in()
        self.stolen: list[str] = []
        self.loot: list[str] = []
        # Which of the access tokens the thief got by consuming the phone's token, and whether that lead was used.
        self.led_from: int | None = None
        self.used_lead = False

    @rule(seconds=PAUSES)
    def wait(self, seconds: float) -> None:
        self.time_passes(seconds)

    @rule()
    @precondition(lambda self: self.over)
    def log_in_again(self) -> None:
        self.log_in()

    @rule()
    def steal(self) -> None:
        if self.phone.refresh not in self.stolen:
            self.stolen.append(self.phone.refresh)

    @rule(data=st.data(), latest=st.booleans())
    @precondition(lambda self: self.stolen)
    def thief_refreshes(self, data: st.DataObject, *, latest: bool) -> None:
        token = self.stolen[-1] if latest else data.draw(st.sampled_from(self.stolen))
        was_newest = token == self.chain[-1]
        answer = self.present(token)
        if answer.kind != "ok":
            return
        if was_newest and token == self.phone.refresh:
            self.led_from, self.used_lead = len(self.given) - 1, False
        self.loot.append(answer.access)
        if answer.refresh not in self.stolen:
            self.stolen.append(answer.refresh)

    @rule(data=st.data())
    @precondition(lambda self: self.loot)
    def thief_calls(self, data: st.DataObject) -> None:
        access = data.draw(st.sampled_from(self.loot))
        if self.call(access) and self.led_from is not None and self.given.index(access) >= self.led_from:
            self.used_lead = True

    @rule(arrives=st.booleans())
    def phone_refreshes(self, *, arrives: bool) -> None:
        token = self.phone.refresh
        led = self.led_from is not None and not self.over and not self.window_is_open(token)
        answer = self.present(token)
        if led:
            if self.used_lead or not self.mode.recovery:
                assert answer.kind == "reused", "claim 3: the thief used its lead and got away"
            for access in self.loot:
                assert not self.call(access), "claim 3: the thief still gets in"
        if arrives and answer.kind == "ok":
            self.phone = Hand(answer.refresh, answer.access)
            self.led_from = None

    @rule()
    def phone_calls(self) -> None:
        self.call(self.phone.access)
