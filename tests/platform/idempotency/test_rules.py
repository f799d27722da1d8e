"""What a key is; what makes two requests the same; what a row says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cleanly.platform.idempotency import rules
from cleanly.platform.idempotency.rules import Known, Verdict
from cleanly.platform.idempotency.sealing import Vault
from cleanly.platform.idempotency.settings import IdempotencySettings
from tests.platform.idempotency.world import World

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
VISIBLE = "".join(chr(code) for code in range(0x21, 0x7F))
KEYS = st.text(VISIBLE, min_size=1, max_size=255)


def _quoted(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(KEYS)
def test_a_key_is_the_same_bare_and_quoted(key: str):
    assert rules.parse_key([_quoted(key)]) == key
    if not key.startswith('"'):
        assert rules.parse_key([key]) == key
        assert rules.parse_key([f" {key}\t"]) == key


@given(st.text(st.characters(max_codepoint=0xFF), max_size=300))
def test_whatever_is_accepted_is_1_to_255_visible_characters(value: str):
    key = rules.parse_key([value])
    if key is not None:
        assert 1 <= len(key) <= 255
        assert set(key) <= set(VISIBLE)


@pytest.mark.parametrize(
    "value",
    [
        "", " ", '""', '" "', '"', '"abc', '"a"b"', '"a\\b"', '"abc\\"', '"abc";a=1',
        "a b", "a\x00b", "a\x7f", "schl\xfcssel", "x" * 256, '"' + "x" * 256 + '"',
    ],
)  # fmt: skip
def test_a_malformed_key_is_none(value: str):
    assert rules.parse_key([value]) is None


def test_only_one_key_is_a_key():
    assert rules.parse_key([]) is None
    assert rules.parse_key(["a", "a"]) is None


@pytest.mark.parametrize("value", ["", "a b", '"abc', "x" * 256])
async def test_a_malformed_key_is_refused_before_any_work(world: World, value: str):
    answer = await world.post("/v1/things", key=value)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "IDEMPOTENCY_KEY_INVALID")
    assert await world.effects() == []


async def test_two_keys_are_refused(world: World):
    sent = [("Idempotency-Key", "a"), ("Idempotency-Key", "a")]
    answer = await world.client.post("/v1/things", json={"what": "tea"}, headers=sent)
    assert answer.json()["error"]["code"] == "IDEMPOTENCY_KEY_INVALID"
    assert await world.effects() == []


async def test_a_quoted_key_finds_what_the_bare_one_did(world: World):
    first = await world.post("/v1/things", key="abc")
    assert (await world.post("/v1/things", key='"abc"')).content == first.content
    assert await world.effects() == ["tea"]


REQUESTS = st.tuples(
    st.sampled_from(["POST", "PUT"]), st.sampled_from(["/a", "/a/{b}"]), st.binary(max_size=9), st.binary(max_size=9)
)


@given(REQUESTS, REQUESTS)
def test_requests_are_the_same_only_if_every_part_is(left: tuple, right: tuple):
    left, right = ((*parts[:2], parts[2].hex().encode(), parts[3]) for parts in (left, right))
    assert (rules.request_bytes(*left) == rules.request_bytes(*right)) == (left == right)


@given(st.text())
def test_every_path_has_a_name_that_an_index_can_hold(path: str):
    name = rules.route_name("POST", "/x/{y}", "/x/" + path * 9)
    assert len(name.encode()) < 600
    assert "\0" not in name


@given(KEYS, KEYS, st.binary())
def test_a_request_is_the_same_under_its_key_only(key: str, other: str, request: bytes):
    vault = Vault([b"a", b"b"])
    fingerprint = vault.fingerprint(key, request)
    assert vault.is_same(fingerprint, key, request) is True
    assert vault.is_same(fingerprint, other, request) is (key == other)
    assert vault.is_same(fingerprint, key, request + b"x") is False
    assert Vault([b"c", b"a"]).is_same(fingerprint, key, request) is True
    assert Vault([b"b"]).is_same(fingerprint, key, request) is None


def test_a_vault_without_a_secret_is_no_vault():
    with pytest.raises(ValueError, match="secret"):
        Vault([])


def _row(state: str, lease_seconds: float | None) -> Known:
    lease = None if lease_seconds is None else NOW + timedelta(seconds=lease_seconds)
    return Known(b"", state, lease, None, None if state == "running" else 201, {}, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "is_same", "is_locked", "verdict"),
    [
        (None, None, True, Verdict.FREE),
        (None, None, False, Verdict.BUSY),
        (_row("done", None), True, True, Verdict.ANSWERED),
        (_row("done", None), True, False, Verdict.ANSWERED),
        (_row("done", None), False, True, Verdict.OTHER_REQUEST),
        (_row("done", None), None, True, Verdict.ILLEGIBLE),
        (_row("running", 1), True, True, Verdict.BUSY),
        (_row("running", 1), False, True, Verdict.OTHER_REQUEST),
        (_row("running", 0), True, True, Verdict.ABANDONED),
        (_row("running", 0), True, False, Verdict.BUSY),
        (_row("running", -1), None, True, Verdict.ILLEGIBLE),
    ],
)
def test_what_a_row_says(known, is_same, is_locked, verdict):
    assert rules.judge(known, is_same=is_same, is_locked=is_locked, now=NOW) is verdict


def test_a_lease_longer_than_the_answers_life_is_refused():
    with pytest.raises(ValidationError, match="IDEMPOTENCY_LEASE_SECONDS"):
        IdempotencySettings(idempotency_ttl_seconds=60, idempotency_lease_seconds=60)
    assert IdempotencySettings().idempotency_ttl_seconds == 86_400
    assert IdempotencySettings().idempotency_lease_seconds == 60


@pytest.mark.parametrize("query", [b"a=%C3%91", b"a=%F3%9C%89%ff", b"a=\xff", b"%FF=", b"a=%u0041"])
def test_a_query_of_any_bytes_is_read_and_told_apart(query: bytes):
    whole = rules.request_bytes("POST", "/things", query, b"")
    assert whole == rules.request_bytes("POST", "/things", query, b"")
    assert whole != rules.request_bytes("POST", "/things", b"a=%C3%92", b"")
