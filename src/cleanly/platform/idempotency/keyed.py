"""One request that carries a key, from claim to answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never
from uuid import UUID

import structlog
from fastapi import Request, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.context import Context
from cleanly.kernel.errors import AppError, Unavailable
from cleanly.kernel.http import SCOPE_CALLER, Replayed, client_of, envelope
from cleanly.kernel.principal import Caller
from cleanly.platform.idempotency import answers, rules, service
from cleanly.platform.idempotency.errors import (
    OWN,
    AnswerLost,
    Collided,
    IdempotencyInProgress,
    IdempotencyKeyReused,
)
from cleanly.platform.idempotency.means import Means
from cleanly.platform.idempotency.once import Complete, OncePerCall, Render, Started, response_of
from cleanly.platform.idempotency.rules import Known, Verdict
from cleanly.platform.idempotency.sealing import key_hash
from cleanly.platform.idempotency.service import Life, Name

_log = structlog.get_logger(__name__)


class KeyedCall(OncePerCall):
    """A call with a key: the transaction's `OnceHandle` and the route's `Once` in one.

    Every step may raise `Replayed` (the answer is known), IdempotencyKeyReused, IdempotencyInProgress or AnswerLost;
    a storing step may raise `Collided`. The application's exception handlers turn each into the answer.
    """

    is_keyed = True

    def __init__(self, means: Means, request: Request, *, key: str, route: str, message: bytes) -> None:
        self._means = means
        self._request = request
        self._key = key
        self._route = route
        self._message = message
        self._owner: str | None = None
        self._render: Render | None = None
        self._complete: Complete | None = None
        self._has_looked = False
        self._has_claimed = False
        self._has_recorded = False
        self._lease: datetime | None = None
        self._refused: AppError | None = None

    def rendering(self, render: Render) -> None:
        """Keep it for a replay."""
        self._render = render

    def completing(self, complete: Complete) -> None:
        """Keep it for a replay."""
        self._complete = complete

    async def replay(self, stored: Response) -> Response:
        """A stored answer as it is sent. No transaction may be open: completing it may call out, and be refused."""
        if self._complete is None or not 200 <= stored.status_code < 300:
            return stored
        return answers.with_body(stored, await self._complete(bytes(stored.body)))

    async def look(self, context: Context) -> None:
        """Stop if there is an answer, or a flow that holds the key."""
        self._has_looked = True
        async with context.db.begin() as session:
            known = await service.look(session, self._name(), now=self._means.clock.now())
            if known is not None:
                await self._stop(session, known, self._judge(known, is_locked=True))

    async def claim(self, session: AsyncSession) -> None:
        """Lock the key until the transaction ends, or stop."""
        is_locked, known = await service.claim(session, self._name(), now=self._means.clock.now())
        verdict = self._judge(known, is_locked=is_locked)
        await self._stop(session, known, verdict)
        if verdict is Verdict.ABANDONED:  # a flow's row: only a flow can resume it
            raise IdempotencyInProgress
        self._has_looked = self._has_claimed = True

    async def record(self, session: AsyncSession, response: Response) -> None:
        """Last statement before the commit: store the answer.

        Raises:
            Collided: another request's answer is there already.
        """
        if self._has_recorded or not rules.is_kept(response.status_code):
            return
        await self._add(session, response, resource_id=None)

    async def answer(
        self,
        session: AsyncSession,
        status: int,
        model: BaseModel | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        resource_id: UUID | None = None,
    ) -> Response:
        """Store the answer with the work, and return it."""
        response = response_of(status, model, headers)
        if rules.is_kept(status):
            await self._add(session, response, resource_id=resource_id)
        return response

    async def refuse(self, session: AsyncSession, refusal: AppError) -> None:
        """Store a refusal with the work, if it is of a kind that is kept."""
        if not rules.is_kept(refusal.status, refusal.code):
            return
        if self._lease is None:
            await self._add(session, envelope(refusal), resource_id=None)
        else:
            await self._end(session, envelope(refusal))
        self._refused = refusal

    async def start(self, session: AsyncSession, resource_id: UUID) -> Started:
        """Store the running row, or take over one whose lease is dead."""
        life, name = self._means.life(), self._name()
        is_locked, known = await service.claim(session, name, now=life.now)
        verdict = self._judge(known, is_locked=is_locked)
        await self._stop(session, known, verdict)
        if known is None:
            is_mine = await service.add_running(session, name, resource_id, fingerprint=self._fingerprint(), life=life)
            if not is_mine:
                raise Collided
            started = Started(resource_id, is_resumed=False)
        else:
            started = await self._take_over(session, known, life)
        self._has_looked, self._lease = True, life.lease_until
        return started

    async def finish(
        self,
        session: AsyncSession,
        status: int,
        model: BaseModel | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        kept: BaseModel | None = None,
    ) -> Response:
        """Turn the running row into the answer, if the lease is still this request's; return the answer."""
        response = response_of(status, model, headers)
        if rules.is_kept(status):
            await self._end(session, response if kept is None else response_of(status, kept, headers))
        else:
            await self._let_go(session)
        return response

    async def remember(self, refusal: AppError, response: Response) -> Response:
        """After a rollback: store the refusal if it is one that the same request would meet again.

        Returns what to send: the response, or, if another request with this key was first, that one's answer. A flow
        that ends in a refusal which is not stored (a fault, a timeout) lets go of its lease, so that the retry runs at
        once. The refusal itself is true without being stored: when the database is gone it is sent all the same, and
        the retry is judged anew.
        """
        if isinstance(refusal, OWN) or refusal is self._refused or not self._has_looked:
            return response
        keep = rules.is_kept(refusal.status, refusal.code)
        # A claim may have met the gap between snapshot and lock: then the work was refused for what the winner did.
        may_have_lost = self._has_claimed and refusal.status in rules.STATUSES_NOT_KEPT
        if not keep and self._lease is None and not may_have_lost:
            return response
        try:
            return await self._settle(response, keep=keep)
        except (Unavailable, SQLAlchemyError) as error:
            _log.warning("idempotency_not_remembered", code=refusal.code, error=type(error).__name__)
        except AppError as met:
            return envelope(met) if keep else response
        return response

    async def _settle(self, response: Response, *, keep: bool) -> Response:
        try:
            async with self._means.db.begin() as session:
                await self._settle_in(session, response, keep=keep)
        except Collided:
            return await self.look_again()
        except Replayed as replayed:
            return await self.replay(replayed.response)
        return response

    async def look_again(self) -> Response:
        """After a collision: the winner's answer.

        Raises:
            IdempotencyInProgress: the winner is a flow that still runs.
        """
        try:
            async with self._means.db.begin() as session:
                known = await service.look(session, self._name(), now=self._means.clock.now())
                if known is not None:
                    await self._stop(session, known, self._judge(known, is_locked=True))
        except Replayed as replayed:
            return await self.replay(replayed.response)
        raise IdempotencyInProgress

    async def _settle_in(self, session: AsyncSession, response: Response, *, keep: bool) -> None:
        life, name = self._means.life(), self._name()
        is_locked, known = await service.claim(session, name, now=life.now)
        if known is not None and self._lease is not None and known.lease_until == self._lease:
            await (self._end(session, response) if keep else self._let_go(session))
            return
        verdict = self._judge(known, is_locked=is_locked)
        await self._stop(session, known, verdict)
        # The row of a flow that died stays as it is: it must still be resumed.
        if keep and verdict is Verdict.FREE:
            await self._add(session, response, resource_id=None)

    async def _stop(self, session: AsyncSession, known: Known | None, verdict: Verdict) -> None:
        match verdict:
            case Verdict.FREE | Verdict.ABANDONED:
                return
            case Verdict.BUSY:
                raise IdempotencyInProgress
            case Verdict.OTHER_REQUEST:
                raise IdempotencyKeyReused
            case Verdict.ILLEGIBLE:
                raise AnswerLost
            case Verdict.ANSWERED:
                raise Replayed(await self._stored(session, known))
            case _:
                assert_never(verdict)

    async def _stored(self, session: AsyncSession, known: Known | None) -> Response:
        if known is None:
            raise AnswerLost
        return await answers.again(
            session, known, vault=self._means.vault, key=self._key, name=self._name(), render=self._render
        )

    async def _take_over(self, session: AsyncSession, known: Known, life: Life) -> Started:
        if known.resource_id is None or known.lease_until is None:
            raise IdempotencyInProgress
        is_mine = await service.move_lease(
            session, self._name(), lease=known.lease_until, until=life.lease_until, life=life
        )
        if not is_mine:
            raise IdempotencyInProgress
        return Started(known.resource_id, is_resumed=True)

    async def _add(self, session: AsyncSession, response: Response, *, resource_id: UUID | None) -> None:
        await session.flush()
        answer = self._kept(response, can_render=self._render is not None and resource_id is not None)
        is_mine = await service.add_answer(
            session,
            self._name(),
            answer,
            fingerprint=self._fingerprint(),
            resource_id=resource_id,
            life=self._means.life(),
        )
        if not is_mine:
            raise Collided
        self._has_recorded = True

    async def _end(self, session: AsyncSession, response: Response) -> None:
        if self._lease is None:
            raise RuntimeError("finish() without start()")
        await session.flush()
        answer = self._kept(response, can_render=self._render is not None)
        if not await service.finish(session, self._name(), answer, lease=self._lease, life=self._means.life()):
            raise Collided
        self._has_recorded = True

    async def _let_go(self, session: AsyncSession) -> None:
        if self._lease is not None:
            life = self._means.life()
            await service.move_lease(session, self._name(), lease=self._lease, until=life.now, life=life)

    def _kept(self, response: Response, *, can_render: bool) -> answers.Answer:
        return answers.keep(response, vault=self._means.vault, key=self._key, name=self._name(), can_render=can_render)

    def _judge(self, known: Known | None, *, is_locked: bool) -> Verdict:
        is_same = None
        if known is not None:
            is_same = self._means.vault.is_same(known.fingerprint, self._key, self._message)
        return rules.judge(known, is_same=is_same, is_locked=is_locked, now=self._means.clock.now())

    def _fingerprint(self) -> bytes:
        return self._means.vault.fingerprint(self._key, self._message)

    def _name(self) -> Name:
        # Read late: the caller is known only when the dependencies have run.
        caller: Caller | None = self._request.scope.get(SCOPE_CALLER)
        owner = f"address:{client_of(self._request).bucket}" if caller is None else f"user:{caller.user_id}"
        if self._owner not in {None, owner}:
            raise RuntimeError("the caller was not known when the key was claimed: name `caller: Me` before `tx: Tx`")
        self._owner = owner
        return Name(owner, self._route, key_hash(self._key))
