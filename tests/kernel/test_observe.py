"""No secret is written down: by the name of its field, by its shape, however deep it lies."""

import io
import json
import logging
from collections.abc import Generator
from typing import Any

import pytest
import structlog

from cleanly.kernel.observe import REQUEST_LINES, set_up_logging, sign_lines
from cleanly.kernel.redaction import redact, without_secrets

SECRET = "s3cr3t-s3cr3t-s3cr3t"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJl"


def shown(**fields: Any) -> str:
    return repr(redact(None, "info", dict(fields)))


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "newPassword",
        "refresh_token",
        "Authorization",
        "Cookie",
        "client_secret",
        "api-key",
        "apiKey",
        "cardNumber",
    ],
)
@pytest.mark.parametrize("value", [SECRET, [SECRET], {"a": SECRET}, SECRET.encode(), ("a", SECRET)], ids=type)
def test_a_field_with_a_telling_name_is_hidden(name: str, value: Any):
    assert SECRET not in shown(**{name: value})
    assert SECRET not in shown(outer={name: value})
    assert SECRET not in shown(outer=[{name: value}])


@pytest.mark.parametrize(
    "text",
    [
        f"Bearer {SECRET}",
        f"got {JWT} from a phone",
        f"rt1.{SECRET}",
        f"postgresql://app:{SECRET}@db.example.com/app",
        f"host=db password={SECRET} dbname=app",
        f"GET /verify?token={SECRET}&next=/ 200",
        f"smtp://user:{SECRET}@mail",
        "sk_live_abcdefghijklmnop",
    ],
)
def test_a_text_of_a_telling_shape_is_hidden(text: str):
    for secret in (SECRET, JWT, "sk_live_abcdefghijklmnop"):
        for found in (shown(event=text), shown(found=[text]), shown(found={"a": (text,)}), shown(found=text.encode())):
            assert secret not in found


@pytest.mark.parametrize(
    "text",
    [
        '{"email": "a@example.com", "password": "%s", "name": "Ada"}',
        '{"email": "a@example.com", "newPassword": "%s',
        "{'refresh_token': '%s'}",
        "[(b'authorization', b'Basic %s'), (b'host', b'a')]",
        'refused: "{\\"clientSecret\\": \\"%s\\"}"',
        "authorization: Basic %s",
        "X-Edge-Secret: %s",
        "Set-Cookie: session=%s; Path=/",
        "redis://:%s@cache:6379/0",
        "no such account: account_number=%s",
        "pi_3Nabc_secret_%s".replace("-", ""),
        "whsec_%s+/aB=",
        "1 validation error\nemail\n  wrong [type=value_error, input_value='%s, x', input_type=str]",
        "duplicate key\nDETAIL:  Key (email)=(%s) already exists.",
        'invalid input syntax for type uuid: "%s"',
        "  | stripe._error.InvalidRequestError: No such customer: %s\n  | and more\n  | \n  | The above exception",
        "CONTEXT:  unnamed portal parameter $1 = '%s'",
    ],
)
def test_an_errors_text_does_not_repeat_what_was_sent(text: str):
    secret = SECRET.replace("-", "") if "pi_" in text else SECRET
    assert secret not in without_secrets(text % secret)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("card 4242 4242 4242 4242 was declined", "4242 4242"),
        ("card 4242424242424242", "42424242"),
        ("amex 378282246310005.", "3782"),
        ("to DE89 3704 0044 0532 0130 00 today", "3704"),
        ("to GB82WEST12345698765432", "WEST"),
        ('the code "code": "493021" is over', "493021"),
        ("GET /verify?code=493021", "493021"),
    ],
)
def test_card_and_bank_data_and_one_time_codes_are_hidden(text: str, secret: str):
    assert secret not in without_secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        'relation "users" does not exist',
        "order 4242424242424241 of 2026-11-22T10:00:00.123456Z",
        "0198f3a2-6f3c-7a2e-8b51-2d4f6a8c0e12 and 4bf92f3577b34da6a3ce929d0e0e4736",
        '{"code": "card_declined", "status": 402}',
        "GET https://api.stripe.com/v1/balance took 1234567890123 ns",
        "postgresql://db.example.com:5432/app",
    ],
)
def test_what_only_looks_like_a_secret_stays(text: str):
    assert without_secrets(text) == text


def test_what_is_no_secret_stays():
    fields = {"event": "request", "http.route": "/api/v1/users/{id}", "duration_ms": 1.5, "error_code": "TOKEN_EXPIRED"}
    assert redact(None, "info", dict(fields)) == fields


@pytest.fixture
def out() -> Generator[io.StringIO, None, None]:
    root, before = logging.getLogger(), (logging.getLogger().handlers[:], logging.getLogger().level)
    yield io.StringIO()
    sign_lines({})
    REQUEST_LINES.point_at(None, level=logging.INFO)
    structlog.reset_defaults()
    root.handlers[:], _ = before
    root.setLevel(before[1])


@pytest.mark.parametrize("as_json", [True, False])
def test_our_own_lines_and_a_librarys_go_one_way(out: io.StringIO, as_json: bool):
    set_up_logging(level="info", as_json=as_json, stream=out)
    structlog.get_logger("ours").info("one", token=SECRET, note=f"Bearer {SECRET}")
    logging.getLogger("theirs").warning("two %s", f"Bearer {SECRET}", extra={"password": SECRET})
    try:
        int(f"Bearer {SECRET}")
    except ValueError:
        logging.getLogger("theirs").exception("three")
        structlog.get_logger("ours").exception("four")
    logging.getLogger("theirs").debug("not asked for")
    text = out.getvalue()
    assert SECRET not in text
    assert text.count("Traceback") == 2
    assert "not asked for" not in text
    if as_json:
        assert [json.loads(line)["message"].split()[0] for line in text.splitlines()] == ["one", "two", "three", "four"]


async def test_a_line_of_json_has_the_names_of_the_log_model(out: io.StringIO):
    set_up_logging(level="info", as_json=True, stream=out)
    sign_lines({"service.name": "cleanly-web", "service.version": "1", "service.instance.id": "a"})
    try:
        int("one")
    except ValueError:
        structlog.get_logger("ours").exception("failed", task="a.task")
    logging.getLogger("theirs").warning("slow")
    REQUEST_LINES.write({"request_id": "abc", "duration_ms": 1.5}, is_fault=True)
    REQUEST_LINES.flush()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    first = ["timestamp", "severity_text", "message", "service.name", "service.version", "service.instance.id"]
    assert all(list(line)[:6] == first for line in lines)
    assert [(line["severity_text"], line["message"]) for line in lines] == [
        ("ERROR", "failed"),
        ("WARNING", "slow"),
        ("ERROR", "request"),
    ]
    assert lines[0]["error.type"] == "ValueError"
    assert lines[0]["exception.stacktrace"].startswith("Traceback")
    assert {"exception", "level", "event"}.isdisjoint({name for line in lines for name in line})


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
async def test_only_what_is_grave_enough_is_written(out: io.StringIO, level: str):
    set_up_logging(level=level, as_json=True, stream=out)
    ours, theirs = structlog.get_logger("ours"), logging.getLogger("theirs")
    for name in ("debug", "info", "warning", "error"):
        getattr(ours, name)("ours")
        getattr(theirs, name)("theirs")
    for is_fault in (False, True):
        REQUEST_LINES.write({"a": 1}, is_fault=is_fault)
    REQUEST_LINES.flush()
    told = {json.loads(line)["severity_text"] for line in out.getvalue().splitlines()}
    wanted = ["DEBUG", "INFO", "WARNING", "ERROR"]
    assert told == set(wanted[wanted.index(level.upper()) :])
    assert out.getvalue().count('"request"') == (2 if level in {"debug", "info"} else 1)
