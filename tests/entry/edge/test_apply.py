"""`cleanly edge` against a zone that remembers: what is written, and what never is."""

from contextlib import closing

import pytest

from cleanly.entry.edge import flows
from cleanly.entry.edge.errors import EdgeFault
from cleanly.entry.edge.zone import open_zone
from tests.entry.edge.driving import (
    CUSTOM,
    FOREIGN,
    HOST,
    ORIGIN,
    SECRET,
    apply,
    cname,
    names,
    plan,
    refs,
    settings,
    shall,
)
from tests.fakes.cloudflare_wire import Edge
from tests.fakes.cloudflare_zone import FakeZone


@pytest.mark.parametrize("plan_name", ["free", "pro", "business"])
def test_an_empty_zone_is_brought_to_what_it_shall_be_and_a_second_apply_writes_nothing(
    cloudflare: Edge, plan_name: str
):
    zone = cloudflare.zone = FakeZone(plan=plan_name)
    missing = plan(cloudflare)
    assert zone.writes == []
    done = apply(cloudflare)
    assert len(done) == len(missing.changes)
    assert (done[0], done[-1]) == ("POST CAA letsencrypt.org", "POST CNAME")
    assert (cname(zone)["content"], cname(zone)["proxied"]) == (ORIGIN, True)
    fights = {name: value for name, value in zone.bots.items() if name.startswith(("fight", "sbfm"))}
    assert fights
    assert set(fights.values()) <= {"allow", False}
    assert zone.settings["ssl"] == "strict"
    assert ("http_request_firewall_managed" in zone.phases) == (plan_name != "free")
    assert plan(cloudflare).differences == ()
    assert apply(cloudflare) == []


def test_the_name_goes_to_the_edge_only_when_all_that_guards_it_stands(cloudflare: Edge, zone: FakeZone):
    done = apply(cloudflare)
    order = ["PUT http_request_late_transform", "PUT http_request_cache_settings", f"PUT {CUSTOM}", "PATCH ssl"]
    assert [one for one in done if one in order] == order
    assert done.index("PATCH security_header") == len(done) - 2
    rule = zone.phases["http_request_late_transform"]["rules"][0]
    assert rule["action_parameters"] == {"headers": {"X-Edge-Secret": {"operation": "set", "value": SECRET}}}


def test_dns_only_makes_the_names_past_the_edge_and_the_next_apply_moves_them(cloudflare: Edge, zone: FakeZone):
    assert apply(cloudflare, dns_only=True) == ["POST CAA letsencrypt.org", "POST CAA pki.goog", "POST CNAME"]
    assert cname(zone)["proxied"] is False
    assert apply(cloudflare, dns_only=True) == []
    assert apply(cloudflare)[-1] == "PATCH CNAME"
    assert cname(zone)["proxied"] is True
    assert apply(cloudflare, dns_only=True) == []  # it is no way out of the edge


def test_a_name_made_by_hand_is_taken_over_and_authorities_of_others_stay(cloudflare: Edge, zone: FakeZone):
    zone.add_record(type="CNAME", name=HOST, content="old.onrender.com")
    zone.add_record(
        type="CAA", name="example.com", content="", data={"flags": 0, "tag": "issue", "value": "sectigo.com"}
    )
    zone.add_record(
        type="CAA", name="example.com", content="", data={"flags": 0, "tag": "issue", "value": "pki.goog; a=b"}
    )
    zone.add_record(type="A", name="www.example.com", content="192.0.2.1")
    done = apply(cloudflare)
    assert [one for one in done if "CAA" in one or "CNAME" in one] == ["POST CAA letsencrypt.org", "PATCH CNAME"]
    assert len(zone.records) == 5
    assert cname(zone)["content"] == ORIGIN


@pytest.mark.parametrize(("kind", "content"), [("A", "192.0.2.1"), ("AAAA", "2001:db8::1")])
def test_an_address_in_the_way_stops_all_until_it_may_be_pruned(
    cloudflare: Edge, zone: FakeZone, kind: str, content: str
):
    zone.add_record(type=kind, name=HOST, content=content)
    with pytest.raises(EdgeFault, match=f"dns {kind} {HOST} {content} stands where"):
        apply(cloudflare)
    assert zone.writes == []
    assert apply(cloudflare, prune=True)[-2:] == [f"DELETE {kind}", "POST CNAME"]


def test_a_rule_of_somebody_else_stays_word_for_word_and_is_named(cloudflare: Edge, zone: FakeZone):
    zone.add_rule(CUSTOM, **FOREIGN, logging={"enabled": True})
    before = dict(zone.phases[CUSTOM]["rules"][0])
    assert plan(cloudflare).kept == (f'rule {CUSTOM} "Block the old shop"',)
    apply(cloudflare)
    after = dict(zone.phases[CUSTOM]["rules"][0])
    assert {**after, "version": "1"} == before
    assert refs(zone, CUSTOM)[1:] == ["scanners", "methods", "internal", "webhooks"]
    found = plan(cloudflare)
    assert (found.differences, len(found.kept)) == ((), 1)


def test_prune_deletes_rules_of_others_in_our_phases_and_says_so(cloudflare: Edge, zone: FakeZone):
    zone.add_rule(CUSTOM, **FOREIGN)
    apply(cloudflare)
    found = plan(cloudflare, prune=True)
    assert names(found) == [f'rule {CUSTOM} "Block the old shop"']
    assert found.differences[0].wanted is None
    assert found.kept == ()
    assert apply(cloudflare, prune=True) == [f"PUT {CUSTOM}"]
    assert refs(zone, CUSTOM) == ["scanners", "methods", "internal", "webhooks"]


def test_more_rules_than_the_plan_allows_are_refused_before_any_write(cloudflare: Edge, zone: FakeZone):
    admins = {"cloudflare_admin_addresses": "192.0.2.0/24, 2001:db8::/48"}
    zone.add_rule(CUSTOM, **FOREIGN)
    with pytest.raises(
        EdgeFault, match="takes 5 rules on the plan free: there are 5 of ours and 1 of others"
    ) as caught:
        apply(cloudflare, **admins)
    assert "Block the old shop" in str(caught.value)
    assert zone.writes == []
    assert f"PUT {CUSTOM}" in apply(cloudflare, prune=True, **admins)
    assert refs(zone, CUSTOM)[-1] == "admin"


def test_a_plan_that_the_zone_has_not_is_refused_before_any_write(cloudflare: Edge, zone: FakeZone):
    with pytest.raises(EdgeFault, match="the zone's plan is free: CLOUDFLARE_PLAN says pro"):
        apply(cloudflare, cloudflare_plan="pro")
    zone.uneditable.add("http3")
    with pytest.raises(EdgeFault, match="http3 cannot be changed"):
        apply(cloudflare)
    assert zone.writes == []


def test_a_host_outside_the_zone_is_refused(cloudflare: Edge, zone: FakeZone):
    zone.name = "ample.com"  # the host ends in it, and is not in it
    with pytest.raises(EdgeFault, match=r"is not in the zone ample\.com"):
        apply(cloudflare)
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


def test_what_has_been_changed_by_hand_is_named_and_mended(cloudflare: Edge, zone: FakeZone):
    apply(cloudflare)
    good = [dict(rule) for rule in zone.phases[CUSTOM]["rules"]]
    _drifts(zone)
    cache = "http_request_cache_settings"
    assert names(plan(cloudflare)) == [
        f"rule {cache} cleanly-public", f"rule {CUSTOM} cleanly-scanners", f"rule {CUSTOM} cleanly-methods",
        f"rule {CUSTOM} cleanly-of-an-older-release", "bots fight_mode", "setting ssl", "setting 0rtt",
        f"dns CNAME {HOST}",
    ]  # fmt: skip
    assert len(apply(cloudflare)) == 6
    assert [rule["expression"] for rule in zone.phases[CUSTOM]["rules"]] == [rule["expression"] for rule in good]
    assert all(rule["enabled"] for rule in zone.phases[CUSTOM]["rules"])
    assert refs(zone, cache) == ["api-bypass", "public"]


def test_the_order_of_rules_alone_is_a_difference(cloudflare: Edge, zone: FakeZone):
    apply(cloudflare)
    zone.phases["http_request_cache_settings"]["rules"].reverse()
    assert names(plan(cloudflare)) == ["order http_request_cache_settings"]
    assert apply(cloudflare) == ["PUT http_request_cache_settings"]
    assert apply(cloudflare) == []


def test_another_secret_is_one_write_and_shows_as_two_fingerprints(cloudflare: Edge, zone: FakeZone):
    apply(cloudflare)
    newer = "a-newer-secret-of-the-edge"
    found = settings(cloudflare)
    with closing(open_zone(found, hidden=(newer,), tries_more=0)) as client:
        missing = flows.look(client, shall(found, secret=newer), prune=False)
    assert SECRET not in repr(missing)
    assert newer not in repr(missing)
    assert repr(missing).count("sha256:") == 2
    assert apply(cloudflare, secret=newer) == ["PUT http_request_late_transform"]
