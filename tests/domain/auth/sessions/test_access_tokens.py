"""Access tokens: signed, verified, cached, and rotated from key to key."""

import hashlib

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey

from cleanly.domain.auth.sessions import keys
from cleanly.domain.auth.sessions.tokens import AccessSigner, ClaimsCache
from cleanly.kernel.principal import TokenExpired, TokenInvalid
from tests.domain.auth.sessions.token_samples import (
    ED25519,
    NEW,
    NOW,
    OLD,
    P256,
    SESSION,
    SIGNERS,
    USER,
    config,
    later,
    parts,
    private,
    sign,
)


@pytest.fixture(params=SIGNERS)
def signer(request) -> AccessSigner:
    return AccessSigner.of(SIGNERS[request.param])


def test_an_access_token_is_verified_as_it_was_signed(signer):
    token = sign(signer)
    claims = signer.verify(token, NOW)
    assert (claims.user_id, claims.session_id, claims.epoch) == (USER, SESSION, 3)
    assert claims.expires_at == later(900)
    assert signer.verify(token, later(899)) == claims


def test_an_access_token_says_what_rfc_9068_asks_and_no_role(signer):
    header, claims = parts(sign(signer))
    assert header.keys() == {"alg", "kid", "typ"}
    assert header["typ"] == "at+jwt"
    assert claims.keys() == {"iss", "aud", "sub", "sid", "jti", "epoch", "iat", "nbf", "exp"}
    assert (claims["iss"], claims["aud"]) == ("cleanly", "cleanly-app")
    assert claims["nbf"] == claims["iat"] == int(NOW.timestamp())
    assert parts(sign(signer))[1]["jti"] != claims["jti"]


@pytest.mark.parametrize(("jitter", "life"), [(0.0, 900), (0.5, 878), (1.0, 855)])
def test_the_life_is_jittered_downwards_by_at_most_a_twentieth(jitter, life):
    signer = AccessSigner.of(config())
    token, expires_in = signer.sign(user_id=USER, session_id=SESSION, epoch=1, now=NOW, jitter=jitter)
    assert expires_in == life
    assert signer.verify(token, NOW).expires_at == later(life)


def test_a_chance_out_of_range_is_refused():
    with pytest.raises(ValueError, match="jitter"):
        sign(AccessSigner.of(config()), jitter=1.1)


def test_an_expired_token_says_so_also_when_it_was_cached(signer):
    token = sign(signer)
    for moment in (later(900), later(10**6)):
        with pytest.raises(TokenExpired):
            signer.verify(token, moment)
    signer.verify(token, later(899))
    with pytest.raises(TokenExpired):
        signer.verify(token, later(900))


def test_a_token_from_the_future_is_invalid_beyond_the_leeway(signer):
    token = sign(signer, now=later(6))
    with pytest.raises(TokenInvalid):
        signer.verify(token, NOW)
    assert signer.verify(token, later(1)).epoch == 3


def test_an_expired_token_with_a_bad_signature_is_invalid_and_not_expired(signer):
    head, _, signature = sign(signer).rpartition(".")
    with pytest.raises(TokenInvalid):
        signer.verify(f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}", later(10**6))


def test_a_token_whose_time_is_over_still_says_whose_it_was(signer):
    token = sign(signer)
    assert signer.read(token, later(10**6)).session_id == SESSION
    with pytest.raises(TokenInvalid):
        signer.read(token[:-2], NOW)
    with pytest.raises(TokenInvalid):
        signer.read(token + "A" * 2048, NOW)


def test_a_new_secret_signs_while_the_old_one_still_verifies():
    old, both, new = AccessSigner.of(config(OLD)), AccessSigner.of(config(NEW, OLD)), AccessSigner.of(config(NEW))
    assert both.verify(sign(old), NOW).epoch == 3
    assert new.verify(sign(both), NOW).epoch == 3
    with pytest.raises(TokenInvalid):
        new.verify(sign(old), NOW)
    with pytest.raises(TokenInvalid):
        old.verify(sign(both), NOW)


def test_private_keys_take_over_signing_and_rotate_with_overlap():
    shared, first = AccessSigner.of(config()), AccessSigner.of(config(private_keys=(private(ED25519),)))
    second = AccessSigner.of(config(private_keys=(private(P256), private(ED25519))))
    assert [parts(sign(each))[0]["alg"] for each in (shared, first, second)] == ["HS256", "Ed25519", "ES256"]
    for earlier in (shared, first):
        assert second.verify(sign(earlier), NOW).epoch == 3
    with pytest.raises(TokenInvalid):
        first.verify(sign(second), NOW)


def test_the_jwks_verifies_our_tokens_and_holds_nothing_private():
    signer = AccessSigner.of(config(private_keys=(private(ED25519), private(P256, form="jwk"))))
    published = signer.jwks()
    assert [(key["kty"], key["alg"], key["use"]) for key in published["keys"]] == [
        ("OKP", "Ed25519", "sig"),
        ("EC", "ES256", "sig"),
    ]
    assert all("d" not in key and "k" not in key for key in published["keys"])
    read = jwt.decode(sign(signer), KeySet.import_key_set(published), algorithms=["Ed25519", "ES256"])
    assert read.claims["sub"] == str(USER)
    assert AccessSigner.of(config()).jwks() == {"keys": []}


def test_a_hs256_token_can_be_checked_with_the_secret_as_it_stands():
    token = sign(AccessSigner.of(config()))
    assert jwt.decode(token, OctKey.import_key(NEW), algorithms=["HS256"]).claims["sid"] == str(SESSION)


def test_a_verified_token_is_not_verified_again(monkeypatch):
    signer = AccessSigner.of(config())
    token = sign(signer)
    signer.verify(token, NOW)
    opened = []
    monkeypatch.setattr(keys.AccessKey, "open", lambda _, text: opened.append(text))
    assert signer.verify(token, NOW).epoch == 3
    assert opened == []


def test_the_cache_keeps_the_tokens_used_last_and_no_more_than_its_size():
    cache = ClaimsCache(entries_max=2)
    signer = AccessSigner.of(config(), cache)
    first, second, third = (sign(signer, epoch=epoch) for epoch in (1, 2, 3))
    for token in (first, second, first, third):
        signer.verify(token, NOW)
    assert len(cache) == 2
    held = [cache.find(hashlib.sha256(token.encode()).digest()) is not None for token in (first, second, third)]
    assert held == [True, False, True]


def test_the_cache_holds_no_token_and_forgets_an_expired_one():
    cache = ClaimsCache()
    signer = AccessSigner.of(config(), cache)
    token = sign(signer)
    signer.verify(token, NOW)
    assert token not in repr(cache.__dict__)
    with pytest.raises(TokenExpired):
        signer.verify(token, later(900))
    assert len(cache) == 0


def test_refused_tokens_never_enter_the_cache():
    cache = ClaimsCache()
    signer = AccessSigner.of(config(), cache)
    with pytest.raises(TokenExpired):
        signer.verify(sign(signer), later(900))
    with pytest.raises(TokenInvalid):
        signer.verify(sign(signer)[:-1], NOW)
    assert len(cache) == 0


def test_a_cache_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        ClaimsCache(entries_max=0)
