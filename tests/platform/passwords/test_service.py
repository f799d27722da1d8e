"""The door: Passwords as other slices use it, and its settings."""

from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from cleanly.platform.passwords.errors import WeakPassword
from cleanly.platform.passwords.service import Passwords, Verdict
from cleanly.platform.passwords.settings import PasswordSettings

EMAIL = "hannah@example.com"


async def refusal(passwords: Passwords, password: str, **arguments: str) -> dict[str, object]:
    with pytest.raises(WeakPassword) as caught:
        await passwords.check(password, email=EMAIL, **arguments)
    assert (caught.value.status, caught.value.code) == (422, "WEAK_PASSWORD")
    assert password not in caught.value.text
    return caught.value.details


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("seven77", "too_short"),
        ("x" * 129, "too_long"),
        ("Password123", "common"),
        ("hannah-and-bob", "contains_email"),
        ("cleanly-secret", "contains_product"),
    ],
)
async def test_a_weak_choice_is_refused_with_its_field_and_reason(
    cheap: PasswordSettings, password: str, reason: str
) -> None:
    passwords = Passwords(cheap)
    assert await refusal(passwords, password) == {"field": "password", "reason": reason}
    assert (await refusal(passwords, password, field="newPassword"))["field"] == "newPassword"
    passwords.close()


async def test_a_good_choice_passes_and_verifies(cheap: PasswordSettings) -> None:
    passwords = Passwords(cheap)
    await passwords.check("plover-xyzzy-9", email=EMAIL)
    stored = await passwords.hash("plover-xyzzy-9")
    assert await passwords.verify(stored, "plover-xyzzy-9") == Verdict(ok=True, rehash=False)
    assert await passwords.verify(None, "plover-xyzzy-9") == Verdict(ok=False, rehash=False)
    passwords.close()


async def test_a_longer_minimum_is_obeyed(cheap: PasswordSettings) -> None:
    passwords = Passwords(cheap.model_copy(update={"password_min_length": 15}))
    assert (await refusal(passwords, "plover-xyzzy-9"))["reason"] == "too_short"
    await passwords.check("plover-xyzzy-99", email=EMAIL)
    passwords.close()


async def test_the_breach_check_is_made_only_when_it_is_on_and_only_for_an_otherwise_good_choice(
    cheap: PasswordSettings,
) -> None:
    asked: list[str] = []

    async def fetch(url: str, /, *, headers: Mapping[str, str]) -> str:
        asked.append(url)
        # SHA-1 of "plover-xyzzy-9", without its first five digits.
        return "DBD2227ACDE09B98FCFB7CEF64DAA677B84:7"

    off = Passwords(cheap, fetch=fetch)
    await off.check("plover-xyzzy-9", email=EMAIL)
    off.close()
    assert asked == []
    on = Passwords(cheap.model_copy(update={"hibp_check": True}), fetch=fetch)
    assert (await refusal(on, "seven77"))["reason"] == "too_short"
    assert asked == []
    assert (await refusal(on, "plover-xyzzy-9"))["reason"] == "breached"
    assert asked == ["https://api.pwnedpasswords.com/range/DC33F"]
    on.close()


def test_a_breach_check_without_a_way_out_is_refused_at_the_start(cheap: PasswordSettings) -> None:
    with pytest.raises(ValueError, match="HIBP_CHECK"):
        Passwords(cheap.model_copy(update={"hibp_check": True}))


@pytest.mark.parametrize(
    "fault",
    [
        {"password_min_length": 7},
        {"password_min_length": 129},
        {"argon2_memory_kib": 8, "argon2_parallelism": 2},
        {"argon2_memory_kib": 2**31},
        {"password_hash_threads": 0},
        {"password_hash_queue_max": -1},
        {"hibp_timeout_seconds": 0},
    ],
)
def test_settings_that_cannot_work_are_refused(fault: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        PasswordSettings.model_validate(fault)
