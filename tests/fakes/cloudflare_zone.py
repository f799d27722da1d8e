"""A zone at Cloudflare that remembers: names, settings, phases with versions; it refuses what the real one refuses."""

import copy
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import cloudflare_types as types

ZONE_ID, TOKEN = "0123456789abcdef0123456789abcdef", "the-token-of-the-operator"
MANAGED = {"efb7b8c949ac4650a09736fc376e9aee", "4814384a9e5d4991b9815dcfc25d2f1f"}
BUDGETS = {
    "http_request_firewall_custom": {"free": 5, "pro": 20, "business": 100},
    "http_ratelimit": {"free": 1, "pro": 2, "business": 5},
    "http_request_cache_settings": {"free": 10, "pro": 25, "business": 50},
    "http_request_late_transform": {"free": 10, "pro": 25, "business": 50},
    "http_request_firewall_managed": {"free": 0, "pro": 10, "business": 10},
}
_ACTIONS = {
    "http_request_firewall_custom": {"block", "managed_challenge", "skip"},
    "http_ratelimit": {"block"},
    "http_request_cache_settings": {"set_cache_settings"},
    "http_request_late_transform": {"rewrite"},
    "http_request_firewall_managed": {"execute", "skip"},
}
_FIELDS = {"http.host", "http.request.method", "http.request.uri.path", "http.request.headers.names", "ip.src"}
_WORDS = {"and", "or", "not", "eq", "ne", "in", "contains", "any", "lower", "starts_with", "ends_with"}
PAGE = 2  # names on a page: few, so that one is not all
_NOW = "2026-11-22T12:00:00Z"

Json = dict[str, Any]
Reply = tuple[int, Json]


class Refused(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class FakeZone:
    """`before` looks at each call first, and may answer in its place; `writes` tells what was written."""

    plan: str = "free"
    name: str = "example.com"
    scopes: set[str] = field(default_factory=lambda: {"zone", "dns", "settings", "bots", "rulesets"})
    records: dict[str, Json] = field(default_factory=dict)
    settings: Json = field(default_factory=dict)
    bots: Json = field(default_factory=dict)
    phases: dict[str, Json] = field(default_factory=dict)
    uneditable: set[str] = field(default_factory=set)
    writes: list[str] = field(default_factory=list)
    before: list[Callable[[str, str], Reply | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ids = (f"{number:032x}" for number in itertools.count(1))
        off = ("always_use_https", "automatic_https_rewrites", "http3")
        self.settings = {
            **dict.fromkeys(off, "off"), "ssl": "full", "min_tls_version": "1.0", "tls_1_3": "on", "0rtt": "off",
            "browser_check": "on", "security_header": {"strict_transport_security": {"enabled": False, "max_age": 0}},
        }  # fmt: skip
        self.bots = {
            "free": {"fight_mode": True, "enable_js": True, "using_latest_model": True},
            "pro": {"sbfm_definitely_automated": "managed_challenge", "sbfm_verified_bots": "allow"},
            "business": {"sbfm_definitely_automated": "block", "sbfm_likely_automated": "block"},
        }[self.plan]

    def add_record(self, **record: Any) -> str:
        """By somebody else's hand."""
        name = next(self._ids)
        told = {"id": name, "created_on": _NOW, "modified_on": _NOW, "meta": {}, "proxiable": True, "tags": []}
        self.records[name] = {"ttl": 1, "proxied": False, "settings": {}, **told, **record}
        return name

    def add_rule(self, phase: str, **rule: Any) -> None:
        """By somebody else's hand, in front."""
        name = next(self._ids)
        told = {"id": name, "ref": name, "enabled": True, "version": "1", "last_updated": _NOW}
        rules = self.phases.get(phase, {}).get("rules", [])
        self._store(phase, [{**told, **rule}, *rules])

    def answer(self, method: str, path: str, query: dict[str, str], body: Json | None, token: str | None) -> Reply:
        for look in self.before:
            if (reply := look(method, path)) is not None:
                return reply
        try:
            self._knows(token)
            result = self._route(method, path, query, body)
        except Refused as error:
            fault = {"code": error.code, "message": str(error)}
            return error.status, {"result": None, "success": False, "errors": [fault], "messages": []}
        envelope: Json = {"result": result, "success": True, "errors": [], "messages": []}
        if isinstance(result, list):
            envelope["result_info"] = {"page": int(query.get("page", 1)), "per_page": PAGE, "count": len(result)}
        return 200, envelope

    def _route(self, method: str, path: str, query: dict[str, str], body: Json | None) -> Any:
        match [method, *path.strip("/").split("/")[1:]]:
            case [_, zone, *_] if zone != ZONE_ID:
                raise Refused(404, 1001, "Invalid zone identifier")
            case ["GET", _]:
                self._may("zone")
                owner = {"id": "1", "name": "Ada", "type": "user"}
                return _told(types.ZONE, {
                    "id": ZONE_ID, "name": self.name, "plan": {"legacy_id": self.plan, "name": self.plan},
                    "account": {"id": "1", "name": "Ada"}, "owner": owner, "meta": {}, "activated_on": _NOW,
                    "created_on": _NOW, "modified_on": _NOW, "development_mode": 0, "original_dnshost": None,
                    "original_name_servers": None, "original_registrar": None, "name_servers": ["a.ns.example.net"],
                })  # fmt: skip
            case [_, _, "dns_records", *rest]:
                self._may("dns")
                return self._dns(method, rest, query, body)
            case [_, _, "settings", name]:
                self._may("settings")
                return self._setting(method, name, body)
            case [_, _, "bot_management"]:
                self._may("bots")
                return self._fighting(method, body)
            case [_, _, "rulesets", "phases", phase, "entrypoint"]:
                self._may("rulesets")
                return self._phase(method, phase, body)
            case other:
                raise Refused(404, 7003, f"Could not route to {other}")

    def _knows(self, token: str | None) -> None:
        if token != f"Bearer {TOKEN}":
            raise Refused(401, 1000, "Invalid API Token")

    def _may(self, scope: str) -> None:
        if scope not in self.scopes:
            raise Refused(403, 10000, "Authentication error")

    def _dns(self, method: str, rest: list[str], query: dict[str, str], body: Json | None) -> Any:
        if method == "GET":
            wanted = {"name": query.get("name.exact"), "type": query.get("type")}
            if set(query) - {"name.exact", "type", "page", "per_page"}:
                raise Refused(400, 9000, f"unknown filter in {sorted(query)}")
            found = [
                one for one in self.records.values() if all(value in {None, one[key]} for key, value in wanted.items())
            ]
            begin = PAGE * (int(query.get("page", 1)) - 1)
            return [_told(types.RECORDS_TOLD[one["type"]], one) for one in found[begin : begin + PAGE]]
        if rest and rest[0] not in self.records:
            raise Refused(404, 81044, "Record does not exist.")
        if method == "DELETE":
            self.writes.append(f"DELETE {self.records[rest[0]]['type']}")
            del self.records[rest[0]]
            return {"id": rest[0]}
        assert body is not None
        _sent(types.RECORDS_SENT.get(body["type"]), body)
        for name, one in self.records.items():
            if rest == [name] or one["name"] != body["name"]:
                continue
            hosts = {"A", "AAAA", "CNAME"}
            if "CNAME" in {one["type"], body["type"]} and {one["type"], body["type"]} <= hosts:
                raise Refused(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
            if one["type"] == body["type"] and one.get("data") == body.get("data"):
                raise Refused(400, 81058, "An identical record already exists.")
        self.writes.append(f"{method} {body['type']} {body.get('data', {}).get('value', '')}".strip())
        content = {} if "data" not in body else {"content": f'0 issue "{body["data"]["value"]}"'}
        if rest:
            self.records[rest[0]] |= body
            return _told(types.RECORDS_TOLD[body["type"]], self.records[rest[0]])
        return _told(types.RECORDS_TOLD[body["type"]], self.records[self.add_record(**body, **content)])

    def _setting(self, method: str, name: str, body: Json | None) -> Any:
        if name not in self.settings:
            raise Refused(400, 1006, f"Undefined zone setting: {name}")
        if method == "PATCH":
            assert body is not None
            assert set(body) == {"value"}
            _sent(types.SETTING, {"id": name, **body})
            if name in self.uneditable:
                raise Refused(400, 1007, f"Not allowed to edit setting for {name}")
            self.writes.append(f"PATCH {name}")
            self.settings[name] = body["value"]
        editable = name not in self.uneditable
        found = {"id": name, "value": self.settings[name], "editable": editable, "modified_on": _NOW}
        return _told(types.SETTING, found)

    def _fighting(self, method: str, body: Json | None) -> Any:
        if method == "PUT":
            _sent(types.BOTS_SENT[self.plan], body)
            self.writes.append("PUT bots")
            self.bots |= body or {}
        return _told(types.BOTS_TOLD[self.plan], self.bots)

    def _phase(self, method: str, phase: str, body: Json | None) -> Any:
        if method == "GET":
            if phase not in self.phases:
                raise Refused(404, 10003, "could not find entrypoint ruleset in the phase")
            return self._ruleset(phase)
        assert body is not None
        if set(body) - {"rules", "name", "description"}:
            raise Refused(400, 10400, f"unknown field in {sorted(body)}")
        rules = body["rules"]
        if len(rules) > BUDGETS[phase][self.plan]:
            raise Refused(400, 20120, f"exceeded maximum number of rules in the phase {phase}")
        if len({rule.get("ref", rule.get("id")) for rule in rules}) < len(rules):
            raise Refused(400, 20127, "a rule's ref is not unique")
        for rule in rules:
            self._judge(phase, rule)
        self.writes.append(f"PUT {phase}")
        by_ref = {rule["ref"]: rule for rule in self.phases.get(phase, {}).get("rules", [])}
        made = []
        for rule in rules:
            before = by_ref.get(rule.get("ref"), {})
            name = before.get("id") or next(self._ids)
            told = {"version": str(int(before.get("version", 0)) + 1), "last_updated": _NOW}
            made.append({"id": name, "ref": name, "enabled": True, **copy.deepcopy(rule), **told})
        self._store(phase, made)
        return self._ruleset(phase)

    def _store(self, phase: str, rules: list[Json]) -> None:
        version = int(self.phases.get(phase, {}).get("version", 0)) + 1
        for rule in rules:
            if "ratelimit" in rule:  # what the real one adds, and its own order
                rule["ratelimit"] = {"requests_to_origin": False, **rule["ratelimit"]}
                rule["ratelimit"]["characteristics"] = sorted(rule["ratelimit"]["characteristics"], reverse=True)
        self.phases[phase] = {"version": str(version), "rules": rules}

    def _ruleset(self, phase: str) -> Json:
        found = self.phases[phase]
        for rule in found["rules"]:
            _told(types.RULES_TOLD[rule["action"]], rule)
        told = {"id": f"{len(phase):032x}", "kind": "zone", "name": "default", "last_updated": _NOW}
        return copy.deepcopy({**told, "phase": phase, "description": "", **found})

    def _judge(self, phase: str, rule: Json) -> None:
        action = rule.get("action", "")
        if action not in _ACTIONS[phase]:
            raise Refused(400, 20015, f"{action} is not a valid action in the phase {phase}")
        _sent(types.RULES_SENT[action], rule)
        limit, expression = rule.get("ratelimit"), rule["expression"]
        _understood(expression, limited=limit is not None and self.plan == "free")
        if (limit is not None) != (phase == "http_ratelimit"):
            raise Refused(400, 20155, "ratelimit belongs to the phase http_ratelimit")
        if limit is not None and "cf.colo.id" not in limit["characteristics"]:
            raise Refused(400, 20155, "the characteristic cf.colo.id is required")
        if limit is not None and self.plan == "free" and {limit["period"], limit["mitigation_timeout"]} != {10}:
            raise Refused(403, 20155, "not entitled: the period and the timeout can only be 10")
        if action == "execute" and rule["action_parameters"]["id"] not in MANAGED:
            raise Refused(400, 20116, "there is no such ruleset")


def _understood(expression: str, *, limited: bool) -> None:
    """No grammar: quotes and brackets close, and every word is one that the plan knows."""
    bare = re.sub(r'"[^"\\]*"', '""', expression)
    words = set(re.findall(r"[a-z_][a-z_.]*", re.sub(r"(?<=[{ ])[0-9a-f.:]+(/\d+)?(?=[} ])", "", bare)))
    fields = {"http.request.uri.path"} if limited else _FIELDS
    unknown = words - fields - _WORDS
    if unknown or bare.count('"') % 2 or any(bare.count(a) != bare.count(b) for a, b in ("()", "{}", "[]")):
        raise Refused(400, 20127, f"could not parse the filter expression: {sorted(unknown)}")


def _sent(kind: Any, value: object) -> None:
    if kind is None or (found := types.faults(kind, value)):
        raise Refused(400, 10014, f"malformed: {found if kind else value}")


def _told(kind: Any, value: Any) -> Any:
    """The fake itself speaks only as the SDK expects it."""
    assert types.faults(kind, value) == []
    return copy.deepcopy(value)
