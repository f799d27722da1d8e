"""What the door does with a push: store it once and say so at once, or refuse it and store nothing."""

import asyncio
import dataclasses

import pytest

from cleanly.kernel.db import Database
from cleanly.platform.providers.errors import NotSent, UnsupportedByProvider
from tests.platform.webhooks.inbound.conftest import Inbox
from tests.platform.webhooks.inbound.scripted import ScriptedProvider, signature
from tests.world import code

MEBIBYTE = 1024 * 1024


async def test_a_signed_push_is_stored_and_a_job_asked_for_in_one_commit(inbox: Inbox, counted):
    body = inbox.news(id="evt_a", object="pay_7")
    reply = await inbox.push(body)
    assert (reply.status_code, reply.json()) == (200, {})
    row = await inbox.only()
    assert (row.provider, row.provider_account, row.event_id) == ("scripted", "acct_ours", "evt_a")
    assert (row.type, row.object_kind, row.object_id) == ("payment.changed", "payment", "pay_7")
    assert (row.state, row.source, row.attempts, row.verified_with) == ("stored", "push", 0, "secret 1")
    assert (row.received_at, row.livemode) == (inbox.clock.now(), False)
    jobs = await inbox.world.rows("SELECT lock, args FROM procrastinate_jobs WHERE task_name = 'inbound.process'")
    assert [(job.lock, job.args["payload"]) for job in jobs] == [("inbound:scripted:pay_7", {"id": str(row.id)})]
    assert inbox.acted_on == [], "no business at the door"
    assert counted == [("scripted", "payment.changed", "stored")]


async def test_the_body_is_kept_byte_by_byte_whatever_its_content_type(inbox: Inbox):
    body = inbox.news(says="Grüße\r\n") + b"\r\n \n"
    for index, kind in enumerate(("text/plain", "application/json", "application/x-www-form-urlencoded")):
        sent = body.replace(b'"evt_', b'"evt_%d_' % index)
        assert (await inbox.push(sent, Content_Type=kind)).status_code == 200
        assert bytes((await inbox.events())[-1].body) == sent
    assert len(await inbox.events()) == 3


async def test_twenty_at_once_are_one_event_one_job_and_twenty_times_200(inbox: Inbox, counted):
    body = inbox.news()
    replies = await asyncio.gather(*(inbox.push(body) for _ in range(20)))
    assert [reply.status_code for reply in replies] == [200] * 20
    assert len(await inbox.events()) == 1
    assert await inbox.jobs() == ["inbound.process"]
    await inbox.work()
    assert len(inbox.acted_on) == 1
    outcomes = [outcome for _, _, outcome in counted]
    assert (outcomes.count("stored"), outcomes.count("duplicate")) == (1, 19)


async def test_a_push_that_comes_again_after_it_was_acted_on_changes_nothing(inbox: Inbox):
    body = inbox.news()
    await inbox.push(body)
    await inbox.work()
    assert (await inbox.push(body)).status_code == 200
    assert await inbox.work() == 0
    assert [event.state for event in await inbox.events()] == ["done"]


async def test_the_same_id_of_another_account_or_provider_is_another_event(inbox: Inbox):
    body, elsewhere = inbox.news(id="evt_a"), inbox.news(id="evt_a", account="acct_seller")
    await inbox.push(body)
    await inbox.push(elsewhere)
    await inbox.push(body, to="scripted-other")
    assert [(row.provider, row.provider_account) for row in await inbox.events()] == [
        ("scripted", "acct_ours"),
        ("scripted", "acct_seller"),
        ("scripted_other", "acct_ours"),
    ]


@pytest.mark.parametrize("signed", ["", "0" * 64, signature(b"another body")])
async def test_a_forged_push_is_400_and_leaves_nothing(inbox: Inbox, counted, signed: str):
    reply = await inbox.push(signed=signed)
    assert (reply.status_code, code(reply)) == (400, "MALFORMED_REQUEST")
    assert "no signature of ours" not in reply.text, "the reason is for the operator's log"
    assert await inbox.events() == []
    assert await inbox.jobs() == []
    assert counted == [("scripted", "unknown", "bad_signature")]


async def test_one_changed_byte_breaks_the_signature(inbox: Inbox):
    body = inbox.news()
    reply = await inbox.push(body.replace(b"pay_1", b"pay_2"), signed=signature(body))
    assert reply.status_code == 400
    assert await inbox.events() == []


async def test_a_mebibyte_is_taken_and_a_byte_more_is_413(inbox: Inbox):
    body = inbox.news()
    exact = body + b" " * (MEBIBYTE - len(body))
    assert (await inbox.push(exact)).status_code == 200
    reply = await inbox.push(exact.replace(b'"evt_', b'"evx_') + b" ")
    assert (reply.status_code, code(reply)) == (413, "PAYLOAD_TOO_LARGE")
    assert len(await inbox.events()) == 1
    assert len(inbox.provider.verified) == 1, "refused before it costs anything"


async def test_a_provider_that_is_not_set_up_is_not_found(inbox: Inbox):
    for name in ("sandbox", "stripe2", "SCRIPTED", "scripted%00"):
        reply = await inbox.push(to=name)
        assert (reply.status_code, code(reply)) == (404, "NOT_FOUND")
    assert await inbox.events() == []


async def test_without_a_database_it_is_503_and_the_provider_comes_again(inbox: Inbox):
    body, direct = inbox.news(), inbox.world.app._app
    context = direct.context
    gone = Database("postgresql://cleanly@127.0.0.1:9/none", deadline_seconds=1)
    direct.context = dataclasses.replace(context, db=gone)
    reply = await inbox.push(body)
    assert (reply.status_code, code(reply)) == (503, "SERVICE_UNAVAILABLE")
    assert reply.headers["retry-after"]
    await gone.close()
    direct.context = context
    assert (await inbox.push(body)).status_code == 200
    assert (await inbox.only()).state == "stored"


async def test_a_signature_that_cannot_be_checked_now_is_503_not_400(inbox: Inbox):
    inbox.provider.fault = NotSent("the certificate could not be fetched")
    reply = await inbox.push()
    assert (reply.status_code, code(reply)) == (503, "SERVICE_UNAVAILABLE")
    assert await inbox.events() == []


async def test_a_test_event_where_money_is_real_is_stored_as_ignored(inbox: Inbox, counted):
    inbox.are_live(True)
    assert (await inbox.push(inbox.news(live=False))).status_code == 200
    row = await inbox.only()
    assert (row.state, row.next_at, row.last_error) == ("ignored", None, "a test event, but live keys here")
    assert await inbox.jobs() == []
    assert counted == [("scripted", "payment.changed", "ignored")]
    assert (await inbox.push(inbox.news(live=True))).status_code == 200
    assert await inbox.work() == 1
    assert len(inbox.acted_on) == 1


async def test_a_live_event_where_money_is_not_real_is_ignored_too(inbox: Inbox):
    await inbox.push(inbox.news(live=True))
    assert (await inbox.only()).state == "ignored"


async def test_secrets_in_headers_are_shown_to_the_check_and_not_kept(inbox: Inbox):
    reply = await inbox.push(
        Authorization="Bearer of-google", Cookie="a=b", X_Edge_Secret="edge", Paypal_Auth_Algo="RS"
    )
    assert reply.status_code == 200
    seen, kept = inbox.provider.verified[0], (await inbox.only()).headers
    assert seen["authorization"] == "Bearer of-google"
    assert not {"authorization", "cookie", "x-edge-secret"} & set(kept)
    assert kept["scripted-signature"] == seen["scripted-signature"]
    assert kept["paypal-auth-algo"] == "RS"
    assert "of-google" not in str(kept)


async def test_no_transaction_is_open_while_the_signature_is_checked(inbox: Inbox, monkeypatch):
    open_then: list[int] = []
    verify = inbox.provider.verify_webhook

    async def looked_at(*told, **named):
        open_then.append(inbox.context.db.engine.pool.checkedout())
        return await verify(*told, **named)

    monkeypatch.setattr(inbox.provider, "verify_webhook", looked_at)
    await inbox.push()
    assert open_then == [0]


async def test_providers_are_found_by_name_and_closed_one_by_one():
    from cleanly.platform.providers.registry import Providers

    first, second = ScriptedProvider("first"), ScriptedProvider("second")
    providers = Providers([first, second], is_live=False)
    assert (len(providers), list(providers), providers.get("second")) == (2, [first, second], second)
    assert "third" not in providers
    with pytest.raises(UnsupportedByProvider) as refused:
        providers.get("third")
    assert refused.value.details == {"provider": "third"}
    with pytest.raises(ValueError, match="two providers"):
        Providers([first, ScriptedProvider("first")], is_live=False)
    first.fault = RuntimeError("will not close")
    with pytest.raises(ExceptionGroup):
        await providers.close()
    assert second.was_closed
