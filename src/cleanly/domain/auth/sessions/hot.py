"""The usual login and the usual refresh: each one statement of the driver's, a transaction by itself.

While passwords are hashed on the same core, the caches are cold and every call in Python costs several times its price,
so nothing stands between these and the driver. What is not usual goes through `service`.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.auth.sessions import rules
from cleanly.domain.auth.sessions.service import Grant
from cleanly.domain.auth.sessions.settings import SessionSettings
from cleanly.domain.auth.sessions.tokens import SELECTOR_BYTES, RefreshClaim, row_key
from cleanly.kernel.ids import new_id
from cleanly.kernel.pgconn import PatientConnection
from cleanly.kernel.principal import Origin
from cleanly.platform.audit import service as audit

# The normal rotation: one statement, no indexed column touched, so the update stays HOT.
_ROTATE = """
    UPDATE refresh_tokens SET
        generation = generation + 1,
        epoch = epoch + 1,
        grace_answers = 0,
        rotated_at = (rotated_at || %(now)s::timestamptz)[greatest(1, cardinality(rotated_at) - 2):],
        last_used_at = %(now)s::timestamptz,
        expires_at = least(absolute_expires_at, %(now)s::timestamptz + make_interval(secs => %(idle_seconds)s)),
        key_id = %(key_id)s,
        address = %(address)s,
        address_bucket = %(bucket)s
    WHERE token = %(token)s AND generation = %(generation)s AND revoked_at IS NULL
        AND expires_at > %(now)s::timestamptz AND absolute_expires_at > %(now)s::timestamptz
    RETURNING id, user_id, generation, epoch
"""


# FOR SHARE: a change of the password that is not committed yet is waited for, and one that comes later sees this
# session and ends it. Else a login by the old password could slip past the change and stay.
_OPEN = f"""
    WITH proved AS (
        SELECT id FROM users WHERE id = %(user_id)s AND password_hash = %(stored)s AND deleted_at IS NULL FOR SHARE
    ), opened AS (
        INSERT INTO refresh_tokens (id, user_id, token, key_id, generation, epoch, min_epoch, confirmed_epoch,
            last_used_at, created_at, expires_at, absolute_expires_at, user_agent, address, address_bucket, device_name)
        SELECT %(id)s, id, %(token)s, %(key_id)s, %(generation)s, %(epoch)s, %(min_epoch)s, %(confirmed_epoch)s,
            %(now)s, %(now)s, %(expires_at)s, %(absolute_expires_at)s, %(user_agent)s, %(address)s, %(bucket)s,
            %(device_name)s
        FROM proved RETURNING id
    ), surplus AS (
        SELECT id FROM refresh_tokens WHERE user_id = (SELECT id FROM proved) AND revoked_at IS NULL
        ORDER BY last_used_at DESC, id DESC OFFSET %(kept)s LIMIT 100
    ), ended AS (
        UPDATE refresh_tokens SET revoked_at = %(now)s, revoke_reason = 'too_many_sessions'
        WHERE id IN (SELECT id FROM surplus)
    ), told AS (
        {audit.INSERTION} FROM opened
    )
    SELECT id FROM opened
"""  # noqa: S608 - the audit slice's own text  # nosec B608


async def open_alone(
    connection: PatientConnection,
    user_id: UUID,
    *,
    stored: str,
    now: datetime,
    origin: Origin,
    settings: SessionSettings,
    key_id: str,
) -> Grant | None:
    """A login and its audit record as a transaction of its own. None: `stored` is no more the user's password hash."""
    selector, session_id = secrets.token_bytes(SELECTOR_BYTES), new_id()
    family = rules.begin(
        now=now,
        idle_seconds=settings.jwt_refresh_token_expiry,
        absolute_seconds=settings.session_absolute_expiry,
    )
    details = {"method": "password", "session": session_id}
    cursor = await connection.execute(
        _OPEN,
        {
            "id": session_id,
            "user_id": user_id,
            "stored": stored,
            "token": row_key(selector),
            "key_id": key_id,
            "generation": family.generation,
            "epoch": family.epoch,
            "min_epoch": family.min_epoch,
            "confirmed_epoch": family.confirmed_epoch,
            "now": now,
            "expires_at": family.expires_at,
            "absolute_expires_at": family.absolute_expires_at,
            "user_agent": origin.user_agent,
            "address": origin.address,
            "bucket": origin.bucket,
            "device_name": origin.device_name,
            "kept": settings.sessions_per_user_max - 1,
            **audit.values_of(
                "session.opened", at=now, origin=origin, actor_id=user_id, target_id=user_id, details=details
            ),
        },
    )
    if await cursor.fetchone() is None:
        return None
    return Grant(session_id, user_id, selector, key_id, family.generation, family.epoch)


async def rotate(
    session: AsyncSession, claim: RefreshClaim, *, now: datetime, origin: Origin, settings: SessionSettings, key_id: str
) -> Grant | None:
    """The newest token, presented in time: the next generation. None when `judge` must look closer."""
    connection = await session.connection()
    values = _rotation(claim, now=now, origin=origin, settings=settings, key_id=key_id)
    return _granted((await connection.exec_driver_sql(_ROTATE, values)).one_or_none(), claim, key_id)


async def rotate_alone(
    connection: PatientConnection,
    claim: RefreshClaim,
    *,
    now: datetime,
    origin: Origin,
    settings: SessionSettings,
    key_id: str,
) -> Grant | None:
    """`rotate` as a transaction of its own."""
    cursor = await connection.execute(
        _ROTATE, _rotation(claim, now=now, origin=origin, settings=settings, key_id=key_id)
    )
    return _granted(await cursor.fetchone(), claim, key_id)


def _rotation(
    claim: RefreshClaim, *, now: datetime, origin: Origin, settings: SessionSettings, key_id: str
) -> dict[str, Any]:
    return {
        "token": row_key(claim.selector),
        "generation": claim.generation,
        "now": now,
        "idle_seconds": settings.jwt_refresh_token_expiry,
        "key_id": key_id,
        "address": origin.address,
        "bucket": origin.bucket,
    }


def _granted(found: Sequence[Any] | None, claim: RefreshClaim, key_id: str) -> Grant | None:
    if found is None:
        return None
    session_id, user_id, generation, epoch = found
    return Grant(session_id, user_id, claim.selector, key_id, generation, epoch)
