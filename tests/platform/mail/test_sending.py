"""The job against a real SMTP server: what arrives, what is tried again, what is given up."""

import asyncio
import contextlib
import ssl
from datetime import timedelta
from email.headerregistry import Address

import pytest
import structlog

from cleanly.kernel.crypto import Unsealable
from cleanly.platform.mail import flows
from cleanly.platform.mail.jobs import JOBS
from cleanly.platform.mail.messages import SEND, Template
from cleanly.platform.mail.outbox import Mail, Mailbox, MailDelayed, Smtp
from cleanly.platform.mail.rules import Line, SmtpServer
from tests.kernel.certificate import self_signed
from tests.platform.mail.conftest import SECRET, post_office, reset_mail


def test_an_outage_of_hours_is_survived_by_the_number_of_tries():
    assert [job.task for job in JOBS] == [SEND]
    assert SEND.attempts_max == 12


async def test_a_mail_arrives_with_both_parts_and_its_headers(post, make_mailer, make_context, clock, sent, failed):
    mailer = make_mailer(mail_url=post.url, mail_from="Shöp <no-reply@shop.test>", app_link_base="https://app.test")
    payload = reset_mail(mailer, name="Zoë")
    await flows.send(make_context(mailer), payload)
    [mail], [envelope] = post.mails, post.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@shop.test", ["ada@example.com"])
    assert mail["From"].addresses[0].display_name == "Shöp"
    assert mail["To"].addresses[0].addr_spec == "ada@example.com"
    assert mail["Subject"] == "Choose a new password"
    assert mail["Message-ID"] == f"<{payload.id}@shop.test>"
    assert mail["Date"].datetime == clock.now()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    for kind in ("plain", "html"):
        content = mail.get_body((kind,)).get_content()
        assert "Hello Zoë," in content
        assert "https://app.test/reset-password?token=t0ken" in content
    assert envelope.content.isascii()
    assert sent.counts == [{"template": "reset"}]
    assert failed.counts == []


async def test_a_temporary_failure_is_tried_again_under_the_same_message_id(post, make_mailer, make_context, failed):
    mailer = make_mailer(mail_url=post.url)
    context, payload = make_context(mailer), reset_mail(mailer)
    for where in ("on_sender", "on_recipient", "on_data"):
        setattr(post, where, "451 4.3.0 busy, {address}")
        with pytest.raises(MailDelayed, match="451") as caught:
            await flows.send(context, payload)
        assert "ada@" not in str(caught.value)
        setattr(post, where, None)
    await flows.send(context, payload)
    await flows.send(context, payload)  # a worker died before it could note the success
    assert [mail["Message-ID"] for mail in post.mails] == [f"<{payload.id}@cleanly.invalid>"] * 2
    assert failed.counts == [{"template": "reset", "outcome": "delayed"}] * 3


async def test_two_mails_have_two_message_ids(post, make_mailer, make_context):
    mailer = make_mailer(mail_url=post.url)
    for _ in range(2):
        await flows.send(make_context(mailer), reset_mail(mailer))
    assert len({mail["Message-ID"] for mail in post.mails}) == 2


@pytest.mark.parametrize("where", ["on_recipient", "on_data"])
async def test_a_final_refusal_ends_the_mail_and_is_counted_and_logged(
    where, post, make_mailer, make_context, failed, sent
):
    setattr(post, where, "550 5.1.1 no such user {address}")
    mailer = make_mailer(mail_url=post.url)
    with structlog.testing.capture_logs() as logs:
        await flows.send(make_context(mailer), reset_mail(mailer))
    assert post.mails == []
    assert failed.counts == [{"template": "reset", "outcome": "refused"}]
    assert sent.counts == []
    assert "550" in logs[0]["reason"]
    assert "ada@example.com" not in str(logs)
    assert "t0ken" not in str(logs)


async def test_a_sender_that_the_server_does_not_take_is_ours_to_mend_so_the_mail_waits(
    post, make_mailer, make_context
):
    post.on_sender = "550 5.7.1 not verified"
    mailer = make_mailer(mail_url=post.url)
    with pytest.raises(MailDelayed, match="550"):
        await flows.send(make_context(mailer), reset_mail(mailer))


async def test_a_server_that_is_down_is_tried_again(make_mailer, make_context, failed):
    async with post_office() as post:
        url = post.url
    mailer = make_mailer(mail_url=url)
    with pytest.raises(MailDelayed):
        await flows.send(make_context(mailer), reset_mail(mailer))
    assert failed.counts == [{"template": "reset", "outcome": "delayed"}]


async def _silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not reader.at_eof():
        writer.write(b"220-still thinking\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _hanging_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 hello\r\n")
    await reader.readline()


@pytest.mark.parametrize("behaviour", [_silence, _dripping, _hanging_up])
async def test_a_server_that_never_comes_to_the_point_costs_a_bounded_time(behaviour, make_mailer, make_context):
    talks: list[asyncio.Task[None]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        with contextlib.suppress(ConnectionError):
            await behaviour(reader, writer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    where = SmtpServer(host="127.0.0.1", port=server.sockets[0].getsockname()[1], line=Line.PLAIN)
    mailer = make_mailer(outbox=Smtp(where, helo="shop.test", timeout_seconds=0.4))
    began = asyncio.get_running_loop().time()
    with pytest.raises(MailDelayed):
        await flows.send(make_context(mailer), reset_mail(mailer))
    assert asyncio.get_running_loop().time() - began < 2
    server.close()
    await asyncio.gather(*talks)  # they end only because we hung up
    await server.wait_closed()


async def test_a_mail_whose_links_are_dead_is_not_sent(post, make_mailer, make_context, clock, failed):
    mailer = make_mailer(mail_url=post.url)
    payload = reset_mail(mailer)
    clock.move(seconds=3600)
    await flows.send(make_context(mailer), payload)
    assert post.mails == []
    assert failed.counts == [{"template": "reset", "outcome": "expired"}]


async def test_a_life_can_be_given(make_mailer, make_context, clock):
    mailer = make_mailer()
    values = {"name": "", "token": "t"}
    payload = mailer.payload(
        to="a@b.test", template=Template.VERIFY, values=values, expires_at=clock.now() + timedelta(hours=5)
    )
    clock.move(hours=4)
    await flows.send(make_context(mailer), payload)
    clock.move(hours=1)
    await flows.send(make_context(mailer), payload)
    assert len(mailer.mailbox.newest_first()) == 1


async def test_the_budget_counts_only_mails_that_were_sent(post, make_mailer, make_context, clock, failed):
    mailer = make_mailer(mail_url=post.url, mail_per_minute_max=2)
    context = make_context(mailer)
    post.on_recipient = "550 no"
    for _ in range(3):
        await flows.send(context, reset_mail(mailer))
    post.on_recipient = "450 later"
    with pytest.raises(MailDelayed, match="450"):
        await flows.send(context, reset_mail(mailer))
    post.on_recipient = None
    for _ in range(2):
        await flows.send(context, reset_mail(mailer))
    with pytest.raises(MailDelayed, match="spent"):
        await flows.send(context, reset_mail(mailer))
    assert len(post.mails) == 2
    clock.move(seconds=60)
    await flows.send(context, reset_mail(mailer))
    assert len(post.mails) == 3


async def test_a_mail_sealed_under_an_older_secret_is_still_sent(make_mailer, make_context):
    payload = reset_mail(make_mailer())
    rotated = make_mailer(secrets=(b"a newer secret, also 32 bytes ..", SECRET))
    await flows.send(make_context(rotated), payload)
    assert len(rotated.mailbox.newest_first()) == 1
    stranger = make_mailer(secrets=(b"a newer secret, also 32 bytes ..",))
    with pytest.raises(Unsealable):
        await flows.send(make_context(stranger), payload)


async def test_a_sealed_mail_can_not_become_another(make_mailer, make_context):
    mailer = make_mailer()
    payload = reset_mail(mailer)
    for change in ({"template": Template.VERIFY}, {"id": reset_mail(mailer).id}):
        with pytest.raises(Unsealable):
            await flows.send(make_context(mailer), payload.model_copy(update=change))
    assert mailer.mailbox.newest_first() == []


async def test_a_line_break_in_a_name_never_becomes_a_header(post, make_mailer, make_context):
    mailer = make_mailer(mail_url=post.url)
    await flows.send(make_context(mailer), reset_mail(mailer, name="Ada\r\nBcc: thief@evil.test\r\n\r\nHi"))
    [mail] = post.mails
    assert mail["Bcc"] is None
    assert post.envelopes[0].rcpt_tos == ["ada@example.com"]
    assert sorted(mail.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )


@pytest.mark.parametrize("field", ["subject", "message_id"])
def test_a_header_with_a_line_break_is_never_written(field, clock):
    words = {"subject": "s", "text": "t", "html": "h", "message_id": "<1@x.test>", "sent_at": clock.now()}
    who = Address(username="a", domain="b.test")
    with pytest.raises(ValueError, match=r"[Hh]eader|linefeed|newline"):
        Mail(sender=who, to=who, **(words | {field: "x\r\nBcc: thief@evil.test"})).message()


async def test_an_address_of_another_alphabet_goes_where_its_domain_is(post, make_mailer, make_context):
    mailer = make_mailer(mail_url=post.url)
    await flows.send(make_context(mailer), reset_mail(mailer, to="ada@exämple.com"))
    assert post.envelopes[0].rcpt_tos == ["ada@xn--exmple-cua.com"]


async def test_a_name_of_another_alphabet_is_refused_by_a_server_that_can_not(post, make_mailer, make_context, failed):
    mailer = make_mailer(mail_url=post.url)
    await flows.send(make_context(mailer), reset_mail(mailer, to="zoë@example.com"))
    assert failed.counts == [{"template": "reset", "outcome": "refused"}]


async def test_a_name_of_another_alphabet_arrives_where_it_is_understood(make_mailer, make_context):
    async with post_office(enable_SMTPUTF8=True) as post:
        mailer = make_mailer(mail_url=post.url)
        await flows.send(make_context(mailer), reset_mail(mailer, to="zoë@example.com"))
        assert post.envelopes[0].rcpt_tos == ["zoë@example.com"]


async def test_a_server_on_this_machine_may_ask_for_a_password(make_mailer, make_context):
    async with post_office(auth=True) as post:
        mailer = make_mailer(mail_url=f"smtp://me:p%40ss%2Fword@127.0.0.1:{post.port}")
        await flows.send(make_context(mailer), reset_mail(mailer))
        assert len(post.mails) == 1
        assert post.logins == [(b"me", b"p@ss/word")]


async def test_a_wrong_password_is_ours_to_mend_so_the_mail_waits(make_mailer, make_context):
    async with post_office(auth=True) as post:
        mailer = make_mailer(mail_url=f"smtp://me:wr0ng@127.0.0.1:{post.port}")
        with pytest.raises(MailDelayed, match="535") as caught:
            await flows.send(make_context(mailer), reset_mail(mailer))
        assert "wr0ng" not in str(caught.value)


async def test_starttls_protects_password_and_mail(tmp_path, make_mailer, make_context):
    server_tls, client_tls = self_signed(tmp_path, "localhost")
    async with post_office(tls=server_tls, auth=True) as post:
        where = SmtpServer("localhost", post.port, Line.STARTTLS, "me", "p@ss/word")
        mailer = make_mailer(outbox=Smtp(where, helo="shop.test", timeout_seconds=5, tls=client_tls))
        await flows.send(make_context(mailer), reset_mail(mailer))
        assert post.over_tls == [True]
        stranger = make_mailer(outbox=Smtp(where, helo="shop.test", timeout_seconds=5))
        with pytest.raises(MailDelayed):
            await flows.send(make_context(stranger), reset_mail(stranger))
        assert len(post.logins) == 1  # a server that can't prove itself never sees the password


async def test_a_password_is_not_sent_to_a_server_without_starttls(make_mailer, make_context):
    async with post_office(auth=True) as post:
        where = SmtpServer("127.0.0.1", post.port, Line.STARTTLS, "me", "p@ss/word")
        mailer = make_mailer(outbox=Smtp(where, helo="shop.test", timeout_seconds=5))
        with pytest.raises(MailDelayed):
            await flows.send(make_context(mailer), reset_mail(mailer))
        assert post.logins == []


async def test_the_mailbox_keeps_the_last_two_hundred(make_mailer, make_context):
    mailer = make_mailer()
    for number in range(203):
        await flows.send(make_context(mailer), reset_mail(mailer, to=f"u{number}@example.com"))
    kept = mailer.mailbox.newest_first()
    assert len(kept) == 200
    assert (kept[0].to.addr_spec, kept[-1].to.addr_spec) == ("u202@example.com", "u3@example.com")


def test_with_a_mail_url_there_is_no_mailbox(make_mailer):
    assert isinstance(make_mailer().outbox, Mailbox)
    assert make_mailer(mail_url="smtps://u:p@mail.test").mailbox is None


def test_our_tls_is_verified():
    outbox = Smtp(SmtpServer("mail.test", 465, Line.TLS), helo="shop.test", timeout_seconds=1)
    context = outbox._client().tls_context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
