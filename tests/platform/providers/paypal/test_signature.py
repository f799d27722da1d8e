"""Pushes: signed by PayPal's certificate for this endpoint and these bytes, and every forgery of that."""

import asyncio
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization

from cleanly.kernel.errors import Unavailable
from cleanly.kernel.net import Answer, NetTimeout
from cleanly.platform.providers.errors import BadSignature
from cleanly.platform.providers.paypal import signature
from cleanly.platform.providers.paypal.certificates import Certificates, public_roots
from tests.fakes import paypal_pki
from tests.fakes.paypal_pki import CERTIFICATE_URL, SANDBOX_NAME, push
from tests.platform.providers.paypal.conftest import WEBHOOK_ID

BODY = b'{"id": "WH-1"}'
HOST = "https://api.sandbox.paypal.com"


@pytest.fixture
def verify(certificates, clock):
    async def call(it, *, webhook_id=WEBHOOK_ID):
        return await signature.verify(
            it.headers, it.body, webhook_id=webhook_id, certificates=certificates, now=clock.now()
        )

    return call


def signed(clock, body=BODY, **changed):
    return push(body, webhook_id=WEBHOOK_ID, at=clock.now(), **changed)


async def test_a_good_push_is_accepted_and_tells_its_certificate(verify, clock, shelf):
    assert (await verify(signed(clock))).startswith("certificate:")
    assert shelf.asked == [CERTIFICATE_URL]


@pytest.mark.parametrize("body", [b'{"a":\r\n1}\r\n', '{"name": "Žofie 😀"}'.encode(), b"\xff\xfe", b""])
async def test_the_bytes_are_signed_as_they_came(verify, clock, body):
    good = signed(clock, body)
    assert await verify(good)
    with pytest.raises(BadSignature):
        await verify(type(good)(good.headers, body + b" "))


async def test_another_endpoints_push_is_refused(verify, clock):
    with pytest.raises(BadSignature, match="signature"):
        await verify(signed(clock), webhook_id="OTHER")
    with pytest.raises(BadSignature, match="signature"):
        await verify(push(BODY, webhook_id="OTHER", at=clock.now()))


@pytest.mark.parametrize("header", ["transmission-id", "transmission-time"])
async def test_what_was_signed_cannot_be_changed(verify, clock, header):
    other = {"transmission-id": "transmission-2", "transmission-time": "2026-11-22T12:00:01Z"}[header]
    with pytest.raises(BadSignature, match="signature"):
        await verify(signed(clock, **{header.replace("-", "_"): other}))


@pytest.mark.parametrize(
    "header", ["transmission-id", "transmission-time", "transmission-sig", "cert-url", "auth-algo"]
)
@pytest.mark.parametrize("value", ["", "x" * 2000, "ä"])
async def test_a_missing_or_malformed_header_is_refused_and_nothing_is_fetched(verify, clock, shelf, header, value):
    good = signed(clock)
    with pytest.raises(BadSignature):
        await verify(type(good)({**good.headers, f"paypal-{header}": value}, good.body))
    assert shelf.asked == []


@pytest.mark.parametrize("algorithm", ["SHA1withRSA", "SHA256WITHRSA", "none", "SHA256withECDSA"])
async def test_another_algorithm_is_refused_and_nothing_is_fetched(verify, clock, shelf, algorithm):
    with pytest.raises(BadSignature, match="algorithm"):
        await verify(signed(clock, auth_algo=algorithm))
    assert shelf.asked == []


@pytest.mark.parametrize("away", [timedelta(days=5, seconds=1), timedelta(minutes=-5, seconds=-1), timedelta(days=-10)])
async def test_a_time_too_far_away_is_refused_and_nothing_is_fetched(verify, clock, shelf, away):
    with pytest.raises(BadSignature, match="time"):
        await verify(push(BODY, webhook_id=WEBHOOK_ID, at=clock.now() - away))
    assert shelf.asked == []


@pytest.mark.parametrize("away", [timedelta(days=5), timedelta(minutes=-5)])
async def test_a_late_delivery_is_accepted(verify, clock, away):
    assert await verify(push(BODY, webhook_id=WEBHOOK_ID, at=clock.now() - away))


@pytest.mark.parametrize("time", ["yesterday", "2026-11-22T12:00:00", "1795348800"])
async def test_a_time_that_is_none_is_refused(verify, clock, time):
    with pytest.raises(BadSignature):
        await verify(signed(clock, transmission_time=time))


@pytest.mark.parametrize("text", ["!!!!", "AAAA", "A", "====", "AA\nAA"])
async def test_a_signature_that_is_none_is_refused(verify, clock, text):
    with pytest.raises(BadSignature):
        await verify(signed(clock, transmission_sig=text))


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v1/notifications/certs/CERT-1",
        "http://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.sandbox.paypal.com.evil.example/CERT-1",
        "https://api.sandbox.paypal.com@evil.example/CERT-1",
        "https://api.sandbox.paypal.com:444/CERT-1",
        "https://user@api.sandbox.paypal.com/CERT-1",
        "https://api.paypal.com/CERT-1",  # the other environment's
        "https://API.sandbox.paypal.com/CERT-1",
        "https://api.sandbox.paypal.com\\@evil.example/CERT-1",
        "https://api.sandbox.paypal.com",
        "https://xapi.sandbox.paypal.com/CERT-1",
        "https://api.sandbox.paypal.com./CERT-1",
        "//api.sandbox.paypal.com/CERT-1",
        "file:///etc/passwd",
        "https://[::1]/CERT-1",
        f"{HOST}/CERT-1#fragment",
        f"{HOST}/{'x' * 600}",
    ],
)
async def test_a_forged_certificate_address_is_never_fetched(verify, clock, shelf, address):
    with pytest.raises(BadSignature, match="address"):
        await verify(signed(clock, cert_url=address))
    assert shelf.asked == []


@pytest.mark.parametrize(
    "signer",
    [
        paypal_pki.signer(under="A root of somebody else's"),
        paypal_pki.signer("messageverificationcerts.paypal.com"),
        paypal_pki.signer("evil.example"),
        paypal_pki.signer(f"{SANDBOX_NAME}.evil.example"),
        paypal_pki.signer(days=30),
        paypal_pki.signer(bits=1024),
    ],
    ids=["forged chain", "live name", "wrong host", "longer host", "expired", "short key"],
)
async def test_a_certificate_that_is_not_paypals_is_refused(verify, clock, shelf, signer):
    shelf.answer = Answer(200, {}, signer.chain)
    with pytest.raises(BadSignature, match="certificate"):
        await verify(signed(clock, by=signer))


async def test_a_broken_chain_is_refused(verify, clock, shelf):
    leaf = paypal_pki.signer().certificate.public_bytes(serialization.Encoding.PEM)
    shelf.answer = Answer(200, {}, leaf)
    with pytest.raises(BadSignature, match="certificate"):
        await verify(signed(clock))
    shelf.answer = Answer(200, {}, leaf + paypal_pki.root().certificate.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(BadSignature, match="certificate"):
        await verify(signed(clock))


async def test_a_root_that_comes_along_is_not_trusted_for_that(verify, clock, shelf):
    forged = paypal_pki.signer(under="A root of somebody else's")
    own = paypal_pki.root("A root of somebody else's").certificate.public_bytes(serialization.Encoding.PEM)
    shelf.answer = Answer(200, {}, forged.chain + own)
    with pytest.raises(BadSignature, match="certificate"):
        await verify(signed(clock, by=forged))


async def test_a_good_certificate_with_another_keys_signature_is_refused(verify, clock):
    with pytest.raises(BadSignature, match="key did not"):
        await verify(signed(clock, by=paypal_pki.signer("evil.example")))


@pytest.mark.parametrize("body", [b"", b"<html>", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
async def test_what_is_no_certificate_is_refused(verify, clock, shelf, body):
    shelf.answer = Answer(200, {}, body)
    with pytest.raises(BadSignature):
        await verify(signed(clock))


@pytest.mark.parametrize("status", [301, 302, 404])
async def test_a_redirect_and_an_absence_are_refused_and_not_followed(verify, clock, shelf, status):
    shelf.answer = Answer(status, {"location": f"{HOST}/elsewhere"}, paypal_pki.signer().chain)
    with pytest.raises(BadSignature):
        await verify(signed(clock))
    assert len(shelf.asked) == 1


@pytest.mark.parametrize("fault", [NetTimeout("x"), 500, 503, 429])
async def test_a_certificate_that_cannot_be_fetched_now_is_no_forgery(verify, clock, shelf, fault):
    if isinstance(fault, int):
        shelf.answer = Answer(fault, {}, b"")
    else:
        shelf.fault = fault
    with pytest.raises(Unavailable):
        await verify(signed(clock))
    shelf.fault, shelf.answer = None, Answer(200, {}, paypal_pki.signer().chain)
    assert await verify(signed(clock))


async def test_a_certificate_is_fetched_once_for_all_and_again_when_it_has_ended(verify, clock, shelf):
    await asyncio.gather(*(verify(signed(clock)) for _ in range(10)))
    assert len(shelf.asked) == 1
    clock.at = paypal_pki.EPOCH + timedelta(days=801)
    with pytest.raises(BadSignature, match="not good now"):
        await verify(signed(clock))
    assert len(shelf.asked) == 2


async def test_many_addresses_do_not_fill_the_memory(certificates, clock, shelf):
    for number in range(40):
        await certificates.get(f"{HOST}/CERT-{number}", now=clock.now())
    assert len(certificates._known) == 16
    await certificates.get(f"{HOST}/CERT-39", now=clock.now())
    assert len(shelf.asked) == 40


async def test_live_and_sandbox_do_not_mix(shelf, clock):
    live = Certificates("live", fetch=shelf.fetch, roots=[paypal_pki.root().certificate])
    with pytest.raises(BadSignature, match="address"):
        await live.get(CERTIFICATE_URL, now=clock.now())
    shelf.answer = Answer(200, {}, paypal_pki.signer("messageverificationcerts.paypal.com").chain)
    assert await live.get("https://api.paypal.com/v1/notifications/certs/CERT-1", now=clock.now())


def test_the_public_roots_are_many_and_loading_them_warns_of_nothing():
    assert len(public_roots()) > 100


async def test_public_roots_do_not_trust_our_own_authority(shelf, clock):
    real = Certificates("sandbox", fetch=shelf.fetch, roots=public_roots())
    with pytest.raises(BadSignature, match="certificate"):
        await real.get(CERTIFICATE_URL, now=clock.now())


async def test_a_push_that_is_signed_but_no_event_is_refused(paypal, clock):
    for body in (
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"id": "1", "resource": null}',
        b'{"id":1,"event_type":"x","resource":{}}',
    ):
        it = signed(clock, body)
        with pytest.raises(BadSignature, match="not an event"):
            await paypal.verify_webhook(it.headers, it.body, now=clock.now())
