"""What is missing between the zone as it is and as it shall be: a list of writes in a safe order. Pure."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from cleanly.entry.edge.errors import EdgeFault
from cleanly.entry.edge.rules import BUDGETS, PREFIX, SECRET_HEADER, Json, Phase
from cleanly.entry.edge.wanted import ISSUERS, Wanted

_PLANS = ("free", "pro", "business", "enterprise")
# What the API tells of a rule and does not take back.
_TOLD = frozenset({"version", "last_updated", "categories"})
_SHOWN = ("action", "description", "expression")


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A phase as it is. `version` None: nobody has ever written one."""

    version: str | None = None
    rules: tuple[Json, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Actual:
    """The zone as it is, as far as the wanted one names it. `plan` None: not told."""

    name: str
    plan: str | None
    at_host: tuple[Json, ...] = ()
    issuers: tuple[Json, ...] = ()
    settings: Mapping[str, Json] = field(default_factory=dict[str, Json])
    bots: Json = field(default_factory=dict[str, Any])
    phases: Mapping[Phase, Ruleset] = field(default_factory=dict[Phase, Ruleset])


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing, as it was and as it will be, for people: secrets are fingerprints. None: not there."""

    name: str
    was: object
    wanted: object


@dataclass(frozen=True, slots=True)
class PutRecord:
    """Write a name; `record_id` None makes it."""

    record_id: str | None
    body: Json


@dataclass(frozen=True, slots=True)
class DropRecord:
    """Delete a name."""

    record_id: str


@dataclass(frozen=True, slots=True)
class EditSetting:
    """Write one setting."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class EditBots:
    """Write what fights bots."""

    values: Json


@dataclass(frozen=True, slots=True)
class PutPhase:
    """Write a whole phase, if it still is what was read."""

    phase: Phase
    read: str | None
    rules: tuple[Json, ...] = field(repr=False)


Write = PutRecord | DropRecord | EditSetting | EditBots | PutPhase


@dataclass(frozen=True, slots=True)
class Change:
    """One write and what it changes."""

    write: Write
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, in this order, and the rules of others that stay."""

    changes: tuple[Change, ...]
    kept: tuple[str, ...] = ()

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All of them, in the order of writing."""
        return tuple(one for change in self.changes for one in change.differences)


def plan(wanted: Wanted, actual: Actual, *, prune: bool) -> Plan:
    """Compare. The name goes to the edge last: all that guards it stands by then.

    Raises:
        EdgeFault: it can't or must not be written as it is.
    """
    if wanted.host != actual.name and not wanted.host.endswith(f".{actual.name}"):
        raise EdgeFault(f"{wanted.host} is not in the zone {actual.name}: CLOUDFLARE_ZONE_ID or PUBLIC_URL is wrong")
    if actual.plan in _PLANS and _PLANS.index(actual.plan) < _PLANS.index(wanted.plan):
        raise EdgeFault(f"the zone's plan is {actual.plan}: CLOUDFLARE_PLAN says {wanted.plan}")
    phases = [_phase(wanted, phase, actual.phases[phase], prune=prune) for phase in wanted.phases]
    kept = [name for _, names in phases for name in names]
    changes = (
        *_issuers(actual),
        *(change for change, _ in phases if change is not None),
        *_bots(wanted, actual),
        *_settings(wanted, actual),
        *_record(wanted, actual, prune=prune),
    )
    return Plan(changes, tuple(kept))


def _issuers(actual: Actual) -> Iterator[Change]:
    """Records of other authorities are additions to ours, and stay."""
    allowed = {
        str(data.get("value", "")).partition(";")[0].strip().lower()
        for record in actual.issuers
        if (data := cast("Json", record.get("data") or {})).get("tag") == "issue"
    }
    for authority in ISSUERS:
        if authority not in allowed:
            body = Wanted.issuer(actual.name, authority)
            yield _one(PutRecord(None, body), f"dns CAA {actual.name} {authority}", None, "issue")


def _record(wanted: Wanted, actual: Actual, *, prune: bool) -> Iterator[Change]:
    body = wanted.record()
    for record in actual.at_host:
        if record["type"] not in {"A", "AAAA"}:
            continue
        name = f"dns {record['type']} {wanted.host} {record.get('content')}"
        if not prune:
            raise EdgeFault(f"{name} stands where the CNAME must be: delete it, or say --prune")
        yield _one(DropRecord(record["id"]), name, record.get("content"), None)
    name = f"dns CNAME {wanted.host}"
    found = next((record for record in actual.at_host if record["type"] == "CNAME"), None)
    if found is not None and found.get("proxied"):
        body["proxied"] = True  # what is behind the edge is never taken from it: the service would refuse every call
    if found is None:
        yield _one(PutRecord(None, body), name, None, _shown_record(body))
    elif _shown_record(found) != _shown_record(body):
        yield _one(PutRecord(found["id"], body), name, _shown_record(found), _shown_record(body))


def _shown_record(record: Json) -> Json:
    content = str(record.get("content", "")).rstrip(".").lower()
    return {"content": content} | {name: record.get(name) for name in ("proxied", "ttl", "comment")}


def _settings(wanted: Wanted, actual: Actual) -> Iterator[Change]:
    for name, value in wanted.settings.items():
        found = actual.settings[name]
        if _same(value, found.get("value")):
            continue
        if found.get("editable") is False:
            raise EdgeFault(f"the setting {name} cannot be changed on this zone's plan")
        yield _one(EditSetting(name, value), f"setting {name}", found.get("value"), value)


def _bots(wanted: Wanted, actual: Actual) -> Iterator[Change]:
    """Only the words that this zone's plan knows."""
    differ = {name: value for name, value in wanted.bots.items() if actual.bots.get(name, value) != value}
    if differ:
        lines = tuple(Difference(f"bots {name}", actual.bots[name], value) for name, value in differ.items())
        yield Change(EditBots(differ), lines)


def _phase(wanted: Wanted, phase: Phase, found: Ruleset, *, prune: bool) -> tuple[Change | None, list[str]]:
    """Ours stand behind those of others: of two cache rules that match, the later one is obeyed."""
    ours = [rule.body() for rule in wanted.phases[phase]]
    foreign = [rule for rule in found.rules if not _is_ours(rule)]
    kept = [] if prune else foreign
    budget = BUDGETS.get(phase, {}).get(wanted.plan)
    if budget is not None and len(ours) + len(kept) > budget:
        held = f" and {len(kept)} of others ({', '.join(map(_called, kept))})" if kept else ""
        raise EdgeFault(
            f"{phase} takes {budget} rules on the plan {wanted.plan}: there are {len(ours)} of ours{held}; "
            "delete some, or say --prune"
        )
    names = [f"rule {phase} {_called(rule)}" for rule in kept]
    lines = tuple(_rule_differences(phase, found.rules, ours, gone=foreign if prune else []))
    stand, shall = [_called(rule) for rule in found.rules], [_called(rule) for rule in (*kept, *ours)]
    if not lines and stand == shall:
        return None, names
    lines = lines or (Difference(f"order {phase}", stand, shall),)
    write = PutPhase(phase, found.version, (*(_sent(rule) for rule in kept), *ours))
    return Change(write, lines), names


def _rule_differences(
    phase: Phase, found: Sequence[Json], ours: Sequence[Json], *, gone: Sequence[Json]
) -> Iterator[Difference]:
    by_ref: dict[str, Json] = {rule["ref"]: rule for rule in found if _is_ours(rule)}
    wanted = [rule["ref"] for rule in ours]
    for rule in ours:
        name, there = f"rule {phase} {rule['ref']}", by_ref.get(rule["ref"])
        if there is None:
            yield Difference(name, None, _shown(rule))
        elif not _same_rule(rule, there):
            yield Difference(name, _shown(_sent(there)), _shown(rule))
    for rule in (*(rule for ref, rule in by_ref.items() if ref not in wanted), *gone):
        yield Difference(f"rule {phase} {_called(rule)}", {name: rule.get(name) for name in _SHOWN}, None)


def _is_ours(rule: Json) -> bool:
    return str(rule.get("ref", "")).startswith(PREFIX)


def _called(rule: Json) -> str:
    ref = str(rule.get("ref") or rule.get("id"))
    return ref if _is_ours(rule) else f'"{rule.get("description") or ref}"'


def _sent(rule: Json) -> Json:
    return {name: value for name, value in rule.items() if name not in _TOLD}


def _same_rule(wanted: Json, found: Json) -> bool:
    """The id is the vendor's; what it adds of its own is empty or off."""
    told = {name: value for name, value in _sent(found).items() if name != "id"}
    return _same(wanted, {"enabled": True, **told})


def _same(wanted: object, found: object) -> bool:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        wants, has = cast("Json", wanted), cast("Json", found)
        return all(_same(wants[name], has.get(name)) if name in wants else not has[name] for name in wants | has)
    if isinstance(wanted, list) and isinstance(found, list):
        return sorted(map(str, cast("list[object]", wanted))) == sorted(map(str, cast("list[object]", found)))
    return wanted == found and isinstance(wanted, bool) == isinstance(found, bool)


def _shown(rule: Json) -> Json:
    """A rule for people, without its name; the secret as a fingerprint."""
    body = {name: value for name, value in rule.items() if name not in {"ref", "id"}}
    return cast("Json", _masked(body))


def _masked(value: object, *, within: str = "") -> object:
    if isinstance(value, Mapping):
        inner = cast("Json", value)
        is_secret = within == SECRET_HEADER.lower()
        return {
            name: fingerprint(str(one)) if is_secret and name == "value" else _masked(one, within=name.lower())
            for name, one in inner.items()
        }
    return value


def fingerprint(secret: str) -> str:
    """Enough to tell two of them apart."""
    return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()[:8]}"


def _one(write: Write, name: str, was: object, wanted: object) -> Change:
    return Change(write, (Difference(name, was, wanted),))
