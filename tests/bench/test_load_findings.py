"""What the load test makes of what it has recorded, on made-up records."""

import dataclasses
import json
import pathlib
from datetime import UTC, datetime

import pytest
import requests

from bench.load import drawing, findings, plan, report
from bench.load.findings import Books, Figures, Payments, Sample, Truth
from bench.load.market import Door
from bench.load.plan import Plan, Refused

PLAN = Plan("http://localhost:3000", users=2, rate=10, seconds=3, bad_share=0.5, seed=1)
SOUND = Truth(Payments(3, (), (), (), ()), 2, (), {"EUR": 0}, Books(3, 0, 0, 0))


def sample(at: float, ms: float = 5, *, status: int = 200, network: findings.Network = "good", call: str = "GET /a"):
    return Sample(at, call, network, ms, status, findings.fault_of(status, network, expected=status < 400))


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed():
    values = list(range(100, 0, -1))
    assert [findings.percentile(values, share) for share in (0.01, 0.5, 0.95, 0.99, 1)] == [1, 50, 95, 99, 100]
    assert findings.percentile([7], 0.5) == findings.percentile([7], 0.99) == 7
    assert findings.percentile([], 0.5) is None


def test_a_bad_networks_delay_and_silence_are_not_the_services():
    found = findings.figures(
        [*(sample(0, ms) for ms in (10, 20)), sample(0, 3000, network="bad"), sample(0, 3000, status=0, network="bad")],
        seconds=2,
    )
    assert (found.tries, found.answered, found.per_second) == (4, 3, 1.5)
    assert (found.p50_ms, found.p95_ms, found.error_share) == (10, 20, 0)


@pytest.mark.parametrize(
    ("status", "network", "fault"),
    [
        (503, "bad", "server"),
        (500, "good", "server"),
        (429, "good", "limited"),
        (404, "good", "unexpected"),
        (0, "good", "unanswered"),
    ],
)
def test_what_the_service_owes_counts_against_it(status, network, fault):
    found = findings.figures([sample(0, status=status, network=network), *[sample(0)] * 3], seconds=1)
    assert found.faults == {fault: 1}
    assert found.error_share == 0.25


def test_each_second_and_each_call_has_figures_of_its_own():
    samples = [sample(10.0), sample(10.9), sample(12.5, call="GET /b"), sample(9.9), sample(13.0)]
    assert [one.answered for one in findings.by_second(samples, since=10, until=13)] == [2, 0, 1]
    assert {call: one.answered for call, one in findings.by_call(samples, seconds=3).items()} == {
        "GET /a": 4,
        "GET /b": 1,
    }


def test_a_key_with_two_payments_is_found_and_so_is_one_with_none_with_another_or_without_an_answer():
    told = {"once": "1", "twice": "2", "lost": "4", "swapped": "5", "declined": None}
    there = [("once", "1"), ("twice", "2"), ("twice", "3"), ("swapped", "6"), ("declined", "7"), ("doubt", "8")]
    found = findings.judge(told, ["doubt"], there)
    assert found == Payments(5, twice=("twice",), missing=("lost",), other=("swapped", "twice"), unsettled=("doubt",))
    assert not found.is_sound
    assert findings.judge({"a": "1", "b": None}, [], [("a", "1"), ("b", "2")]).is_sound


def test_a_payment_listed_under_two_keys_that_share_nothing_is_not_taken_for_a_double():
    assert findings.judge({"a": "1", "b": "2"}, [], [("a", "1"), ("b", "2"), ("None", "9")]).is_sound


RUN = Figures(100, 100, 10, 5, 50, 90, 0.0, {})


def complaints(run: Figures = RUN, truth: Truth = SOUND, **counts: int | None) -> list[str]:
    return findings.complaints(run, truth, **{"server_errors": 0, "pool_timeouts": 0, **counts})


def test_a_sound_run_has_no_complaints():
    assert complaints() == complaints(pool_timeouts=None) == []


@pytest.mark.parametrize(
    ("run", "truth", "counts", "said"),
    [
        (RUN, {"payments": Payments(1, ("a",), (), (), ())}, {}, "1 keys made more than one payment"),
        (RUN, {"sessions_lost": ("x",)}, {}, "1 sessions were lost"),
        (RUN, {"trial_balance": {"EUR": 0, "USD": 1}}, {}, "1 currencies do not sum to zero"),
        (RUN, {"books": Books(1, 2, 0, 0)}, {}, "2 keys are in the database or at the provider twice"),
        (RUN, {"books": Books(1, 0, 3, 0)}, {}, "3 balances are not explained by their entries"),
        (RUN, {}, {"server_errors": 4}, "4 answers were 5xx"),
        (RUN, {}, {"pool_timeouts": 5}, "5 transactions waited for a connection in vain"),
        (dataclasses.replace(RUN, p95_ms=1000), {}, {}, "p95 is 1000 ms, not below 1000"),
        (dataclasses.replace(RUN, error_share=0.01), {}, {}, "1.0% of the calls failed, not below 1%"),
        (dataclasses.replace(RUN, p95_ms=None), {}, {}, "no call was answered on a good network"),
    ],
)
def test_whatever_does_not_hold_is_said(run, truth, counts, said):
    assert complaints(run, dataclasses.replace(SOUND, **truth), **counts) == [said]


def test_the_report_has_the_shape_that_the_deployment_check_reads_and_the_picture_is_drawn(tmp_path: pathlib.Path):
    result = report.Result(
        PLAN, "0.1.0", "abc", datetime(2026, 11, 22, tzinfo=UTC), RUN, {"GET /a": RUN}, {"slow": 3}, 1, SOUND, None, []
    )
    drawing.draw(
        findings.by_second([sample(0.5), sample(2.5, status=503)], since=0, until=3), tmp_path / "x.png", rate=10
    )
    report.write(result, tmp_path, picture="x.png")
    assert json.loads((tmp_path / "report.json").read_text()) == {
        "version": "0.1.0",
        "finishedAt": "2026-11-22T00:00:00Z",
        "commit": "abc",
        "targetRate": 10,
        "achievedRate": 10,
        "p50Ms": 5,
        "p95Ms": 50,
        "p99Ms": 90,
        "errorShare": 0.0,
        "poolTimeouts": None,
    }
    told = (tmp_path / "report.md").read_text()
    assert "**Passed.**" in told
    assert "| sessions | 2, 0 lost |" in told
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("url", ["http://127.0.0.1:3000", "http://localhost:3000/", "http://[::1]:3000"])
def test_this_machine_may_be_loaded(url):
    assert plan.read({"LOAD_URL": url}).url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://api.example.com", ""),
        ("https://api.example.com", "staging.example.com"),
        ("https://127.0.0.1.example.com", ""),
        ("https://localhost.example.com", "localhost"),
        ("http://10.0.0.1:3000", ""),
        ("http://0.0.0.0:3000", ""),
        ("http://staging.example.com", "staging.example.com"),
        ("ftp://localhost", ""),
        ("http://localhost:3000/api/v1", ""),
        ("localhost:3000", ""),
    ],
)
def test_anything_else_is_refused(url, named):
    with pytest.raises(Refused):
        plan.read({"LOAD_URL": url, "LOAD_TARGET_ALLOWED": named})


def test_an_operators_own_staging_host_is_loaded_when_it_is_named_and_without_faults_put_into_its_tls():
    found = plan.read({"LOAD_URL": "https://staging.example.com", "LOAD_TARGET_ALLOWED": "staging.example.com"})
    assert (found.url, found.has_bad_networks) == ("https://staging.example.com", False)


@pytest.mark.parametrize("variables", [{"LOAD_SECONDS": "86400"}, {"LOAD_RATE": "many"}, {"LOAD_USERS": "0"}])
def test_a_run_is_bounded(variables):
    with pytest.raises(Refused, match=next(iter(variables))):
        plan.read(variables)


@pytest.mark.parametrize(
    ("left", "allowed", "is_refused"), [((99, 98), 100, True), ((99, 99), 100, False), ((9_999, 9_998), 10_000, False)]
)
def test_a_service_that_would_take_all_phones_for_one_client_is_not_loaded(monkeypatch, left, allowed, is_refused):
    replies = []
    for number in left:
        reply = requests.Response()
        reply.headers["RateLimit"] = f'"default";r={number};t=60'
        reply.headers["RateLimit-Policy"] = f'"default";q={allowed};w=60'
        replies.append(reply)
    door = Door(PLAN)
    monkeypatch.setattr(door, "call", lambda *_: replies.pop(0))
    if is_refused:
        with pytest.raises(Refused, match="TRUSTED_PROXIES"):
            door.refuse_tight_limits(PLAN)
    else:
        door.refuse_tight_limits(PLAN)
