"""Proving who somebody is. A hash takes tens of milliseconds, so no transaction is open around it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.auth import metrics, service
from cleanly.domain.auth.attempts import service as attempts
from cleanly.domain.auth.errors import (
    AccountTemporarilyLocked,
    EmailNotVerified,
    InvalidCredentials,
    ReauthenticationRequired,
)
from cleanly.domain.auth.known import known_of
from cleanly.domain.auth.schemas import RegisterIn, SignedInOut
from cleanly.domain.auth.sessions import hot
from cleanly.domain.auth.sessions import queries as sessions
from cleanly.domain.auth.sessions.issuer import TokenIssuer
from cleanly.domain.auth.sessions.settings import SessionSettings
from cleanly.domain.auth.settings import AuthSettings
from cleanly.domain.users import queries as users
from cleanly.domain.users import service as user_writes
from cleanly.domain.users.errors import EmailTaken
from cleanly.domain.users.queries import Credentials, User
from cleanly.kernel.context import Context
from cleanly.kernel.principal import Caller, Origin
from cleanly.platform.audit import service as audit
from cleanly.platform.cache.service import Cache
from cleanly.platform.mail.service import Mailer, Template
from cleanly.platform.passwords.service import Passwords
from cleanly.platform.providers.google.claims import GoogleIdentity
from cleanly.platform.ratelimit.service import Limiter


@dataclass(frozen=True, slots=True)
class Proved:
    """A password that was right. `stored`: the hash it matched; `renewed`: a newer one to keep instead.

    `had_failed`: wrong ones came before it, and are to be forgotten.
    """

    user: User
    stored: str
    renewed: str | None
    had_failed: bool


async def prove_password(context: Context, email: str, password: str, *, origin: Origin) -> Proved:
    """Check an e-mail and a password, counting failures in a transaction of their own.

    Raises:
        InvalidCredentials: unknown e-mail, wrong password, or (in `safe` mode) an e-mail not yet proved.
        AccountTemporarilyLocked: too many failures, from an address that holds no session of the account.
        Unavailable: too many hashes wait already.
    """
    now = context.clock.now()
    async with context.db.alone() as connection:
        known = await known_of(connection, email)
    credentials, until = known.credentials, known.blocked_until
    if until is not None and until > now:
        async with context.db.look() as session:
            is_owner = await _is_owners_place(session, credentials, origin, now=now)
        if not is_owner:
            raise AccountTemporarilyLocked(retry_after_seconds=int((until - now).total_seconds()) + 1)
    stored = credentials.password_hash if credentials is not None else None
    verdict = await context.part(Passwords).verify(stored, password)
    if verdict.ok and credentials is not None and stored is not None and _may_enter(context, credentials.user):
        renewed = await context.part(Passwords).hash(password) if verdict.rehash else None
        return Proved(credentials.user, stored, renewed, had_failed=known.had_failed)
    async with context.db.begin() as session:
        await attempts.note_failure(session, email, now=now)
        user_id = credentials.user.id if credentials is not None else None
        await audit.record(session, "session.login_failed", at=now, origin=origin, target_id=user_id)
    metrics.LOGINS.add(1, {"outcome": "refused"})
    raise InvalidCredentials


def _may_enter(context: Context, user: User) -> bool:
    """In `safe` mode a login before the e-mail is proved would tell that a registration made the account."""
    return context.part(AuthSettings).auth_enumeration == "compat" or user.email_verified


async def _is_owners_place(
    session: AsyncSession, credentials: Credentials | None, origin: Origin, *, now: datetime
) -> bool:
    """A stranger's guesses must not lock the owner out of the place where the owner is logged in."""
    return credentials is not None and await sessions.lives_at(session, credentials.user.id, origin.bucket, now=now)


async def open_alone(context: Context, proved: Proved, *, origin: Origin) -> SignedInOut:
    """The usual login: one statement opens the session, if the password is still the one that was verified.

    Raises:
        InvalidCredentials: it was changed, or the account erased, meanwhile.
    """
    now, issuer = context.clock.now(), context.part(TokenIssuer)
    async with context.db.alone() as connection:
        grant = await hot.open_alone(
            connection,
            proved.user.id,
            stored=proved.stored,
            now=now,
            origin=origin,
            settings=context.part(SessionSettings),
            key_id=issuer.refresh.signing,
        )
    if grant is None:
        raise InvalidCredentials
    return SignedInOut(**issuer.pair(grant, now=now), user=proved.user)


async def prove_again(context: Context, caller: Caller, password: str | None, *, origin: Origin) -> tuple[User, str]:
    """Check the current password of a signed-in user before a change that matters. Returns the user and the hash.

    Raises:
        ReauthenticationRequired: no password given, a wrong one, or the account has none (sign in by Google, then
            set one by the reset mail).
        AccountTemporarilyLocked: too many wrong ones. RateLimited: too many tries, right or wrong.
    """
    async with context.db.begin() as session:
        credentials = await users.credentials_of(session, caller.user_id)
    if credentials is None or credentials.password_hash is None or not password:
        raise ReauthenticationRequired
    await context.part(Limiter).require_account("account", credentials.user.email)
    try:
        proved = await prove_password(context, credentials.user.email, password, origin=origin)
    except InvalidCredentials as error:
        raise ReauthenticationRequired("The current password is not right") from error
    return credentials.user, proved.stored


async def hash_new(context: Context, password: str, *, email: str, field: str = "password") -> str:
    """Refuse a weak password, hash a good one.

    Raises:
        WeakPassword: with the reason, on `field`. Unavailable: too many hashes wait already.
    """
    passwords = context.part(Passwords)
    await passwords.check(password, email=email, field=field)
    return await passwords.hash(password)


async def add_user(
    session: AsyncSession, context: Context, body: RegisterIn, password_hash: str, *, origin: Origin
) -> SignedInOut | None:
    """Create the account and its first session. None in `safe` mode, where only a mail tells what happened.

    Raises:
        EmailTaken: in `compat` mode.
    """
    now = context.clock.now()
    is_safe = context.part(AuthSettings).auth_enumeration == "safe"
    try:
        async with session.begin_nested():
            user = await user_writes.create(
                session, email=body.email, name=body.name, password_hash=password_hash, now=now
            )
    except EmailTaken:
        if not is_safe:
            raise
        await _tell_owner(session, context, body.email)
        return None
    await audit.record(session, "user.registered", at=now, origin=origin, actor_id=user.id, target_id=user.id)
    await service.send_verification(session, context, user, now=now)
    if is_safe:
        return None
    return await service.sign_in(session, context, user, now=now, origin=origin, method="register")


async def _tell_owner(session: AsyncSession, context: Context, email: str) -> None:
    owner = await users.credentials_by_email(session, email)
    if owner is not None:
        await context.part(Mailer).enqueue(
            session, to=email, template=Template.EXISTING_ACCOUNT, values={"name": owner.user.name}
        )


async def note_google_refused(context: Context, *, origin: Origin) -> None:
    """A failed login, in a transaction of its own: the one that it failed in is gone."""
    async with context.db.begin() as session:
        now = context.clock.now()
        await audit.record(session, "session.login_failed", at=now, origin=origin, details={"method": "google"})
    metrics.LOGINS.add(1, {"outcome": "refused"})


async def sign_in_with_google(
    session: AsyncSession, context: Context, identity: GoogleIdentity, *, origin: Origin
) -> SignedInOut:
    """Find the account by Google's subject, else by the proved e-mail, else make one.

    Raises:
        EmailNotVerified: Google has not verified the e-mail.
        InvalidCredentials: the account belongs to another Google user.
    """
    now = context.clock.now()
    known = await users.credentials_by_google(session, identity.subject)
    if known is not None:
        return await service.sign_in(session, context, known.user, now=now, origin=origin, method="google")
    if not identity.email_verified:
        raise EmailNotVerified
    try:
        profile = users.profile_from_outside(identity.email, identity.name, identity.picture)
    except ValueError as error:
        raise InvalidCredentials("Google sent an e-mail that can't be used here") from error
    held = await users.credentials_by_email(session, profile.email, locked=True)
    if held is None:
        user = await user_writes.create(
            session,
            email=profile.email,
            name=profile.name,
            password_hash=None,
            google_subject=identity.subject,
            is_verified=True,
            avatar_url=profile.avatar_url,
            now=now,
        )
        await audit.record(session, "user.registered", at=now, origin=origin, actor_id=user.id, target_id=user.id)
    elif held.google_subject is not None:
        raise InvalidCredentials
    elif held.user.email_verified:
        user = await user_writes.change(
            session, context.part(Cache), held.user.id, now=now, google_subject=identity.subject
        )
    else:
        user = await service.take_over_unproved(session, context, held.user, subject=identity.subject, now=now)
        await audit.record(session, "user.taken_over_by_proof", at=now, origin=origin, target_id=user.id)
    return await service.sign_in(session, context, user, now=now, origin=origin, method="google")
