"""Access tokens that we did not write, or would not: each is refused (RFC 8725)."""

import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws

from cleanly.domain.auth.sessions import keys
from cleanly.domain.auth.sessions.tokens import AccessSigner
from cleanly.kernel import crypto
from cleanly.kernel.principal import TokenInvalid
from tests.domain.auth.sessions.token_samples import (
    ALPHABET,
    ED25519,
    NEW,
    NOW,
    P256,
    SESSION,
    SIGNERS,
    USER,
    config,
    parts,
    private,
    sign,
)


@pytest.fixture(params=SIGNERS)
def signer(request) -> AccessSigner:
    return AccessSigner.of(SIGNERS[request.param])


def test_every_changed_character_makes_a_token_invalid(signer):
    token = sign(signer)
    signer.verify(token, NOW)
    for position in range(0, len(token), 7):
        for character in "A_=. \n\x00é":
            changed = token[:position] + character + token[position + 1 :]
            if changed != token:
                with pytest.raises(TokenInvalid):
                    signer.verify(changed, NOW)


def test_padding_other_alphabets_and_spare_bits_are_refused(signer):
    token = sign(signer)
    head, payload, signature = token.split(".")
    spare = signature[:-1] + ALPHABET[ALPHABET.index(signature[-1]) + 1]
    wrong = [
        f"{head}.{payload}.{spare}",
        f"{token}=",
        f"{token}==",
        f"{head}=.{payload}.{signature}",
        f"{head}.{payload}=.{signature}",
        f"{token}.",
        f".{token}",
        f"{head}.{payload}",
        f"{head}..{signature}",
        f"{head}.{payload}.",
        f" {token}",
        f"{token}\n",
        "",
        "...",
        "\ud800",
        token + "A" * 2048,
    ]
    for each in wrong:
        with pytest.raises(TokenInvalid):
            signer.verify(each, NOW)
    assert signer.verify(token, NOW)


def forge(signer: AccessSigner, key: keys.AccessKey, *, header=None, claims=None, without=()) -> str:
    """A token under one of the signer's own keys, with other contents: what a bug or another service might sign."""
    old_header, old_claims = parts(sign(signer))
    new_claims = {name: value for name, value in {**old_claims, **(claims or {})}.items() if name not in without}
    new_header = {**old_header, **(header or {})}
    registry = jws.JWSRegistry(algorithms=[key.algorithm], strict_check_header=False)
    text = json.dumps(new_claims).encode()
    return jws.serialize_compact(
        {name: value for name, value in new_header.items() if value is not None}, text, key.key, registry=registry
    )


SECRET_KEY = keys.from_secret(NEW.encode())


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": "at+JWT"},
        {"kid": "00000000"},
        {"kid": None},
        {"jku": "https://attacker.example/keys"},
        {"x5u": "https://attacker.example/cert"},
        {"x5c": ["AAAA"]},
        {"jwk": {"kty": "oct", "k": crypto.b64url(NEW.encode())}},
        {"crit": ["typ"]},
        {"cty": "JWT"},
        {"zip": "DEF"},
    ],
)
def test_a_header_that_we_do_not_write_is_refused_even_with_a_good_signature(header):
    signer = AccessSigner.of(config())
    assert signer.verify(forge(signer, SECRET_KEY), NOW)
    with pytest.raises(TokenInvalid):
        signer.verify(forge(signer, SECRET_KEY, header=header), NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "other"},
        {"aud": "other"},
        {"aud": ["cleanly-app"]},
        {"iss": None},
        {"sub": 1},
        {"sub": "nobody"},
        {"sub": str(USER).upper()},
        {"sub": str(USER).replace("-", "")},
        {"sid": None},
        {"sid": "{" + str(SESSION) + "}"},
        {"jti": ""},
        {"jti": 1},
        {"epoch": "3"},
        {"epoch": True},
        {"epoch": -1},
        {"epoch": 3.0},
        {"exp": str(int(NOW.timestamp()) + 900)},
        {"exp": NOW.timestamp() + 900.5},
        {"exp": 10**400},
        {"exp": True},
        {"nbf": int(NOW.timestamp()) + 6},
        {"iat": int(NOW.timestamp()) + 6},
        {"iat": None},
        {"role": "admin"},
    ],
)
def test_a_claim_that_is_wrong_is_refused_even_with_a_good_signature(claims):
    signer = AccessSigner.of(config())
    with pytest.raises(TokenInvalid):
        signer.verify(forge(signer, SECRET_KEY, claims=claims), NOW)


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "sid", "jti", "epoch", "iat", "nbf", "exp"])
def test_a_claim_that_is_missing_is_refused(name):
    signer = AccessSigner.of(config())
    with pytest.raises(TokenInvalid):
        signer.verify(forge(signer, SECRET_KEY, without=(name,)), NOW)


@pytest.mark.parametrize("payload", [b"[]", b"null", b"{", b"\xff", b"1", b""])
def test_a_payload_that_is_no_object_is_refused(payload):
    signer = AccessSigner.of(config())
    with pytest.raises(TokenInvalid):
        signer.verify(SECRET_KEY.sign(payload), NOW)


@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_alg_none_is_refused(signer, signature):
    header, claims = parts(sign(signer))
    for name in ("none", "None", "NONE"):
        fields = ({**header, "alg": name}, claims)
        forged = ".".join(crypto.b64url(json.dumps(each, separators=(",", ":")).encode()) for each in fields)
        with pytest.raises(TokenInvalid):
            signer.verify(f"{forged}.{signature}", NOW)


@pytest.mark.parametrize("raw", [ED25519, P256])
def test_a_public_key_is_no_hmac_secret(raw):
    signer = AccessSigner.of(config(private_keys=(private(raw),)))
    header, claims = parts(sign(signer))
    public = raw.public_key()
    jwk = json.dumps(signer.jwks()["keys"][0]).encode()
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        jwk,
    ):
        for changed in ({**header, "alg": "HS256"}, header):
            body = ".".join(
                crypto.b64url(json.dumps(each, separators=(",", ":")).encode()) for each in (changed, claims)
            )
            with pytest.raises(TokenInvalid):
                signer.verify(f"{body}.{crypto.b64url(crypto.mac(secret, body.encode()))}", NOW)
