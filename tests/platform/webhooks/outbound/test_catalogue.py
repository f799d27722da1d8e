"""The catalogue of events: whole, true, served to everybody, written in the docs."""

import ast
import json
import re
from uuid import UUID

import jsonschema_rs
import pytest

from cleanly.entry.modules import MODULES
from cleanly.kernel.messages import EventData, EventType
from cleanly.kernel.module import EventCatalogue, Module
from cleanly.platform.webhooks.outbound.rules import order_key
from tests.architecture.source import FILES, TREES
from tests.published import unfit
from tests.world import World

CATALOGUE = EventCatalogue.of(MODULES)
ID = "01a2038c-e4a8-7347-8350-90f38f89e522"


def constants() -> dict[str, str]:
    """Every constant in a messages.py that is the name of an event: its own name to its value."""
    found = {}
    for path, tree in TREES.items():
        if not path.endswith("/messages.py"):
            continue
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                value, target = node.value.value, node.targets[0]
                if isinstance(value, str) and isinstance(target, ast.Name) and re.fullmatch(r"[a-z_]+\.[a-z_]+", value):
                    found[target.id] = value
    return found


def test_every_event_that_the_code_names_is_in_the_catalogue():
    named = constants()
    assert len(named) >= 10
    assert sorted(value for value in named.values() if value not in CATALOGUE.by_name) == []
    assert sorted(set(CATALOGUE.by_name) - set(named.values())) == [], "an event's name is a constant in messages.py"


def test_every_event_in_the_catalogue_is_published_by_somebody():
    """A constant that only its own declaration names would promise what never comes. A table by state counts as use."""
    used = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for path, tree in TREES.items()
        for place in ast.walk(tree)
        if not path.endswith(("/messages.py", "/module.py")) or isinstance(place, ast.Dict)
        for node in ([place] if not isinstance(place, ast.Dict) else ast.walk(place))
        if isinstance(node, ast.Attribute | ast.Name)
    }
    assert sorted(value for name, value in constants().items() if name not in used) == []


def test_nothing_is_published_under_a_name_that_is_no_constant():
    """A literal could be misspelt, and nobody would be subscribed to it."""
    literal = [
        f"{path}:{node.lineno}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".", 1)[-1] == "Event"
        for keyword in node.keywords
        if keyword.arg == "type" and isinstance(keyword.value, ast.Constant | ast.JoinedStr)
    ]
    assert literal == []
    assert any("Event(type=" in text for text in FILES.values())


@pytest.mark.parametrize("event", CATALOGUE.by_name.values(), ids=CATALOGUE.by_name)
def test_an_event_says_what_it_means_and_its_example_fits(event):
    assert event.summary.endswith(".")
    schema, data = event.schema(), event.example.model_dump(mode="json", by_alias=True)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schema)
    assert unfit(CATALOGUE, event.name, data) is None
    assert len(json.dumps(data)) < 2_000, "thin"


def test_every_event_is_about_one_object():
    """Or else an ordered endpoint would wait for messages about others."""
    examples = {name: event.example.model_dump(mode="json", by_alias=True) for name, event in CATALOGUE.by_name.items()}
    assert [name for name, data in examples.items() if ":" not in order_key(name, data)] == []


@pytest.mark.parametrize("event", CATALOGUE.by_name.values(), ids=CATALOGUE.by_name)
def test_a_field_may_come_later_but_none_may_be_missing(event):
    validator = jsonschema_rs.validator_for(event.schema(), validate_formats=True)
    data = event.example.model_dump(mode="json", by_alias=True)
    validator.validate(data | {"cameLater": 1})
    for name in data:
        rest = {key: value for key, value in data.items() if key != name}
        assert not validator.is_valid(rest), name
        assert unfit(CATALOGUE, event.name, rest)


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("payment.vanished", {"paymentId": ID}, "not in the catalogue"),
        ("payment.succeeded", {"paymentId": ID}, "state"),
        ("payment.succeeded", {"paymentId": ID, "state": "lost"}, "state|lost"),
        ("payment.succeeded", {"paymentId": "pi_1", "state": "captured"}, "uuid"),
        ("payment.succeeded", {"payment_id": ID, "state": "captured"}, "paymentId"),
        ("payment.succeeded", {"paymentId": ID, "state": "captured", "email": "ada@example.com"}, "email"),
    ],
)
def test_what_does_not_fit_is_seen(kind, data, reason):
    assert re.search(reason, unfit(CATALOGUE, kind, data) or "")
    assert unfit(CATALOGUE, "payment.succeeded", {"paymentId": ID, "state": "captured"}) is None


class _Told(EventData):
    thing_id: UUID


def test_two_slices_cannot_declare_the_same_event():
    one, other = (EventType("thing.made", text, _Told(thing_id=UUID(ID))) for text in ("One.", "Other."))
    with pytest.raises(ValueError, match=r"thing\.made"):
        EventCatalogue.of([Module("one", events=(one,)), Module("other", events=(other,))])


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("payment.succeeded", ("payment.succeeded",)),
        ("refund.*", ("refund.created", "refund.failed", "refund.succeeded")),
        ("payment", ()),
        ("pay*", ()),
        ("payment.succeeded.*", ()),
        ("", ()),
    ],
)
def test_a_subscriber_chooses_by_name_or_by_the_object(pattern, names):
    assert CATALOGUE.chosen_by(pattern) == names


async def test_anybody_can_read_the_catalogue(world: World):
    reply = await world.call("GET", "/webhook-events")
    assert reply.status_code == 200
    assert "public" in reply.headers["cache-control"]
    items = reply.json()["items"]
    assert [item["type"] for item in items] == sorted(CATALOGUE.by_name)
    for item in items:
        assert item["example"]["type"] == item["type"]
        assert set(item["example"]) == {"type", "timestamp", "data"}
        jsonschema_rs.validator_for(item["dataSchema"], validate_formats=True).validate(item["example"]["data"])


async def test_a_reader_who_has_it_downloads_nothing(world: World):
    first = await world.call("GET", "/webhook-events")
    again = await world.call("GET", "/webhook-events", If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = await world.call("GET", "/webhook-events", If_None_Match='"another"')
    assert other.status_code == 200
