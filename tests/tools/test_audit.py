"""`make audit` itself: each check can pass, fail and not know, and the last is never the first."""

import json
import ssl
import sys
import threading
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.architecture.source import ROOT
from tests.kernel.certificate import self_signed

sys.path.insert(0, str(ROOT / "tools"))
from audit import __main__ as audit
from audit import answers, findings, scanners, transport
from audit.answers import Visitor


def listed(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": []}, *packages], "fixes": []})


HOLE = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}


@pytest.mark.parametrize(
    ("out", "status", "high"),
    [
        (listed(), "pass", 0),
        (listed(HOLE), "fail", 1),
        (listed(HOLE, {"name": "c", "skip_reason": "unknown"}), "fail", 1),
        (listed({"name": "c", "skip_reason": "not on the index"}), "cannot tell", 0),
        ('{"dependencies": []}', "cannot tell", 0),
        ("", "cannot tell", 0),
        ("[]", "cannot tell", 0),
    ],
)
def test_dependencies_pass_only_when_each_was_looked_up(out: str, status: str, high: int):
    found = scanners.judge_dependencies(out, "ProxyError: no way out")
    assert (found.status, found.high) == (status, high)


def bandits(*severities: str, errors: tuple[str, ...] = ()) -> str:
    results = [
        {"issue_severity": one, "filename": "a.py", "line_number": 1, "test_id": "B1", "issue_text": "x"}
        for one in severities
    ]
    return json.dumps({"results": results, "errors": list(errors)})


@pytest.mark.parametrize(
    ("out", "told"),
    [
        (bandits(), ("pass", 0, 0)),
        (bandits("LOW", "LOW"), ("pass", 2, 0)),
        (bandits("LOW", "MEDIUM"), ("fail", 2, 0)),
        (bandits("HIGH"), ("fail", 1, 1)),
        (bandits(errors=("a.py: syntax error",)), ("cannot tell", 0, 0)),
        ("", ("cannot tell", 0, 0)),
    ],
)
def test_code_passes_with_low_findings_alone(out: str, told: tuple[str, int, int]):
    found = scanners.judge_code(out)
    assert (found.status, found.findings, found.high) == told


def test_a_secret_passes_only_once_it_was_looked_at():
    found = {"a.py Secret-Keyword 12": "a.py:3: Secret Keyword", "b.py Secret-Keyword 34": "b.py:4: Secret Keyword"}
    assert scanners.judge_secrets(found, [*found, "gone.py Secret-Keyword 56"]).status == "pass"
    new = scanners.judge_secrets(found, ["a.py Secret-Keyword 12"])
    assert (new.status, new.lines) == ("fail", ("b.py:4: Secret Keyword",))


def suite(lines: list[dict[str, Any]], ending: str = "") -> str:
    told = json.dumps(lines).replace('"', "&quot;")
    return (
        '<testsuites><testsuite><testcase name="t"><properties>'
        f'<property name="authorisation" value="{told}"/></properties>{ending}</testcase></testsuite></testsuites>'
    )


def test_the_rights_are_those_that_the_tests_saw():
    line = {"operation": "GET /users/{id}", "roles": {"anonymous": "401 TOKEN_MISSING", "owner": "200"}, "faults": []}
    good = scanners.judge_rights(suite([line]))
    assert good.status == "pass"
    assert "| `GET /users/{id}` | 401 TOKEN_MISSING | 200 |" in good.table
    bad = scanners.judge_rights(suite([line | {"faults": ["other: let in"]}], '<failure message="no"/>'))
    assert (bad.status, bad.lines) == ("fail", ("GET /users/{id}: other: let in",))
    assert scanners.judge_rights(suite([], '<error message="boom"/>')).status == "fail"
    assert scanners.judge_rights(suite([])).status == "cannot tell"
    assert scanners.judge_rights("").status == "cannot tell"


def test_calls_that_verify_nobody_are_found(tmp_path: Path):
    open_door = ssl.create_default_context()
    open_door.check_hostname, open_door.verify_mode = False, ssl.CERT_NONE
    assert list(transport.context_faults(open_door)) == ["outgoing calls do not verify certificates"]
    assert transport.outgoing().status == "pass"
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "good.py").write_text("tls = ssl.create_default_context()\ncheck_hostname = True\n")
    assert list(transport.source_faults(folder)) == []
    (folder / "bad.py").write_text("get(url, verify=False)\ntls.check_hostname = False\ntls.verify_mode = CERT_NONE\n")
    assert len(list(transport.source_faults(folder))) == 3


def test_a_live_address_that_says_nothing_tells_nothing():
    assert transport.live(None).status == "cannot tell"
    assert transport.live("https://127.0.0.1:9").status == "cannot tell"
    assert transport.live("http://api.example.com").status == "fail"


class Bare(BaseHTTPRequestHandler):
    """Answers 200 to everything, and speaks of itself."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - http.server's names
    do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nobody asked."""


@pytest.fixture
def live(tmp_path: Path) -> Generator[tuple[str, ssl.SSLContext], None, None]:
    """A service behind a certificate that ends tomorrow; its address, and who trusts it."""
    tls, trusting = self_signed(tmp_path, "localhost")
    with ThreadingHTTPServer(("127.0.0.1", 0), Bare) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://localhost:{server.server_address[1]}", trusting
        server.shutdown()
        thread.join()


def test_a_live_address_is_judged_by_its_certificate_and_then_by_its_answers(live: tuple[str, ssl.SSLContext]):
    url, trusting = live
    (stranger,) = transport.live(url).lines
    assert "the certificate is not good" in stranger
    assert transport.live(url, roots=trusting).lines == ("the certificate ends in 0 days",)
    before = datetime.now(UTC) - timedelta(days=30)
    answered = transport.live(url, roots=trusting, now=before)
    assert answered.status == "fail"
    assert any("strict-transport-security" in line for line in answered.lines)


def bare(_request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, text="Traceback (most recent call last)", headers={"Server": "x", "Set-Cookie": "a=b"})


def test_a_service_without_our_answers_fails_in_every_point():
    with httpx2.Client(transport=httpx2.MockTransport(bare), base_url="https://api.example.com") as client:
        told = " ".join(answers.faults(Visitor(client)))
    for fault in (
        "x-frame-options", "strict-transport-security", "content-security-policy", "sets a cookie", "itself by server",
        "Traceback", "not 401 TOKEN_MISSING", "/metrics answers 200", "/docs answers 200", "meet no limit",
    ):  # fmt: skip
        assert fault in told, fault


def result(status: Any, tool: str = "tls") -> findings.Result:
    return findings.Result(tool, status, findings=2, high=1, lines=("line",))


def test_the_report_is_what_doctor_reads(tmp_path: Path):
    findings.write(tmp_path, [result("fail")], finished_at="2026-11-22T12:00:00Z", commit="a" * 40)
    assert json.loads((tmp_path / "report.json").read_text()) == {
        "version": 1,
        "finishedAt": "2026-11-22T12:00:00Z",
        "commit": "a" * 40,
        "results": [{"tool": "tls", "status": "fail", "findings": 2, "high": 1}],
    }
    text = (tmp_path / "report.md").read_text()
    assert "| tls | fail | 2 | 1 |" in text
    assert "- line" in text


@pytest.mark.parametrize(
    ("statuses", "needed", "code"),
    [
        (("pass", "pass"), [], 0),
        (("pass", "cannot tell"), [], 0),
        (("pass", "cannot tell"), ["--need", "live"], 1),
        (("pass", "cannot tell"), ["--need", "tls"], 0),
        (("fail", "cannot tell"), [], 1),
    ],
)
def test_the_exit_code(monkeypatch, tmp_path: Path, statuses: tuple[str, str], needed: list[str], code: int):
    monkeypatch.setattr(audit, "ROOT", tmp_path)
    monkeypatch.setattr(
        audit,
        "checks",
        lambda _: {
            name: (lambda name=name, status=status: result(status, name))
            for name, status in zip(("tls", "live"), statuses, strict=True)
        },
    )
    assert audit.main(needed) == code
    assert (tmp_path / "audit" / "report.json").exists()


def test_a_check_that_breaks_tells_nothing():
    def broken() -> findings.Result:
        raise OSError("no such program")

    assert audit.asked("bandit", broken).status == "cannot tell"
