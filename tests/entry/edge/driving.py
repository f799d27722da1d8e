"""What an operator does, without the command line."""

from contextlib import closing

from cleanly.entry.edge import flows
from cleanly.entry.edge.plan import Plan
from cleanly.entry.edge.settings import CloudflareSettings
from cleanly.entry.edge.wanted import Wanted, wanted
from cleanly.entry.edge.zone import open_zone
from tests.fakes.cloudflare_wire import Edge
from tests.fakes.cloudflare_zone import TOKEN, ZONE_ID, FakeZone

HOST, ORIGIN, SECRET = "api.example.com", "cleanly-web.onrender.com", "the-edge-knows-this-1234"
CUSTOM = "http_request_firewall_custom"
FOREIGN = {"action": "block", "expression": 'http.host eq "www.example.com"', "description": "Block the old shop"}


def settings(cloudflare: Edge, **values: object) -> CloudflareSettings:
    return CloudflareSettings.model_validate({
        "cloudflare_api_token": TOKEN, "cloudflare_zone_id": ZONE_ID, "cloudflare_origin": ORIGIN,
        "cloudflare_api_url": cloudflare.url, "cloudflare_plan": cloudflare.zone.plan, **values,
    })  # fmt: skip


def shall(found: CloudflareSettings, *, secret: str = SECRET, dns_only: bool = False) -> Wanted:
    return wanted(found, public_url=f"https://{HOST}", secret=secret, dns_only=dns_only)


def plan(cloudflare: Edge, *, prune: bool = False, dns_only: bool = False, **values: object) -> Plan:
    found = settings(cloudflare, **values)
    with closing(open_zone(found, hidden=(SECRET,), tries_more=0)) as client:
        return flows.look(client, shall(found, dns_only=dns_only), prune=prune)


def apply(
    cloudflare: Edge, *, prune: bool = False, dns_only: bool = False, secret: str = SECRET, tries_more: int = 0,
    **values: object,
) -> list[str]:  # fmt: skip
    """Returns what was written."""
    found = settings(cloudflare, **values)
    cloudflare.zone.writes.clear()
    with closing(open_zone(found, hidden=(secret,), tries_more=tries_more)) as client:
        wants = shall(found, secret=secret, dns_only=dns_only)
        flows.apply(client, wants, prune=prune, told=lambda _: None)
    return list(cloudflare.zone.writes)


def names(found: Plan) -> list[str]:
    return [one.name for one in found.differences]


def refs(zone: FakeZone, phase: str) -> list[str]:
    return [rule["ref"].removeprefix("cleanly-") for rule in zone.phases[phase]["rules"]]


def cname(zone: FakeZone) -> dict[str, object]:
    return next(one for one in zone.records.values() if one["type"] == "CNAME")
