"""Money as the service counts it, and webhooks that are from the service or not."""

import base64
from uuid import UUID

import pytest
from cleanly_client import Money, NotFromUs, Webhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from cleanly.kernel import money as served


@given(amount=st.integers(-(10**15), 10**15), currency=st.sampled_from(sorted(served.EXPONENTS)))
def test_money_is_the_services_own(amount, currency):
    mine, theirs = Money(amount, currency), served.Money(amount, currency)
    assert mine.decimal() == theirs.decimal()
    assert Money.from_decimal(mine.decimal(), currency) == mine


@pytest.mark.parametrize("text", ["1.234", "1,00", "", "1.", "\u0661.00", "--1", "1e3"])
def test_a_text_that_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match=r"amount|finer"):
        Money.from_decimal(text, "EUR")


# Webhooks: the example of docs/webhooks.md

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = {
    "Webhook-Id": "01a2038c-f1d2-7c3a-9d7e-3c8f2b1a4e55",
    "Webhook-Timestamp": "1795348800",
    "Webhook-Signature": "v1,AAAA v1,cq6m/rfbDVX9VqvjRZHjQT30TA9kPPgeePoVJCTfeM8=",
}
BODY = (
    b'{"type":"payment.succeeded","timestamp":"2026-11-22T12:00:00.000Z",'
    b'"data":{"state": "captured", "paymentId": "01a2038c-e4a8-7347-8350-90f38f89e522"}}'
)


def test_a_message_of_the_service_verifies():
    event = Webhooks.verify(SECRET, MESSAGE, BODY, now=1795348805)
    assert (event.type, event.id) == ("payment.succeeded", UUID(MESSAGE["Webhook-Id"]))
    assert event.data["state"] == "captured"


@pytest.mark.parametrize(
    ("headers", "body", "now"),
    [
        (MESSAGE, BODY + b" ", 1795348805),
        (MESSAGE, BODY, 1795348800 + 301),
        (MESSAGE, BODY, 1795348800 - 301),
        (MESSAGE | {"Webhook-Id": "other"}, BODY, 1795348805),
        (MESSAGE | {"Webhook-Timestamp": "now"}, BODY, 1795348805),
        (MESSAGE | {"Webhook-Signature": "v1,%%%"}, BODY, 1795348805),
        (MESSAGE | {"Webhook-Signature": "v1a,cq6m/rfbDVX9VqvjRZHjQT30TA9kPPgeePoVJCTfeM8="}, BODY, 1795348805),
        (MESSAGE | {"Webhook-Signature": "v1,\u00e9"}, BODY, 1795348805),
        ({}, BODY, 1795348805),
    ],
    ids=["body", "old", "early", "id", "time", "text", "version", "letters", "bare"],
)
def test_another_message_does_not(headers, body, now):
    with pytest.raises(NotFromUs):
        Webhooks.verify(SECRET, headers, body, now=now)


def test_a_message_that_is_signed_by_a_private_key_verifies():
    key = Ed25519PrivateKey.generate()
    public = "whpk_" + base64.b64encode(key.public_key().public_bytes_raw()).decode()
    content = f"{MESSAGE['Webhook-Id']}.{MESSAGE['Webhook-Timestamp']}.".encode() + BODY
    headers = MESSAGE | {"Webhook-Signature": "v1a," + base64.b64encode(key.sign(content)).decode()}
    assert Webhooks.verify(public, headers, BODY, now=1795348805).type == "payment.succeeded"
    with pytest.raises(NotFromUs):
        Webhooks.verify(public, headers, BODY + b" ", now=1795348805)
