"""docs/webhooks.md is true: its code verifies, its tables are those of the code."""

import functools
import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from cleanly.entry.modules import MODULES
from cleanly.kernel.clock import Clock
from cleanly.kernel.module import EventCatalogue
from cleanly.platform.webhooks.outbound import signing
from cleanly.platform.webhooks.outbound.dispatch import rules as dispatch
from cleanly.platform.webhooks.outbound.endpoints import rules as endpoints
from cleanly.platform.webhooks.outbound.mending import service as mending
from cleanly.platform.webhooks.outbound.settings import OutboundSettings
from tests.architecture.source import ROOT
from tests.platform.webhooks.outbound import standard_webhooks as theirs

TEXT = (ROOT / "docs" / "webhooks.md").read_text()
SECRET, OTHER = signing.new_secret(), signing.new_secret()
BODY = '{"type":"payment.succeeded","data":{"note":"\N{EURO SIGN} 45,03"}}'.encode()


def code(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def rows(first_heading: str) -> list[list[str]]:
    """The cells of the table whose first heading is this one."""
    _, _, rest = TEXT.partition(f"| {first_heading} |")
    lines = rest.splitlines()[2:]
    table = lines[: next((number for number, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def message(*keys: str, at: datetime, body: bytes = BODY) -> dict[str, str]:
    read = [signing.read_signing_key(key) for key in keys]
    return signing.signed_headers(read, message_id="01a2038c-f1d2-7c3a-9d7e-3c8f2b1a4e55", at=at, body=body)


def questions(now: datetime) -> dict[str, tuple[str, dict[str, str], bytes, bool]]:
    """What each snippet is asked: the secret it holds, the headers, the body, and whether it should say yes."""
    good, minute = message(SECRET, at=now), timedelta(minutes=1)
    return {
        "good": (SECRET, good, BODY, True),
        "while secrets overlap, the new one": (SECRET, message(SECRET, OTHER, at=now), BODY, True),
        "while secrets overlap, the old one": (OTHER, message(SECRET, OTHER, at=now), BODY, True),
        "three minutes late": (SECRET, message(SECRET, at=now - 3 * minute), BODY, True),
        "another secret": (OTHER, good, BODY, False),
        "another body": (SECRET, good, BODY + b" ", False),
        "another id": (SECRET, good | {"webhook-id": "another"}, BODY, False),
        "stale": (SECRET, message(SECRET, at=now - 6 * minute), BODY, False),
        "from the future": (SECRET, message(SECRET, at=now + 9 * minute), BODY, False),
        "no signature": (SECRET, good | {"webhook-signature": ""}, BODY, False),
        "another version": (SECRET, good | {"webhook-signature": "v2,x v1a,y v1,"}, BODY, False),
        "not ASCII": (SECRET, good | {"webhook-signature": "v1,\N{EURO SIGN}"}, BODY, False),
        "no number for a time": (SECRET, good | {"webhook-timestamp": "soon"}, BODY, False),
        **{
            f"without {missing}": (SECRET, {name: good[name] for name in good if name != missing}, BODY, False)
            for missing in good
        },
    }


def judged_by(command: list[str], program: str) -> dict[str, bool]:
    """The snippet's word on each question; an exception is a no. The machine's own time is asked: it knows no other."""
    asked = questions(Clock().now())
    sent = json.dumps([[secret, headers, body.decode()] for secret, headers, body, _ in asked.values()])
    done = subprocess.run([*command, program], input=sent, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(asked, json.loads(done.stdout), strict=True))


EXPECTED = {name: is_good for name, (*_, is_good) in questions(Clock().now()).items()}


def test_the_python_lines_verify():
    asking = (
        "import json, sys\n"
        "def judge(secret, headers, body):\n"
        "    try:\n"
        "        return is_ours(secret, headers, body.encode())\n"
        "    except (KeyError, ValueError):\n"
        "        return False\n"
        "print(json.dumps([judge(*one) for one in json.load(sys.stdin)]))"
    )
    assert judged_by([sys.executable, "-I", "-c"], f"{code('python')}\n{asking}") == EXPECTED


def test_the_node_lines_verify():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on this machine")
    asking = (
        'const asked = JSON.parse(require("node:fs").readFileSync(0, "utf8"));\n'
        "const judge = ([secret, headers, body]) => {\n"
        "  try { return isOurs(secret, headers, Buffer.from(body)); } catch (error) { return false; }\n"
        "};\n"
        "console.log(JSON.stringify(asked.map(judge)));"
    )
    assert judged_by([node, "-e"], f"{code('js')}\n{asking}") == EXPECTED


@pytest.mark.parametrize(("language", "imports"), [("python", "import "), ("kotlin", "import "), ("js", "const { ")])
def test_it_takes_ten_lines(language, imports):
    lines = [line for line in code(language).splitlines() if line and not line.startswith(imports)]
    assert len(lines) <= 11, "a head, ten lines"


def test_the_kotlin_lines_are_those_that_the_kotlin_tests_run():
    """ReceiverTest.kt asks them the questions above; it needs a JDK (`make test-kotlin`), this does not."""
    source = (ROOT / "sdks" / "kotlin" / "example" / "Receiver.kt").read_text()
    assert source.partition("// docs: verify\n")[2].partition("// docs: end")[0] == code("kotlin")


def test_the_example_is_signed_as_it_says():
    request = code("http")
    head, _, body = request.rstrip("\n").partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    told = re.search(r"whsec_[A-Za-z0-9+/=]+", TEXT)
    assert told
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert theirs.verify(told.group(), headers, body.encode(), now=at.timestamp())
    sent = json.loads(body)
    assert datetime.fromisoformat(sent["timestamp"]) == at
    data = EventCatalogue.of(MODULES).by_name[sent["type"]].example.model_dump(mode="json", by_alias=True)
    assert sent["data"] == data


def test_the_table_of_events_is_the_catalogue():
    told = [[cell.replace("`", "") for cell in row] for row in rows("event")]
    assert told == [
        [event.name, event.summary, ", ".join(event.schema()["properties"])]
        for event in EventCatalogue.of(MODULES).by_name.values()
    ]


def as_words(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def test_the_schedule_is_the_one_that_is_kept():
    told = rows("try")
    passed = timedelta()
    expected = []
    for number, wait in enumerate(dispatch.SCHEDULE, start=1):
        passed += wait
        expected.append([str(number), as_words(wait) if wait else "at once", as_words(passed)])
    assert told == expected


@functools.cache
def words() -> str:
    return " ".join(TEXT.split())


def test_the_numbers_in_the_text_are_those_of_the_code():
    settings = OutboundSettings()
    overlap = f'"overlapHours": {endpoints.OVERLAP_HOURS_DEFAULT}'
    for told in (
        f"within {settings.outbound_deadline_seconds:g} seconds",
        f"kept for {settings.outbound_keep_days} days",
        f"({dispatch.ANSWER_BYTES_MAX // 1024} KiB of it)",
        f"at least {dispatch.DISABLE_FAILURES_MIN} failures",
        f"{mending.REPLAY_BATCH} a call",
        f"0 to {endpoints.OVERLAP_HOURS_MAX} hours",
        f"At most {endpoints.KEYS_MAX} sign at once",
        overlap,
    ):
        assert told in words(), told
    assert endpoints.guard(loopback=False).ports == {443, 8443}
    assert timedelta(days=5) == dispatch.DISABLE_AFTER
    assert dispatch.FAILING_TRIES == 4
    assert timedelta(hours=24) == dispatch.STILL_FAILING
    assert timedelta(minutes=1) == dispatch.PATIENT_WAIT
    assert dispatch.JITTER == 0.2
    assert timedelta(minutes=5) == signing.TOLERANCE
