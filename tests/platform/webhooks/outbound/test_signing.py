"""Signatures: as published, as a second implementation makes them, and not otherwise."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.platform.webhooks.outbound import signing
from cleanly.platform.webhooks.outbound.signing import BadKey, BadSignature, HmacKey, PrivateKey, PublicKey
from tests.platform.webhooks.outbound import standard_webhooks as theirs

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BODY = b'{"type":"payment.succeeded","data":{}}'
# As published with the specification: secret, id, timestamp, body, signature.
PUBLISHED = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1614265330,
    b'{"test": 2432232314}',
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
)
# As published by a sender that uses it, with a secret of 18 bytes: shorter than the specification allows.
PUBLISHED_SHORT = (
    "whsec_plJ3nmyCDGBKInavdOK15jsl",
    "msg_loFOjxBNrRLzqYUf",
    1731705121,
    b'{"event_type":"ping","data":{"success":true}}',
    "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
)
# RFC 8032 section 7.1, tests 1 to 3: seed, public key, message, signature.
RFC_8032 = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
)
PAIR = f"whsk_{base64.b64encode(bytes.fromhex(RFC_8032[0][0])).decode()}"
PUBLIC = f"whpk_{base64.b64encode(bytes.fromhex(RFC_8032[0][1])).decode()}"


def headers_of(*keys: str, at: datetime = NOW, message_id: str = "msg_1", body: bytes = BODY) -> dict[str, str]:
    read = [signing.read_signing_key(key) for key in keys]
    return signing.signed_headers(read, message_id=message_id, at=at, body=body)


def is_ours(key: str, headers: dict[str, str], body: bytes = BODY, *, now: datetime = NOW) -> bool:
    try:
        signing.verify([signing.read_key(key)], headers, body, now=now)
    except BadSignature:
        return False
    return True


def is_theirs(key: str, headers: dict[str, str], body: bytes = BODY, *, now: datetime = NOW) -> bool:
    try:
        theirs.verify(key, headers, body, now=now.timestamp())
    except theirs.Refused:
        return False
    return True


def test_the_published_vector_is_met():
    secret, message_id, timestamp, body, signature = PUBLISHED
    at = datetime.fromtimestamp(timestamp, UTC)
    headers = headers_of(secret, at=at, message_id=message_id, body=body)
    assert headers == {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signature}
    assert theirs.sign_v1(secret, message_id, timestamp, body) == signature
    assert is_ours(secret, headers, body, now=at)


def test_the_second_implementation_meets_another_published_vector_and_ours_refuses_its_short_secret():
    secret, message_id, timestamp, body, signature = PUBLISHED_SHORT
    assert theirs.sign_v1(secret, message_id, timestamp, body) == signature
    with pytest.raises(BadKey, match="24 to 64"):
        signing.read_key(secret)


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_ed25519_is_that_of_its_rfc(seed, public, message, signature):
    key = PrivateKey(bytes.fromhex(seed))
    assert key.public.raw.hex() == public == theirs.public_key(bytes.fromhex(seed)).hex()
    told = key.sign(bytes.fromhex(message))
    assert base64.b64decode(told.removeprefix("v1a,")).hex() == signature
    assert key.public.fits(told, bytes.fromhex(message))
    assert theirs.is_signed(bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(message))


@given(
    secret=st.binary(min_size=24, max_size=64),
    message_id=st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
    body=st.binary(max_size=300),
    seconds=st.integers(0, 2**33),
)
def test_two_implementations_agree_on_every_secret(secret, message_id, body, seconds):
    text = f"whsec_{base64.b64encode(secret).decode()}"
    at = datetime.fromtimestamp(seconds, UTC)
    headers = headers_of(text, at=at, message_id=message_id, body=body)
    assert headers["webhook-signature"] == theirs.sign_v1(text, message_id, seconds, body)
    assert is_theirs(text, headers, body, now=at)
    assert is_ours(text, headers, body, now=at)


@pytest.mark.parametrize("number", range(4))
def test_two_implementations_agree_on_key_pairs(number):
    seed = bytes([number]) * 32
    key = PrivateKey(seed)
    headers = signing.signed_headers([key], message_id="msg_1", at=NOW, body=BODY)
    assert headers["webhook-signature"] == theirs.sign_v1a(seed, "msg_1", int(NOW.timestamp()), BODY)
    assert is_theirs(str(key.public), headers)
    assert is_ours(str(key.public), headers)


SECRET, OTHER = signing.new_secret(), signing.new_secret()
FORGERIES = {
    "another body": lambda headers: (headers, BODY + b" "),
    "another id": lambda headers: (headers | {"webhook-id": "msg_2"}, BODY),
    "another time": lambda headers: (headers | {"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, BODY),
    "another version": lambda headers: (
        headers | {"webhook-signature": headers["webhook-signature"].replace("v1", "v2", 1)},
        BODY,
    ),
    "no signature": lambda headers: (headers | {"webhook-signature": ""}, BODY),
    "half a signature": lambda headers: (headers | {"webhook-signature": headers["webhook-signature"][:-8]}, BODY),
    "no version": lambda headers: (
        headers | {"webhook-signature": headers["webhook-signature"].partition(",")[2]},
        BODY,
    ),
    "the id moved into the body": lambda headers: (headers | {"webhook-id": "msg"}, b"_1." + BODY),
}


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.parametrize(("signer", "verifier"), [(SECRET, SECRET), (PAIR, PUBLIC)], ids=["hmac", "ed25519"])
def test_what_was_changed_is_refused(name, signer, verifier):
    headers = headers_of(signer)
    assert is_ours(verifier, headers)
    assert is_theirs(verifier, headers)
    changed, body = FORGERIES[name](headers)
    assert not is_ours(verifier, changed, body)
    assert not is_theirs(verifier, changed, body)


def test_what_another_key_signed_is_refused():
    assert not is_ours(OTHER, headers_of(SECRET))
    assert not is_theirs(OTHER, headers_of(SECRET))
    assert not is_ours(str(signing.read_signing_key(signing.new_private_key()).public), headers_of(PAIR))


def test_an_hmac_under_the_public_key_is_no_signature_by_the_private_one():
    """The public key is public: whoever has it must not be able to sign with it as if it were a secret."""
    public = signing.read_key(PUBLIC)
    assert isinstance(public, PublicKey)
    headers = signing.signed_headers([HmacKey(public.raw)], message_id="msg_1", at=NOW, body=BODY)
    assert not is_ours(PUBLIC, headers)
    headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", "v1a,")
    assert not is_ours(PUBLIC, headers)


@pytest.mark.parametrize(
    ("late", "is_fresh"),
    [(-301, False), (-300, True), (0, True), (300, True), (301, False), (86_400, False)],
)
def test_only_a_fresh_message_is_taken(late, is_fresh):
    headers, now = headers_of(SECRET), NOW + timedelta(seconds=late)
    assert is_ours(SECRET, headers, now=now) is is_fresh
    assert is_theirs(SECRET, headers, now=now) is is_fresh


@pytest.mark.parametrize(
    "timestamp", ["", "now", "-1", "1e9", " 1", "1.0", "0x10", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 400]
)
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(timestamp):
    assert not is_ours(SECRET, headers_of(SECRET) | {"webhook-timestamp": timestamp})


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(name):
    headers = headers_of(SECRET)
    del headers[name]
    assert not is_ours(SECRET, headers)


def test_while_secrets_overlap_each_of_them_opens_the_message():
    headers = headers_of(SECRET, OTHER, PAIR)
    signatures = headers["webhook-signature"].split(" ")
    assert [signature.partition(",")[0] for signature in signatures] == ["v1", "v1", "v1a"]
    for key in (SECRET, OTHER, PUBLIC):
        assert is_ours(key, headers)
        assert is_theirs(key, headers)
    assert not is_ours(signing.new_secret(), headers)


def test_a_flood_of_signatures_is_not_worked_through():
    good = headers_of(SECRET)["webhook-signature"]
    assert is_ours(SECRET, headers_of(SECRET) | {"webhook-signature": f"v1,x {good}"})
    assert not is_ours(SECRET, headers_of(SECRET) | {"webhook-signature": f"{'v1,x ' * 1000}{good}"})


@pytest.mark.parametrize("message_id", ["", "msg.1", "."])
def test_an_id_that_could_be_read_in_two_ways_is_not_signed(message_id):
    with pytest.raises(ValueError, match="full stop"):
        headers_of(SECRET, message_id=message_id)


def test_nothing_is_sent_unsigned():
    with pytest.raises(ValueError, match="nothing to sign with"):
        headers_of()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "begins with"),
        ("whsec", "24 to 64"),
        ("whsec_", "24 to 64"),
        (f"whsec_{base64.b64encode(b'x' * 23).decode()}", "24 to 64"),
        (f"whsec_{base64.b64encode(b'x' * 65).decode()}", "24 to 64"),
        ("whsec_s3cret!", "base64"),
        ("whsec_\N{LATIN SMALL LETTER E WITH ACUTE}", "base64"),
        (f"WHSEC_{base64.b64encode(b'x' * 32).decode()}", "begins with"),
        (f"whsk_{base64.b64encode(b'x' * 31).decode()}", "32 bytes"),
        (f"whsk_{base64.b64encode(b'x' * 64).decode()}", "second half"),
        (f"whpk_{base64.b64encode(b'x' * 33).decode()}", "32 bytes"),
    ],
)
def test_what_is_no_key_is_refused_and_not_repeated(text, reason):
    with pytest.raises(BadKey, match=reason) as caught:
        signing.read_key(text)
    assert len(text) < 8 or text[6:] not in f"{caught.value}{caught.value.__cause__}"


@pytest.mark.parametrize("size", [24, 32, 64])
def test_secrets_of_every_allowed_length_are_read(size):
    key = signing.read_key(f"whsec_{base64.b64encode(b'x' * size).decode()}")
    assert key == HmacKey(b"x" * size)


def test_a_private_key_may_carry_its_public_half():
    seed, public = (bytes.fromhex(text) for text in RFC_8032[0][:2])
    assert signing.read_key(f"whsk_{base64.b64encode(seed + public).decode()}") == signing.read_key(PAIR)


def test_a_public_key_signs_nothing():
    with pytest.raises(BadKey, match="signs nothing"):
        signing.read_signing_key(PUBLIC)


def test_new_keys_are_fresh_and_whole():
    assert len({signing.new_secret() for _ in range(50)} | {signing.new_private_key() for _ in range(50)}) == 100
    secret, private = signing.read_key(signing.new_secret()), signing.read_key(signing.new_private_key())
    assert isinstance(secret, HmacKey)
    assert len(secret.secret) == 32
    assert isinstance(private, PrivateKey)


def test_keys_are_not_printed():
    assert repr(HmacKey(b"x" * 32)) == "HmacKey()"
    assert repr(PrivateKey(b"x" * 32)) == "PrivateKey()"
