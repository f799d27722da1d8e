"""Which ID tokens are believed, and every one that is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws

from cleanly.kernel import crypto
from cleanly.platform.providers.google.claims import GoogleIdentity, judge
from cleanly.platform.providers.google.errors import GoogleSignInOff, GoogleTokenInvalid
from tests.platform.providers.google.stand_in import (
    ABSENT,
    ANDROID,
    AT,
    NOW,
    STRANGER,
    WEB,
    Google,
    Key,
    claims,
    ec,
    raw_token,
    rsa,
    token,
)


async def refused(id_token: str, *, because: str, nonce: str | None = None, google: Google | None = None) -> None:
    google = google or Google()
    with pytest.raises(GoogleTokenInvalid) as caught:
        await google.verify(id_token, nonce)
    # The reason is looked at, so that a token can't be refused for another fault than the one that the test made.
    assert because in str(caught.value.__cause__)
    assert because not in caught.value.text


@pytest.mark.parametrize("key", [rsa(), ec()], ids=["RS256", "ES256"])
async def test_a_token_of_googles_names_its_account(key: Key) -> None:
    assert await Google().verify(token(key)) == GoogleIdentity(
        subject="110169484474386276334",
        email="ada@example.com",
        email_verified=True,
        name="Ada",
        picture="https://pictures.example/ada",
    )


@pytest.mark.parametrize("issuer", ["accounts.google.com", "https://accounts.google.com"])
async def test_both_spellings_of_google_are_google(issuer: str) -> None:
    assert (await Google().verify(token(iss=issuer))).email == "ada@example.com"


async def test_any_of_several_client_ids_is_ours() -> None:
    google = Google(client_ids=(WEB, STRANGER))
    assert await google.verify(token(aud=STRANGER, azp=STRANGER)) == await google.verify(token(aud=WEB, azp=STRANGER))


@pytest.mark.parametrize(
    ("said", "verified"), [(True, True), ("true", True), (False, False), ("false", False), (ABSENT, False), (2, False)]
)
async def test_an_address_is_verified_only_if_google_says_so(said: object, *, verified: bool) -> None:
    assert (await Google().verify(token(email_verified=said))).email_verified is verified


async def test_name_and_picture_may_be_missing() -> None:
    identity = await Google().verify(token(name=ABSENT, picture="", azp=ABSENT))
    assert (identity.name, identity.picture) == (None, None)


async def test_the_refusal_is_a_401_that_asks_again_and_tells_no_reason() -> None:
    with pytest.raises(GoogleTokenInvalid) as caught:
        await Google().verify(token(aud=STRANGER))
    error = caught.value
    assert (error.status, error.code, error.action) == (401, "INVALID_CREDENTIALS", "ask again")
    assert error.headers == {"WWW-Authenticate": "Bearer"}
    assert error.details == {}


async def test_without_client_ids_sign_in_is_off_and_google_is_not_asked() -> None:
    google = Google(client_ids=())
    with pytest.raises(GoogleSignInOff) as caught:
        await google.verify()
    assert (caught.value.status, caught.value.code) == (403, "FORBIDDEN")
    assert google.calls == 0


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"iss": "https://accounts.google.com.evil.example"}, "iss"),
        ({"iss": ABSENT}, "iss"),
        ({"aud": STRANGER}, "aud"),
        ({"aud": ANDROID}, "aud"),
        ({"aud": [WEB, STRANGER]}, "aud"),
        ({"aud": ABSENT}, "aud"),
        ({"azp": STRANGER}, "azp"),
        ({"azp": ""}, "azp"),
        ({"azp": 7}, "azp"),
        ({"azp": None}, "azp"),
        ({"sub": ABSENT}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 110169484474386276334}, "sub"),
        ({"sub": "1" * 256}, "sub"),
        ({"email": ABSENT}, "email"),
        ({"email": ["ada@example.com"]}, "email"),
        ({"exp": AT - 30}, "exp is past"),
        ({"exp": ABSENT}, "exp"),
        ({"exp": str(AT + 60)}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": AT + 24 * 3600}, "exp does not fit"),
        ({"exp": AT - 10}, "exp does not fit"),
        ({"iat": AT + 31}, "future"),
        ({"iat": ABSENT}, "iat"),
        ({"iat": float(AT)}, "iat"),
        ({"nbf": AT + 31}, "future"),
        ({"nbf": "now"}, "nbf"),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(changed: dict[str, Any], because: str) -> None:
    await refused(token(**changed), because=because)


@pytest.mark.parametrize("changed", [{"exp": AT - 29, "iat": AT - 3600}, {"iat": AT + 30}, {"nbf": AT + 30}])
async def test_clocks_may_differ_by_half_a_minute(changed: dict[str, Any]) -> None:
    assert (await Google().verify(token(**changed))).subject == "110169484474386276334"


async def test_the_nonce_of_the_request_must_be_in_the_token() -> None:
    assert (await Google().verify(token(nonce="n-1"), "n-1")).email == "ada@example.com"
    await refused(token(nonce="n-2"), nonce="n-1", because="nonce is another")
    await refused(token(), nonce="n-1", because="nonce is missing")
    await refused(token(nonce=1), nonce="1", because="nonce")
    await refused(token(nonce="n-1"), nonce="", because="nonce is another")
    await refused(token(nonce="\ud800"), nonce="\ud801", because="nonce is another")


async def test_leaving_the_nonce_out_does_not_free_a_token_that_is_bound_to_one() -> None:
    await refused(token(nonce="n-1"), because="not in the request")


@given(given_nonce=st.text(max_size=20), nonce=st.text(max_size=20))
def test_only_the_same_nonce_is_the_same(given_nonce: str, nonce: str) -> None:
    def believed() -> bool:
        try:
            judge(claims(nonce=given_nonce), client_ids=(WEB,), nonce=nonce, now=NOW)
        except ValueError:
            return False
        return True

    assert believed() is (given_nonce == nonce and nonce != "")


async def test_another_key_under_googles_name_does_not_sign() -> None:
    stranger = type(rsa()).generate_key(2048, parameters={"kid": "rsa-1", "alg": "RS256"})
    await refused(token(stranger), because="not signed")


@pytest.mark.parametrize("key", [rsa(), ec()], ids=["RS256", "ES256"])
async def test_a_changed_claim_breaks_the_signature(key: Key) -> None:
    head, _, signature = token(key).split(".")
    _, payload, _ = token(key, sub="1").split(".")
    await refused(f"{head}.{payload}.{signature}", because="not signed")
    await refused(f"{head}.{payload}.", because="not signed")


async def test_no_signature_is_no_token() -> None:
    payload = json.dumps(claims()).encode()
    for alg in ("none", "None", "NONE", "", None):
        await refused(raw_token({"alg": alg, "kid": "rsa-1"}, payload, b""), because="alg")
    await refused(raw_token({"kid": "rsa-1"}, payload, b""), because="alg")


async def test_the_public_key_is_no_shared_secret() -> None:
    head, payload = {"alg": "HS256", "kid": "rsa-1"}, json.dumps(claims()).encode()
    signed = raw_token(head, payload, b"").removesuffix(".").encode()
    for secret in (rsa().as_pem(private=False), rsa().as_der(private=False)):
        await refused(raw_token(head, payload, crypto.mac(secret, signed)), because="alg")


async def test_the_algorithm_is_the_keys_not_the_tokens() -> None:
    for alg in ("RS512", "PS256"):
        key = type(rsa()).import_key(rsa().raw_value, parameters={"kid": "rsa-1", "alg": alg})
        await refused(token(key), because="alg")
    await refused(token(rsa(), {"kid": "ec-1"}), because="alg")


async def test_a_key_that_the_token_brings_along_is_not_used() -> None:
    own = type(rsa()).generate_key(2048, parameters={"kid": "own", "alg": "RS256"})
    google = Google()
    brought = {"jwk": own.as_dict(private=False), "kid": "rsa-1"}
    head = {"alg": "RS256", **brought, "jku": "https://evil.example/certs"}
    await refused(raw_token(head, b"{}", b"x"), because="not a signed token", google=google)  # the header is too long
    await refused(token(own, {"jku": "https://evil.example/certs"}), because="kid is not a key", google=google)
    await refused(token(own, {"kid": "rsa-1", "jku": "https://evil.example/"}), because="not signed", google=google)


@pytest.mark.parametrize("kid", [ABSENT, "", 1, None, ["rsa-1"]])
async def test_a_token_must_name_its_key(kid: object) -> None:
    head = {"alg": "RS256"} if kid is ABSENT else {"alg": "RS256", "kid": kid}
    google = Google()
    await refused(raw_token(head, json.dumps(claims()).encode(), b"x"), because="kid", google=google)
    assert google.calls == 0


async def test_other_kinds_of_googles_signed_messages_are_no_id_tokens() -> None:
    await refused(token(header={"typ": "secevent+jwt"}), because="typ")
    await refused(raw_token({"alg": "RS256", "kid": "rsa-1", "crit": ["exp"]}, b"{}", b"x"), because="extension")
    await refused(raw_token({"alg": "RS256", "kid": "rsa-1", "b64": False}, b"{}", b"x"), because="extension")
    assert (await Google().verify(token(header={"typ": ABSENT}))).name == "Ada"


async def test_a_long_token_is_refused_before_anything_is_asked() -> None:
    google = Google()
    await refused(token(name="A" * 8192), because="too long", google=google)
    await refused(token(header={"jku": "https://a.example/" + "a" * 400}), because="not a signed token", google=google)
    assert google.calls == 0
    assert (await google.verify(token(name="A" * 4000))).name == "A" * 4000


@pytest.mark.parametrize(
    "text",
    [
        " ",
        ".",
        "..",
        "a.b.c",
        "e30",
        "e30.e30.",
        "bnVsbA.e30.AA",
        "W10.e30.AA",
        "ImFsZyI.e30.AA",
        "eyJ.e30.AA",
        "e30=.e30.AA",
        "é.e30.AA",
        "\ud800.e30.AA",
        raw_token(b"[" * 380, b"{}", b"x"),
        token() + ".x",
        token() + "\n",
        token() + "=",
        " " + token(),
    ],
)
async def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(GoogleTokenInvalid):
        await Google().verify(text)


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b'"iss"', b"{", b"\xff", b"[" * 3000])
async def test_a_signed_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    signed = jws.serialize_compact({"alg": "RS256", "kid": "rsa-1"}, payload, rsa(), algorithms=["RS256"])
    await refused(signed, because="not JSON" if payload not in {b"null", b"[]", b'"iss"'} else "not a JSON object")


async def test_the_operator_reads_the_reason_and_nothing_of_the_person(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        await refused(token(aud=STRANGER), because="aud")
    (record,) = caplog.records
    assert record.message == "google.id_token_refused"
    assert record.__dict__["reason"] == "aud is not one of our client ids"
    assert "ada@example.com" not in str(record.__dict__)
