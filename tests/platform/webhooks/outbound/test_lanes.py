"""Turns: whoever is slow or dead holds its own part of the road, and no more."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cleanly.platform.webhooks.outbound.dispatch.lanes import Lanes

IN_FLIGHT, PER_ENDPOINT, CLAIMED = 16, 8, 64


def lanes() -> Lanes[int]:
    return Lanes(in_flight_max=IN_FLIGHT, endpoint_in_flight_max=PER_ENDPOINT, claimed_max=CLAIMED)


def fill(made: Lanes[int], endpoint: int, count: int, *, is_failing: bool = False) -> None:
    for number in range(count):
        made.add(UUID(int=endpoint), number, is_failing=is_failing)


def start_all(made: Lanes[int]) -> list:
    calls = []
    while (call := made.next()) is not None:
        calls.append(call)
    return calls


def test_an_endpoint_opens_with_one_call_and_doubles_with_each_good_answer():
    made = lanes()
    fill(made, 1, 40)
    sizes = []
    for _ in range(5):
        calls = start_all(made)
        sizes.append(len(calls))
        for call in calls:
            made.done(call, is_success=True, seconds=0.01)
    assert sizes[0] == 1
    assert sizes == sorted(sizes)
    assert max(sizes) == PER_ENDPOINT


def test_a_failure_closes_it_again_and_what_lies_behind_is_given_back():
    made = lanes()
    fill(made, 1, 10)
    (call,) = start_all(made)
    back = made.done(call, is_success=False, seconds=0.01)
    assert len(back) == 7  # of nine two are kept in hand
    assert made.in_hand == 2
    assert len(start_all(made)) <= 2


def test_dead_endpoints_leave_room_for_the_living():
    made = lanes()
    for endpoint in range(1, 40):
        fill(made, endpoint, 1, is_failing=True)
    held = start_all(made)
    assert len(held) == IN_FLIGHT // 4
    fill(made, 100, 1)
    (call,) = start_all(made)
    assert call.lane.endpoint_id == UUID(int=100)


def test_newcomers_who_never_answer_leave_room_for_the_proven():
    made = lanes()
    fill(made, 100, 1)
    made.done(start_all(made)[0], is_success=True, seconds=0.01)
    for endpoint in range(1, 40):
        fill(made, endpoint, 1)
    assert len(start_all(made)) == IN_FLIGHT // 2
    fill(made, 100, 2)
    assert [call.lane.endpoint_id for call in start_all(made)] == [UUID(int=100)] * 2


def test_a_slow_success_is_no_reason_to_send_more():
    made = lanes()
    fill(made, 1, 30)
    for _ in range(4):
        for call in start_all(made):
            made.done(call, is_success=True, seconds=9)
    assert len(start_all(made)) <= 4


def test_what_fails_is_claimed_sparingly():
    made = lanes()
    for endpoint in range(1, 20):
        assert made.failing_room == (1 if endpoint <= CLAIMED // 4 else 0)
        fill(made, endpoint, 1, is_failing=True)


def test_what_was_drained_is_not_sent():
    made = lanes()
    fill(made, 1, 5)
    fill(made, 2, 5)
    running = start_all(made)
    assert len(made.drain()) == 10 - len(running)
    assert start_all(made) == []
    for call in running:
        made.done(call, is_success=True, seconds=0.01)
    assert made.in_hand == 0


def test_one_that_answers_at_once_keeps_its_width_between_two_claims():
    made = lanes()
    fill(made, 1, 7)
    while (call := made.next()) is not None:
        made.done(call, is_success=True, seconds=0.01)
    assert made.in_hand == 0
    assert made.rooms()[str(UUID(int=1))] == 12 * PER_ENDPOINT


def test_of_thousands_that_rest_only_the_latest_are_told():
    made = lanes()
    for endpoint in range(1, 1001):
        fill(made, endpoint, 1)
        made.done(made.next(), is_success=True, seconds=0.01)
    assert len(made.rooms()) == 200
    assert str(UUID(int=1000)) in made.rooms()


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "next", "good", "slow", "bad", "abandon", "drain"]), st.integers(1, 6), st.booleans()
    ),
    max_size=120,
)


@given(_STEPS)
def test_nothing_is_lost_counted_twice_or_sent_beyond_a_limit(steps):
    made, running, inside, added = lanes(), [], Counter(), 0
    for step, endpoint, is_failing in steps:
        if step == "add" and made.room:
            made.add(UUID(int=endpoint), added, is_failing=is_failing)
            inside[added] += 1
            added += 1
        elif step == "next" and (call := made.next()) is not None:
            running.append(call)
        elif step == "drain":
            inside.subtract(made.drain())
        elif running and step in {"good", "slow", "bad", "abandon"}:
            call = running.pop(0)
            inside[call.job] -= 1
            if step == "abandon":
                made.abandon(call)
            else:
                back = made.done(call, is_success=step != "bad", seconds=9 if step == "slow" else 0.01)
                inside.subtract(back)
        assert min(inside.values(), default=0) >= 0
        assert made.in_hand == sum(inside.values())
        assert len(running) <= IN_FLIGHT
        by_endpoint = Counter(call.lane.endpoint_id for call in running)
        assert max(by_endpoint.values(), default=0) <= PER_ENDPOINT
        assert all(room >= 0 for room in made.rooms().values())
    # Whatever is left can be sent to its end.
    while made.in_hand:
        while (call := made.next()) is not None:
            running.append(call)
        call = running.pop()
        inside[call.job] -= 1
        inside.subtract(made.done(call, is_success=True, seconds=0.01))
    assert sum(inside.values()) == 0
