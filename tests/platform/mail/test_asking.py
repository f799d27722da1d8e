"""Asking for a mail on a real database: with its reason or not at all, and nothing readable in the queue."""

import pytest
from sqlalchemy import text

from cleanly.platform.mail import flows
from cleanly.platform.mail.messages import SendMail, Template
from tests.platform.mail.conftest import reset_mail

VALUES = {"name": "Ada", "token": "t0ken-that-nobody-reads"}


async def _jobs(db):
    async with db.begin() as session:
        rows = await session.execute(text("SELECT task_name, args, procrastinate_jobs::text FROM procrastinate_jobs"))
        return rows.all()


async def test_a_mail_is_asked_for_with_its_reason_and_sent_by_the_job(db, make_mailer, make_context):
    mailer = make_mailer()
    async with db.begin() as session:
        await mailer.enqueue(session, to="ada@example.com", template=Template.RESET, values=VALUES)
    assert mailer.mailbox.newest_first() == []
    [(name, args, whole)] = await _jobs(db)
    assert name == "mail.send"
    for secret in ("ada@", "example.com", "t0ken", "Ada"):
        assert secret not in whole
    await flows.send(make_context(mailer), SendMail.model_validate(args["payload"]))
    [mail] = mailer.mailbox.newest_first()
    assert mail.to.addr_spec == "ada@example.com"
    assert "t0ken-that-nobody-reads" in mail.text


async def test_a_reason_that_is_rolled_back_leaves_no_mail(db, make_mailer):
    async def ask_and_fail() -> None:
        async with db.begin() as session:
            await make_mailer().enqueue(session, to="ada@example.com", template=Template.RESET, values=VALUES)
            raise LookupError

    with pytest.raises(LookupError):
        await ask_and_fail()
    assert await _jobs(db) == []


@pytest.mark.parametrize("values", [{}, {"name": "Ada"}, VALUES | {"more": "x"}])
def test_a_mail_with_missing_or_strange_values_is_refused_at_once(values, make_mailer):
    with pytest.raises(ValueError, match="the mail reset needs"):
        make_mailer().payload(to="ada@example.com", template=Template.RESET, values=values)


def test_no_mail_is_asked_for_to_what_is_no_address(make_mailer):
    with pytest.raises(ValueError, match="not an address"):
        reset_mail(make_mailer(), to="a@b.test\r\nBcc: c@d.test")


def test_a_mailer_without_a_secret_is_not_built(make_mailer):
    with pytest.raises(ValueError, match="secret"):
        make_mailer(secrets=())


def test_two_seals_of_one_mail_differ(make_mailer):
    mailer = make_mailer()
    assert reset_mail(mailer).sealed != reset_mail(mailer).sealed
