"""A pull request's branch is made once, handed to a command, and deleted; production's is never touched."""

import json
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx2
import pytest

from tests.architecture.source import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import neon_branch


@dataclass
class FakeNeon:
    """Branches that take two looks to become ready."""

    branches: dict[str, dict[str, object]] = field(
        default_factory=lambda: {"br-main": {"id": "br-main", "name": "main", "default": True, "looks": 9}}
    )

    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:  # noqa: PLR0911 - one road per call
        path = request.url.path.removeprefix("/api/v2/projects/p1")
        match request.method, path.split("/")[1:]:
            case "GET", ["branches"]:
                return httpx2.Response(200, json={"branches": list(self.branches.values())})
            case "POST", ["branches"]:
                body = json.loads(request.content)
                assert body["endpoints"], "a branch without a compute"
                assert ("init_source" in body["branch"]) != ("parent_timestamp" in body["branch"])
                self.asked.append(body["branch"])
                made = body["branch"] | {"id": f"br-{len(self.branches)}", "looks": 0}
                self.branches[made["id"]] = made
                return httpx2.Response(201, json={"branch": made})
            case "GET", ["branches", name]:
                branch = self.branches[name]
                branch["looks"] = int(str(branch["looks"])) + 1
                state = "ready" if int(str(branch["looks"])) > 2 else "init"
                return httpx2.Response(200, json={"branch": branch | {"current_state": state}})
            case "GET", ["branches", _, "databases"]:
                return httpx2.Response(200, json={"databases": [{"name": "neondb", "owner_name": "neondb_owner"}]})
            case "GET", ["connection_uri"]:
                host = "ep-1-pooler" if request.url.params["pooled"] == "true" else "ep-1"
                return httpx2.Response(200, json={"uri": f"postgresql://o:secret@{host}.neon.tech/neondb"})
            case "DELETE", ["branches", name]:
                del self.branches[name]
                return httpx2.Response(200, json={})
        return httpx2.Response(404)


@pytest.fixture
def fake() -> FakeNeon:
    return FakeNeon()


def neon(fake: FakeNeon) -> neon_branch.Neon:
    client = httpx2.Client(base_url=neon_branch.API, transport=httpx2.MockTransport(fake))
    return neon_branch.Neon(client, "p1", now=lambda: datetime(2026, 11, 22, tzinfo=UTC), pause=lambda _: None)


def test_a_branch_is_made_once_and_ends_by_itself(fake: FakeNeon):
    first = neon(fake).create("pr-7")
    assert "-pooler" in first["DATABASE_URL"]
    assert "-pooler" not in first["DIRECT_DATABASE_URL"]
    assert neon(fake).create("pr-7") == first
    (made,) = (one for one in fake.branches.values() if one["name"] == "pr-7")
    assert (made["expires_at"], made["init_source"]) == ("2026-11-29T00:00:00Z", "schema-only")
    assert neon(fake).delete("pr-7")
    assert not neon(fake).delete("pr-7")


@pytest.mark.parametrize("action", ["create", "delete"])
def test_the_default_branch_is_never_touched(fake: FakeNeon, action: str):
    with pytest.raises(neon_branch.NeonFault, match="default"):
        getattr(neon(fake), action)("main")
    assert list(fake.branches) == ["br-main"]


def test_the_command_gets_the_addresses_and_not_the_key(
    fake: FakeNeon, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("NEON_API_KEY", "the-key")
    look = "import os; print('pooler' in os.environ['DATABASE_URL'], 'NEON_API_KEY' in os.environ); raise SystemExit(3)"
    assert neon_branch.act(neon(fake), ["create", "pr-7", "--", sys.executable, "-c", look]) == 3
    said = capfd.readouterr()
    assert said.out == "True False\n"
    assert "secret" not in said.out + said.err


@pytest.mark.parametrize("exit_code", [0, 3])
def test_the_past_is_there_for_one_command_whatever_becomes_of_it(fake: FakeNeon, exit_code: int):
    command = [
        sys.executable,
        "-c",
        f"import os; raise SystemExit('ep-1' in os.environ['DATABASE_URL'] and {exit_code})",
    ]
    assert neon_branch.act(neon(fake), ["past", "60", "--", *command]) == exit_code
    (made,) = fake.asked
    assert made["parent_timestamp"] == "2026-11-21T23:00:00Z"
    assert made["expires_at"] == "2026-11-23T00:00:00Z"
    assert list(fake.branches) == ["br-main"]


@pytest.mark.parametrize(
    "words",
    [
        ["past", "an hour", "--", "true"],
        ["past", "60", "--"],
        [],
        ["create", "x"],
        ["create", "x", "--"],
        ["destroy", "x"],
    ],
)
def test_other_words_are_refused(fake: FakeNeon, words: list[str]):
    assert neon_branch.act(neon(fake), words) == 2
    assert list(fake.branches) == ["br-main"]


def test_a_refusal_is_one_line(capsys: pytest.CaptureFixture[str]):
    client = httpx2.Client(base_url=neon_branch.API, transport=httpx2.MockTransport(lambda _: httpx2.Response(401)))
    assert neon_branch.act(neon_branch.Neon(client, "p1"), ["delete", "pr-7"]) == 1
    assert capsys.readouterr().err == "GET /branches: 401\n"
