"""`cleanly edge` against a zone that remembers: what is written, what never is, and what a crash leaves."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from cleanly.entry.edge import flows
from cleanly.entry.edge.errors import EdgeFault
from cleanly.entry.edge.plan import Plan
from cleanly.entry.edge.settings import CloudflareSettings
from cleanly.entry.edge.wanted import Wanted, wanted
from cleanly.entry.edge.zone import open_zone
from tests.fakes.cloudflare_wire import HANG_UP, Edge, edge
from tests.fakes.cloudflare_zone import TOKEN, ZONE_ID, FakeZone, Reply

HOST, ORIGIN, SECRET = "api.example.com", "cleanly-web.onrender.com", "the-edge-knows-this-1234"
CUSTOM = "http_request_firewall_custom"
FOREIGN = {"action": "block", "expression": 'http.host eq "www.example.com"', "description": "Block the old shop"}


@pytest.fixture(scope="module")
def server() -> Iterator[Edge]:
    with edge() as found:
        yield found


@pytest.fixture
def zone(server: Edge) -> FakeZone:
    server.zone = FakeZone()
    return server.zone


def settings(server: Edge, **values: object) -> CloudflareSettings:
    return CloudflareSettings.model_validate({
        "cloudflare_api_token": TOKEN, "cloudflare_zone_id": ZONE_ID, "cloudflare_origin": ORIGIN,
        "cloudflare_api_url": server.url, "cloudflare_plan": server.zone.plan, **values,
    })  # fmt: skip


def shall(found: CloudflareSettings, *, secret: str = SECRET, dns_only: bool = False) -> Wanted:
    return wanted(found, public_url=f"https://{HOST}", secret=secret, dns_only=dns_only)


def plan(server: Edge, *, prune: bool = False, dns_only: bool = False, **values: object) -> Plan:
    found = settings(server, **values)
    with closing(open_zone(found, hidden=(SECRET,), tries_more=0)) as client:
        return flows.look(client, shall(found, dns_only=dns_only), prune=prune)


def apply(
    server: Edge, *, prune: bool = False, dns_only: bool = False, secret: str = SECRET, tries_more: int = 0,
    **values: object,
) -> list[str]:  # fmt: skip
    """Returns what was written."""
    found = settings(server, **values)
    server.zone.writes.clear()
    with closing(open_zone(found, hidden=(secret,), tries_more=tries_more)) as client:
        wants = shall(found, secret=secret, dns_only=dns_only)
        flows.apply(client, wants, prune=prune, told=lambda _: None)
    return list(server.zone.writes)


def names(found: Plan) -> list[str]:
    return [one.name for one in found.differences]


def refs(zone: FakeZone, phase: str) -> list[str]:
    return [rule["ref"].removeprefix("cleanly-") for rule in zone.phases[phase]["rules"]]


def cname(zone: FakeZone) -> dict[str, object]:
    return next(one for one in zone.records.values() if one["type"] == "CNAME")


@pytest.mark.parametrize("plan_name", ["free", "pro", "business"])
def test_an_empty_zone_is_brought_to_what_it_shall_be_and_a_second_apply_writes_nothing(server: Edge, plan_name: str):
    zone = server.zone = FakeZone(plan=plan_name)
    missing = plan(server)
    assert zone.writes == []
    done = apply(server)
    assert len(done) == len(missing.changes)
    assert (done[0], done[-1]) == ("POST CAA letsencrypt.org", "POST CNAME")
    assert (cname(zone)["content"], cname(zone)["proxied"]) == (ORIGIN, True)
    fights = {name: value for name, value in zone.bots.items() if name.startswith(("fight", "sbfm"))}
    assert fights
    assert set(fights.values()) <= {"allow", False}
    assert zone.settings["ssl"] == "strict"
    assert ("http_request_firewall_managed" in zone.phases) == (plan_name != "free")
    assert plan(server).differences == ()
    assert apply(server) == []


def test_the_name_goes_to_the_edge_only_when_all_that_guards_it_stands(server: Edge, zone: FakeZone):
    done = apply(server)
    order = ["PUT http_request_late_transform", "PUT http_request_cache_settings", f"PUT {CUSTOM}", "PATCH ssl"]
    assert [one for one in done if one in order] == order
    assert done.index("PATCH security_header") == len(done) - 2
    rule = zone.phases["http_request_late_transform"]["rules"][0]
    assert rule["action_parameters"] == {"headers": {"X-Edge-Secret": {"operation": "set", "value": SECRET}}}


def test_dns_only_makes_the_names_past_the_edge_and_the_next_apply_moves_them(server: Edge, zone: FakeZone):
    assert apply(server, dns_only=True) == ["POST CAA letsencrypt.org", "POST CAA pki.goog", "POST CNAME"]
    assert cname(zone)["proxied"] is False
    assert apply(server, dns_only=True) == []
    assert apply(server)[-1] == "PATCH CNAME"
    assert cname(zone)["proxied"] is True
    assert apply(server, dns_only=True) == []  # it is no way out of the edge


def test_a_name_made_by_hand_is_taken_over_and_authorities_of_others_stay(server: Edge, zone: FakeZone):
    zone.add_record(type="CNAME", name=HOST, content="old.onrender.com")
    zone.add_record(
        type="CAA", name="example.com", content="", data={"flags": 0, "tag": "issue", "value": "sectigo.com"}
    )
    zone.add_record(
        type="CAA", name="example.com", content="", data={"flags": 0, "tag": "issue", "value": "pki.goog; a=b"}
    )
    zone.add_record(type="A", name="www.example.com", content="192.0.2.1")
    done = apply(server)
    assert [one for one in done if "CAA" in one or "CNAME" in one] == ["POST CAA letsencrypt.org", "PATCH CNAME"]
    assert len(zone.records) == 5
    assert cname(zone)["content"] == ORIGIN


@pytest.mark.parametrize(("kind", "content"), [("A", "192.0.2.1"), ("AAAA", "2001:db8::1")])
def test_an_address_in_the_way_stops_all_until_it_may_be_pruned(server: Edge, zone: FakeZone, kind: str, content: str):
    zone.add_record(type=kind, name=HOST, content=content)
    with pytest.raises(EdgeFault, match=f"dns {kind} {HOST} {content} stands where"):
        apply(server)
    assert zone.writes == []
    assert apply(server, prune=True)[-2:] == [f"DELETE {kind}", "POST CNAME"]


def test_a_rule_of_somebody_else_stays_word_for_word_and_is_named(server: Edge, zone: FakeZone):
    zone.add_rule(CUSTOM, **FOREIGN, logging={"enabled": True})
    before = dict(zone.phases[CUSTOM]["rules"][0])
    assert plan(server).kept == (f'rule {CUSTOM} "Block the old shop"',)
    apply(server)
    after = dict(zone.phases[CUSTOM]["rules"][0])
    assert {**after, "version": "1"} == before
    assert refs(zone, CUSTOM)[1:] == ["scanners", "methods", "internal", "webhooks"]
    found = plan(server)
    assert (found.differences, len(found.kept)) == ((), 1)


def test_prune_deletes_rules_of_others_in_our_phases_and_says_so(server: Edge, zone: FakeZone):
    zone.add_rule(CUSTOM, **FOREIGN)
    apply(server)
    found = plan(server, prune=True)
    assert names(found) == [f'rule {CUSTOM} "Block the old shop"']
    assert found.differences[0].wanted is None
    assert found.kept == ()
    assert apply(server, prune=True) == [f"PUT {CUSTOM}"]
    assert refs(zone, CUSTOM) == ["scanners", "methods", "internal", "webhooks"]


def test_more_rules_than_the_plan_allows_are_refused_before_any_write(server: Edge, zone: FakeZone):
    admins = {"cloudflare_admin_addresses": "192.0.2.0/24, 2001:db8::/48"}
    zone.add_rule(CUSTOM, **FOREIGN)
    with pytest.raises(
        EdgeFault, match="takes 5 rules on the plan free: there are 5 of ours and 1 of others"
    ) as caught:
        apply(server, **admins)
    assert "Block the old shop" in str(caught.value)
    assert zone.writes == []
    assert f"PUT {CUSTOM}" in apply(server, prune=True, **admins)
    assert refs(zone, CUSTOM)[-1] == "admin"


def test_a_plan_that_the_zone_has_not_is_refused_before_any_write(server: Edge, zone: FakeZone):
    with pytest.raises(EdgeFault, match="the zone's plan is free: CLOUDFLARE_PLAN says pro"):
        apply(server, cloudflare_plan="pro")
    zone.uneditable.add("http3")
    with pytest.raises(EdgeFault, match="http3 cannot be changed"):
        apply(server)
    assert zone.writes == []


def test_a_host_outside_the_zone_is_refused(server: Edge, zone: FakeZone):
    zone.name = "ample.com"  # the host ends in it, and is not in it
    with pytest.raises(EdgeFault, match="is not in the zone ample.com"):
        apply(server)
    assert zone.writes == []


def _drifts(zone: FakeZone) -> None:
    rules = zone.phases[CUSTOM]["rules"]
    rules[0]["enabled"] = False
    rules[1]["expression"] = "true"
    rules.append({**rules[2], "id": "f" * 32, "ref": "cleanly-of-an-older-release"})
    zone.phases["http_request_cache_settings"]["rules"].reverse()
    zone.phases["http_request_cache_settings"]["rules"][0]["action_parameters"]["strip_etags"] = True
    zone.settings |= {"ssl": "flexible", "0rtt": "on"}
    zone.bots["fight_mode"] = True
    cname(zone)["proxied"] = False


def test_what_has_been_changed_by_hand_is_named_and_mended(server: Edge, zone: FakeZone):
    apply(server)
    good = [dict(rule) for rule in zone.phases[CUSTOM]["rules"]]
    _drifts(zone)
    cache = "http_request_cache_settings"
    assert names(plan(server)) == [
        f"rule {cache} cleanly-public", f"rule {CUSTOM} cleanly-scanners", f"rule {CUSTOM} cleanly-methods",
        f"rule {CUSTOM} cleanly-of-an-older-release", "bots fight_mode", "setting ssl", "setting 0rtt",
        f"dns CNAME {HOST}",
    ]  # fmt: skip
    assert len(apply(server)) == 6
    assert [rule["expression"] for rule in zone.phases[CUSTOM]["rules"]] == [rule["expression"] for rule in good]
    assert all(rule["enabled"] for rule in zone.phases[CUSTOM]["rules"])
    assert refs(zone, cache) == ["api-bypass", "public"]


def test_the_order_of_rules_alone_is_a_difference(server: Edge, zone: FakeZone):
    apply(server)
    zone.phases["http_request_cache_settings"]["rules"].reverse()
    assert names(plan(server)) == ["order http_request_cache_settings"]
    assert apply(server) == ["PUT http_request_cache_settings"]
    assert apply(server) == []


def test_another_secret_is_one_write_and_shows_as_two_fingerprints(server: Edge, zone: FakeZone):
    apply(server)
    newer = "a-newer-secret-of-the-edge"
    found = settings(server)
    with closing(open_zone(found, hidden=(newer,), tries_more=0)) as client:
        missing = flows.look(client, shall(found, secret=newer), prune=False)
    assert SECRET not in repr(missing)
    assert newer not in repr(missing)
    assert repr(missing).count("sha256:") == 2
    assert apply(server, secret=newer) == ["PUT http_request_late_transform"]


def _dies_after(count: int, zone: FakeZone) -> None:
    """The write is done, and its answer is lost: what a crash between this write and the next leaves."""

    def look(method: str, path: str) -> Reply | None:
        if method == "GET" or len(zone.writes) < count:
            return None
        return HANG_UP, {}

    zone.before.append(look)


def test_a_crash_between_any_two_writes_leaves_the_rest_for_the_next_apply(server: Edge, zone: FakeZone):
    whole = apply(server)
    for count in range(len(whole)):
        zone = server.zone = FakeZone()
        _dies_after(count, zone)
        with pytest.raises(EdgeFault, match="cannot be reached"):
            apply(server)
        assert zone.writes == whole[:count]
        zone.before.clear()
        assert apply(server) == whole[count:]
    assert plan(server).differences == ()


@pytest.mark.parametrize("at", ["POST", "PUT", "PATCH"])
def test_a_lost_answer_is_no_second_write(server: Edge, zone: FakeZone, at: str):
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
            apply(server, tries_more=2)
    else:
        apply(server, tries_more=2)
    apply(server)
    assert [one["type"] for one in zone.records.values()].count("CNAME") == 1
    assert plan(server).differences == ()


def test_a_phase_that_somebody_else_writes_meanwhile_is_not_overwritten(server: Edge, zone: FakeZone):
    seen: list[str] = []

    def look(method: str, path: str) -> Reply | None:
        seen.append(path)
        if method == "GET" and CUSTOM in path and seen.count(path) == 2:
            zone.add_rule(CUSTOM, **FOREIGN)
        return None

    zone.before.append(look)
    with pytest.raises(EdgeFault, match=f"{CUSTOM} has been changed by somebody else"):
        apply(server)
    zone.before.clear()
    apply(server)
    assert len(refs(zone, CUSTOM)) == 5


def test_a_write_that_does_not_last_is_a_fault(server: Edge, zone: FakeZone):
    def look(method: str, path: str) -> Reply | None:
        if method == "PATCH" and path.endswith("/settings/http3"):
            return 200, {"result": {"id": "http3", "value": "on"}, "success": True, "errors": [], "messages": []}
        return None

    zone.before.append(look)
    with pytest.raises(EdgeFault, match="written, and still not as it shall be: setting http3"):
        apply(server)


@pytest.mark.parametrize(
    ("scope", "says"),
    [("zone", "Zone: Read"), ("dns", "DNS: Edit"), ("settings", "Zone Settings: Edit"), ("bots", "Bot Management: Edit"),
     ("rulesets", "Transform Rules: Edit")],
)  # fmt: skip
def test_a_token_without_a_permission_is_told_which(server: Edge, zone: FakeZone, scope: str, says: str):
    zone.scopes.remove(scope)
    with pytest.raises(EdgeFault, match=f"it needs `{says}` for this zone .10000 Authentication error"):
        plan(server)


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
    server: Edge, zone: FakeZone, reply: Reply, says: str
):
    zone.before.append(lambda _method, _path: reply)
    with pytest.raises(EdgeFault, match=says) as caught:
        plan(server)
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_wrong_token_and_a_wrong_zone_are_told_apart(server: Edge, zone: FakeZone):
    with pytest.raises(EdgeFault, match="the token is wrong or may not"):
        plan(server, cloudflare_api_token="another")
    with pytest.raises(EdgeFault, match="there is none with this CLOUDFLARE_ZONE_ID"):
        plan(server, cloudflare_zone_id="f" * 32)


def test_older_variables_of_the_sdk_are_not_believed(server: Edge, zone: FakeZone, monkeypatch: pytest.MonkeyPatch):
    for name in ("CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_API_USER_SERVICE_KEY", "CLOUDFLARE_BASE_URL"):
        monkeypatch.setenv(name, "https://example.invalid")
    assert plan(server).changes
