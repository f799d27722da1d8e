"""Refresh tokens, signing keys and settings: what we make is read, and nothing else is."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey
from pydantic import SecretStr, ValidationError

from cleanly.domain.auth.sessions import keys, tokens
from cleanly.domain.auth.sessions.settings import DEVELOPMENT_SECRET, SessionSettings
from cleanly.domain.auth.sessions.tokens import RefreshClaim, RefreshCodec
from cleanly.kernel import crypto
from tests.domain.auth.sessions.token_samples import ALPHABET, ED25519, NEW, OLD, P256, config, private

SELECTOR = bytes(range(16))
CODEC = RefreshCodec({"a": OLD.encode(), "b": NEW.encode()}, signing="b")


@given(st.binary(min_size=16, max_size=16), st.integers(0, 2**32 - 1), st.sampled_from(["a", "b"]))
def test_a_refresh_token_is_read_as_it_was_made(selector, generation, key_id):
    text = CODEC.make(selector, generation, key_id)
    assert text.startswith("rt1.")
    assert CODEC.read(text) == RefreshClaim(selector, generation, key_id)
    assert CODEC.make(selector, generation, key_id) == text


@given(st.text(max_size=100) | st.binary(min_size=52, max_size=52).map(lambda data: "rt1." + crypto.b64url(data)))
def test_what_we_did_not_make_is_not_read(text):
    assert CODEC.read(text) is None


@given(st.integers(0, 73), st.characters())
def test_a_refresh_token_with_any_character_changed_is_not_read(position, character):
    text = CODEC.make(SELECTOR, 7)
    changed = text[:position] + character + text[position + 1 :]
    assert (CODEC.read(changed) is None) == (changed != text)


@pytest.mark.parametrize("index", [0, 15, 16, 19, 20, 51])
def test_a_changed_selector_generation_or_mac_is_refused(index):
    data = bytearray(crypto.b64url_decode(CODEC.make(SELECTOR, 7).removeprefix("rt1.")))
    data[index] ^= 1
    assert CODEC.read("rt1." + crypto.b64url(bytes(data))) is None


def test_other_lengths_versions_and_spellings_are_refused():
    text = CODEC.make(SELECTOR, 7)
    # The last of 70 characters carries 4 bits; its spare bits must be 0.
    spelled = text[:-1] + ALPHABET[ALPHABET.index(text[-1]) + 1]
    padded = spelled + "=" * 2
    assert base64.urlsafe_b64decode(padded[4:]) == base64.urlsafe_b64decode(text[4:] + "==")
    wrong = [spelled, padded, text + "==", text[:-1], text + "A", text[4:], "rt2." + text[4:], "RT1." + text[4:], ""]
    assert [CODEC.read(each) for each in wrong] == [None] * len(wrong)


def test_the_version_is_under_the_mac():
    key = crypto.derive(NEW.encode(), "cleanly refresh token v1")
    body = SELECTOR + (7).to_bytes(4, "big")
    assert CODEC.read("rt1." + crypto.b64url(body + crypto.mac(key, b"rt1." + body))) is not None
    assert CODEC.read("rt1." + crypto.b64url(body + crypto.mac(key, body))) is None
    assert CODEC.read("rt1." + crypto.b64url(body + crypto.mac(NEW.encode(), b"rt1." + body))) is None


def test_a_retired_secret_is_read_until_it_is_taken_away():
    old = RefreshCodec.of(SessionSettings(jwt_secret=(SecretStr(OLD),)))
    both = RefreshCodec.of(SessionSettings(jwt_secret=(SecretStr(NEW), SecretStr(OLD))))
    new = RefreshCodec.of(SessionSettings(jwt_secret=(SecretStr(NEW),)))
    text = old.make(SELECTOR, 7)
    assert both.read(text) == RefreshClaim(SELECTOR, 7, old.signing)
    assert both.signing == new.signing != old.signing
    assert new.read(both.make(SELECTOR, 8)) is not None
    assert new.read(text) is None
    # A row may name a key that is gone: the newest token is made under today's.
    assert new.read(new.make(SELECTOR, 8, old.signing)) == RefreshClaim(SELECTOR, 8, new.signing)


def test_a_codec_refuses_what_it_could_not_read_back():
    with pytest.raises(ValueError, match="16 bytes"):
        CODEC.make(bytes(15), 1)
    with pytest.raises(OverflowError):
        CODEC.make(SELECTOR, 2**32)
    with pytest.raises(ValueError, match="signing key"):
        RefreshCodec({"a": b"x"}, signing="b")


def test_the_row_key_is_a_hash_that_opens_nothing():
    key = tokens.row_key(SELECTOR)
    assert key == hashlib.sha256(SELECTOR).hexdigest()
    assert CODEC.read(key) is None


@given(st.binary(min_size=32, max_size=80), st.binary(max_size=400))
def test_a_token_under_a_secret_is_the_one_that_the_library_makes(secret, payload):
    key = keys.from_secret(secret)
    assert key.sign(payload) == jws.serialize_compact(key.header, payload, key.key, algorithms=["HS256"])
    assert key.open(key.sign(payload)) == payload


def test_a_fingerprint_names_a_secret_without_telling_it():
    assert keys.fingerprint(b"one") != keys.fingerprint(b"two")
    assert len(keys.fingerprint(b"one")) == 8
    assert keys.fingerprint(b"one") != hashlib.sha256(b"one").hexdigest()[:8]


@pytest.mark.parametrize("form", ["pem", "jwk"])
@pytest.mark.parametrize("raw", [ED25519, P256])
def test_a_private_key_is_read_as_pem_and_as_jwk_under_one_name(raw, form):
    key = keys.from_private(private(raw, form=form))
    assert key.kid == keys.from_private(private(raw)).kid != "theirs"
    assert private(raw)[40:60] not in repr(key)


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize(
    "text",
    [
        "secret-nonsense",
        "",
        base64.b64encode(b"secret-nonsense").decode(),
        base64.b64encode(b'{"kty":"secret-nonsense"}').decode(),
        base64.b64encode(b'{"kty":"OKP","crv":"Ed25519","x":1,"d":2}').decode(),
        base64.b64encode(b"{").decode(),
        private(RSA),
        private(ec.generate_private_key(ec.SECP384R1())),
        private(ec.generate_private_key(ec.SECP384R1()), form="jwk"),
        base64.b64encode(ED25519.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)).decode(),
        base64.b64encode(json.dumps(OKPKey.import_key(ED25519).as_dict(private=False)).encode()).decode(),
        base64.b64encode(json.dumps(OctKey.import_key(NEW).as_dict()).encode()).decode(),
    ],
)
def test_a_key_of_another_kind_is_refused_at_start_without_being_told(text):
    with pytest.raises(ValidationError) as caught:
        config(private_keys=(text,))
    assert "Ed25519 or P-256" in str(caught.value)
    assert "secret-nonsense" not in str(caught.value)


def test_settings_are_read_as_the_environment_writes_them():
    read = SessionSettings.model_validate({"jwt_secret": f"{NEW}, {OLD}"})
    assert [each.get_secret_value() for each in read.jwt_secret] == [NEW, OLD]
    strict = SessionSettings.model_validate({"refresh_grace_seconds": "0", "refresh_recovery": "off"})
    assert (strict.refresh_grace_seconds, strict.refresh_recovery) == (0, False)
    assert SessionSettings().jwt_secret[0].get_secret_value() == DEVELOPMENT_SECRET
    for wrong in ({"jwt_secret": ""}, {"refresh_grace_seconds": -1}, {"refresh_answers_max": 0}):
        with pytest.raises(ValidationError):
            SessionSettings.model_validate(wrong)
