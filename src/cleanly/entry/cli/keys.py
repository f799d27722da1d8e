"""`cleanly keys`: make secrets and signing keys. They are printed, never stored: put them where your secrets live."""

import base64
import secrets
from typing import Annotated, Literal

import typer
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cleanly.domain.auth.sessions import keys as session_keys
from cleanly.entry.backup import sealing
from cleanly.entry.cli.running import out, settings
from cleanly.kernel.crypto import b64url

app = typer.Typer(help="Secrets and signing keys.", no_args_is_help=True)


@app.command()
def rotate(
    kind: Annotated[
        Literal["secret", "ed25519", "es256", "backup"],
        typer.Argument(help="JWT_SECRET, a key of JWT_PRIVATE_KEYS, or the pair for copies."),
    ] = "secret",
) -> None:
    """Make a new one and say where to put it. The first signs, all verify: one that all know logs nobody out."""
    if kind == "backup":
        key = secrets.token_bytes(sealing.KEY_BYTES)
        recipient = sealing.public(key)
        out.print(f"key {sealing.key_id(recipient).hex()}", markup=False)
        out.print(f"BACKUP_RECIPIENT={b64url(recipient)}", markup=False)
        out.print(f"BACKUP_KEY={b64url(key)},<the present value>", markup=False)
        typer.echo(
            "The recipient goes to the service that makes copies. The key goes to no service: keep it outside all\n"
            "vendors and in the drill's environment, and the old one for as long as a copy under it lives.",
            err=True,
        )
        return
    if kind == "secret":
        new, variable = secrets.token_urlsafe(48), "JWT_SECRET"
        kid = session_keys.fingerprint(new.encode())
    else:
        made = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        new, variable = base64.b64encode(pem).decode(), "JWT_PRIVATE_KEYS"
        kid = session_keys.from_private(new).kid
    out.print(f"kid {kid}", markup=False)
    out.print(f"{variable}=<the present value>,{new}", markup=False)
    typer.echo(
        "1. Deploy every process with the new value behind the present one: all know it before it signs, for old and\n"
        "   new processes stand beside each other for a minute.\n"
        "2. Deploy with the new value in front: it signs, the old one still verifies.\n"
        "3. After the longest life of what the old one signed (access tokens: JWT_ACCESS_TOKEN_EXPIRY; refresh tokens\n"
        "   and stored answers of JWT_SECRET: JWT_REFRESH_TOKEN_EXPIRY) deploy without the old one.",
        err=True,
    )


@app.command("list")
def list_keys() -> None:
    """The key ids in force, the signing one first. No secrets."""
    found = settings()
    for value in found.jwt_private_keys:
        key = session_keys.from_private(value.get_secret_value())
        out.print(f"{key.kid}  {key.algorithm}", markup=False)
    for secret in found.server_secrets:
        out.print(f"{session_keys.fingerprint(secret)}  HS256", markup=False)
