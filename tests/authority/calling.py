"""Calls every operation as every role, and tells what it got beside what `rights` says."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2

from tests.authority.estate import Estate
from tests.authority.rights import RIGHTS, ROLES, Role, Row
from tests.domain.payments.market import new_key

_HOLE = re.compile(r"{\w+}")
_REFUSALS = {"token": (401, "TOKEN_MISSING"), "forbidden": (403, "FORBIDDEN"), "hidden": (404, "NOT_FOUND")}
# Holes that name no thing of anybody's.
FIXED = {"{provider}": "sandbox", "{month}": "2026-11"}
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """One call: who, what was to come of it, what came of it, and what is wrong with that."""

    operation: str
    role: Role
    expected: str
    got: str
    faults: tuple[str, ...] = ()


def operations(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation of the contract by the name that `RIGHTS` has for it."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path.removeprefix('/api/v1')}", operation


async def refused(estate: Estate, document: Document) -> list[Seen]:
    """All the calls that must be turned away."""
    return [
        await _call(estate, document, name, row, role)
        for name, row in RIGHTS.items()
        for role in ROLES
        if row.grants.get(role, "in") != "in"
    ]


async def let_in(estate: Estate, document: Document) -> list[Seen]:
    """All the others, in the table's order."""
    return [
        await _call(estate, document, name, row, role)
        for name, row in RIGHTS.items()
        for role in ROLES
        if row.grants.get(role) == "in"
    ]


async def as_platform(estate: Estate, document: Document) -> list[Seen]:
    """The platform's own webhooks, asked for by who is no administrator."""
    seen: list[Seen] = []
    for name, operation in operations(document):
        if any(one["name"] == "account" for one in operation.get("parameters", ())):
            reply = await _send(estate, name, RIGHTS[name], "other", query="?account=platform")
            got = _told(reply)
            faults = () if got == "403 FORBIDDEN" else (f"{got} for the platform's",)
            seen.append(Seen(f"{name}?account=platform", "other", "403 FORBIDDEN", got, faults))
    return seen


def as_table(seen: list[Seen]) -> list[dict[str, Any]]:
    """For the report: a line per operation, a column per role."""
    lines: dict[str, dict[str, Any]] = {}
    for one in seen:
        line = lines.setdefault(one.operation, {"operation": one.operation, "roles": {}, "faults": []})
        line["roles"][one.role] = one.got
        line["faults"] += [f"{one.role}: {fault}" for fault in one.faults]
    return list(lines.values())


async def _call(estate: Estate, document: Document, name: str, row: Row, role: Role) -> Seen:
    reply = await _send(estate, name, row, role)
    faults = list(_judge(estate, name, row, role, reply))
    if row.grants[role] == "hidden":
        nobodys = await _send(estate, name, row, role, is_real=False)
        if (nobodys.status_code, nobodys.text) != (reply.status_code, reply.text):
            faults.append(f"what is another's answers {_told(reply)}, what is nobody's {_told(nobodys)}")
    declared = dict(operations(document))[name]["responses"]
    if str(reply.status_code) not in declared:
        faults.append(f"{reply.status_code} is not declared")
    return Seen(name, role, row.grants[role], _told(reply), tuple(faults))


def _judge(estate: Estate, name: str, row: Row, role: Role, reply: httpx2.Response) -> Iterator[str]:
    grant = row.grants[role]
    if grant != "in":
        status, code = _REFUSALS[grant]
        if _told(reply) != f"{status} {code}":
            yield f"expected {status} {code}, got {_told(reply)}"
        if leaked := {secret for secret in estate.secrets if secret in reply.text}:
            yield f"the refusal tells {sorted(leaked)}"
        return
    code = _code(reply)
    if reply.status_code >= 400 and code not in row.late and (row.late or not row.proved):
        yield f"{name} does not work: {reply.status_code} {reply.text[:300]}"
    if code == "TOKEN_MISSING":
        yield "it asks for a token that is not needed, or is there"
    if row.is_mine and role != "owner" and (leaked := {one for one in estate.secrets if one in reply.text}):
        yield f"one's own answer tells of another's: {sorted(leaked)}"


async def _send(
    estate: Estate, name: str, row: Row, role: Role, *, is_real: bool = True, query: str = ""
) -> httpx2.Response:
    method, _, path = name.partition(" ")
    for hole, value in FIXED.items():
        path = path.replace(hole, value)
    things = iter(row.things)
    path = _HOLE.sub(lambda _: estate.things[next(things)] if is_real else str(uuid4()), path)
    made = row.body(estate) if callable(row.body) else row.body
    body: Mapping[str, Any] | None = await made if inspect.isawaitable(made) else made
    headers = {"Idempotency_Key": new_key()} if method in {"POST", "PUT"} else {}
    phone = estate.phone(role)
    token = phone.access if phone is not None else None
    return await estate.world.call(method, path + query, body, token=token, **headers)


def _code(reply: httpx2.Response) -> str:
    if reply.status_code < 400:
        return ""
    return str(json.loads(reply.content)["error"]["code"])


def _told(reply: httpx2.Response) -> str:
    return f"{reply.status_code} {_code(reply)}".strip()
