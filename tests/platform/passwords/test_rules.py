"""What is refused as a password, and what must not be."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.platform.passwords.rules import encoded, normalise, weakness


def reason(
    password: str, *, email: str = "someone@example.com", min_length: int = 8, common: bool = False
) -> str | None:
    found = weakness(password, email=email, min_length=min_length, is_common=lambda _: common)
    return found.reason if found else None


@given(st.text(st.characters(codec="utf-8"), max_size=160), st.integers(8, 64))
def test_length_is_counted_in_code_points_after_nfc(password: str, min_length: int) -> None:
    length = len(unicodedata.normalize("NFC", password))
    found = reason(password, email="", min_length=min_length)
    assert (found == "too_short") == (length < min_length)
    assert (found == "too_long") == (length > 128)


@given(st.text(max_size=140))
def test_two_unicode_forms_of_a_password_get_one_verdict_and_one_encoding(password: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, password) for form in ("NFC", "NFD"))
    assert normalise(composed) == normalise(decomposed)
    assert encoded(composed) == encoded(decomposed)
    assert reason(composed) == reason(decomposed)


@given(st.text(st.characters(min_codepoint=0x1F300, max_codepoint=0x1F5FF), min_size=8, max_size=128))
def test_code_points_beyond_the_basic_plane_count_as_one_each(password: str) -> None:
    assert reason(password) is None
    assert reason(password[:7]) == "too_short"


@given(st.text(st.sampled_from(" ~#0aZ\u00e9\u4e2d"), min_size=8, max_size=128))
def test_nothing_is_asked_of_the_composition(password: str) -> None:
    assert reason(password) is None


def test_spaces_at_the_ends_belong_to_the_password() -> None:
    assert reason("  four  ") is None


@pytest.mark.parametrize(
    ("password", "email"),
    [
        ("hannah-2024!", "hannah@example.com"),
        ("I-am-HANNAH-today", "hannah@example.com"),
        ("ann.smith-secret", "ann.smith+shop@example.com"),
        ("ann.smith+shop-secret", "ann.smith+shop@example.com"),
        ("Stra\u00dfe-und-weg", "strasse@example.com"),
        ("jose\u0301-y-su-perro", "jos\u00e9@example.com"),
        ("ann@example.com", "ann@example.com"),
        ("Ann@Example.Com", "ann@example.com"),
    ],
)
def test_a_password_that_holds_the_email_is_refused(password: str, email: str) -> None:
    assert reason(password, email=email) == "contains_email"


@pytest.mark.parametrize(
    ("password", "email"),
    [
        ("annual-report-9", "ann@example.com"),
        ("example-of-a-song", "ann@example.com"),
        ("shop-till-we-drop", "ann+shop@example.com"),
        ("hann-ah-splits-it", "hannah@example.com"),
        ("nothing-to-see", ""),
        ("nothing-to-see", "@"),
    ],
)
def test_a_short_local_part_or_the_domain_forbids_nothing(password: str, email: str) -> None:
    assert reason(password, email=email) is None


def test_the_product_s_name_is_refused_in_any_case() -> None:
    assert reason("My-CLEANLY-account") == "contains_product"
    found = weakness("my-shop-account", email="", product="", min_length=8, is_common=lambda _: False)
    assert found is None


def test_a_common_password_is_refused_and_asked_for_in_its_normal_form() -> None:
    asked: list[str] = []

    def is_common(password: str) -> bool:
        asked.append(password)
        return True

    found = weakness("cafe\u0301-creme", email="", min_length=8, is_common=is_common)
    assert found is not None
    assert found.reason == "common"
    assert asked == ["caf\u00e9-creme"]
