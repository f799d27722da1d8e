"""Every mail says what it must, in text and in HTML, and none is sent with a hole in it."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from cleanly.platform.mail.messages import LIVES, NEEDS, Template
from cleanly.platform.mail.render import Templates

VALUES = {
    "name": "Ada",
    "token": "abc-_123",
    "email": "ada.new@example.com",
    "host": "shop.example",
    "plan": "The Daily",
    "until": "22 December 2026",
    "destination": "4242",
    "provider": "stripe",
    "day": "2026-11-22",
    "figures": '[["EUR", [["sold", "5.00 EUR (1)"], ["our fees", "0.50 EUR"]]]]',
    "since": "2026-11-22T12:00:00.000Z",
}
TEMPLATES = Templates(product="Shop & Co", base="https://app.test/x")


def values_of(template: Template) -> dict[str, str]:
    return {name: VALUES[name] for name in NEEDS[template]}


class Reader(HTMLParser):
    """Collects links and names of tags."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


@pytest.mark.parametrize("template", Template)
def test_every_mail_renders_with_its_values(template):
    words = TEMPLATES.render(template, values_of(template))
    assert 10 < len(words.subject) < 60
    assert words.text.startswith("Hello Ada,\n")
    assert words.text.rstrip().endswith("Shop & Co")
    assert "Shop &amp; Co" in words.html
    assert f"<title>{words.subject}</title>" in words.html
    assert "Hello Ada," in words.html
    for form in (words.subject, words.text, words.html):
        assert not set("{}") & set(form)
        assert "None" not in form
        assert "Undefined" not in form
    assert max(map(len, words.text.splitlines())) < 100
    assert not {"script", "img", "form", "iframe", "link"} & set(read(words.html).tags)


@pytest.mark.parametrize("template", Template)
def test_every_mail_fails_loudly_without_one_of_its_values(template):
    for missing in NEEDS[template]:
        values = {name: value for name, value in values_of(template).items() if name != missing}
        with pytest.raises(UndefinedError, match=missing):
            TEMPLATES.render(template, values)


def test_every_mail_has_a_life():
    assert LIVES.keys() == NEEDS.keys() == set(Template)


@pytest.mark.parametrize(
    ("template", "link"),
    [
        (Template.VERIFY, "https://app.test/x/verify-email?token=abc-_123"),
        (Template.RESET, "https://app.test/x/reset-password?token=abc-_123"),
        (Template.REUSE_ALARM, "https://app.test/x/forgot-password"),
        (Template.PASSWORD_CHANGED, "https://app.test/x/forgot-password"),
        (Template.EXISTING_ACCOUNT, "https://app.test/x/login"),
    ],
)
def test_the_link_stands_in_both_parts(template, link):
    words = TEMPLATES.render(template, values_of(template))
    assert link in words.text.splitlines()
    assert link in read(words.html).links


def test_a_token_can_not_leave_its_link():
    words = TEMPLATES.render(Template.RESET, {"name": "", "token": 'a&b="><i>#?'})
    link = "https://app.test/x/reset-password?token=a%26b%3D%22%3E%3Ci%3E%23%3F"
    assert link in words.text.splitlines()
    assert set(read(words.html).links) == {link}
    assert "i" not in read(words.html).tags


def test_nobody_is_greeted_with_a_hole():
    words = TEMPLATES.render(Template.REUSE_ALARM, {"name": ""})
    assert words.text.startswith("Hello,\n")
    assert "Hello," in words.html


def test_the_old_address_learns_only_the_shape_of_the_new_one():
    words = TEMPLATES.render(Template.EMAIL_CHANGED, values_of(Template.EMAIL_CHANGED))
    for form in (words.text, words.html):
        assert "a***@example.com" in form
        assert "ada.new" not in form


def test_html_in_a_value_is_text():
    words = TEMPLATES.render(Template.EMAIL_CHANGED, {"name": "<script>x()</script>", "email": "<script>@x.test"})
    assert "script" not in read(words.html).tags
    assert "&lt;***@x.test" in words.html


@given(st.text(max_size=80))
def test_no_name_adds_a_tag_or_a_line(name):
    plain = TEMPLATES.render(Template.REUSE_ALARM, {"name": "Ada"})
    words = TEMPLATES.render(Template.REUSE_ALARM, {"name": name})
    assert read(words.html).tags == read(plain.html).tags
    assert len(words.text.splitlines()) == len(plain.text.splitlines())
    assert words.subject == plain.subject


def test_the_subject_stays_one_line_whatever_its_values(tmp_path):
    templates = Templates(product="A\r\nBcc: thief@x.test", base="https://app.test")
    words = templates.render(Template.RESET, {"name": "A\nSubject: b", "token": "t"})
    assert words.subject == "Choose a new password"
    assert "\nSubject" not in words.text
