"""Webhook signatures: made here by the published recipe, and the forgeries of MONEY 8."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
import stripe as sdk
from hypothesis import given
from hypothesis import strategies as st

from cleanly.platform.providers.errors import BadSignature
from cleanly.platform.providers.stripe import signature
from tests.moved_clock import MovedClock

BODY = b'{"id": "evt_1", "object": "event"}'
OLD, NEW = b"whsec_old", b"whsec_new"
SECRETS = {"webhook_secret[0]": NEW, "webhook_secret[1]": OLD}
NOW = MovedClock().now()


def v1(body: bytes = BODY, secret: bytes = NEW, at: int | None = None) -> str:
    time = int(NOW.timestamp()) if at is None else at
    return hmac.new(secret, str(time).encode() + b"." + body, hashlib.sha256).hexdigest()


def header(*signatures: str, at: int | str | None = None) -> str:
    return ",".join([f"t={int(NOW.timestamp()) if at is None else at}", *signatures])


def verify(text: str | None, body: bytes = BODY) -> str:
    return signature.verify(text, body, SECRETS, now=NOW)


def test_the_secret_that_matches_is_told():
    assert verify(header(f"v1={v1()}")) == "webhook_secret[0]"
    assert verify(header(f"v1={v1(secret=OLD)}")) == "webhook_secret[1]"


def test_it_is_the_sdks_format():
    text = signature.sign(BODY, NEW, at=NOW)
    assert sdk.WebhookSignature.verify_header(BODY.decode(), text, NEW.decode(), tolerance=10**9)
    assert verify(text) == "webhook_secret[0]"


@pytest.mark.parametrize("body", [b'{"a":\r\n1}\r\n', '{"name": "Žofie 😀"}'.encode(), b"\xff\xfe{}", b""])
def test_the_bytes_are_signed_as_they_came(body):
    assert verify(header(f"v1={v1(body)}"), body)
    with pytest.raises(BadSignature):
        verify(header(f"v1={v1(body)}"), body + b"\n")


def test_a_wrong_v1_before_the_right_one_does_no_harm():
    assert verify(header(f"v1={'0' * 64}", f"v1={v1()}"))
    assert verify(header(f"v1={v1(secret=b'other')}", f"v1={v1(secret=OLD)}", f"v0={v1()}"))


@pytest.mark.parametrize("away", [301, -301, 864_000, -864_000])
def test_a_time_too_far_away_is_refused_on_either_side(away):
    at = int(NOW.timestamp()) + away
    with pytest.raises(BadSignature, match="time"):
        verify(header(f"v1={v1(at=at)}", at=at))


@pytest.mark.parametrize("away", [300, -300, 0])
def test_a_time_within_the_skew_is_accepted(away):
    at = int(NOW.timestamp()) + away
    assert verify(header(f"v1={v1(at=at)}", at=at))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "garbage",
        header(),
        header(f"v0={v1()}"),
        header(f"v1={v1(secret=b'')}"),
        header(f"v1={v1()[:-1]}"),
        header(f"v1={v1().upper()}"),
        header("v1="),
        f"v1={v1()}",
        header(f"v1={v1()}", at=""),
        header(f"v1={v1()}", at="-1"),
        header(f"v1={v1()}", at="1e9"),
        header(f"v1={v1()}", at="٣"),
        header(f"t={int(NOW.timestamp()) + 1}", f"v1={v1()}"),
        header(f"v1={v1()}") + "," + "x" * 5000,
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(BadSignature):
        verify(text)


def test_an_empty_secret_verifies_nothing():
    with pytest.raises(BadSignature):
        signature.verify(header(f"v1={v1(secret=b'')}"), BODY, {"empty": b""}, now=NOW)
    with pytest.raises(BadSignature):
        signature.verify(header(f"v1={v1()}"), BODY, {}, now=NOW)


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=40), st.integers(0, 199))
def test_one_changed_byte_is_seen(body, secret, where):
    text = signature.sign(body, secret, at=NOW)
    assert signature.verify(text, body, {"it": secret}, now=NOW) == "it"
    changed = bytearray(body or b"\0")
    changed[where % len(changed)] ^= 1
    with pytest.raises(BadSignature):
        signature.verify(text, bytes(changed), {"it": secret}, now=NOW)


async def test_a_push_that_is_signed_but_no_event_is_refused(stripe, wire, clock):
    for body in (b"", b"[]", b"null", b"not json", b'{"object": "event"}', json.dumps({"object": "charge"}).encode()):
        push = wire.sign(body)
        with pytest.raises(BadSignature, match="not an event"):
            await stripe.verify_webhook(push.headers, push.body, now=clock.now())


async def test_a_push_of_long_ago_and_of_the_future_is_refused(stripe, wire, clock):
    wire.tell("payment_intent.succeeded", wire.put("pi", "payment_intent"))
    [push] = wire.pushed
    for away in (timedelta(seconds=301), timedelta(seconds=-301), timedelta(days=-10)):
        with pytest.raises(BadSignature):
            await stripe.verify_webhook(push.headers, push.body, now=clock.now() + away)
    assert (await stripe.verify_webhook(push.headers, push.body, now=clock.now())).id
