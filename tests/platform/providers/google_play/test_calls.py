"""How Google is called: our key changed into an access token, one for all; and what its faults mean."""

import asyncio

import pytest

from cleanly.kernel.net import Answer, Http
from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.google_play import faults
from cleanly.platform.providers.google_play.client import Client
from cleanly.platform.providers.google_play.settings import GooglePlaySettings
from cleanly.platform.providers.purchases import TokenGone, TokenUnknown
from tests.fakes.play_wire import ROOT, TOKENS


async def test_a_call_carries_a_token_that_our_key_was_changed_into(play, wire, ada):
    token = wire.subscribe(ada)
    await play.get_subscription(token)
    asked, looked = wire.calls
    assert (asked.method, asked.path) == ("POST", TOKENS)
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in asked.headers
    assert (looked.method, looked.path) == ("GET", f"{ROOT}/purchases/subscriptionsv2/tokens/{token}")
    assert looked.headers["authorization"] == f"Bearer {wire.tokens[-1]}"


async def test_twenty_looks_at_once_ask_for_one_token(play, wire, ada):
    tokens = [wire.subscribe(ada) for _ in range(20)]
    seen = await asyncio.gather(*(play.get_subscription(token) for token in tokens))
    assert [found.token for found in seen] == tokens
    assert len(wire.sent("POST", TOKENS)) == 1


async def test_a_token_is_kept_to_a_minute_before_its_end(play, wire, seconds, ada):
    token = wire.subscribe(ada)
    for passed, asked in ((0, 1), (3538, 1), (1, 2)):
        seconds.at += passed
        await play.get_subscription(token)
        assert len(wire.sent("POST", TOKENS)) == asked


async def test_a_401_is_answered_with_a_new_token_once(play, wire, ada):
    token = wire.subscribe(ada)
    await play.get_subscription(token)
    wire.refuses_tokens = 1
    await play.get_subscription(token)
    assert len(wire.tokens) == 2
    wire.refuses_tokens = 1
    await play.acknowledge_subscription(token, "premium")
    assert len(wire.tokens) == 3
    wire.refuses_tokens = 2
    with pytest.raises(Refused, match="authError"):
        await play.get_subscription(token)
    assert len(wire.tokens) == 4


@pytest.mark.parametrize(("status", "kind"), [(400, Refused), (401, Refused), (500, NotSent), (429, NotSent)])
async def test_without_a_token_nothing_was_sent(play, wire, ada, status, kind):
    token = wire.buy(ada)
    wire.token_status = status
    with pytest.raises(kind) as caught:
        await play.acknowledge_product(token, "coins")
    assert {call.path for call in wire.calls} == {TOKENS}
    assert wire.acknowledged == []
    if kind is Refused:
        assert "invalid_grant" in caught.value.message
        assert not isinstance(caught.value, TokenUnknown)


@pytest.mark.parametrize(
    "said", ['{"access_token": "a"}', "[]", "<html>", '{"access_token": "a", "expires_in": Infinity}']
)
async def test_a_token_that_can_not_be_read_is_none(settings, clock, seconds, said):
    class Site(Http):
        async def post(self, url, **named):
            return Answer(200, {}, said.encode())

    client = Client(settings, http=Site.to_known(), clock=clock, monotonic=seconds)
    with pytest.raises(NotSent):
        await client.get("orders", "GPA.1")
    await client.close()


@pytest.mark.parametrize("fault", ["429", "500", "503"])
async def test_a_look_that_google_was_too_busy_for_is_repeated_a_few_times(play, wire, seconds, ada, fault):
    token = wire.subscribe(ada)
    wire.looks.extend([fault, fault])
    assert (await play.get_subscription(token)).state == "active"
    assert seconds.pauses == ([1, 1] if fault == "429" else [0.25, 1.0])
    wire.looks.extend([fault] * 4)
    with pytest.raises(NotSent if fault == "429" else Unknown):
        await play.get_subscription(token)
    assert len(wire.looks) == 1
    assert len(seconds.pauses) == 4


async def test_google_decides_when_it_wants_more_patience_than_a_request_has(play, wire, seconds, ada):
    token = wire.subscribe(ada)
    wire.looks.append("429 long")
    with pytest.raises(NotSent) as caught:
        await play.get_subscription(token)
    assert caught.value.retry_after_seconds == 30
    assert seconds.pauses == []


# On a connection that was kept open the HTTP library itself asks once more: that the other side had closed it is usual.
@pytest.mark.parametrize("looks", [["cut", "cut"], ["nonsense"]])
async def test_a_look_that_broke_off_is_not_repeated(play, wire, seconds, ada, looks):
    token = wire.subscribe(ada)
    wire.looks.extend(looks)
    with pytest.raises(Unknown):
        await play.get_subscription(token)
    assert seconds.pauses == []
    assert (await play.get_subscription(token)).state == "active"


async def test_a_closed_port_sent_nothing(wire, clock, seconds):
    found = GooglePlaySettings.model_validate({**wire.settings(), "google_play_base_url": "http://127.0.0.1:9"})
    client = Client(found, http=Http.to_known(), clock=clock, monotonic=seconds)
    with pytest.raises(NotSent):
        await client.get("orders", "GPA.1")
    await client.close()


async def test_without_settings_there_is_no_client(clock, seconds):
    http = Http.to_known()
    with pytest.raises(ValueError, match="is missing"):
        Client(GooglePlaySettings(), http=http, clock=clock, monotonic=seconds)
    await http.close()


def answer(status: int, reason: str = "", **headers: str) -> Answer:
    body = f'{{"error": {{"code": {status}, "message": "No.", "errors": [{{"reason": "{reason}"}}]}}}}'
    return Answer(status, headers, body.encode())


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (404, "purchaseTokenNotFound", TokenUnknown),
        (400, "invalid", TokenUnknown),
        (400, "", TokenUnknown),
        (410, "purchaseTokenNoLongerValid", TokenGone),
        (404, "applicationNotFound", Refused),
        (400, "projectNotLinked", Refused),
        (401, "permissionDenied", Refused),
        (403, "forbidden", Refused),
        (403, "quotaExceeded", NotSent),
        (403, "rateLimitExceeded", NotSent),
        (429, "", NotSent),
        (408, "", Unknown),
        (409, "concurrentUpdate", Unknown),
        (500, "backendError", Unknown),
        (302, "", Unknown),
    ],
)
def test_a_fault_of_a_look_tells_of_the_token_only_if_it_is_the_tokens(status, reason, kind):
    assert type(faults.of_token(answer(status, reason))) is kind


def test_without_a_word_of_when_it_is_a_second():
    found = faults.of_answer(answer(429))
    assert isinstance(found, NotSent)
    assert found.retry_after_seconds == 1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>", b'{"error": 5}', b'{"error": {"errors": {}}}', b'{"error": {"errors": []}}']
)
def test_a_fault_without_words_is_told_by_its_status(body):
    found = faults.of_answer(Answer(404, {}, body))
    assert isinstance(found, Refused)
    assert found.code == "status_404"


@pytest.mark.parametrize("status", [400, 404, 410])
@pytest.mark.parametrize("body", [b"", b"<html>404", b"[]", b"{}", b'{"error": "not_found"}'])
def test_a_404_of_something_on_the_way_takes_no_purchase_from_the_buyer(status, body):
    assert type(faults.of_token(Answer(status, {}, body))) is Unknown


def test_a_fault_without_a_reason_is_told_by_googles_newer_word():
    body = b'{"error": {"code": 404, "message": "No.", "status": "NOT_FOUND"}}'
    found = faults.of_token(Answer(404, {}, body))
    assert isinstance(found, TokenUnknown)
    assert (found.code, found.message) == ("NOT_FOUND", "No.")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", None), ("5", 5), ("0", 1), ("soon", None), ("99999", 3600), ("-1", None), ("²", None), ("9" * 30, None)],
)
def test_patience_has_an_end(text, seconds):
    assert faults.retry_after(Answer(429, {"retry-after": text}, b"")) == seconds
