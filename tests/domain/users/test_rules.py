"""What an e-mail, a name and a picture may be."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.domain.users import rules


@given(st.emails())
def test_the_normal_form_of_an_email_is_its_own_normal_form(email: str):
    try:
        normal = rules.normal_email(email)
    except ValueError:
        return
    assert rules.normal_email(normal) == normal
    assert normal == unicodedata.normalize("NFC", normal).lower()
    assert rules.normal_email(email.upper().lower()) == rules.normal_email(email)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_an_email_or_a_clear_refusal(text: str):
    try:
        email = rules.normal_email(text)
    except ValueError:
        return
    assert email.count("@") >= 1
    assert email == email.strip()
    assert not any(character.isspace() for character in email)


@pytest.mark.parametrize(
    "text",
    ["ada@example.com", "ada+tag@example.co.uk", "o'hara@example.com", "пошта@пример.рф", "a@xn--e1afmkfd.xn--p1ai"],
)
def test_addresses_of_real_people_are_good(text: str):
    assert rules.normal_email(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.com",
        "ada@localhost",
        "ada@@example.com",
        "ada@example..com",
        ".ada@example.com",
        "ada.@example.com",
        "ada@-example.com",
        "ada@example.com-",
        "ada@192.0.2.1",
        "ada@[192.0.2.1]",
        "ada@exa mple.com",
        "a" * 65 + "@example.com",
        "ada@" + "a" * 64 + ".com",
        "ada@" + ".".join(["a" * 50] * 6),
        "ada\n@example.com",
        "<ada@example.com>",
        "ada@example.com,eve@example.com",
        "ada;eve@example.com",
        'a"b@example.com',
        "ada@example.com\u200b",
        "ada@exam_ple.com",
        "ada\u0000@example.com",
    ],
)
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(ValueError):
        rules.normal_email(text)


@given(st.text(max_size=150))
def test_a_name_is_normal_or_refused(text: str):
    try:
        name = rules.normal_name(text)
    except ValueError:
        return
    assert 0 < len(name) <= rules.NAME_LENGTH_MAX
    assert rules.normal_name(name) == name
    assert "\0" not in name


@pytest.mark.parametrize("name", ["Ada", "Zoë", "李小龙", "👩‍👧 Ada", "Ada  Lovelace "])
def test_names_of_real_people_are_good(name: str):
    assert rules.normal_name(name) == " ".join(name.split())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://example.com/a.png",
        "javascript:alert(1)",
        "https://",
        "https://user:pw@example.com/",
        "https://exa mple.com",
        "data:image/png;base64,AAAA",
        "https://example.com/" + "a" * 2048,
        "//example.com/a.png",
    ],
)
def test_a_picture_is_an_https_address_without_credentials(url: str):
    with pytest.raises(ValueError):
        rules.normal_avatar_url(url)
