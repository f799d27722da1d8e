"""The session gate: every authenticated request passes here, usually without a query.

A session's state is kept for at most a second, so a revocation made by another process takes effect within that
second without any message between processes; one made by this process drops the copy at once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from time import monotonic
from uuid import UUID

from cleanly.domain.auth.sessions import queries, rules, service
from cleanly.domain.auth.sessions.queries import GateState
from cleanly.domain.auth.sessions.tokens import AccessClaims, AccessSigner
from cleanly.kernel.clock import Clock
from cleanly.kernel.db import Database
from cleanly.kernel.principal import (
    Caller,
    SessionExpired,
    SessionRevoked,
    TokenInvalid,
    TokenMissing,
    TokenSuperseded,
)

STATE_SECONDS = 1.0
_SESSIONS_MAX = 50_000


class Gate:
    """Implements the kernel's `SessionGate`. For one event loop."""

    def __init__(
        self, db: Database, clock: Clock, signer: AccessSigner, *, state_seconds: float = STATE_SECONDS
    ) -> None:
        self._db = db
        self._clock = clock
        self._signer = signer
        self._state_seconds = state_seconds
        self._known: OrderedDict[UUID, tuple[float, GateState, Caller]] = OrderedDict()
        self._looks: dict[UUID, asyncio.Task[tuple[GateState, Caller]]] = {}

    async def admit(self, authorization: str | None) -> Caller:
        """Verify the token, its session and its epoch (AUTH.md section 3, step 4).

        Raises:
            TokenMissing, TokenInvalid, TokenExpired, TokenSuperseded, SessionRevoked, SessionExpired: 401.
            Unavailable: the session's state could not be read.
        """
        token = bearer(authorization)
        now = self._clock.now()
        claims = self._signer.verify(token, now)
        known = self._known.get(claims.session_id)
        if known is not None and known[0] > monotonic():
            _, state, caller = known
            if isinstance(verdict := rules.may_pass(claims.epoch, state, now=now), rules.Pass) and not verdict.confirm:
                return caller
        return await self._look(claims, now)

    async def _look(self, claims: AccessClaims, now: datetime) -> Caller:
        state, caller = await self._load(claims.session_id)
        verdict = rules.may_pass(claims.epoch, state, now=now)
        if isinstance(verdict, rules.Pass) and verdict.confirm:
            async with self._db.begin() as session:
                confirmed = await service.confirm(session, claims.session_id, claims.epoch, now=now)
            self.forget([claims.session_id])
            state, caller = await self._load(claims.session_id)
            verdict = rules.may_pass(claims.epoch, state, now=now)
            if not confirmed and isinstance(verdict, rules.Pass):
                # Above every epoch given out: a restored backup. The phone refreshes and meets the judge.
                raise TokenSuperseded
        match verdict:
            case rules.Pass():
                return caller
            case rules.Superseded():
                raise TokenSuperseded
            case rules.Dead(reason="revoked"):
                raise SessionRevoked
            case rules.Dead():
                raise SessionExpired

    async def _load(self, session_id: UUID) -> tuple[GateState, Caller]:
        """One look for all calls of a session that miss together: a phone asks for several things at once."""
        look = self._looks.get(session_id)
        if look is None:
            look = self._looks[session_id] = asyncio.create_task(self._read(session_id))
            look.add_done_callback(lambda done: self._looked(session_id, done))
        return await asyncio.shield(look)

    async def _read(self, session_id: UUID) -> tuple[GateState, Caller]:
        async with self._db.look() as session:
            state = await queries.gate_state(session, session_id)
        if state is None:
            # Swept long after its end, or lost with a restored backup: it can't be continued.
            raise SessionRevoked
        return state, Caller(user_id=state.user_id, session_id=session_id, is_admin=state.is_admin)

    def _looked(self, session_id: UUID, look: "asyncio.Task[tuple[GateState, Caller]]") -> None:
        """Keep what was read, unless it was forgotten meanwhile: it may be of before the change."""
        is_news = self._looks.get(session_id) is look
        if is_news:
            del self._looks[session_id]
        if look.cancelled() or look.exception() is not None or not is_news:  # its callers have heard, if any still wait
            return
        self._known[session_id] = (monotonic() + self._state_seconds, *look.result())
        self._known.move_to_end(session_id)
        if len(self._known) > _SESSIONS_MAX:
            self._known.popitem(last=False)

    def forget(self, session_ids: Iterable[UUID]) -> None:
        """Drop what is known of these sessions: called after the commit that changed them."""
        for session_id in session_ids:
            self._known.pop(session_id, None)
            self._looks.pop(session_id, None)

    def forget_everything(self) -> None:
        """Drop all: a role was changed, and roles are kept per session."""
        self._known.clear()
        self._looks.clear()


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header.

    Raises:
        TokenMissing: no header. TokenInvalid: another scheme, or nothing behind it.
    """
    if authorization is None:
        raise TokenMissing
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenInvalid
    return token
