"""The rules that the zone shall have for our host, phase by phase, within what the plan allows. Pure.

Expressions stay below what the smallest plan understands: no regular expressions. Each names the host, for a zone may
serve others: only Free's one rate limit can't, it knows nothing but paths.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cleanly.entry.edge.settings import Plan

Json = dict[str, Any]
Phase = Literal[
    "http_request_late_transform",
    "http_request_cache_settings",
    "http_request_firewall_custom",
    "http_request_firewall_managed",
    "http_ratelimit",
]
PREFIX = "cleanly-"
API = "/api/v1"
SECRET_HEADER = "X-Edge-Secret"  # noqa: S105 - the header's name
# Held against the route table by a test. HEAD and OPTIONS are answered beside them.
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT")
# Answered with `Cache-Control: public` to anybody; `/` at the end means what is beneath.
PUBLIC = (f"{API}/errors", f"{API}/plans", f"{API}/products", f"{API}/products/", f"{API}/webhook-events")
INTERNAL = ("/docs", "/metrics", f"{API}/openapi.json")
PROVIDERS = ("google-play", "paypal", "stripe")
# https://developers.cloudflare.com/waf/, /cache/how-to/cache-rules/ and /rules/transform/: rules per plan.
BUDGETS: Mapping[Phase, Mapping[Plan, int]] = {
    "http_request_late_transform": {"free": 10, "pro": 25, "business": 50, "enterprise": 300},
    "http_request_cache_settings": {"free": 10, "pro": 25, "business": 50, "enterprise": 125},
    "http_request_firewall_custom": {"free": 5, "pro": 20, "business": 100, "enterprise": 1000},
    "http_ratelimit": {"free": 1, "pro": 2, "business": 5, "enterprise": 100},
}
# The vendor's own sets; they have the same ids in every zone.
_MANAGED = {
    "cloudflare": "efb7b8c949ac4650a09736fc376e9aee",
    "owasp": "4814384a9e5d4991b9815dcfc25d2f1f",
}
_AUTH_REQUESTS_MAX, _AUTH_SECONDS = 100, 10


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of ours, known by its `ref`. `extra`: what the action needs beside its expression."""

    name: str
    says: str
    action: str
    expression: str
    extra: Json = field(default_factory=dict[str, Any], repr=False)  # may hold the secret

    @property
    def ref(self) -> str:
        """By which it is found again."""
        return PREFIX + self.name

    def body(self) -> Json:
        """As the API takes it."""
        return {
            "ref": self.ref,
            "description": f"cleanly: {self.says}",
            "action": self.action,
            "expression": self.expression,
            "enabled": True,
            **self.extra,
        }


def phases(host: str, plan: Plan, *, secret: str, admins: tuple[str, ...]) -> dict[Phase, tuple[Rule, ...]]:
    """Every phase that is ours, in the order in which they are written: the header first, for without it all is 403."""
    here = f'http.host eq "{host}"'
    found: dict[Phase, tuple[Rule, ...]] = {
        "http_request_late_transform": (_origin_secret(here, secret),),
        "http_request_cache_settings": _cache(here),
        "http_request_firewall_custom": _firewall(here, admins),
    }
    if plan != "free":  # there the vendor's small set runs by itself
        found["http_request_firewall_managed"] = _managed(here)
    found["http_ratelimit"] = (_auth_burst(here, plan),)
    return found


def _origin_secret(here: str, secret: str) -> Rule:
    headers = {SECRET_HEADER: {"operation": "set", "value": secret}}
    extra = {"action_parameters": {"headers": headers}}
    return Rule("origin-secret", "proves to the service that a call came this way", "rewrite", here, extra)


def _cache(here: str) -> tuple[Rule, ...]:
    """What is public obeys its own headers; all else passes. Of two that match, the later one is obeyed."""
    exact = _quoted(path for path in PUBLIC if not path.endswith("/"))
    beneath = "".join(f" or {_starts(path)}" for path in PUBLIC if path.endswith("/"))
    # An answer to one origin's page must not be another's: the cache does not look at Vary.
    nobody = "".join(f' and not any(http.request.headers.names[*] eq "{name}")' for name in ("authorization", "origin"))
    public = f"{here} and (http.request.uri.path in {{{exact}}}{beneath}){nobody}"
    honour = {
        "cache": True,
        "edge_ttl": {"mode": "bypass_by_default"},
        "browser_ttl": {"mode": "respect_origin"},  # else the zone's own four hours
        "respect_strong_etags": True,
    }
    bypass = f"{here} and {_starts('/api/')}"
    return (
        Rule("api-bypass", "the API is not cached", "set_cache_settings", bypass, _parameters(cache=False)),
        Rule("public", "but for what says that it is public", "set_cache_settings", public, _parameters(**honour)),
    )


def _firewall(here: str, admins: tuple[str, ...]) -> tuple[Rule, ...]:
    path = "lower(http.request.uri.path)"
    probes = " or ".join(f'{path} contains "{part}"' for part in ("/.env", "/.git", "/wp-"))
    hooks = _quoted(f"{API}/webhooks/{name}" for name in PROVIDERS)
    internal = f"{here} and http.request.uri.path in {{{_quoted(INTERNAL)}}}"
    methods = f"{here} and not http.request.method in {{{_quoted(METHODS)}}}"
    webhooks = (
        f"{here} and {_starts(f'{API}/webhooks/')}"
        f' and (http.request.method ne "POST" or not http.request.uri.path in {{{hooks}}})'
    )
    rules = (
        Rule("scanners", "nobody looks for these here", "block", f'{here} and ({probes} or ends_with({path}, ".php"))'),
        Rule("methods", "no route has another method", "block", methods),
        Rule("internal", "not for the world", "block", internal),
        Rule("webhooks", "providers push by POST, to known addresses", "block", webhooks),
    )
    if not admins:
        return rules
    strangers = f"{here} and {_starts(f'{API}/admin/')} and not ip.src in {{{' '.join(admins)}}}"
    return (*rules, Rule("admin", "administrators come from known addresses", "block", strangers))


def _managed(here: str) -> tuple[Rule, ...]:
    """Providers sign what they push, and their bodies look like attacks now and then: they are let through first."""
    pushed = f"{here} and {_starts(f'{API}/webhooks/')}"
    spared = {"action_parameters": {"ruleset": "current"}, "logging": {"enabled": True}}
    sets = [
        Rule(f"managed-{name}", f"the managed rules: {name}", "execute", here, _parameters(id=set_id))
        for name, set_id in _MANAGED.items()
    ]
    return (Rule("managed-webhooks", "no managed rule for what providers push", "skip", pushed, spared), *sets)


def _auth_burst(here: str, plan: Plan) -> Rule:
    """Generous, for phones share addresses: the service has limits of its own. Counted per data centre."""
    path = _starts(f"{API}/auth/")
    limit = {
        "characteristics": ["cf.colo.id", "ip.src"],
        "period": _AUTH_SECONDS,
        "requests_per_period": _AUTH_REQUESTS_MAX,
        "mitigation_timeout": _AUTH_SECONDS,
    }
    expression = path if plan == "free" else f"{here} and {path}"
    return Rule("auth-burst", "a flood of logins ends here", "block", expression, {"ratelimit": limit})


def _parameters(**values: object) -> Json:
    return {"action_parameters": values}


def _starts(path: str) -> str:
    return f'starts_with(http.request.uri.path, "{path}")'


def _quoted(words: Any) -> str:
    return " ".join(f'"{word}"' for word in words)
