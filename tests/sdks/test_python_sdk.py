"""The Python SDK by itself, on a service that is played: what the scenarios can't see from outside."""

import inspect
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest
from cleanly_client import (
    AsyncCleanly,
    BadAnswer,
    Cleanly,
    ClientClosed,
    DeadlineExceeded,
    MemoryStore,
    NoAnswer,
    NothingToConfirm,
    Pace,
    Pair,
    PaymentSheet,
    PayPalOrder,
    Refused,
    models,
    refusals,
    retries,
    wire,
)
from cleanly_client.calls import Answer, Given, Request
from hypothesis import given
from hypothesis import strategies as st

from sdks.generate.contract import snake
from tests.conftest import ROOT
from tests.sdks.devices import METHODS

ADDRESS = "http://localhost:1"
USER = {
    "id": "019ab1c2-8e4f-7a31-9c55-3f1d2e4b5a60",
    "email": "ada@example.com",
    "emailVerified": True,
    "name": "Ada",
    "avatarUrl": None,
    "role": "user",
    "createdAt": "2026-11-22T12:00:00.000Z",
    "updatedAt": "2026-11-22T12:00:00.000Z",
}
Play = Callable[[httpx2.Request], httpx2.Response]


def signed_in(expires_at: float = 4e9) -> MemoryStore:
    return MemoryStore(Pair("access", "refresh", 0, expires_at, expires_at))


def refusal(status: int, code: str, **headers: str) -> httpx2.Response:
    error = {"code": code, "message": "No", "details": {}}
    return httpx2.Response(status, json={"error": error}, headers={"X-Request-ID": "r-1", **headers})


def blocking(play: Play, **options: Any) -> Cleanly:
    options = {"store": signed_in(), **options}
    return Cleanly(ADDRESS, http=httpx2.Client(transport=httpx2.MockTransport(play)), **options)


def test_both_colours_have_every_call_with_the_same_arguments():
    clients = Cleanly(ADDRESS), AsyncCleanly(ADDRESS)
    for operation, place in METHODS.items():
        group, _, method = place.partition(".")
        threads, tasks = (inspect.signature(getattr(getattr(one, group), snake(method))) for one in clients)
        assert threads.parameters == tasks.parameters, operation


def test_the_guide_names_exactly_the_calls_that_there_are():
    told = re.findall(r"^\| `(\w+)` \| (`.*`) \|$", (ROOT / "docs" / "sdk-python.md").read_text(), re.MULTILINE)
    named = {f"{group}.{method}" for group, methods in told for method in re.findall(r"`(\w+)`", methods)}
    groups = ((place.partition(".")[0], snake(place.partition(".")[2])) for place in METHODS.values())
    there = {f"{group}.{method}" for group, method in groups if group != "admin"}
    assert named == there | {"payouts.transactions_csv", "payouts.statement_csv", "webhooks.verify"}


async def test_who_erases_another_stays_signed_in():
    store = signed_in()
    client = blocking(lambda _: httpx2.Response(204), store=store)
    client.users.erase(USER["id"])
    assert store.load() is not None
    client.users.erase()
    assert store.load() is None


def test_what_a_newer_service_says_is_kept_or_skipped():
    read = wire.reader(models.RefundState)
    assert read("reversed") == "reversed"
    assert not read("reversed").is_known
    assert read("pending") is models.RefundState.PENDING
    user = wire.reader(models.User)({**USER, "nickname": "Countess"})
    assert user.id == UUID(USER["id"])
    assert user.created_at == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert wire.to_wire(user)["emailVerified"] is True


def test_an_answer_without_a_promised_field_is_no_answer():
    client = blocking(lambda _: httpx2.Response(200, json={"id": USER["id"]}))
    with pytest.raises(BadAnswer, match="email"):
        client.users.get()


def test_a_refusal_tells_its_code_its_fields_and_what_to_do():
    details = {"field": "email", "reason": "missing", "errors": [
        {"field": "email", "reason": "missing", "message": "Email is required"},
        {"field": "name", "reason": "too_long", "message": "Name is too long"},
    ]}  # fmt: skip
    error = {"code": "VALIDATION_ERROR", "message": "Email is required", "details": details}
    client = blocking(lambda _: httpx2.Response(422, json={"error": error}, headers={"X-Request-ID": "r-1"}))
    with pytest.raises(refusals.ValidationError) as ended:
        client.auth.register(email="", password="", name="")
    assert [one.field for one in ended.value.fields] == ["email", "name"]
    assert ended.value.action == "show the field's message"
    assert ended.value.request_id == "r-1"


def test_a_code_that_is_not_known_yet_is_a_refusal_that_ends_no_session():
    store = signed_in()
    client = blocking(lambda _: refusal(401, "DEVICE_UNTRUSTED"), store=store)
    with pytest.raises(Refused) as ended:
        client.users.get()
    assert (ended.value.code, ended.value.status, ended.value.action) == ("DEVICE_UNTRUSTED", 401, "stop")
    assert store.load() is not None


def test_every_try_has_the_same_key_and_body_and_a_name_of_its_own():
    seen: list[httpx2.Request] = []

    def play(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return refusal(503, "SERVICE_UNAVAILABLE")

    with pytest.raises(refusals.ServiceUnavailable):
        blocking(play, sleep=lambda _: None).payments.cancel(USER["id"])
    assert len(seen) == 4
    assert len({one.headers["idempotency-key"] for one in seen}) == 1
    assert len({one.headers["x-request-id"] for one in seen}) == 4


def test_the_deadline_counts_the_waits():
    passed = [0.0]
    pace = Pace(monotonic=lambda: passed[0], chance=lambda: 1.0)

    def sleep(seconds: float) -> None:
        passed[0] += seconds

    def play(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no network")

    with pytest.raises(DeadlineExceeded) as ended:
        blocking(play, pace=pace, sleep=sleep).within(2.5).payments.cancel(USER["id"], idempotency_key="order-17")
    assert ended.value.attempts == 2  # after waits of 1 and 2 seconds a third try would be too late
    assert ended.value.idempotency_key == "order-17"


@given(
    status=st.integers(400, 599), attempt=st.integers(1, 5), chance=st.floats(0, 1), asked=st.none() | st.floats(0, 99)
)
def test_waits_are_bounded_and_never_shorter_than_was_asked(status, attempt, chance, asked):
    wait = retries.wait_seconds(Refused("no", status=status, retry_after=asked), attempt, chance=chance)
    if attempt > 3 or (status < 500 and status != 429) or status in {501, 505} or status > 504:
        assert wait is None
    else:
        assert wait is not None
        assert (asked or 0) <= wait <= max(8, asked or 0)


def test_a_date_in_retry_after_is_understood():
    at = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()
    assert retries.retry_after({"retry-after": "Sun, 22 Nov 2026 12:00:07 GMT"}, now=at) == 7
    assert retries.retry_after({"retry-after": "soon"}, now=at) is None


def test_an_edge_that_holds_back_a_flood_is_obeyed_as_the_service_is():
    page = httpx2.Response(429, html="<h1>Too many requests</h1>", headers={"Retry-After": "10"})
    replies, slept = iter([page, httpx2.Response(200, json=USER)]), list[float]()
    assert blocking(lambda _: next(replies), sleep=slept.append).users.get().name == "Ada"
    assert slept == [10.0]


def test_closing_ends_a_call_that_waits():
    waiting = threading.Event()

    def play(_: httpx2.Request) -> httpx2.Response:
        waiting.set()
        return refusal(503, "SERVICE_UNAVAILABLE", **{"Retry-After": "50"})

    client = blocking(play)
    closing = threading.Thread(target=lambda: (waiting.wait(10), client.close()))
    closing.start()
    with pytest.raises(ClientClosed):
        client.users.get()
    closing.join()


def test_a_client_with_another_deadline_closes_nothing_of_the_first():
    client = blocking(lambda _: httpx2.Response(200, json=USER))
    with client.within(5) as hasty:
        assert hasty.users.get().name == "Ada"
    assert client.users.get().name == "Ada"
    client.close()
    with pytest.raises(ClientClosed):
        client.users.get()


def test_a_hook_that_fails_harms_no_call(caplog):
    def hook(_: object) -> None:
        raise RuntimeError("a bad metric")

    client = blocking(lambda _: httpx2.Response(200, json=USER), hooks=[hook])
    assert client.users.get().name == "Ada"
    assert "a hook failed" in caplog.text


def test_tokens_and_what_confirms_a_payment_are_not_printed():
    pair = Pair("secret-a", "secret-r", 0, 1, 1)
    tokens = models.Tokens(access_token="secret-a", refresh_token="secret-r", expires_in=900, token_type="Bearer")
    sheet = PaymentSheet("secret-c", "pk_1", "cus_1", "secret-e")
    asked = Given({}, {}, {"password": "secret-p"})
    sent = Request("POST", "/", {"Authorization": "Bearer secret-a"}, b"secret-p")
    came = Answer(200, {}, b"secret-r")
    assert "secret" not in f"{pair!r} {tokens!r} {sheet!r} {asked!r} {sent!r} {came!r}"


class Waits:
    id = UUID(USER["id"])

    def __init__(self, **client: str) -> None:
        self.client = client


def test_what_a_providers_sdk_takes_is_handed_over_or_refused():
    stripe = Waits(clientSecret="pi_secret", publishableKey="pk", customer="cus", ephemeralKey="ek")
    assert PaymentSheet.of(stripe) == PaymentSheet("pi_secret", "pk", "cus", "ek")
    assert PayPalOrder.of(Waits(orderId="5O", approveUrl="https://paypal.example/5O")).order_id == "5O"
    with pytest.raises(NothingToConfirm):
        PaymentSheet.of(Waits())
    with pytest.raises(NothingToConfirm):
        PayPalOrder.of(stripe)


@pytest.mark.parametrize("address", ["http://api.example.com", "ftp://localhost", "localhost:3000", "https://"])
def test_an_address_that_would_show_tokens_to_a_network_is_refused(address):
    with pytest.raises(ValueError, match=r"https|address"):
        Cleanly(address)


def test_no_answer_says_how_to_go_on():
    def play(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("too late")

    with pytest.raises(NoAnswer, match="ReadTimeout") as ended:
        blocking(play, sleep=lambda _: None).payments.create(price_id=USER["id"], provider="stripe")
    assert ended.value.idempotency_key
    assert ended.value.attempts == 4
