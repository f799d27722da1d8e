"""What a presented token may do: the refresh judge, the gate's rule, lifetimes, login backoff. Pure.

A session is a family of refresh tokens, numbered by generation, of which only the newest is live. A phone that lost a
reply comes back with the one before; a thief comes back with an old one. What tells them apart is whether anybody has
used what the newest refresh gave: `epoch` counts what was given out, `confirmed_epoch` what was seen by the gate.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol, TypeAlias, assert_never

ROTATIONS_KEPT: Final = 4
REUSE_REASON: Final = "refresh_token_reused"

_BACKOFF_FROM: Final = 5
_BACKOFF_SECONDS: Final = 30
_BACKOFF_SECONDS_MAX: Final = 3600


class SessionState(Protocol):
    """What the gate has to know of a session. `Family` has it; so has whatever the gate caches."""

    @property
    def min_epoch(self) -> int: ...  # noqa: D102
    @property
    def confirmed_epoch(self) -> int: ...  # noqa: D102
    @property
    def expires_at(self) -> datetime: ...  # noqa: D102
    @property
    def absolute_expires_at(self) -> datetime: ...  # noqa: D102
    @property
    def revoked_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def user_gone(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A session's row, as far as it decides.

    `rotated_at`: when the last generations were consumed, at most 4, newest last; `rotated_at[-d]` belongs to
    generation `generation - d`. The newest moves on while its reply may have been lost (see `Converge`).
    `grace_answers`: how often a consumed token was answered since the newest was made or recovered.
    """

    generation: int
    epoch: int
    min_epoch: int
    confirmed_epoch: int
    rotated_at: tuple[datetime, ...]
    grace_answers: int
    expires_at: datetime
    absolute_expires_at: datetime
    revoked_at: datetime | None = None
    revoke_reason: str | None = None
    user_gone: bool = False


@dataclass(frozen=True, slots=True)
class Rotate:
    """The newest token: give the next generation, with an access token of the next epoch."""


@dataclass(frozen=True, slots=True)
class Converge:
    """Consumed a moment ago: give the newest token again, with an access token of the same epoch.

    `restart_window`: nobody has used the newest tokens yet, so the phone may still be without them. The window is
    counted from this answer, or the next copy of this same request could find it shut and end an honest session.
    """

    restart_window: bool


@dataclass(frozen=True, slots=True)
class TooMany:
    """Consumed a moment ago, but answered often enough: wait. Ends nothing."""

    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class Recover:
    """The reply was lost: give the newest token again, and an access token that outdates the one never seen."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Reused:
    """Two hold this session. Revoke it, commit, then refuse."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """Ours, but newer than the row: a restored backup. Refuse, ring the alarm, end nothing."""


@dataclass(frozen=True, slots=True)
class Dead:
    """The session is over; `revoked` includes a user who is gone."""

    reason: Literal["revoked", "expired"]


@dataclass(frozen=True, slots=True)
class Pass:
    """The access token is good. `confirm`: it is the first of its epoch to be seen; write that down."""

    confirm: bool


@dataclass(frozen=True, slots=True)
class Superseded:
    """A newer access token was given out because this one was thought lost: refresh."""


Verdict: TypeAlias = Rotate | Converge | TooMany | Recover | Reused | Ahead | Dead
Admission: TypeAlias = Pass | Superseded | Dead

_REVOKED: Final = Dead("revoked")
_EXPIRED: Final = Dead("expired")
_PASS: Final = Pass(confirm=False)
_CONFIRM: Final = Pass(confirm=True)
_SUPERSEDED: Final = Superseded()


def begin(*, now: datetime, idle_seconds: int, absolute_seconds: int) -> Family:
    """A login's family: generation 1, epoch 1, nothing confirmed yet."""
    absolute = now + timedelta(seconds=absolute_seconds)
    return Family(
        generation=1,
        epoch=1,
        min_epoch=1,
        confirmed_epoch=0,
        rotated_at=(),
        grace_answers=0,
        expires_at=idle_until(absolute, now=now, idle_seconds=idle_seconds),
        absolute_expires_at=absolute,
    )


def idle_until(absolute_expires_at: datetime, *, now: datetime, idle_seconds: int) -> datetime:
    """When a session that is refreshed now ends if nobody refreshes it again; never past its absolute end."""
    return min(now + timedelta(seconds=idle_seconds), absolute_expires_at)


def ended(state: SessionState, *, now: datetime) -> Dead | None:
    """Why the session is over, or None while it lives."""
    if state.revoked_at is not None or state.user_gone:
        return _REVOKED
    if now >= state.expires_at or now >= state.absolute_expires_at:
        return _EXPIRED
    return None


def judge(
    family: Family,
    presented_generation: int,
    *,
    now: datetime,
    grace_seconds: int,
    recovery: bool,
    answers_max: int,
) -> Verdict:
    """What to do about a refresh token with a good MAC (RFC 9700 section 4.14.2, made bearable on a bad network).

    `grace_seconds` 0 and no `recovery`: every token works once.
    """
    if (dead := ended(family, now=now)) is not None:
        return dead
    behind = family.generation - presented_generation
    if behind < 0:
        return Ahead()
    if behind == 0:
        return Rotate()
    may_be_lost = recovery and behind == 1 and family.confirmed_epoch < family.epoch
    rest = _window_rest_seconds(family, behind, now=now, grace_seconds=grace_seconds)
    if rest > 0:
        if family.grace_answers >= answers_max:
            return TooMany(retry_after_seconds=math.ceil(rest))
        return Converge(restart_window=may_be_lost)
    return Recover(epoch=family.epoch + 1) if may_be_lost else Reused()


def _window_rest_seconds(family: Family, behind: int, *, now: datetime, grace_seconds: int) -> float:
    if behind > len(family.rotated_at):
        return 0
    # A clock that went back must not open a window where there is none (grace 0).
    since = max(0.0, (now - family.rotated_at[-behind]).total_seconds())
    return max(0.0, grace_seconds - since)


def apply(family: Family, verdict: Verdict, *, now: datetime, idle_seconds: int) -> Family:
    """The row after the verdict. What the answer then carries: its `generation` and its `epoch`."""
    match verdict:
        case Rotate():
            return replace(
                family,
                generation=family.generation + 1,
                epoch=family.epoch + 1,
                rotated_at=(*family.rotated_at, now)[-ROTATIONS_KEPT:],
                grace_answers=0,
                expires_at=idle_until(family.absolute_expires_at, now=now, idle_seconds=idle_seconds),
            )
        case Converge(restart_window=restart_window):
            return replace(
                family,
                rotated_at=(*family.rotated_at[:-1], now) if restart_window else family.rotated_at,
                grace_answers=family.grace_answers + 1,
            )
        case Recover(epoch=epoch):
            return replace(
                family,
                epoch=epoch,
                min_epoch=epoch,
                # As if consumed now: the copies of this request that are still on their way converge.
                rotated_at=(*family.rotated_at[:-1], now),
                grace_answers=0,
                expires_at=idle_until(family.absolute_expires_at, now=now, idle_seconds=idle_seconds),
            )
        case Reused():
            return replace(family, revoked_at=now, revoke_reason=REUSE_REASON)
        case TooMany() | Ahead() | Dead():
            return family
        case _:
            assert_never(verdict)


def may_pass(epoch: int, state: SessionState, *, now: datetime) -> Admission:
    """The gate's rule for a verified access token.

    An epoch above any the state knows passes: a cached state may be older than a refresh made elsewhere.
    """
    if state.revoked_at is not None or state.user_gone:
        return _REVOKED
    if now >= state.expires_at or now >= state.absolute_expires_at:
        return _EXPIRED
    if epoch < state.min_epoch:
        return _SUPERSEDED
    return _CONFIRM if epoch > state.confirmed_epoch else _PASS


def confirm(family: Family, epoch: int) -> Family:
    """The row after the gate has seen an access token of this epoch; never backwards, never beyond what was given."""
    return replace(family, confirmed_epoch=max(family.confirmed_epoch, min(epoch, family.epoch)))


def login_delay_seconds(failures: int) -> int:
    """How long an account waits after so many failed logins in a row: nothing below 5, then 30 s doubling to 1 h."""
    if failures < _BACKOFF_FROM:
        return 0
    doublings = min(failures - _BACKOFF_FROM, _BACKOFF_SECONDS_MAX.bit_length())
    return min(_BACKOFF_SECONDS << doublings, _BACKOFF_SECONDS_MAX)
