"""A deploy reaches every service or goes back, against a fake of Render that keeps state as Render does."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2
import pytest

from tests.architecture.source import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import smoke as smoking

import deploy as deploying

OLD, NEW = "a" * 40, "b" * 40
SERVICES = ("srv-web", "srv-worker", "crn-backup")


@dataclass
class Clock:
    """Time passes when somebody pauses."""

    seconds: float = 0

    def now(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class FakeRender:
    """Deploys that move on by one state each time somebody looks."""

    ends_as: dict[str, str] = field(default_factory=dict)
    deploys: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    before: list[Callable[[httpx2.Request], httpx2.Response | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for service in SERVICES:
            self.deploys[service] = [{"id": f"dep-{service}-0", "commit": OLD, "status": "live"}]

    def live(self, service: str) -> str:
        return next(one["commit"] for one in reversed(self.deploys[service]) if one["status"] == "live")

    def __call__(self, request: httpx2.Request) -> httpx2.Response:  # noqa: C901 - one road per call
        assert request.headers["authorization"] == "Bearer key"
        for interfere in self.before:
            if (reply := interfere(request)) is not None:
                return reply
        _, _, _, service, *rest = request.url.path.split("/")
        if service not in self.deploys:
            return httpx2.Response(404, json={"message": "not found"})
        deploys = self.deploys[service]
        if request.method == "POST" and rest[-1] == "cancel":
            self.log.append(f"{service} cancel")
            return httpx2.Response(200, json={})
        if request.method == "POST":
            wanted = json.loads(request.content)
            if rest == ["rollback"]:
                commit = next(one["commit"] for one in deploys if one["id"] == wanted["deployId"])
                self.log.append(f"{service} back")
            else:
                commit = wanted["commitId"]
                self.log.append(f"{service} deploy")
            deploys.append({"id": f"dep-{service}-{len(deploys)}", "commit": commit, "status": "build_in_progress"})
            return httpx2.Response(201, json=deploys[-1])
        if rest == ["deploys"]:
            return httpx2.Response(200, json=[{"cursor": "c", "deploy": one} for one in reversed(deploys)])
        one = next(one for one in deploys if one["id"] == rest[1])
        shown = dict(one)
        if one["status"] == "build_in_progress":
            one["status"] = "update_in_progress"
        elif one["status"] == "update_in_progress":
            end = self.ends_as.get(service, "live") if one["commit"] == NEW else "live"
            if end == "live":
                for other in deploys:
                    other["status"] = "deactivated" if other["status"] == "live" else other["status"]
            one["status"] = end
        return httpx2.Response(200, json=shown)


@pytest.fixture
def render() -> FakeRender:
    return FakeRender()


def run(fake: FakeRender, check: Callable[[], list[str]] = list) -> list[str]:
    clock = Clock()
    client = httpx2.Client(
        base_url=deploying.API, headers={"Authorization": "Bearer key"}, transport=httpx2.MockTransport(fake)
    )
    with client:
        real = deploying.Render(client, deploying.Pace(clock.now, clock.pause))
        return deploying.deploy(real, SERVICES, NEW, check)


def test_a_good_commit_is_live_everywhere_the_web_first(render: FakeRender):
    assert run(render) == []
    assert [render.live(service) for service in SERVICES] == [NEW] * 3
    assert render.log == ["srv-web deploy", "srv-worker deploy", "crn-backup deploy"]


@pytest.mark.parametrize("status", sorted(deploying.FAILED))
def test_a_first_deploy_that_fails_touches_nothing_else(render: FakeRender, status: str):
    render.ends_as["srv-web"] = status
    (fault,) = run(render)
    assert status in fault
    assert render.log == ["srv-web deploy"]
    assert render.live("srv-web") == OLD


def test_what_was_done_before_a_failure_goes_back_the_last_first(render: FakeRender):
    render.ends_as["crn-backup"] = "build_failed"
    assert len(run(render)) == 1
    assert render.log[-2:] == ["srv-worker back", "srv-web back"]
    assert [render.live(service) for service in SERVICES] == [OLD] * 3


def test_a_failed_smoke_test_brings_everything_back(render: FakeRender):
    assert run(render, lambda: ["/health/ready answers 503"]) == ["/health/ready answers 503"]
    assert render.log[3:] == ["crn-backup back", "srv-worker back", "srv-web back"]
    assert [render.live(service) for service in SERVICES] == [OLD] * 3


def test_a_deploy_that_never_ends_is_given_up(render: FakeRender):
    render.ends_as["srv-worker"] = "update_in_progress"
    first, *_ = run(render)
    assert "still update_in_progress after 25 min; canceled" in first
    assert render.log[-2:] == ["srv-worker cancel", "srv-web back"]
    assert render.live("srv-web") == OLD


def test_a_deploy_that_is_only_queued_brings_back_what_was_done(render: FakeRender):
    def queue(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(202) if request.url.path.endswith("/srv-worker/deploys") and request.content else None

    render.before.append(queue)
    (fault,) = run(render)
    assert "without id: look" in fault
    assert render.live("srv-web") == OLD


def test_a_rollback_that_fails_asks_for_a_person(render: FakeRender):
    render.before.append(lambda request: httpx2.Response(500) if request.url.path.endswith("rollback") else None)
    faults = run(render, lambda: ["broken"])
    assert len(faults) == 4
    assert all("by hand" in fault for fault in faults[1:])


def test_a_service_that_never_lived_has_nothing_to_go_back_to(render: FakeRender):
    render.deploys["srv-web"].clear()
    render.ends_as["srv-worker"] = "canceled"
    assert "nothing to go back to" in run(render)[1]


def test_a_question_is_asked_again_and_a_deploy_is_not(render: FakeRender):
    hiccups = iter([429, 503, 503])

    def on_get(request: httpx2.Request) -> httpx2.Response | None:
        status = next(hiccups, None) if request.method == "GET" else None
        return httpx2.Response(status) if status else None

    render.before.append(on_get)
    assert run(render) == []

    def lost(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST":
            render.log.append("lost")
            raise httpx2.ReadTimeout("no answer", request=request)
        return None

    render.log.clear()
    render.before.append(lost)
    (fault,) = run(render)
    assert "look whether it was done" in fault
    assert render.log == ["lost"]


def test_an_unknown_service_is_told(render: FakeRender):
    del render.deploys["srv-worker"]
    with pytest.raises(deploying.DeployFault, match=r"srv-worker.*404"):
        run(render)
    assert render.log == []


def test_without_its_variables_it_says_which(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.delenv("RENDER_API_KEY", raising=False)
    monkeypatch.setenv("RENDER_SERVICES", "srv-1")
    assert deploying.main([NEW]) == 1
    assert "RENDER_API_KEY" in capsys.readouterr().err
    monkeypatch.setenv("RENDER_API_KEY", "key")
    assert deploying.main([NEW, "--public-url", ""]) == 1
    assert capsys.readouterr().err == "not set: PUBLIC_URL\n"


GOOD = {
    "/api/v1/health": httpx2.Response(200, json={"version": f"0.1.0+{NEW[:12]}"}),
    "/api/v1/health/ready": httpx2.Response(200, json={"status": "ok"}),
    "/api/v1/users/me": httpx2.Response(
        401, json={"error": {"code": "TOKEN_MISSING"}}, headers={"Cache-Control": "no-store"}
    ),
}


@pytest.mark.parametrize(
    ("path", "reply", "told"),
    [
        ("", None, None),
        ("/api/v1/health", httpx2.Response(502), "/health answers 502"),
        ("/api/v1/health", httpx2.Response(200, json={"version": f"0.1.0+{OLD[:12]}"}), "is not of bbbb"),
        ("/api/v1/health", httpx2.Response(200, json={"version": "0.1.0"}), "is not of bbbb"),
        ("/api/v1/health", httpx2.Response(200, text="<h1>One moment</h1>"), "is not of bbbb"),
        ("/api/v1/health/ready", httpx2.Response(503), "ready answers 503"),
        ("/api/v1/users/me", httpx2.Response(200, json={}), "a stranger with 200"),
        ("/api/v1/users/me", httpx2.Response(401, json={"error": {"code": "TOKEN_MISSING"}}), "may be kept"),
    ],
)
def test_the_smoke_test_sees_what_is_wrong(path: str, reply: httpx2.Response | None, told: str | None):
    clock = Clock()
    answers = GOOD if reply is None else GOOD | {path: reply}
    client = httpx2.Client(transport=httpx2.MockTransport(lambda request: answers[request.url.path]))
    faults = smoking.smoke("https://api.example.com/", NEW, client=client, now=clock.now, pause=clock.pause)
    assert (faults == []) if told is None else any(told in fault for fault in faults), faults
    assert clock.seconds == (0 if told is None else smoking.SECONDS_MAX)


def test_the_smoke_test_waits_until_the_old_instances_have_left():
    clock = Clock()

    def answer(request: httpx2.Request) -> httpx2.Response:
        if clock.seconds < 60 and request.url.path == "/api/v1/health":
            raise httpx2.ConnectError("gone", request=request)
        return GOOD[request.url.path]

    client = httpx2.Client(transport=httpx2.MockTransport(answer))
    assert smoking.smoke("https://api.example.com", NEW, client=client, now=clock.now, pause=clock.pause) == []
    assert clock.seconds >= 60
