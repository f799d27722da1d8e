"""`cleanly edge` when something goes wrong: what a crash leaves, what a lost answer does, and what is said."""

import pytest

from cleanly.entry.edge.errors import EdgeFault
from tests.entry.edge.driving import CUSTOM, FOREIGN, SECRET, apply, plan, refs
from tests.fakes.cloudflare_wire import HANG_UP, Edge
from tests.fakes.cloudflare_zone import TOKEN, FakeZone, Reply


def _dies_after(count: int, zone: FakeZone) -> None:
    """The write is done, and its answer is lost: what a crash between this write and the next leaves."""

    def look(method: str, path: str) -> Reply | None:
        if method == "GET" or len(zone.writes) < count:
            return None
        return HANG_UP, {}

    zone.before.append(look)


def test_a_crash_between_any_two_writes_leaves_the_rest_for_the_next_apply(cloudflare: Edge, zone: FakeZone):
    whole = apply(cloudflare)
    for count in range(len(whole)):
        zone = cloudflare.zone = FakeZone()
        _dies_after(count, zone)
        with pytest.raises(EdgeFault, match="cannot be reached"):
            apply(cloudflare)
        assert zone.writes == whole[:count]
        zone.before.clear()
        assert apply(cloudflare) == whole[count:]
    assert plan(cloudflare).differences == ()


@pytest.mark.parametrize("at", ["POST", "PUT", "PATCH"])
def test_a_lost_answer_is_no_second_write(cloudflare: Edge, zone: FakeZone, at: str):
    """The making of a name is not tried again; all else may be, and is."""
    lost: list[str] = []

    def look(method: str, path: str) -> Reply | None:
        if method != at or lost:
            return None
        lost.append(path)
        zone.before.clear()
        return (HANG_UP, {}) if at == "POST" else (503, {"success": False, "errors": [], "messages": []})

    zone.before.append(look)
    if at == "POST":
        with pytest.raises(EdgeFault, match="the names: Cloudflare cannot be reached"):
            apply(cloudflare, tries_more=2)
    else:
        apply(cloudflare, tries_more=2)
    apply(cloudflare)
    assert [one["type"] for one in zone.records.values()].count("CNAME") == 1
    assert plan(cloudflare).differences == ()


def test_a_phase_that_somebody_else_writes_meanwhile_is_not_overwritten(cloudflare: Edge, zone: FakeZone):
    seen: list[str] = []

    def look(method: str, path: str) -> Reply | None:
        seen.append(path)
        if method == "GET" and CUSTOM in path and seen.count(path) == 2:
            zone.add_rule(CUSTOM, **FOREIGN)
        return None

    zone.before.append(look)
    with pytest.raises(EdgeFault, match=f"{CUSTOM} has been changed by somebody else"):
        apply(cloudflare)
    zone.before.clear()
    apply(cloudflare)
    assert len(refs(zone, CUSTOM)) == 5


def test_a_write_that_does_not_last_is_a_fault(cloudflare: Edge, zone: FakeZone):
    def look(method: str, path: str) -> Reply | None:
        if method == "PATCH" and path.endswith("/settings/http3"):
            return 200, {"result": {"id": "http3", "value": "on"}, "success": True, "errors": [], "messages": []}
        return None

    zone.before.append(look)
    with pytest.raises(EdgeFault, match="written, and still not as it shall be: setting http3"):
        apply(cloudflare)


@pytest.mark.parametrize(
    ("scope", "says"),
    [("zone", "Zone: Read"), ("dns", "DNS: Edit"), ("settings", "Zone Settings: Edit"),
     ("bots", "Bot Management: Edit"), ("rulesets", "Transform Rules: Edit")],
)  # fmt: skip
def test_a_token_without_a_permission_is_told_which(cloudflare: Edge, zone: FakeZone, scope: str, says: str):
    zone.scopes.remove(scope)
    with pytest.raises(EdgeFault, match=f"it needs `{says}` for this zone .10000 Authentication error"):
        plan(cloudflare)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ((500, {"success": False, "errors": [{"code": 1, "message": f"no {SECRET}"}]}), r"answered 500 .1 no \*\*\*"),
        ((429, {"success": False, "errors": []}), "asks to slow down"),
        ((200, {"success": True, "result": None}), "the answer is not understood"),
        ((200, {"nothing": "known"}), "the answer is not understood"),
        ((HANG_UP, {}), "cannot be reached"),
    ],
)
def test_what_cloudflare_fails_at_is_one_clear_line_without_a_secret(
    cloudflare: Edge, zone: FakeZone, reply: Reply, says: str
):
    zone.before.append(lambda _method, _path: reply)
    with pytest.raises(EdgeFault, match=says) as caught:
        plan(cloudflare)
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_wrong_token_and_a_wrong_zone_are_told_apart(cloudflare: Edge, zone: FakeZone):
    with pytest.raises(EdgeFault, match="the token is wrong or may not"):
        plan(cloudflare, cloudflare_api_token="another")
    with pytest.raises(EdgeFault, match="there is none with this CLOUDFLARE_ZONE_ID"):
        plan(cloudflare, cloudflare_zone_id="f" * 32)


def test_older_variables_of_the_sdk_are_not_believed(cloudflare: Edge, zone: FakeZone, monkeypatch: pytest.MonkeyPatch):
    for name in ("CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_API_USER_SERVICE_KEY", "CLOUDFLARE_BASE_URL"):
        monkeypatch.setenv(name, "https://example.invalid")
    assert plan(cloudflare).changes
