"""Whose a purchase is: known by an id that only we can make."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.platform.providers.ownership import LENGTH_MAX, AccountIds

OLD, NEW = b"the old secret of the server, long enough", b"the new secret of the server, long enough"
ADA, BOB = UUID(int=1), UUID(int=2)


@given(st.uuids(), st.uuids())
def test_an_account_id_is_its_users_alone(one, other):
    accounts = AccountIds([NEW])
    made = accounts.of(one)
    assert accounts.owns(one, made)
    assert accounts.owns(other, made) is (one == other)


@given(st.uuids())
def test_it_fits_into_play_is_always_the_same_and_shows_nothing_of_the_user(user_id):
    made = AccountIds([NEW]).of(user_id)
    assert made == AccountIds([NEW, OLD]).of(user_id)
    assert len(made) == 43 <= LENGTH_MAX
    assert made.isascii()
    assert user_id.hex[:8] not in made
    assert made != AccountIds([OLD]).of(user_id)


def test_a_secret_that_was_rolled_is_still_known_and_one_that_was_dropped_is_not():
    made = AccountIds([OLD]).of(ADA)
    assert AccountIds([NEW, OLD]).owns(ADA, made)
    assert not AccountIds([NEW, OLD]).owns(BOB, made)
    assert not AccountIds([NEW]).owns(ADA, made)


@pytest.mark.parametrize("account_id", [None, "", "x", "ä", "\ud800", "x" * 43, "x" * 65, "x" * 100_000])
def test_what_is_nobodys_is_nobodys(account_id):
    assert not AccountIds([NEW]).owns(ADA, account_id)


def test_without_a_secret_there_are_no_ids():
    with pytest.raises(ValueError, match="secret"):
        AccountIds([])
