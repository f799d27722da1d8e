"""What events are about: snapshot and thin, of the other mode, of a connected account."""

import pytest

from cleanly.platform.providers.stripe import events
from tests.moved_clock import MovedClock
from tests.platform.providers.contract import our_id

AT = int(MovedClock().now().timestamp())


def told(about: dict, kind: str = "payment_intent.succeeded", **changed: object):
    it = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": AT,
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": about},
        **changed,
    }
    return events.event(it, account="test", is_live=False, verified_with="webhook_secret[0]")


def thin(**changed: object):
    it = {
        "id": "evt_thin",
        "object": "v2.core.event",
        "type": "v1.payment_intent.succeeded",
        "created": "2026-11-22T12:00:00.000Z",
        "livemode": False,
        "related_object": {"id": "pi_1", "type": "payment_intent", "url": "/v1/payment_intents/pi_1"},
        **changed,
    }
    return events.event(it, account="test", is_live=False, verified_with="webhook_secret[0]")


def test_a_payments_event_names_it_and_our_id():
    found = told({"object": "payment_intent", "id": "pi_1", "metadata": {"cleanly_id": str(our_id(1))}})
    assert (found.kind, found.object, found.our_id) == ("payment", "pi_1", our_id(1))
    assert (found.account, found.is_live, found.created_at) == ("test", False, MovedClock().now())


def test_a_charges_event_is_its_payments():
    found = told({"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}, "charge.updated")
    assert (found.kind, found.object) == ("payment", "pi_1")
    alien = told({"object": "charge", "id": "ch_1", "payment_intent": None}, "charge.updated")
    assert (alien.kind, alien.object) == ("other", "ch_1")


@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_refunds_and_disputes_are_themselves(kind):
    found = told({"object": kind, "id": "x_1", "payment_intent": "pi_1"})
    assert (found.kind, found.object, found.our_id) == (kind, "x_1", None)


@pytest.mark.parametrize("about", [{"object": "plan", "id": "price_1"}, {"object": "unheard_of"}, {}])
def test_what_nobody_here_handles_is_other(about):
    assert told(about, "plan.created").kind == "other"


def test_metadata_of_somebody_else_is_not_ours():
    for metadata in (None, {}, {"cleanly_id": "7"}, {"cleanly_id": None}, {"order": "1"}):
        assert told({"object": "payment_intent", "id": "pi_1", "metadata": metadata}).our_id is None


def test_an_event_of_the_other_mode_is_about_nothing_of_ours():
    found = told({"object": "payment_intent", "id": "pi_1", "metadata": {"cleanly_id": str(our_id(1))}}, livemode=True)
    assert (found.kind, found.our_id, found.is_live) == ("other", None, True)


def test_a_connected_accounts_event_names_it():
    assert told({"object": "account", "id": "acct_1"}, "account.updated", account="acct_1").account == "acct_1"


def test_a_thin_event_names_its_object_and_is_the_same_news_as_its_snapshot():
    assert (thin().id, thin().kind, thin().object) == ("evt_thin", "payment", "pi_1")
    assert thin(snapshot_event="evt_1").id == "evt_1"
    assert thin(related_object=None).kind == "other"
    assert thin(related_object={"id": "ch_1", "type": "charge"}).object == "ch_1"
    assert thin(livemode=True).kind == "other"


@pytest.mark.parametrize(
    "changed",
    [{"id": ""}, {"id": None}, {"type": 7}, {"livemode": None}, {"livemode": "false"}, {"created": "x"}, {"data": {}}],
)
def test_what_is_no_event_is_told(changed):
    with pytest.raises((ValueError, TypeError, KeyError)):
        told({"object": "payment_intent", "id": "pi_1"}, **changed)
