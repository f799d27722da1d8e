"""`cleanly admin`: who may do everything. The role lives in the database and in no request."""

import secrets
from typing import Annotated

import typer

from cleanly.domain.users import queries, service
from cleanly.domain.users.queries import User
from cleanly.entry.cli.running import fail, is_interactive, out, work
from cleanly.kernel.context import Context
from cleanly.kernel.errors import Conflict
from cleanly.kernel.principal import SYSTEM
from cleanly.platform.audit import service as audit
from cleanly.platform.cache.service import Cache
from cleanly.platform.passwords.service import Passwords

app = typer.Typer(help="Administrators.", no_args_is_help=True)


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="Their e-mail.")],
    name: Annotated[str, typer.Option(help="Their name, for a new account.")] = "Administrator",
    password: Annotated[
        str, typer.Option(envvar="CLEANLY_ADMIN_PASSWORD", help="For a new account; asked for when absent.")
    ] = "",
) -> None:
    """Make an account an administrator; a new e-mail gets an account first."""
    wanted = _normal(email)

    async def run(context: Context) -> str:
        async with context.db.begin() as session:
            known = await queries.credentials_by_email(session, wanted)
        if known is not None:
            return await _promote(context, known.user)
        chosen = password or (
            typer.prompt("Password", hide_input=True, confirmation_prompt=True) if is_interactive() else ""
        )
        made = "" if chosen else secrets.token_urlsafe(18)
        await _add(context, wanted, name, chosen or made)
        return f"{wanted} is an administrator" + (f"\npassword (shown once): {made}" if made else "")

    out.print(work("cli", run), markup=False)


async def _add(context: Context, email: str, name: str, password: str) -> None:
    now, passwords = context.clock.now(), context.part(Passwords)
    await passwords.check(password, email=email)
    hashed = await passwords.hash(password)
    profile = queries.profile_from_outside(email, name, None)
    async with context.db.begin() as session:
        user = await service.create(
            session, email=profile.email, name=profile.name, password_hash=hashed, now=now, is_verified=True
        )
        await service.set_role(session, context.part(Cache), user.id, "admin", now=now)
        await audit.record(session, "admin.granted", at=now, origin=SYSTEM, target_id=user.id)


async def _promote(context: Context, user: User) -> str:
    """Anybody can register anybody's address: only a proved one says who will be the administrator."""
    if user.role == "admin":
        return f"{user.email} is an administrator already"
    if not user.email_verified:
        fail(f"{user.email} has an account, but nobody has proved that e-mail: somebody else may hold the account")
    now = context.clock.now()
    async with context.db.begin() as session:
        held = await queries.credentials_of(session, user.id, locked=True)
        if held is None or (held.user.email, held.user.email_verified) != (user.email, True):
            raise Conflict("The account has changed meanwhile")
        await service.set_role(session, context.part(Cache), user.id, "admin", now=now)
        await audit.record(session, "admin.granted", at=now, origin=SYSTEM, target_id=user.id)
    return f"{user.email} is an administrator; the account keeps its password"


@app.command()
def revoke(email: Annotated[str, typer.Argument(help="Their e-mail.")]) -> None:
    """Make an administrator a plain user again. Takes effect within a second."""
    wanted = _normal(email)

    async def run(context: Context) -> bool:
        now = context.clock.now()
        async with context.db.begin() as session:
            known = await queries.credentials_by_email(session, wanted, locked=True)
            if known is None or known.user.role != "admin":
                return False
            await service.set_role(session, context.part(Cache), known.user.id, "user", now=now)
            await audit.record(session, "admin.revoked", at=now, origin=SYSTEM, target_id=known.user.id)
            return True

    if not work("cli", run):
        fail(f"there is no administrator {wanted}")
    out.print(f"{wanted} is a plain user")


def _normal(email: str) -> str:
    try:
        return queries.profile_from_outside(email, None, None).email
    except ValueError as error:
        fail(f"{email} is no e-mail: {error}")


@app.command("list")
def list_admins() -> None:
    """Every administrator."""

    async def run(context: Context) -> list[str]:
        async with context.db.read() as session:
            return [f"{user.id}  {user.email}" for user in await queries.admins(session)]

    for line in work("cli", run):
        out.print(line)
