"""/dev/mail over HTTP: JSON for a script, a page for a person."""

import httpx2
import pytest
from fastapi import FastAPI

from cleanly.kernel.errors import NotFound
from cleanly.platform.mail import flows
from cleanly.platform.mail.module import module
from tests.platform.mail.conftest import reset_mail
from tests.platform.mail.test_templates import read

JSON = {"Accept": "application/json"}


@pytest.fixture
async def mailer(make_mailer, make_context, clock):
    mailer = make_mailer()
    for to, token in (("ada@example.com", "one"), ("bob@example.com", "two"), ("ada@example.com", "three")):
        await flows.send(make_context(mailer), reset_mail(mailer, to=to, token=token))
        clock.move(seconds=1)
    return mailer


@pytest.fixture
async def client(mailer, make_context):
    app = FastAPI()
    app.state.context = make_context(mailer)
    app.include_router(module.pages)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as client:
        yield client


async def test_json_lists_mails_newest_first(client):
    answer = await client.get("/dev/mail", headers=JSON)
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [set(item) for item in items] == [{"to", "subject", "text", "html", "sentAt"}] * 3
    assert [item["text"].partition("token=")[2].split()[0] for item in items] == ["three", "two", "one"]
    assert items[0]["sentAt"] == "2026-11-22T12:00:02.000Z"
    assert items[0]["subject"] == "Choose a new password"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "Accept"


async def test_the_list_can_be_asked_for_one_recipient(client):
    answer = await client.get("/dev/mail", params={"to": "ADA@example.com"}, headers=JSON)
    assert [item["to"] for item in answer.json()["items"]] == ["ada@example.com"] * 2
    answer = await client.get("/dev/mail", params={"to": "nobody@example.com"}, headers=JSON)
    assert answer.json() == {"items": []}


@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*"])
async def test_a_person_sees_a_page_whose_mails_can_do_nothing(client, accept):
    answer = await client.get("/dev/mail", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("text/html")
    assert "script" not in read(answer.text).tags
    assert read(answer.text).tags.count("iframe") == 3
    assert answer.text.count('sandbox="allow-popups allow-popups-to-escape-sandbox"') == 3
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "img-src" not in policy


async def test_a_page_shows_a_hostile_filter_as_text(client):
    answer = await client.get("/dev/mail", params={"to": '"><script>x()</script>'})
    assert "script" not in read(answer.text).tags
    assert "There is no mail yet" in answer.text


async def test_with_smtp_there_is_nothing_to_see(make_mailer, make_context):
    app = FastAPI()
    app.state.context = make_context(make_mailer(mail_url="smtps://u:p@mail.test"))
    app.include_router(module.pages)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as client:
        with pytest.raises(NotFound):
            await client.get("/dev/mail", headers=JSON)


async def test_the_mailbox_is_no_part_of_the_documented_api(client):
    app = FastAPI()
    app.include_router(module.pages)
    assert app.openapi()["paths"] == {}


async def test_a_mails_link_says_what_the_app_would_do_and_uses_nothing_up(client):
    answer = await client.get("/app/verify-email", params={"token": "<b>one</b>"})
    assert answer.status_code == 200
    assert "auth/verify-email/confirm" in answer.text
    assert "<b>one</b>" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
