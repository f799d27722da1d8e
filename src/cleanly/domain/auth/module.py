"""What auth offers the process."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.auth import routes, service
from cleanly.domain.auth.account import routes as account
from cleanly.domain.auth.errors import (
    AccountTemporarilyLocked,
    EmailNotVerified,
    InvalidCredentials,
    ReauthenticationRequired,
)
from cleanly.domain.auth.jobs import CRONS, JOBS
from cleanly.domain.auth.links import routes as link_routes
from cleanly.domain.auth.links import service as links
from cleanly.domain.auth.sessions import queries
from cleanly.domain.auth.sessions import routes as session_routes
from cleanly.domain.auth.sessions import service as sessions
from cleanly.domain.auth.sessions.errors import RefreshTokenInvalid, RefreshTokenReused
from cleanly.kernel.clock import rfc3339
from cleanly.kernel.context import Context
from cleanly.kernel.module import Module, PersonalData
from cleanly.kernel.principal import SIGNED_IN
from cleanly.platform.audit import queries as audit
from cleanly.platform.audit import service as audit_writes

EVENTS_MAX = 10_000

router = APIRouter()
for part in (routes, session_routes):
    router.include_router(part.plain)
for part in (routes, session_routes, link_routes, account):
    router.include_router(part.router)


async def _export(session: AsyncSession, user_id: UUID) -> dict[str, Any]:
    devices = await queries.every_session(session, user_id)
    events = await audit.of_person(session, user_id, limit=EVENTS_MAX)
    return {
        "sessions": [
            {
                "id": str(row.id),
                "name": row.name,
                "userAgent": row.user_agent,
                "address": row.address,
                "createdAt": rfc3339(row.created_at),
                "lastUsedAt": rfc3339(row.last_used_at),
            }
            for row in devices
        ],
        "events": [
            {
                "at": rfc3339(event.at),
                "action": event.action,
                "address": event.address,
                "requestId": event.request_id,
                "details": event.details,
            }
            for event in events
        ],
    }


async def _erase(session: AsyncSession, user_id: UUID, context: Context) -> None:
    await service.end_sessions(session, context, user_id, reason="account_deleted", now=context.clock.now())
    await sessions.forget_devices(session, user_id)
    await links.forget(session, user_id)
    await audit_writes.forget_person(session, user_id)


module = Module(
    "auth",
    router=router,
    pages=routes.pages,
    jobs=JOBS,
    crons=CRONS,
    errors=(
        *SIGNED_IN,
        InvalidCredentials,
        AccountTemporarilyLocked,
        ReauthenticationRequired,
        EmailNotVerified,
        RefreshTokenInvalid,
        RefreshTokenReused,
    ),
    personal=PersonalData(_export, _erase),
)
