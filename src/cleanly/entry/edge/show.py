"""A plan for people and for programs."""

import json
from collections.abc import Iterator
from typing import cast

from cleanly.entry.edge.plan import Difference, Plan
from cleanly.entry.edge.rules import Json

_NOTHING = "nothing to do: the zone is as it shall be"


def text(plan: Plan) -> Iterator[str]:
    """Lines: + is made, ~ is changed, - is deleted; then what stays though it is not ours, then a count."""
    for one in plan.differences:
        yield from difference(one)
    for name in plan.kept:
        yield f"  {name} is not ours and stays"
    yield summary(plan)


def difference(one: Difference) -> Iterator[str]:
    """One thing and how it changes."""
    yield f"{_mark(one)} {one.name}"
    was, wanted = _flat(one.was), _flat(one.wanted)
    for name in dict.fromkeys([*was, *wanted]):
        if was.get(name) == wanted.get(name):
            continue
        label = f"{name}: " if name else ""
        if one.was is None or one.wanted is None:
            yield f"    {label}{_word((was | wanted)[name])}"
        else:
            yield f"    {label}{_word(was.get(name))} -> {_word(wanted.get(name))}"


def summary(plan: Plan) -> str:
    """How much of it."""
    marks = [_mark(one) for one in plan.differences]
    if not marks:
        return _NOTHING
    return f"{marks.count('+')} to make, {marks.count('~')} to change, {marks.count('-')} to delete"


def document(plan: Plan, *, host: str, is_applied: bool) -> Json:
    """The same for programs."""
    words = {"+": "make", "~": "change", "-": "delete"}
    changes = [
        {"name": one.name, "action": words[_mark(one)], "was": one.was, "wanted": one.wanted}
        for one in plan.differences
    ]
    return {"version": 1, "host": host, "applied": is_applied, "changes": changes, "kept": list(plan.kept)}


def _mark(one: Difference) -> str:
    if one.was is None:
        return "+"
    return "-" if one.wanted is None else "~"


def _flat(value: object, name: str = "") -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        return {name: value}
    inner = cast("Json", value)
    return {key: one for part, deep in inner.items() for key, one in _flat(deep, f"{name}.{part}".strip(".")).items()}


def _word(value: object) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value)
