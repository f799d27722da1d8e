"""Windows on paper: how many pass, when the next one does, how much is remembered, what the headers say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cleanly.platform.ratelimit.rules import (
    Policy,
    Windows,
    account_key,
    parse_rate,
    policy_header,
    raw_headers,
    standing,
    standing_header,
)
from cleanly.platform.ratelimit.settings import EdgeSettings, RateLimitSettings

POLICY = Policy("default", 100, 60)
NOW = 1_795_000_000.3


def test_as_many_pass_as_the_limit_says_and_not_one_more():
    windows = Windows(Policy("p", 3, 60), 100)
    found = [windows.hit("k", NOW) for _ in range(5)]
    assert [hit.allowed for hit in found] == [True, True, True, False, False]
    assert [hit.remaining for hit in found] == [2, 1, 0, 0, 0]
    assert windows.hit("another", NOW).allowed


@given(
    st.integers(1, 5),
    st.integers(1, 4_000),
    st.floats(0, 4e9, allow_nan=False),
    st.lists(st.floats(0, 1000, allow_nan=False), max_size=30),
)
def test_whoever_waits_as_long_as_he_is_told_passes(limit, window, start, steps):
    windows = Windows(Policy("p", limit, window), 10)
    now = start
    for step in steps:
        now += step
        found = windows.hit("k", now)
        assert 1 <= found.reset_after_seconds <= window + 1
        if not found.allowed:
            now += found.reset_after_seconds
            assert windows.hit("k", now).allowed


@given(st.integers(1, 5), st.lists(st.floats(0, 40, allow_nan=False), min_size=1, max_size=60))
def test_no_window_lets_more_pass_than_its_limit(limit, steps):
    windows = Windows(Policy("p", limit, 60), 10)
    now, passed = NOW, []
    for step in steps:
        now += step
        if windows.hit("k", now).allowed:
            passed.append(now)
    # Fixed windows: any span of one window meets at most two of them.
    assert all(sum(at <= other < at + 60 for other in passed) <= 2 * limit for at in passed)
    first_window = [at for at in passed if at < passed[0] + 60]
    assert len(first_window) <= limit


def test_a_clock_that_is_set_back_locks_nobody_out_for_longer_than_a_window():
    windows = Windows(Policy("p", 1, 60), 10)
    windows.hit("k", NOW)
    found = windows.hit("k", NOW - 86_400)
    assert found.allowed
    assert found.reset_after_seconds <= 60


def test_the_memory_is_bounded_and_the_oldest_window_makes_room():
    windows = Windows(Policy("p", 1, 60), 3)
    for number in range(10):
        windows.hit(f"k{number}", NOW + number)
    assert len(windows) == 3
    assert not windows.hit("k9", NOW + 10).allowed
    assert windows.hit("k0", NOW + 10).allowed


def test_ended_windows_go_away_as_new_ones_come():
    windows = Windows(Policy("p", 1, 60), 1_000)
    for number in range(500):
        windows.hit(f"old{number}", NOW)
    for number in range(500):
        windows.hit(f"new{number}", NOW + 61)
    assert len(windows) == 500


def test_the_headers_have_the_drafts_form():
    found = standing(POLICY, 1, 59.2)
    assert policy_header(found.policy, found.limit, found.window_seconds) == '"default";q=100;w=60'
    assert standing_header(found) == '"default";r=99;t=60'
    assert raw_headers(found) == (
        (b"ratelimit-policy", b'"default";q=100;w=60'),
        (b"ratelimit", b'"default";r=99;t=60'),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("100/minute", (100, 60)), (" 5/hour ", (5, 3600)), ("20 per 5 minutes", (20, 300)), ("3/15 second", (3, 15))],
)
def test_a_rate_is_written_as_people_say_it(text, expected):
    assert parse_rate(text) == expected


WRONG_RATES = ["", "100", "minute", "100/fortnight", "-1/minute", "0/minute", "10/minute;100/hour", "1.5/second", "off"]


@pytest.mark.parametrize("wrong", WRONG_RATES)
@pytest.mark.parametrize("name", ["default", "auth", "refresh", "account", "mail"])
def test_a_wrong_rate_is_refused_with_the_name_of_its_variable(name, wrong):
    with pytest.raises(ValidationError, match=f"RATE_LIMIT_{name.upper()} must look like"):
        RateLimitSettings.model_validate({f"rate_limit_{name}": wrong})


def test_the_stricter_limits_are_stricter_than_the_default():
    policies = RateLimitSettings().policies()
    assert policies["default"] == POLICY
    assert all(
        policy.limit / policy.window_seconds < 100 / 60
        for name, policy in policies.items()
        if name not in {"default", "webhooks"}
    )


def test_an_account_is_one_key_however_its_address_is_written_and_the_key_does_not_tell_it():
    key = account_key(b"s" * 32, "ann@example.org")
    assert account_key(b"s" * 32, "  Ann@Example.ORG ") == key
    assert account_key(b"s" * 32, "Jose\u0301@x.org") == account_key(b"s" * 32, "jos\u00e9@x.org")
    assert account_key(b"s" * 32, "bob@example.org") != key
    assert account_key(b"t" * 32, "ann@example.org") != key
    assert "ann" not in key
    assert account_key(b"s" * 32, "\ud800@x.org")


def test_nobody_is_trusted_by_default():
    found = EdgeSettings()
    assert (found.trusted_proxies, found.edge_secret, found.edge_enforce) == ((), (), "off")


def test_edge_settings_are_lists_with_commas():
    found = EdgeSettings.model_validate({"trusted_proxies": "10.0.0.0/8, ::1", "edge_secret": f"{'a' * 16},{'b' * 16}"})
    assert found.trusted_proxies == ("10.0.0.0/8", "::1")
    assert [secret.get_secret_value() for secret in found.edge_secret] == ["a" * 16, "b" * 16]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"trusted_proxies": "10.0.0.0/8,everyone"}, "TRUSTED_PROXIES"),
        ({"trusted_proxies": "*"}, "TRUSTED_PROXIES"),
        ({"edge_secret": "topsecret"}, "EDGE_SECRET"),
        ({"edge_enforce": "on"}, "EDGE_ENFORCE"),
        ({"edge_enforce": "perhaps"}, "edge_enforce"),
    ],
)
def test_wrong_edge_settings_are_refused_by_name_and_no_secret_is_shown(values, named):
    with pytest.raises(ValidationError, match=named) as refused:
        EdgeSettings.model_validate(values)
    assert "topsecret" not in str(refused.value)
