"""Addresses of servers and people, and what becomes of a stranger's words."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cleanly.platform.mail.rules import (
    Budget,
    Line,
    greeting_name,
    is_final,
    masked,
    on_the_wire,
    one_line,
    parse_recipient,
    parse_sender,
    parse_smtp_url,
    without_recipient,
)
from cleanly.platform.mail.settings import MailSettings


@pytest.mark.parametrize(
    ("url", "host", "port", "line"),
    [
        ("smtp://mail.test", "mail.test", 25, Line.PLAIN),
        ("smtp://mail.test:2525", "mail.test", 2525, Line.PLAIN),
        ("smtp://u:p@localhost:1025", "localhost", 1025, Line.PLAIN),
        ("smtp://u:p@mail.test", "mail.test", 587, Line.STARTTLS),
        ("smtp://u:p@mail.test:25", "mail.test", 25, Line.STARTTLS),
        ("smtp+starttls://mail.test", "mail.test", 587, Line.STARTTLS),
        ("smtps://u:p@mail.test", "mail.test", 465, Line.TLS),
        ("SMTPS://[2001:db8::1]:465/", "2001:db8::1", 465, Line.TLS),
    ],
)
def test_a_mail_url_says_where_and_how(url, host, port, line):
    server = parse_smtp_url(url)
    assert (server.host, server.port, server.line) == (host, port, line)


def test_user_and_password_are_percent_decoded_and_the_password_is_not_printed():
    server = parse_smtp_url("smtps://me%40a.test:p%40ss%2Fw%3Ard@mail.test")
    assert (server.user, server.password) == ("me@a.test", "p@ss/w:rd")
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "", "mail.test", "http://s3cret@mail.test", "smtp://", "smtp://u:s3cret@", "smtp://u:s3cret@mail.test:abc",
        "smtp://u:s3cret@mail.test:99999", "smtp://u@mail.test", "smtp://:s3cret@mail.test",
        "smtps://u:s3cret/x@mail.test", "smtps://u:p@mail.test/?tls=s3cret", "smtps://u:s3cret%0d%0aQUIT@mail.test",
        "smtp://[::1", "smtps://u:s3cret#@mail.test",
    ],
)  # fmt: skip
def test_a_bad_mail_url_is_named_at_the_start_without_its_secret(url):
    with pytest.raises(ValueError, match="MAIL_URL") as caught:
        parse_smtp_url(url)
    assert "s3cret" not in str(caught.value)
    if url:
        with pytest.raises(ValidationError, match="MAIL_URL") as named:
            MailSettings(mail_url=url)
        assert "s3cret" not in str(named.value)


def test_an_empty_mail_url_is_none():
    assert MailSettings(mail_url="").mail_server is None
    assert MailSettings().mail_server is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mail_from", "nobody"), ("mail_from", "A <a@b.test>, B <b@b.test>"), ("mail_from", "A <a@b.test>\nBcc: x@y.z"),
        ("app_link_base", "javascript:alert(1)"), ("app_link_base", "https://app.test/?a="), ("app_link_base", ""),
        ("mail_timeout_seconds", 0), ("mail_per_minute_max", 0),
    ],
)  # fmt: skip
def test_a_bad_knob_is_refused(name, value):
    with pytest.raises(ValidationError, match=name):
        MailSettings(**{name: value})


@pytest.mark.parametrize("text", ["ada@example.com", "o'brien+tag@a-b.example", "ü@exämple.com", "a%b!c@example.com"])
def test_an_address_is_read_whole(text):
    assert parse_recipient(text).addr_spec == text


@pytest.mark.parametrize(
    "text",
    [
        "", "ada", "@a.test", "ada@", "a@b@c.test", "a@a.test, b@b.test", "Ada <a@a.test>", "a@a.test\nBcc: b@b.test",
        "a@a.test\r\n", "a b@a.test", "a\u2028b@a.test", "a\x00@a.test", "a@a.test>\x7f", '"a"@a.test', "a@a .test",
    ],
)  # fmt: skip
def test_what_could_become_more_than_one_address_is_none(text):
    with pytest.raises(ValueError, match="not an address"):
        parse_recipient(text)


def test_a_foreign_domain_goes_out_in_ascii_and_never_as_its_lookalike():
    assert on_the_wire(parse_recipient("a@exämple.com")).addr_spec == "a@xn--exmple-cua.com"
    assert on_the_wire(parse_recipient("a@straße.de")).addr_spec == "a@xn--strae-oqa.de"  # not strasse.de
    assert on_the_wire(parse_sender("Ä <a@b.de>")).display_name == "Ä"
    assert on_the_wire(parse_recipient("a@☃\u0301.de")).domain == "☃\u0301.de"


@given(st.text())
def test_a_value_never_breaks_its_line(text):
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert all(character.isprintable() or character == "\xad" or ord(character) > 0xFF for character in line)
    assert not set(line) & set("\r\n\x00\u202e\u2066")
    assert one_line(line) == line


@pytest.mark.parametrize("name", ["Ada", "Ada Lovelace", "Zoë O'Brien-Núñez", "王小明", "Dr. No", "J. R. R. Tolkien"])
def test_a_person_is_greeted_by_name(name):
    assert greeting_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "Win at http://evil.test now", "evil.test", "www.evil", "call me@evil.test", "x" * 61, "<b>Hi</b>",
        "You won!\nGo to evil.example/x",
    ],
)  # fmt: skip
def test_an_advertisement_is_no_name(name):
    assert greeting_name(name) == ""


def test_a_masked_address_shows_its_domain_and_one_letter():
    assert masked("ada.lovelace@example.com") == "a***@example.com"


def test_a_servers_words_lose_the_recipient():
    said = without_recipient("no such user <Ada@Example.com>\r\nbye", "ada@example.com")
    assert said == "no such user <[recipient]> bye"


@pytest.mark.parametrize(
    ("code", "final"),
    [(250, False), (421, False), (451, False), (499, False), (500, True), (550, True), (554, True), (530, False),
     (535, False), (600, False)],
)  # fmt: skip
def test_only_a_five_hundred_about_the_mail_is_final(code, final):
    assert is_final(code) is final


def test_the_budget_counts_a_sliding_minute_and_takes_back_what_was_not_sent(clock):
    budget = Budget(2)
    first = clock.now()
    assert budget.take(first)
    clock.move(seconds=30)
    assert budget.take(clock.now())
    assert not budget.take(clock.now())
    budget.give_back(clock.now())
    assert budget.take(clock.now())
    assert not budget.take(first + timedelta(seconds=59))
    assert budget.take(first + timedelta(seconds=60))
    assert not budget.take(first + timedelta(seconds=61))
