"""A phone, a thief and a bad network, as steps on a `Server`: the same machines run on the rules and over HTTP.

What they claim, exactly ("the window of a token" is open until `grace_seconds` after the server last answered it; "led
by the thief" says that it was the thief who consumed the token which the phone still holds):

1. The phone alone is never logged out in lenient mode, however many requests and replies are lost, provided that a
   copy of a refresh reaches the server within `grace_seconds` after the answer that the phone kept, and before the
   phone has refreshed four times more. One refresh cures a refused access token.
2. At most one refresh token of a session is live: an answer carries the newest token or the next one, and only the
   newest begets the next.
3. A thief that led and whose call with an access token of that lead was accepted ends the session at the phone's next
   refresh outside the window. In every case, after the phone's next refresh outside the window of a token that the
   thief led, no access token which the thief got before is accepted: the silent thief is cut off.
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


Fate = Literal["lost", "reply lost", "arrives", "held"]
FATES: st.SearchStrategy[Fate] = st.sampled_from(["arrives", "reply lost", "held", "lost"])
PAUSES = st.sampled_from([0.0, 0.5, 4.0, 10.0, 14.0, 15.0, 16.0, 60.0, 900.0])


class Network(RuleBasedStateMachine):
    """The phone and its network, with every answer checked as it comes. Subclasses give the server and the mode."""

    mode: ClassVar[Mode]

    def new_server(self) -> Server:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.server = self.new_server()
        self.time = 0.0
        self.over = False
        self.chain: list[str] = []  # every refresh token ever given, oldest first
        self.answered: dict[str, float] = {}  # when a token was last answered with 200
        self.kept: dict[str, float] = {}  # when the phone replaced a token
        self.held: list[str] = []  # copies of the phone's requests, still on their way

    @initialize()
    def log_in(self) -> None:
        first = self.server.login()
        assert first.kind == "ok"
        self.phone = Hand(first.refresh, first.access)
        self.chain.append(first.refresh)
        self.given = [first.access]  # every access token, oldest first
        self.newest_used = False

    def present(self, token: str) -> Answer:
        """Refresh, and check what must hold whoever asks (claims 2, 4 and 5)."""
        newest, over, was_open = self.chain[-1], self.over, self.window_is_open(token)
        answer = self.server.refresh(token)
        if over:
            assert answer.kind == "dead", "an ended session answers nobody"
            return answer
        if token == newest:
            assert answer.kind == "ok", "the newest token always works"
            assert answer.refresh not in self.chain, "the newest token begets a new one"
            self.chain.append(answer.refresh)
            self.newest_used = False
        elif answer.kind == "ok":
            assert not self.mode.strict, "claim 5: a consumed token was answered"
            assert was_open or not self.newest_used, "claim 4: a thief that came second got away"
            assert answer.refresh == newest, "a consumed token begets nothing"
            if not was_open:
                self.newest_used = False
        elif answer.kind == "wait":
            assert was_open, "told to wait for a window that is shut"
            assert 1 <= answer.retry_after_seconds <= self.mode.grace_seconds
        else:
            assert answer.kind == "reused"
            self.over = True
        if answer.kind == "ok":
            self.answered[token] = self.time
            self.given.append(answer.access)
        return answer

    def window_is_open(self, token: str) -> bool:
        """False only if the window is surely shut."""
        return self.time - self.answered.get(token, float("-inf")) < self.mode.grace_seconds

    def call(self, access: str) -> bool:
        accepted = self.server.call(access)
        assert not (accepted and self.over), "an ended session lets nobody pass"
        if accepted and access == self.given[-1]:
            self.newest_used = True
        return accepted

    def sent(self, fates: Sequence[Fate]) -> list[Answer]:
        """The phone sends copies of one refresh. Returns the answers that it got."""
        token, got = self.phone.refresh, list[Answer]()
        for fate in fates:
            if fate == "held":
                self.held.append(token)
            elif fate != "lost":
                answer = self.present(token)
                got += [answer] if fate == "arrives" else []
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

    @rule(seconds=PAUSES)
    def time_passes(self, seconds: float) -> None:
        self.server.advance(seconds)
        self.time += seconds


class HonestPhone(Network):
    """The phone alone: claims 1 and 2."""

    @rule(fates=st.lists(FATES, min_size=1, max_size=5))
    def refresh(self, fates: list[Fate]) -> None:
        self.sent(fates)
        assert not self.over, "the phone alone was logged out"

    @rule(data=st.data())
    @precondition(lambda self: self.held)
    def a_late_copy_arrives(self, data: st.DataObject) -> None:
        token = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        if self.copy_may_arrive(token):
            # The phone gave up on this request: its reply goes nowhere.
            self.present(token)
            assert not self.over, "a late copy logged the phone out"

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
    def arrive(self) -> None:
        self.stolen: list[str] = []
        self.loot: list[str] = []
        # The chain's length when the thief consumed the phone's token, and whether it used what it got by that.
        self.led_at: int | None = None
        self.used_lead = False

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
            self.led_at, self.used_lead = len(self.given) - 1, False
        self.loot.append(answer.access)
        if answer.refresh not in self.stolen:
            self.stolen.append(answer.refresh)

    @rule(data=st.data())
    @precondition(lambda self: self.loot)
    def thief_calls(self, data: st.DataObject) -> None:
        access = data.draw(st.sampled_from(self.loot))
        if self.call(access) and self.led_at is not None and self.given.index(access) >= self.led_at:
            self.used_lead = True

    @rule(arrives=st.booleans())
    def phone_refreshes(self, *, arrives: bool) -> None:
        token = self.phone.refresh
        led = self.led_at is not None and not self.over and not self.window_is_open(token)
        answer = self.present(token)
        if led:
            if self.used_lead or not self.mode.recovery:
                assert answer.kind == "reused", "claim 3: the thief used its lead and got away"
            for access in self.loot:
                assert not self.call(access), "claim 3: the thief still gets in"
        if arrives and answer.kind == "ok":
            self.phone = Hand(answer.refresh, answer.access)
            self.led_at = None

    @rule()
    def phone_calls(self) -> None:
        self.call(self.phone.access)
