"""What the zone shall be, from the settings of an operator's shell. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from cleanly.entry.edge import rules
from cleanly.entry.edge.errors import EdgeFault
from cleanly.entry.edge.rules import Json, Phase, Rule
from cleanly.entry.edge.settings import HOST, CloudflareSettings, Plan

COMMENT = "cleanly: set by `cleanly edge apply`"
AUTOMATIC_TTL = 1
# Whoever makes certificates for the host: Render's, and the edge's own.
ISSUERS = ("letsencrypt.org", "pki.goog")
_YEAR_SECONDS = 31_536_000
# For the whole zone, in the order of writing; the one that browsers remember for a year comes last.
SETTINGS: Mapping[str, object] = {
    "ssl": "strict",
    "min_tls_version": "1.2",
    "tls_1_3": "on",
    "0rtt": "off",  # what can be replayed can be paid twice
    "http3": "on",
    "automatic_https_rewrites": "on",
    "browser_check": "off",  # apps are no browsers
    "always_use_https": "on",
    "security_header": {
        "strict_transport_security": {
            "enabled": True,
            "max_age": _YEAR_SECONDS,
            "include_subdomains": False,  # the zone's other names are not ours to bind
            "preload": False,
            "nosniff": True,
        }
    },
}
# Each plan knows some of these words. Challenged apps and providers can't answer, and no custom rule excepts them.
BOTS: Mapping[str, object] = {
    "fight_mode": False,
    "sbfm_definitely_automated": "allow",
    "sbfm_likely_automated": "allow",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The zone as it shall be. What is not named in it is left as it is."""

    host: str
    origin: str
    plan: Plan
    phases: Mapping[Phase, tuple[Rule, ...]]
    settings: Mapping[str, object]
    bots: Mapping[str, object]
    is_proxied: bool

    def dns_only(self) -> "Wanted":
        """Only the names, and past the edge: the host of the service proves the domain so, before all else."""
        return replace(self, phases={}, settings={}, bots={}, is_proxied=False)

    def record(self) -> Json:
        """The name under which apps call."""
        return {
            "type": "CNAME",
            "name": self.host,
            "content": self.origin,
            "proxied": self.is_proxied,
            "ttl": AUTOMATIC_TTL,
            "comment": COMMENT,
        }

    @staticmethod
    def issuer(zone: str, authority: str) -> Json:
        """Who may make certificates: asked for at the zone's own name, for a proxied name has no CNAME to follow."""
        data = {"flags": 0, "tag": "issue", "value": authority}
        return {"type": "CAA", "name": zone, "data": data, "ttl": AUTOMATIC_TTL, "comment": COMMENT}


def wanted(settings: CloudflareSettings, *, public_url: str | None, secret: str | None, dns_only: bool) -> Wanted:
    """The zone for these settings; `secret` is the one that the edge shall send.

    Raises:
        EdgeFault: what is missing, all at once.
    """
    host = (urlsplit(public_url).hostname or "").lower() if public_url else ""
    missing = [
        name
        for name, is_there in (
            ("CLOUDFLARE_API_TOKEN", settings.cloudflare_api_token is not None),
            ("CLOUDFLARE_ZONE_ID", settings.cloudflare_zone_id is not None),
            ("CLOUDFLARE_ORIGIN", settings.cloudflare_origin is not None),
            ("PUBLIC_URL", re.match(HOST, host) is not None),
            ("EDGE_SECRET", secret is not None or dns_only),
        )
        if not is_there
    ]
    if missing or settings.cloudflare_origin is None:
        raise EdgeFault(f"{' and '.join(missing)} must be set: docs/edge.md")
    if settings.cloudflare_origin == host:
        raise EdgeFault("CLOUDFLARE_ORIGIN is the host of PUBLIC_URL: the name would point at itself")
    admins = settings.cloudflare_admin_addresses
    found = Wanted(
        host=host,
        origin=settings.cloudflare_origin,
        plan=settings.cloudflare_plan,
        phases=rules.phases(host, settings.cloudflare_plan, secret=secret or "", admins=admins),
        settings=SETTINGS,
        bots=BOTS,
        is_proxied=True,
    )
    return found.dns_only() if dns_only else found
