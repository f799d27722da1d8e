"""What the edge holds of the service is what the service is: its routes, its methods, its public answers."""

import itertools

import pytest

from cleanly.entry import api, prometheus
from cleanly.entry.edge import rules
from cleanly.entry.edge.errors import EdgeFault
from cleanly.entry.edge.plan import fingerprint
from cleanly.entry.edge.rules import BUDGETS, Phase, Rule
from cleanly.entry.edge.settings import CloudflareSettings, Plan
from cleanly.entry.edge.wanted import wanted
from tests.architecture.source import PACKAGE
from tests.fakes import cloudflare_types, cloudflare_zone
from tests.world import World

HOST, SECRET = "api.example.com", "the-edge-knows-this-1234"
ROUTES = [
    route
    for route in api._routed(shows_mailbox=False, shows_books=False, shows_docs=False, shows_metrics=False).routes
    if not route.path.startswith("/api/v1/sandbox")
]


def of(plan: Plan, *, admins: tuple[str, ...] = ("192.0.2.0/24",)) -> dict[Phase, tuple[Rule, ...]]:
    return rules.phases(HOST, plan, secret=SECRET, admins=admins)


@pytest.mark.parametrize("plan", ["free", "pro", "business", "enterprise"])
def test_ours_alone_never_exceed_what_a_plan_allows(plan: Plan):
    for phase, found in of(plan).items():
        assert len(found) <= BUDGETS.get(phase, {}).get(plan, len(found))
        assert len({rule.ref for rule in found}) == len(found)


@pytest.mark.parametrize("plan", ["free", "pro", "business", "enterprise"])
def test_each_rule_is_for_our_host_and_exactly_of_the_sdks_type(plan: Plan):
    for rule in itertools.chain(*of(plan).values()):
        assert cloudflare_types.faults(cloudflare_types.RULES_SENT[rule.action], rule.body()) == []
        assert cloudflare_types.faults(cloudflare_types.RULES_SENT[rule.action], {**rule.body(), "expresion": "x"})
        by_path_alone = plan == "free" and rule.name == "auth-burst"
        assert rule.expression.startswith(f'http.host eq "{HOST}"') is not by_path_alone
        assert " matches " not in rule.expression
        cloudflare_zone._understood(rule.expression, limited=by_path_alone)
        assert SECRET not in repr(rule)


def test_every_method_of_a_route_passes_and_no_other():
    used = set(itertools.chain(*(route.methods or () for route in ROUTES)))
    assert {*used, "HEAD", "OPTIONS"} == set(rules.METHODS)


def test_every_provider_that_pushes_passes():
    folders = {path.parent.name for path in (PACKAGE / "platform/providers").glob("*/adapter.py")}
    quiet = {"google", "sandbox"}  # who signs in pushes nothing, and play money is not in production
    assert {name.replace("_", "-") for name in folders - quiet} == set(rules.PROVIDERS)
    assert any(route.path == f"{rules.API}/webhooks/{{provider}}" for route in ROUTES)
    assert prometheus.PATH in rules.INTERNAL


async def test_what_the_edge_may_keep_is_what_the_service_calls_public_and_all_else_is_no_store(world: World):
    public = set()
    for route in ROUTES:
        if "GET" not in route.methods or "{" in route.path:
            continue
        told = (await world.client.get(route.path)).headers["cache-control"]
        assert told == "no-store" or told.startswith("public, "), route.path
        if told != "no-store":
            public.add(route.path)
    assert public - {"/.well-known/jwks.json"} == {path for path in rules.PUBLIC if not path.endswith("/")}
    missing = await world.call("GET", "/products/00000000-0000-7000-8000-000000000000")
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")


def test_what_is_missing_is_named_at_once():
    with pytest.raises(EdgeFault) as caught:
        wanted(CloudflareSettings(), public_url="http://localhost:3000", secret=None, dns_only=False)
    for name in ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ZONE_ID", "CLOUDFLARE_ORIGIN", "PUBLIC_URL", "EDGE_SECRET"):
        assert name in str(caught.value)


@pytest.mark.parametrize("url", ['https://a"b.example.com', "https://", "https://{x}.example.com", None])
def test_a_host_that_would_break_an_expression_is_no_host(url: str | None):
    found = CloudflareSettings.model_validate(
        {"cloudflare_api_token": "t", "cloudflare_zone_id": "0" * 32, "cloudflare_origin": "x.onrender.com"}
    )
    with pytest.raises(EdgeFault, match=r"^PUBLIC_URL must be set"):
        wanted(found, public_url=url, secret=SECRET, dns_only=False)


@pytest.mark.parametrize(
    "values",
    [
        {"cloudflare_zone_id": "../../accounts"},
        {"cloudflare_plan": "gratis"},
        {"cloudflare_origin": "https://cleanly-web.onrender.com"},
        {"cloudflare_admin_addresses": "everyone"},
    ],
)
def test_a_setting_that_is_none_is_refused(values: dict[str, str]):
    with pytest.raises(ValueError, match=next(iter(values)).upper() + "|" + next(iter(values))):
        CloudflareSettings.model_validate(values)


def test_a_fingerprint_tells_two_secrets_apart_and_nothing_else():
    assert fingerprint("a") != fingerprint("b")
    assert len(fingerprint(SECRET)) == len("sha256:") + 8
