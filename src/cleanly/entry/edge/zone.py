"""The zone itself, by Cloudflare's SDK: read as plain JSON, written one thing at a time."""

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, assert_never, cast

from cleanly.entry.edge.errors import EdgeFault
from cleanly.entry.edge.plan import Actual, DropRecord, EditBots, EditSetting, PutPhase, PutRecord, Ruleset, Write
from cleanly.entry.edge.rules import Json, Phase
from cleanly.entry.edge.settings import CloudflareSettings
from cleanly.entry.edge.wanted import Wanted

if TYPE_CHECKING:
    from cloudflare import APIStatusError, Cloudflare

_SECONDS_MAX = 20
_TRIES_MORE = 3
_RECORDS_MAX = 500  # of one name
# What a token may do, in the words of the page where tokens are made; all for this one zone.
_SCOPES: Mapping[str, str] = {
    "the zone": "Zone: Read",
    "the names": "DNS: Edit",
    "the settings": "Zone Settings: Edit",
    "what fights bots": "Bot Management: Edit",
    "http_request_late_transform": "Transform Rules: Edit",
    "http_request_cache_settings": "Cache Rules: Edit",
    "http_request_firewall_custom": "Zone WAF: Edit",
    "http_request_firewall_managed": "Zone WAF: Edit",
    "http_ratelimit": "Zone WAF: Edit",
}


class Zone:
    """One zone. Its methods raise EdgeFault."""

    def __init__(self, client: "Cloudflare", zone_id: str, *, hidden: tuple[str, ...] = ()) -> None:
        """`hidden`: what no message may hold, whoever wrote it."""
        self._client, self._id, self._hidden = client, zone_id, tuple(filter(None, hidden))

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def read(self, wanted: Wanted) -> Actual:
        """As it is, as far as `wanted` names it."""
        client = self._client
        with self._told("the zone"):
            zone = _plain(client.zones.get(zone_id=self._id))
        with self._told("the names"):
            records = client.dns.records
            at_host = _all(records.list(zone_id=self._id, name={"exact": wanted.host}))
            issuers = _all(records.list(zone_id=self._id, name={"exact": zone["name"]}, type="CAA"))
        settings: dict[str, Json] = {}
        with self._told("the settings"):
            for name in wanted.settings:
                settings[name] = _plain(client.zones.settings.get(name, zone_id=self._id))
        bots: Json = {}
        if wanted.bots:
            with self._told("what fights bots"):
                bots = _plain(client.bot_management.get(zone_id=self._id))
        return Actual(
            name=str(zone["name"]),
            plan=cast("Json", zone.get("plan") or {}).get("legacy_id"),
            at_host=at_host,
            issuers=issuers,
            settings=settings,
            bots=bots,
            phases={phase: self._phase(phase) for phase in wanted.phases},
        )

    def write(self, write: Write) -> None:
        """One write. Each but the making of a name may be repeated, so the SDK does."""
        zone = self._id
        match write:
            case PutRecord(record_id=record_id, body=body):
                with self._told("the names"):
                    if record_id is not None:
                        self._client.dns.records.edit(record_id, zone_id=zone, **body)
                    else:  # made once, so not tried again: a lost answer is seen by the next look
                        self._client.with_options(max_retries=0).dns.records.create(zone_id=zone, **body)
            case DropRecord(record_id=record_id):
                with self._told("the names"):
                    self._client.dns.records.delete(record_id, zone_id=zone)
            case EditSetting(name=name, value=value):
                with self._told("the settings"):
                    self._client.zones.settings.edit(name, zone_id=zone, value=value)
            case EditBots(values=values):
                with self._told("what fights bots"):
                    self._client.bot_management.update(zone_id=zone, **values)
            case PutPhase(phase=phase, read=read, rules=rules):
                if self._phase(phase).version != read:
                    raise EdgeFault(f"{phase} has been changed by somebody else since it was read: run it again")
                with self._told(phase):
                    self._client.rulesets.phases.update(phase, zone_id=zone, rules=cast("Any", rules))
            case _:
                assert_never(write)

    def _phase(self, phase: Phase) -> Ruleset:
        """Rules as they came: what is not ours goes back word for word, so no model reads it on the way."""
        from cloudflare import NotFoundError  # noqa: PLC0415 - an optional extra

        with self._told(phase):
            try:
                answer = self._client.rulesets.phases.with_raw_response.get(phase, zone_id=self._id)
            except NotFoundError:
                return Ruleset()
            found = cast("Json", cast("Json", answer.http_response.json())["result"])
            return Ruleset(version=str(found["version"]), rules=tuple(found.get("rules") or ()))

    @contextmanager
    def _told(self, what: str) -> Generator[None, None, None]:
        """The SDK's faults as one line."""
        from cloudflare import APIConnectionError, APIStatusError, CloudflareError  # noqa: PLC0415 - an optional extra

        try:
            yield
        except APIConnectionError as error:
            raise EdgeFault(f"{what}: Cloudflare cannot be reached ({self._safe(error.__cause__ or error)})") from error
        except APIStatusError as error:
            raise EdgeFault(self._safe(_refusal(what, error))) from error
        except CloudflareError as error:
            raise EdgeFault(f"{what}: {self._safe(error)}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise EdgeFault(f"{what}: the answer is not understood ({type(error).__name__})") from error

    def _safe(self, text: object) -> str:
        line = " ".join(str(text).split())
        for secret in self._hidden:
            line = line.replace(secret, "***")
        return line


def open_zone(settings: CloudflareSettings, *, hidden: tuple[str, ...], tries_more: int = _TRIES_MORE) -> Zone:
    """The zone that the settings name. Calls nobody yet.

    Raises:
        EdgeFault: `cleanly[ops]` is not installed.
    """
    try:
        from cloudflare import Cloudflare  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise EdgeFault("the edge needs cleanly[ops]") from error
    token = settings.cloudflare_api_token.get_secret_value() if settings.cloudflare_api_token else ""
    client = Cloudflare(
        api_token=token, base_url=settings.cloudflare_api_url, timeout=_SECONDS_MAX, max_retries=tries_more
    )
    # It reads older variables of its own, and prefers them to the token.
    client.api_key = client.api_email = client.user_service_key = None
    return Zone(client, settings.cloudflare_zone_id or "", hidden=(token, *hidden))


def _all(pages: Iterable[Any]) -> tuple[Json, ...]:
    """Page after page until an empty one, but not for ever."""
    found = tuple(_plain(one) for one in islice(pages, _RECORDS_MAX + 1))
    if len(found) > _RECORDS_MAX:
        raise ValueError("more records of one name than any has")
    return found


def _plain(answer: Any) -> Json:
    """What came, by its fields: of two kinds with the same fields the SDK may take the other one."""
    if answer is None:
        raise ValueError("an answer without a result")
    return cast("Json", answer if isinstance(answer, dict) else answer.to_dict(mode="json", warnings=False))


def _refusal(what: str, error: "APIStatusError") -> str:
    said = "; ".join(f"{one.code} {one.message}" for one in error.errors or ()) or "no reason given"
    match error.status_code:
        case 401 | 403:
            return f"{what}: the token is wrong or may not; it needs `{_SCOPES[what]}` for this zone ({said})"
        case 429:
            return f"{what}: Cloudflare asks to slow down; run it again in five minutes ({said})"
        case 404 if what == "the zone":
            return f"{what}: there is none with this CLOUDFLARE_ZONE_ID ({said})"
        case status:
            return f"{what}: Cloudflare answered {status} ({said})"
