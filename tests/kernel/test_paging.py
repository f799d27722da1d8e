"""Cursors: signed, bound to their list, and a page after page that misses nothing."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.kernel.errors import MalformedRequest
from cleanly.kernel.paging import Cursors

CURSORS = Cursors(b"a secret of the test's own, long enough")
KEYS = st.lists(st.text(max_size=40), min_size=1, max_size=4)


@given(KEYS, st.text(max_size=20))
def test_what_was_written_is_read(key: list[str], place: str):
    assert CURSORS.read(place, CURSORS.write(place, *key), parts=len(key)) == tuple(key)


@given(KEYS)
def test_a_cursor_is_good_for_its_own_list_only(key: list[str]):
    with pytest.raises(MalformedRequest):
        CURSORS.read("another list", CURSORS.write("a list", *key), parts=len(key))


@given(KEYS, st.integers(min_value=0), st.integers(min_value=0, max_value=63))
def test_a_changed_cursor_is_refused(key: list[str], place: int, change: int):
    cursor = CURSORS.write("a list", *key)
    at = place % len(cursor)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = cursor[:at] + alphabet[change] + cursor[at + 1 :]
    if changed != cursor:
        with pytest.raises(MalformedRequest):
            CURSORS.read("a list", changed, parts=len(key))


@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_a_clear_refusal(text: str):
    with pytest.raises(MalformedRequest):
        CURSORS.read("a list", text)


def test_another_servers_cursor_is_refused():
    with pytest.raises(MalformedRequest):
        CURSORS.read("a list", Cursors(b"another secret, also long enough").write("a list", "x"))


@dataclass(frozen=True)
class Row:
    id: int


@given(
    st.lists(st.integers(0, 10_000), unique=True, max_size=60), st.integers(1, 7), st.lists(st.integers(10_001, 20_000))
)
def test_pages_miss_nothing_and_repeat_nothing_while_rows_are_inserted(rows: list[int], limit: int, newer: list[int]):
    table, seen, cursor = set(rows), [], None
    waiting = list(dict.fromkeys(newer))
    while True:
        after = CURSORS.read("rows", cursor)
        found = sorted((row for row in table if after is None or row < int(after[0])), reverse=True)[: limit + 1]
        page = CURSORS.page("rows", [Row(row) for row in found], limit, "id")
        seen += [row.id for row in page.items]
        if waiting and cursor is not None:
            table.add(waiting.pop())
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert len(seen) == len(set(seen))
    assert set(rows) <= set(seen)
