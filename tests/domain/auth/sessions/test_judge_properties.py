"""The judge, played through by phones, thieves and bad networks (`phone_model`), lenient and strict."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal, assert_never

from hypothesis import settings

from cleanly.domain.auth.sessions import rules
from cleanly.domain.auth.sessions.tokens import RefreshCodec
from tests.domain.auth.sessions.phone_model import Answer, HonestPhone, Mode, Theft

IDLE_SECONDS = 14 * 86_400
BUDGET = settings(max_examples=150, stateful_step_count=30, deadline=None)

LENIENT = Mode(grace_seconds=15, recovery=True)
STRICT = Mode(grace_seconds=0, recovery=False)
GRACE_ALONE = Mode(grace_seconds=15, recovery=False)
RECOVERY_ALONE = Mode(grace_seconds=0, recovery=True)


class PureServer:
    """A server with one session and no database: the rules, and a real codec."""

    def __init__(self, mode: Mode, *, answers_max: int) -> None:
        self.mode = mode
        self.answers_max = answers_max
        self.now = datetime(2026, 11, 22, tzinfo=UTC)
        self.codec = RefreshCodec({"k": b"a secret of the test's own, long enough"}, signing="k")
        self.selector = bytes(16)
        self.family = rules.begin(now=self.now, idle_seconds=IDLE_SECONDS, absolute_seconds=2 * IDLE_SECONDS)
        self.serial = 0

    def login(self) -> Answer:
        return self._answer()

    def refresh(self, token: str) -> Answer:
        claim = self.codec.read(token)
        assert claim is not None
        verdict = rules.judge(
            self.family,
            claim.generation,
            now=self.now,
            grace_seconds=self.mode.grace_seconds,
            recovery=self.mode.recovery,
            answers_max=self.answers_max,
        )
        self.family = rules.apply(self.family, verdict, now=self.now, idle_seconds=IDLE_SECONDS)
        match verdict:
            case rules.Rotate() | rules.Converge() | rules.Recover():
                return self._answer()
            case rules.TooMany(retry_after_seconds=seconds):
                return Answer("wait", retry_after_seconds=seconds)
            case rules.Reused() | rules.Dead() | rules.Ahead():
                kinds: dict[type, Literal["reused", "dead", "invalid"]] = {
                    rules.Reused: "reused",
                    rules.Dead: "dead",
                    rules.Ahead: "invalid",
                }
                return Answer(kinds[type(verdict)])
            case _:
                assert_never(verdict)

    def call(self, access: str) -> bool:
        epoch = int(access.partition(".")[0])
        admission = rules.may_pass(epoch, self.family, now=self.now)
        if admission == rules.Pass(confirm=True):
            self.family = rules.confirm(self.family, epoch)
        return isinstance(admission, rules.Pass)

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def _answer(self) -> Answer:
        self.serial += 1
        refresh = self.codec.make(self.selector, self.family.generation)
        return Answer("ok", refresh, f"{self.family.epoch}.{self.serial}")


class HonestOnRules(HonestPhone):
    mode: ClassVar[Mode] = LENIENT

    def new_server(self) -> PureServer:
        return PureServer(self.mode, answers_max=20)


class HonestWithFewAnswersOnRules(HonestOnRules):
    def new_server(self) -> PureServer:
        return PureServer(self.mode, answers_max=1)


class TheftOnRules(Theft):
    mode: ClassVar[Mode] = LENIENT

    def new_server(self) -> PureServer:
        return PureServer(self.mode, answers_max=3)


class StrictTheftOnRules(TheftOnRules):
    mode: ClassVar[Mode] = STRICT


class GraceAloneTheftOnRules(TheftOnRules):
    mode: ClassVar[Mode] = GRACE_ALONE


class RecoveryAloneTheftOnRules(TheftOnRules):
    mode: ClassVar[Mode] = RECOVERY_ALONE


TestTheHonestPhoneIsNeverLoggedOut = HonestOnRules.TestCase
TestTheHonestPhoneIsNeverLoggedOut.settings = BUDGET
TestTheHonestPhoneIsNeverLoggedOutByTheCap = HonestWithFewAnswersOnRules.TestCase
TestTheHonestPhoneIsNeverLoggedOutByTheCap.settings = BUDGET
TestATheftIsCaught = TheftOnRules.TestCase
TestATheftIsCaught.settings = BUDGET
TestATheftIsCaughtInStrictMode = StrictTheftOnRules.TestCase
TestATheftIsCaughtInStrictMode.settings = BUDGET
TestATheftIsCaughtWithGraceAlone = GraceAloneTheftOnRules.TestCase
TestATheftIsCaughtWithGraceAlone.settings = BUDGET
TestATheftIsCaughtWithRecoveryAlone = RecoveryAloneTheftOnRules.TestCase
TestATheftIsCaughtWithRecoveryAlone.settings = BUDGET
