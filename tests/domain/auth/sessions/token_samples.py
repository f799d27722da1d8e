"""Keys, settings and tokens that the token tests share."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey, OKPKey
from pydantic import SecretStr

from cleanly.domain.auth.sessions.settings import SessionSettings
from cleanly.domain.auth.sessions.tokens import AccessSigner
from cleanly.kernel import crypto

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
USER = UUID("01234567-89ab-7def-8123-456789abcdef")
SESSION = UUID("01234567-89ab-7def-8123-456789abcdff")
OLD, NEW = "the old secret of thirty-two bytes or more", "the new secret of thirty-two bytes or more"


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def private(key, *, form="pem") -> str:
    if form == "pem":
        data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    else:
        jwk = ECKey if isinstance(key, ec.EllipticCurvePrivateKey) else OKPKey
        data = json.dumps({**jwk.import_key(key).as_dict(private=True), "alg": "none", "kid": "theirs"}).encode()
    return base64.b64encode(data).decode()


ED25519 = ed25519.Ed25519PrivateKey.generate()
P256 = ec.generate_private_key(ec.SECP256R1())


def config(*secrets: str, private_keys=(), **rest) -> SessionSettings:
    given_secrets = tuple(SecretStr(each) for each in secrets or (NEW,))
    return SessionSettings(
        jwt_secret=given_secrets, jwt_private_keys=tuple(SecretStr(each) for each in private_keys), **rest
    )


def sign(signer: AccessSigner, *, epoch=3, now=NOW, jitter=0.0) -> str:
    return signer.sign(user_id=USER, session_id=SESSION, epoch=epoch, now=now, jitter=jitter)[0]


def parts(token: str) -> tuple[dict, dict]:
    header, payload, _ = token.split(".")
    return json.loads(crypto.b64url_decode(header)), json.loads(crypto.b64url_decode(payload))


SIGNERS = {
    "HS256": config(),
    "Ed25519": config(private_keys=(private(ED25519),)),
    "ES256": config(private_keys=(private(P256),)),
}
