"""Stripe's errors: what surely did not happen, what may have, and what was never sent."""

import pytest
import stripe as sdk
from stripe._api_requestor import _APIRequestor

from cleanly.kernel.net import NetBroken, NetRefused, NetTimeout, NetTooLarge
from cleanly.platform.providers.errors import NotSent, NotThere, Refused, Unknown
from cleanly.platform.providers.stripe.faults import translate


def raised(status: int, headers: dict[str, str] | None = None, **error: str) -> sdk.StripeError:
    """What the SDK itself makes of such an answer."""
    requestor = _APIRequestor._global_instance()
    body = {"error": error}
    with pytest.raises(sdk.StripeError) as caught:
        requestor.handle_error_response("{}", status, body, headers or {}, "V1")
    return caught.value


def test_a_declined_card_did_not_pay_and_says_why():
    found = translate(
        raised(402, type="card_error", code="card_declined", decline_code="insufficient_funds", message="No.")
    )
    assert isinstance(found, Refused)
    assert (found.code, found.decline_code) == ("card_declined", "insufficient_funds")


def test_a_declined_card_without_a_reason_still_is_a_decline():
    found = translate(raised(402, type="card_error", code="expired_card", message="No."))
    assert isinstance(found, Refused)
    assert found.decline_code == "expired_card"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "invalid_request_error", "parameter_missing"),
        (403, "", ""),
        (404, "invalid_request_error", "resource_missing"),
    ],
)
def test_a_request_that_was_refused_did_nothing(status, kind, code):
    found = translate(raised(status, type=kind, code=code, message="No."))
    assert isinstance(found, Refused)
    assert isinstance(found, NotThere) is (status == 404)
    assert found.decline_code is None
    assert found.code == (code or kind or f"status_{status}")


def test_a_key_of_ours_that_is_refused_is_nobodys_decline():
    assert isinstance(translate(raised(401, type="invalid_request_error", code="", message="No.")), NotSent)


@pytest.mark.parametrize("status", [400, 409, 500])
def test_an_idempotency_error_is_known_by_its_type(status):
    assert isinstance(translate(raised(status, type="idempotency_error", message="No.")), Unknown)


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504])
def test_a_conflict_and_a_fault_of_theirs_leave_it_in_doubt(status):
    assert isinstance(translate(raised(status, type="api_error", message="No.")), Unknown)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({}, 1),
        ({"retry-after": "9"}, 9),
        ({"retry-after": "soon"}, 1),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "99999999"}, 3600),
    ],
)
def test_too_many_requests_sent_nothing(said, seconds):
    found = translate(raised(429, said, type="invalid_request_error", code="rate_limit", message="No."))
    assert isinstance(found, NotSent)
    assert found.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (NetRefused("x"), NotSent),
        (NetTimeout("x"), Unknown),
        (NetBroken("x"), Unknown),
        (NetTooLarge("x"), Unknown),
        (None, Unknown),
    ],
)
def test_the_connections_fault_says_whether_it_was_sent(cause, kind):
    error = sdk.APIConnectionError("x")
    error.__cause__ = cause
    assert isinstance(translate(error), kind)


def test_no_key_and_no_body_is_in_the_text():
    error = raised(400, type="invalid_request_error", code="x", message="m" * 2000)
    assert len(str(translate(error))) < 600
