"""Signed news: what is accepted, what is not, and that it comes again until somebody hears it."""

import hashlib
import hmac
from datetime import timedelta

import pytest
from pydantic import SecretStr, ValidationError

from cleanly.kernel.net import Http
from cleanly.platform.providers.errors import BadSignature, Refused
from cleanly.platform.providers.sandbox import signing
from cleanly.platform.providers.sandbox.adapter import Sandbox, deliver_over
from cleanly.platform.providers.sandbox.rules import PUSHES_MAX
from cleanly.platform.providers.sandbox.settings import DEVELOPMENT_SECRET, SandboxSettings
from tests.kernel.loopback import hello, serving
from tests.platform.providers.sandbox.stage import new, ours


async def push(stage):
    await stage.pay(1000)
    await stage.sandbox.pump()
    return stage.ear.heard[-1]


async def verify(stage, header, body, *, away=timedelta(0)):
    headers = {} if header is None else {"sandbox-signature": header}
    return await stage.sandbox.verify_webhook(headers, body, now=stage.clock.now() + away)


async def test_an_event_says_what_it_is_about(stage):
    told = await push(stage)
    event = await stage.sandbox.verify_webhook(told.headers, told.body, now=stage.clock.now())
    assert (event.provider, event.account, event.id) == ("sandbox", "acct_sandbox", "evt_000002")
    assert (event.type, event.kind, event.object) == ("payment.captured", "payment", "py_000001")
    assert (event.our_id, event.is_live, event.verified_with) == (ours(1), False, "secret 1")
    assert event.created_at == stage.clock.now()
    assert (await stage.sandbox.fetch_object(event)).state == "captured"
    assert told.headers["content-type"] == "application/json"


async def test_the_signature_is_the_hmac_of_time_and_body(stage):
    told = await push(stage)
    seconds = int(stage.clock.now().timestamp())
    expected = hmac.new(DEVELOPMENT_SECRET.encode(), f"{seconds}.".encode() + told.body, hashlib.sha256).hexdigest()
    assert told.headers["sandbox-signature"] == f"t={seconds},v1={expected}"


@pytest.mark.parametrize(("seconds", "is_good"), [(300, True), (301, False), (-300, True), (-301, False)])
async def test_a_signature_is_good_for_five_minutes_either_way(stage, seconds, is_good):
    told = await push(stage)
    away = timedelta(seconds=seconds)
    if is_good:
        assert await verify(stage, told.headers["sandbox-signature"], told.body, away=away)
    else:
        with pytest.raises(BadSignature, match="too far"):
            await verify(stage, told.headers["sandbox-signature"], told.body, away=away)


async def test_the_time_is_signed_too(stage):
    told = await push(stage)
    _, _, signature = told.headers["sandbox-signature"].partition(",")
    later = int(stage.clock.now().timestamp()) + 3600
    with pytest.raises(BadSignature, match="none of our secrets"):
        await verify(stage, f"t={later},{signature}", told.body, away=timedelta(hours=1))


async def test_a_good_signature_among_wrong_ones_is_good(stage):
    told = await push(stage)
    seconds, _, signature = told.headers["sandbox-signature"].partition(",")
    assert await verify(stage, f"{seconds},v1={'0' * 64},v0=old, {signature}", told.body)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=1",
        "v1=" + "0" * 64,
        "t=now,v1=" + "0" * 64,
        "t={t},v0={good}",
        "t={t},v1=",
        "t={t},v1={GOOD}",
        "t={t},v1=é",
        "t=-1,v1={good}",
        "t=" + "9" * 13 + ",v1={good}",
        "t={t},v1={good}" + ",x=" + "y" * 5000,
    ],
)
async def test_other_headers_are_refused(stage, header):
    told = await push(stage)
    good = told.headers["sandbox-signature"].partition("v1=")[2]
    if header is not None:
        header = header.format(t=int(stage.clock.now().timestamp()), good=good, GOOD=good.upper())
    with pytest.raises(BadSignature):
        await verify(stage, header, told.body)


async def test_a_secret_may_be_rolled(stage):
    told = await push(stage)
    new_secret, old_secret = SecretStr("a-brand-new-secret"), SecretStr(DEVELOPMENT_SECRET)
    rolling = SandboxSettings(sandbox_webhook_secret=(new_secret, old_secret))
    both = Sandbox(stage.db, stage.clock, rolling, deliver=stage.ear)
    event = await both.verify_webhook(told.headers, told.body, now=stage.clock.now())
    assert event.verified_with == "secret 2"
    only_new = Sandbox(stage.db, stage.clock, SandboxSettings(sandbox_webhook_secret=(new_secret,)), deliver=stage.ear)
    with pytest.raises(BadSignature):
        await only_new.verify_webhook(told.headers, told.body, now=stage.clock.now())
    await both.create_payment(new(1000, number=2), key="payment:2:1")
    stage.ear.heard.clear()
    await both.pump()
    told = stage.ear.heard[0]
    event = await only_new.verify_webhook(told.headers, told.body, now=stage.clock.now())
    assert event.verified_with == "secret 1"


def test_an_empty_secret_verifies_nothing(clock):
    header = signing.sign("", b"{}", now=clock.now())
    with pytest.raises(BadSignature):
        signing.verify([""], header, b"{}", now=clock.now())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"id":"evt_1"}',
        (
            b'{"id":"evt_1","type":"x","createdAt":"2026-11-22T12:00:00.000Z","livemode":false,"account":"acct_other",'
            b'"apiVersion":"1","object":{"id":"py_1","kind":"payment","ourId":null}}'
        ),
    ],
)
async def test_a_signed_body_must_still_be_an_event_of_this_account(stage, body):
    header = signing.sign(DEVELOPMENT_SECRET, body, now=stage.clock.now())
    with pytest.raises(BadSignature):
        await verify(stage, header, body)


async def test_news_of_an_unknown_object_leads_nowhere(stage):
    told = await push(stage)
    body = told.body.replace(b"py_000001", b"py_000009")
    header = signing.sign(DEVELOPMENT_SECRET, body, now=stage.clock.now())
    with pytest.raises(Refused):
        await stage.sandbox.fetch_object(await verify(stage, header, body))


async def test_news_of_a_kind_that_nobody_handles_fetches_nothing(stage):
    told = await push(stage)
    body = told.body.replace(b'"kind":"payment"', b'"kind":"account"')
    header = signing.sign(DEVELOPMENT_SECRET, body, now=stage.clock.now())
    assert await stage.sandbox.fetch_object(await verify(stage, header, body)) is None


async def test_a_refund_tells_its_own_id_and_a_dispute_none(stage):
    paid = await stage.pay(1000)
    await stage.refund(paid, 100)
    await stage.sandbox.dispute(paid.reference)
    page = await stage.sandbox.list_events(stage.clock.now(), None)
    assert [(stored.event.kind, stored.event.our_id) for stored in page.events[2:]] == [
        ("refund", ours(501)),
        ("dispute", None),
        ("dispute", None),
    ]


async def test_news_that_nobody_hears_comes_again_ever_later_until_it_is_given_up(stage):
    stage.ear.status = 500
    await stage.pay(1000)
    await stage.sandbox.pump()
    for tries in range(1, PUSHES_MAX):
        wait = timedelta(minutes=min(2 ** (tries - 1), 60))
        stage.clock.at += wait - timedelta(seconds=1)
        await stage.sandbox.pump()
        assert len(stage.ear.heard) == 2 * tries
        stage.clock.move(seconds=1)
        await stage.sandbox.pump()
        assert len(stage.ear.heard) == 2 * (tries + 1)
    stage.clock.move(days=5)
    await stage.sandbox.pump()
    assert len(stage.ear.heard) == 2 * PUSHES_MAX
    assert await stage.listed() == ["payment.created", "payment.captured"]


async def test_news_that_was_heard_does_not_come_again(stage):
    await stage.pay(1000)
    assert len(await stage.news()) == 2
    stage.clock.move(days=5)
    assert await stage.news() == []


async def test_a_process_that_dies_with_an_event_leaves_it_to_the_next(stage):
    class Killed(BaseException):
        """The process is gone."""

    async def dies(_headers, _body):
        raise Killed

    await stage.pay(1000)
    engine = stage.sandbox._engine
    engine._deliver = dies
    with pytest.raises(Killed):
        await stage.sandbox.pump()
    engine._deliver = stage.ear
    assert await stage.news() == ["payment.captured"]
    stage.clock.move(minutes=1)
    assert await stage.news() == ["payment.created"]


async def test_events_go_out_over_http(stage):
    http = Http.to_known()
    async with serving(hello) as server:
        sandbox = Sandbox(
            stage.db,
            stage.clock,
            SandboxSettings(),
            deliver=deliver_over(http, f"http://127.0.0.1:{server.port}/api/v1/webhooks/sandbox"),
        )
        await sandbox.create_payment(new(1000), key="payment:1:1")
        assert await sandbox.pump() == 2
        assert len(server.bodies) == 2
        head = server.heads[0].decode()
        assert head.startswith("POST /api/v1/webhooks/sandbox HTTP/1.1")
        [line] = [line for line in head.splitlines() if line.lower().startswith("sandbox-signature:")]
        signature = {"sandbox-signature": line.partition(":")[2].strip()}
        event = await sandbox.verify_webhook(signature, server.bodies[0], now=stage.clock.now())
        assert event.id == "evt_000001"
    await http.close()


async def test_an_ear_that_can_not_be_reached_is_tried_again(stage):
    http = Http.to_known()
    async with serving(hello) as server:
        port = server.port
    deliver = deliver_over(http, f"http://127.0.0.1:{port}/")
    sandbox = Sandbox(stage.db, stage.clock, SandboxSettings(), deliver=deliver)
    await sandbox.create_payment(new(1000), key="payment:1:1")
    assert await sandbox.pump() == 0
    await http.close()
    stage.clock.move(minutes=1)
    assert await stage.news() == ["payment.created", "payment.captured"]


@pytest.mark.parametrize("secrets", ["", " , ", "short", "long-enough-secret,short"])
def test_settings_refuse_a_secret_that_is_none(secrets):
    with pytest.raises(ValidationError, match="SANDBOX_WEBHOOK_SECRET"):
        SandboxSettings(sandbox_webhook_secret=secrets)


def test_settings_refuse_an_address_that_is_none():
    with pytest.raises(ValidationError, match="SANDBOX_WEBHOOK_URL"):
        SandboxSettings(sandbox_webhook_url="ftp://example.com")
    assert SandboxSettings(sandbox_webhook_url="https://example.com/x").sandbox_webhook_url == "https://example.com/x"
    assert SandboxSettings().sandbox is None
