"""No secret is written down: by the name of its field, by its shape, however deep it lies."""

import io
import json
import logging
from collections.abc import Generator
from typing import Any

import pytest
import structlog

from cleanly.kernel.observe import redact, set_up_logging

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


def test_what_is_no_secret_stays():
    fields = {"event": "request", "http.route": "/api/v1/users/{id}", "duration_ms": 1.5, "error_code": "TOKEN_EXPIRED"}
    assert redact(None, "info", dict(fields)) == fields


@pytest.fixture
def out() -> Generator[io.StringIO, None, None]:
    root, before = logging.getLogger(), (logging.getLogger().handlers[:], logging.getLogger().level)
    yield io.StringIO()
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
