"""The refresh judge, the gate's rule and the lifetimes, case by case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cleanly.domain.auth.sessions import rules
from cleanly.domain.auth.sessions.rules import Ahead, Converge, Dead, Family, Pass, Recover, Reused, Rotate, TooMany

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = 86_400
IDLE = 14 * DAY


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Story:
    """A family and what happens to it, second by second."""

    def __init__(self, *, grace_seconds: int = 15, recovery: bool = True, answers_max: int = 20) -> None:
        self.family: Family = rules.begin(now=START, idle_seconds=IDLE, absolute_seconds=30 * DAY)
        self.grace_seconds, self.recovery, self.answers_max = grace_seconds, recovery, answers_max

    def refresh(self, generation: int, second: float) -> rules.Verdict:
        verdict = rules.judge(
            self.family,
            generation,
            now=at(second),
            grace_seconds=self.grace_seconds,
            recovery=self.recovery,
            answers_max=self.answers_max,
        )
        self.family = rules.apply(self.family, verdict, now=at(second), idle_seconds=IDLE)
        return verdict

    def call(self, epoch: int, second: float) -> rules.Admission:
        admission = rules.may_pass(epoch, self.family, now=at(second))
        if admission == Pass(confirm=True):
            self.family = rules.confirm(self.family, epoch)
        return admission


def test_the_newest_token_rotates_the_family():
    story = Story()
    assert story.refresh(1, 100) == Rotate()
    assert (story.family.generation, story.family.epoch, story.family.min_epoch) == (2, 2, 1)
    assert story.family.rotated_at == (at(100),)
    assert story.family.expires_at == at(100 + IDLE)


def test_only_the_last_four_rotations_are_remembered():
    story = Story()
    for generation in range(1, 7):
        assert story.refresh(generation, generation) == Rotate()
    assert story.family.rotated_at == (at(3), at(4), at(5), at(6))
    assert story.refresh(3, 6) == Converge(restart_window=False)
    assert story.refresh(2, 6) == Reused()


def test_a_burst_converges_on_one_token_and_one_epoch():
    story = Story()
    story.refresh(1, 0)
    first = story.family
    assert story.refresh(1, 0.1) == Converge(restart_window=True)
    assert (story.family.generation, story.family.epoch, story.family.min_epoch) == (2, 2, 1)
    assert story.family.confirmed_epoch == first.confirmed_epoch
    assert story.family.expires_at == first.expires_at


def test_the_window_ends_after_the_grace_and_not_at_it():
    story = Story()
    story.refresh(1, 0)
    story.call(2, 1)
    assert story.refresh(1, 14.999) == Converge(restart_window=False)
    assert story.refresh(1, 15) == Reused()


def test_a_used_successor_does_not_restart_the_window():
    story = Story()
    story.refresh(1, 0)
    story.call(2, 1)
    story.refresh(1, 14)
    assert story.refresh(1, 16) == Reused()


def test_a_copy_of_a_retry_that_was_answered_is_not_a_theft():
    # The first reply was lost; ten seconds later two copies of the retry leave, and one is slow.
    story = Story()
    story.refresh(1, 0)
    assert story.refresh(1, 10) == Converge(restart_window=True)
    assert story.call(2, 11) == Pass(confirm=True)
    assert story.refresh(1, 20) == Converge(restart_window=False)
    assert story.family.revoked_at is None


def test_a_copy_of_a_recovery_that_was_answered_is_not_a_theft():
    story = Story()
    story.refresh(1, 0)
    assert story.refresh(1, 100) == Recover(epoch=3)
    assert story.call(3, 100.1) == Pass(confirm=True)
    assert story.refresh(1, 100.2) == Converge(restart_window=False)
    assert (story.family.generation, story.family.epoch) == (2, 3)
    assert story.refresh(1, 116) == Reused()


def test_a_lost_reply_is_recovered_and_the_unseen_access_token_dies():
    story = Story()
    story.refresh(1, 0)
    story.call(1, 1)
    assert story.refresh(1, 3600) == Recover(epoch=3)
    assert (story.family.generation, story.family.epoch, story.family.min_epoch) == (2, 3, 3)
    assert story.family.expires_at == at(3600 + IDLE)
    assert story.call(2, 3601) == rules.Superseded()
    assert story.call(3, 3601) == Pass(confirm=True)


def test_a_reply_may_be_lost_again_and_again():
    story = Story()
    story.refresh(1, 0)
    for attempt in range(50):
        assert story.refresh(1, 100 * (attempt + 1)) == Recover(epoch=attempt + 3)
    assert story.family.generation == 2


def test_a_used_successor_makes_the_old_token_a_theft():
    story = Story()
    story.refresh(1, 0)
    story.call(2, 1)
    assert story.refresh(1, 3600) == Reused()
    assert (story.family.revoked_at, story.family.revoke_reason) == (at(3600), rules.REUSE_REASON)
    assert story.refresh(2, 3601) == Dead("revoked")
    assert story.call(2, 3601) == Dead("revoked")


def test_a_token_two_generations_old_is_a_theft_even_if_nothing_was_used():
    story = Story()
    story.refresh(1, 0)
    story.refresh(2, 100)
    assert story.refresh(1, 200) == Reused()


def test_answers_in_a_window_are_bounded_and_the_bound_ends_nothing():
    story = Story(answers_max=3)
    story.refresh(1, 0)
    assert [type(story.refresh(1, 1)) for _ in range(3)] == [Converge] * 3
    before = story.family
    assert story.refresh(1, 5.5) == TooMany(retry_after_seconds=11)
    assert story.family == before
    # Waiting as told makes the next one pass.
    assert story.refresh(1, 5.5 + 11) == Recover(epoch=3)
    assert story.refresh(1, 17) == Converge(restart_window=True), "a recovery begins a new count"


def test_a_rotation_begins_a_new_count():
    story = Story(answers_max=1)
    story.refresh(1, 0)
    story.refresh(1, 1)
    assert story.refresh(1, 1) == TooMany(retry_after_seconds=15)
    assert story.refresh(2, 2) == Rotate()
    assert isinstance(story.refresh(2, 2), Converge)


def test_a_token_from_the_future_ends_nothing():
    story = Story()
    assert story.refresh(2, 0) == Ahead()
    assert story.family.revoked_at is None
    assert story.refresh(1, 0) == Rotate()


@pytest.mark.parametrize("second", [0, 0.000001, 1, 3600])
def test_strict_mode_takes_each_token_once(second):
    story = Story(grace_seconds=0, recovery=False)
    assert story.refresh(1, 0) == Rotate()
    assert story.refresh(1, second) == Reused()


def test_a_clock_that_went_back_opens_no_window_in_strict_mode():
    story = Story(grace_seconds=0, recovery=False)
    story.refresh(1, 100)
    assert story.refresh(1, 50) == Reused()


def test_grace_without_recovery_forgives_a_burst_but_no_lost_reply():
    story = Story(recovery=False)
    story.refresh(1, 0)
    assert story.refresh(1, 10) == Converge(restart_window=False)
    assert story.refresh(1, 16) == Reused()


def test_recovery_without_grace_forgives_a_lost_reply_but_no_burst_after_use():
    story = Story(grace_seconds=0)
    story.refresh(1, 0)
    assert story.refresh(1, 0) == Recover(epoch=3)
    story.call(3, 1)
    assert story.refresh(1, 1) == Reused()


def test_a_silent_thief_is_cut_off_by_the_phones_recovery():
    story = Story()
    story.refresh(1, 0)  # the thief, whose access token has epoch 2
    assert story.refresh(1, 900) == Recover(epoch=3)  # the phone
    assert story.call(2, 901) == rules.Superseded()


def test_a_thief_that_used_its_token_is_caught_by_the_phone():
    story = Story()
    story.refresh(1, 0)
    assert story.call(2, 1) == Pass(confirm=True)
    assert story.refresh(1, 900) == Reused()
    assert story.call(2, 901) == Dead("revoked")


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"revoked_at": START}, Dead("revoked")),
        ({"user_gone": True}, Dead("revoked")),
        ({"expires_at": at(10)}, Dead("expired")),
        ({"absolute_expires_at": at(10)}, Dead("expired")),
        ({"expires_at": at(10), "revoked_at": START}, Dead("revoked")),
    ],
)
@pytest.mark.parametrize("generation", [0, 1, 2])
def test_an_ended_session_answers_no_token(change, verdict, generation):
    story = Story()
    story.family = replace(story.family, **change)
    before = story.family
    assert rules.ended(story.family, now=at(10)) == verdict
    assert story.call(1, 10) == verdict
    assert story.refresh(generation, 10) == verdict
    assert story.family == before


def test_a_session_lives_until_its_last_moment():
    story = Story()
    story.family = replace(story.family, expires_at=at(10.5), absolute_expires_at=at(10.5))
    assert rules.ended(story.family, now=at(10)) is None
    assert story.call(1, 10) == Pass(confirm=True)
    assert story.refresh(1, 10) == Rotate()


def test_the_gate_confirms_each_epoch_once():
    story = Story()
    assert story.call(1, 0) == Pass(confirm=True)
    assert story.call(1, 0) == Pass(confirm=False)
    story.refresh(1, 1)
    assert story.call(1, 2) == Pass(confirm=False), "the access token before stays good until it expires"
    assert story.call(2, 2) == Pass(confirm=True)
    assert story.call(2, 2) == Pass(confirm=False)


def test_a_confirmation_goes_neither_backwards_nor_beyond_what_was_given():
    family = replace(Story().family, epoch=5, confirmed_epoch=3)
    assert rules.confirm(family, 2).confirmed_epoch == 3
    assert rules.confirm(family, 4).confirmed_epoch == 4
    assert rules.confirm(family, 9).confirmed_epoch == 5


def test_refreshing_never_outlives_the_absolute_end():
    story = Story()
    for day in range(10, 30, 10):
        assert isinstance(story.refresh(day // 10, day * DAY), Rotate)
    assert story.family.expires_at == story.family.absolute_expires_at == at(30 * DAY)
    assert story.refresh(3, 30 * DAY) == Dead("expired")


def test_a_session_that_nobody_refreshes_ends_after_its_idle_time():
    story = Story()
    assert story.refresh(1, IDLE) == Dead("expired")
    assert Story().refresh(1, IDLE - 1) == Rotate()


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (11, 1920), (12, 3600), (13, 3600), (10**9, 3600), (-1, 0)],
)
def test_the_login_delay_doubles_from_the_fifth_failure_to_an_hour(failures, seconds):
    assert rules.login_delay_seconds(failures) == seconds
