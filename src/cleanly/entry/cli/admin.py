"""`cleanly admin`: who may do everything. The role lives in the database and in no request."""

import secrets
from typing import Annotated

import typer

from cleanly.domain.users import queries, service
from cleanly.entry.cli.running import fail, is_interactive, out, work
from cleanly.kernel.context import Context
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
    try:
        profile = queries.profile_from_outside(email, name, None)
    except ValueError as error:
        fail(f"{email} is no e-mail: {error}")
    chosen = password or (
        typer.prompt("Password", hide_input=True, confirmation_prompt=True) if is_interactive() else ""
    )
    made = not chosen
    chosen = chosen or secrets.token_urlsafe(18)

    async def run(context: Context) -> bool:
        now = context.clock.now()
        async with context.db.begin() as session:
            known = await queries.credentials_by_email(session, profile.email)
        hashed = ""
        if known is None:
            await context.part(Passwords).check(chosen, email=profile.email)
            hashed = await context.part(Passwords).hash(chosen)
        async with context.db.begin() as session:
            user = (
                known.user
                if known is not None
                else await service.create(
                    session, email=profile.email, name=profile.name, password_hash=hashed, now=now, is_verified=True
                )
            )
            await service.set_role(session, context.part(Cache), user.id, "admin", now=now)
            await audit.record(session, "admin.granted", at=now, origin=SYSTEM, target_id=user.id)
        return known is None

    is_new = work("cli", run)
    out.print(f"{profile.email} is an administrator")
    if is_new and made:
        out.print(f"password (shown once): {chosen}", markup=False)


@app.command()
def revoke(email: Annotated[str, typer.Argument(help="Their e-mail.")]) -> None:
    """Make an administrator a plain user again. Takes effect within a second."""

    async def run(context: Context) -> bool:
        now = context.clock.now()
        async with context.db.begin() as session:
            known = await queries.credentials_by_email(session, email.strip().lower())
            if known is None:
                return False
            await service.set_role(session, context.part(Cache), known.user.id, "user", now=now)
            await audit.record(session, "admin.revoked", at=now, origin=SYSTEM, target_id=known.user.id)
            return True

    if not work("cli", run):
        fail(f"there is no account {email}")
    out.print(f"{email} is a plain user")


@app.command("list")
def list_admins() -> None:
    """Every administrator."""

    async def run(context: Context) -> list[str]:
        async with context.db.read() as session:
            return [f"{user.id}  {user.email}" for user in await queries.admins(session)]

    for line in work("cli", run):
        out.print(line)
