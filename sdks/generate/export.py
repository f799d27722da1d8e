"""The contract as the service itself tells it: its OpenAPI document and its error table, as text that diffs well."""

import asyncio
import json
import sys
from typing import Any, cast

import httpx2

from cleanly.entry import api, settings
from cleanly.entry import context as contexts
from cleanly.kernel.observe import set_up_logging

# Nobody connects to it: the document is made from the code alone.
_NO_DATABASE = "postgresql://nobody@127.0.0.1:1/none"
_DEPTH = 3


def export() -> tuple[str, str]:
    """What stands in `openapi.json` and `errors.json`."""
    document, errors = asyncio.run(_ask())
    # What is drawn anew for each release is no part of the contract.
    document["info"]["version"] = "1"
    return as_text(document), as_text(errors)


async def _ask() -> tuple[dict[str, Any], dict[str, Any]]:
    set_up_logging(level="error", as_json=False, stream=sys.stderr)
    found = settings.load(app_env="test")
    async with contexts.build(found, database_url=_NO_DATABASE, name="contract") as context:
        transport = httpx2.ASGITransport(app=api.create(context, found))
        async with httpx2.AsyncClient(transport=transport, base_url="http://contract/api/v1") as client:
            document, errors = await client.get("/openapi.json"), await client.get("/errors")
            return document.json(), errors.json()


def as_text(value: dict[str, Any]) -> str:
    """A line for each operation, schema or row, so that a change is seen where it is."""
    return f"{_lines(value, 0)}\n"


def _lines(value: Any, depth: int) -> str:
    gap = " " * (depth + 1)
    if depth < _DEPTH and isinstance(value, dict) and value:
        fields = cast("dict[str, Any]", value)
        inner = [f"{gap}{json.dumps(key)}: {_lines(fields[key], depth + 1)}" for key in fields]
        return "{\n" + ",\n".join(inner) + f"\n{' ' * depth}}}"
    if depth < _DEPTH and isinstance(value, list) and value:
        items = [gap + _lines(item, _DEPTH) for item in cast("list[Any]", value)]  # type: ignore[redundant-cast]
        return "[\n" + ",\n".join(items) + f"\n{' ' * depth}]"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
