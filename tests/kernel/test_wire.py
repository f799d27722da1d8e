"""Strict JSON, property by property."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.kernel import wire
from cleanly.kernel.errors import MalformedRequest

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_whatever_json_says_is_read_as_it_is(value: Any, is_ascii: bool):
    assert wire.parse_json(json.dumps(value, ensure_ascii=is_ascii).encode()) == value


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused_and_nothing_else_happens(raw: bytes):
    try:
        json.loads(raw.decode())
    except ValueError:
        with pytest.raises(MalformedRequest):
            wire.parse_json(raw)


@given(st.integers(1, 64), st.sampled_from(["[]", "{}"]))
def test_depth_is_counted_outside_strings_only(depth: int, kind: str):
    left, right = ("[", "]") if kind == "[]" else ('{"[{":', "}")
    raw = (left * depth + '"]][[{{"' + right * depth).encode()
    if depth <= wire.DEPTH_MAX:
        wire.parse_json(raw)
    else:
        with pytest.raises(MalformedRequest):
            wire.parse_json(raw)


@given(TEXT, st.sampled_from(["\0", "\ud800", "\udfff"]), TEXT)
def test_what_postgresql_cannot_keep_is_refused_wherever_it_stands(before: str, bad: str, after: str):
    text = before + bad + after
    assert wire.storable(before + after)
    assert not wire.storable(text)
    for value in (text, [text], {"key": text}, {text: 1}, {"a": [{"b": text}]}):
        with pytest.raises(MalformedRequest):
            wire.parse_json(json.dumps(value).encode())


def test_an_object_has_no_more_keys_than_the_limit():
    full = {str(number): 0 for number in range(wire.KEYS_MAX)}
    assert wire.parse_json(json.dumps(full).encode()) == full
    with pytest.raises(MalformedRequest):
        wire.parse_json(json.dumps(full | {"one": "more"}).encode())
