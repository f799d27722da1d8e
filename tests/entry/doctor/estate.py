"""A whole deployment on loopback that is as it should be, until a test breaks one thing of it.

Every secret holds the word CANARY, so that one search finds whatever leaks.
"""

import hashlib
import json
import pathlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from cleanly import __version__
from cleanly.entry import migrate
from cleanly.entry.backup.manifest import COPIES, DRILLS, Content, Drill, Manifest
from cleanly.entry.doctor.asking import Answered, Ran
from cleanly.entry.doctor.subject import Subject, Vendors
from cleanly.entry.settings import Settings, readable
from cleanly.kernel.clock import Clock
from cleanly.kernel.net import Http

COMMIT = "c0ffee" * 6 + "c0ff"
NOW = Clock().now()
ZONE = "0123456789abcdef" * 2
TARGET_DNS = "https://api.example.com"
POOLED = "postgresql://u:CANARY-db@ep-x-pooler.eu-central-1.aws.neon.tech/db?sslmode=require"
DIRECT = POOLED.replace("-pooler", "")
ENVIRONMENT = {
    "APP_ENV": "production",
    "DATABASE_URL": POOLED,
    "DIRECT_DATABASE_URL": DIRECT,
    "JWT_SECRET": "CANARY-0123456789abcdefghijklmnopqrstuvwxyz",
    "EDGE_SECRET": "CANARY-zyxwvutsrqponmlkjihgfedcba9876543210",
    "MAIL_URL": "smtps://u:CANARY-mail@mail.example.com:465",
    "MAIL_FROM": "Cleanly <no-reply@example.com>",
    "APP_LINK_BASE": "https://example.com/app",
    "PUBLIC_URL": "https://api.example.com",
    "WEB_CONCURRENCY": "1",
}
BLUEPRINT = [
    {
        "type": "web",
        "name": "web",
        "plan": "pro plus",
        "region": "frankfurt",
        "maxShutdownDelaySeconds": 60,
        "healthCheckPath": "/live",
        "scaling": {"minInstances": 2, "maxInstances": 4},
    },
    {
        "type": "worker",
        "name": "worker",
        "plan": "starter",
        "region": "frankfurt",
        "numInstances": 1,
        "maxShutdownDelaySeconds": 120,
    },
    {"type": "cron", "name": "cron", "plan": "starter", "region": "frankfurt"},
    {"type": "keyvalue", "name": "kv", "plan": "starter", "region": "frankfurt"},
]
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000",
}
RULES = "groups:\n  - name: one\n    rules:\n      - alert: ErrorRateHigh\n      - alert: MemoryHigh\n"
SEALED = b"what was sealed"


def _service(name: str, kind: str, plan: str, **details: Any) -> dict[str, Any]:
    return {
        "id": f"srv-{name}",
        "name": name,
        "type": kind,
        "ownerId": "tea-1",
        "autoDeploy": "no",
        "serviceDetails": {"plan": plan, "region": "frankfurt", **details},
    }


@dataclass
class Estate:
    """What the vendors know, and how the live service behaves."""

    base: str = ""
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    deploys: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    group: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))
    own: dict[str, str] = field(default_factory=lambda: {"LOG_FORMAT": "json"})
    answers: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    series: dict[str, list[tuple[dict[str, str], float]]] = field(default_factory=dict)
    names: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    replies: dict[str, tuple[int, dict[str, str], str]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    write: Callable[[web.Request], str | None] = lambda request: json.dumps(
        {"request_id": request.headers.get("X-Request-Id", "")}
    )
    believes: bool = False
    counts: bool = True
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.services = {
            "web": _service(
                *("web", "web_service", "pro_plus"),
                healthCheckPath="/live",
                maxShutdownDelaySeconds=60,
                autoscaling={"enabled": True, "min": 2, "max": 4},
            ),
            "worker": _service("worker", "background_worker", "starter", maxShutdownDelaySeconds=120, numInstances=1),
            "cron": _service("cron", "cron_job", "starter"),
        }
        self.deploys = {
            f"srv-{name}": {"id": "dep", "status": "live", "commit": {"id": COMMIT}} for name in self.services
        }
        self.answers = {
            "/render/key-value": [{"keyValue": {"name": "kv", "plan": "starter", "region": "frankfurt"}}],
            "/neon/projects/p": {"project": {"history_retention_seconds": 604_800, "region_id": "aws-eu-central-1"}},
            "/neon/projects/p/branches": {
                "branches": [{"id": "br", "name": "main", "default": True, "protected": True}]
            },
            "/neon/projects/p/endpoints": {
                "endpoints": [
                    {"host": "ep-x", "branch_id": "br", "type": "read_write", "suspend_timeout_seconds": -1},
                ]
            },
            f"/github/repos/o/r/commits/{COMMIT}/check-runs": {
                "total_count": 1,
                "check_runs": [{"name": "tests", "status": "completed", "conclusion": "success", "html_url": "u"}],
            },
            "/github/repos/o/r/branches/main": {"protected": True},
            f"/cloudflare/zones/{ZONE}/dns_records": {
                "result": [{"type": "CNAME", "name": "api", "content": "web.onrender.com", "proxied": True}]
            },
            f"/cloudflare/zones/{ZONE}/settings/ssl": {"result": {"value": "strict"}},
            f"/cloudflare/zones/{ZONE}/bot_management": {"result": {"fight_mode": False}},
            "/prometheus/api/v1/rules": {
                "data": {"groups": [{"rules": [_alert("ErrorRateHigh"), _alert("MemoryHigh"), _alert("Theirs")]}]}
            },
        }
        self.series = {
            "service_info": [({"process": "web"}, 20.0), ({"process": "worker"}, 30.0)],
            "probe_success": [({}, 1.0)],
        }
        self.names = {
            ("api.example.com", "A"): ["192.0.2.1"],
            ("api.example.com", "CAA"): [],
            ("example.com", "CAA"): [
                '0 issue "letsencrypt.org"',
                "\\# 15 00 05 69 73 73 75 65 70 6b 69 2e 67 6f 6f 67",
                '0 iodef "mailto:a@example.com"',
            ],
        }
        self.replies = {
            "/past/api/v1/users/me": (404, {}, "gone"),
            "/plain/api/v1/users/me": (301, {"Location": "https://api.example.com/"}, ""),
            "/api/v1/there-is-nothing-here": (404, HEADERS, _envelope("NOT_FOUND")),
            "/api/v1/health": (200, {}, json.dumps({"version": f"{__version__}+{COMMIT[:12]}"})),
        }

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Every host of the estate, by the path's first word."""
        path = request.path
        for prefix, status in self.refused.items():
            if path.startswith(prefix):
                return web.json_response({"message": "CANARY-said"}, status=status)
        self.calls[path] += 1
        if path in self.replies:
            status, headers, body = self.replies[path]
            return web.Response(status=status, headers=headers, text=body)
        own = {"/api/v1/users/me": self._private, "/dns": self._name}
        return own.get(path, self._vendor)(request)

    def _vendor(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path.startswith(("/render/", "/neon/", "/github/", "/cloudflare/")):
            assert "CANARY" in request.headers["Authorization"]
        found = self.answers.get(path, self._render(request) if path.startswith("/render/") else None)
        if path == "/prometheus/api/v1/query":
            assert request.headers["Authorization"].startswith("Basic ")
            found = {"data": {"result": self._query(request.query["query"])}}
        return web.json_response(found) if found is not None else web.Response(status=404, text="nothing")

    def _private(self, request: web.Request) -> web.StreamResponse:
        if (line := self.write(request)) is not None:
            self.log.append(line)
        headers = dict(HEADERS)
        if self.counts:
            caller = request.headers.get("CF-Connecting-IP", "") if self.believes else "peer"
            self.calls[f"from {caller}"] += 1
            headers["RateLimit-Policy"] = '"default";q=100;w=60'
            headers["RateLimit"] = f'"default";r={100 - self.calls[f"from {caller}"]};t=60'
        return web.Response(status=401, headers=headers, text=_envelope("TOKEN_MISSING"))

    def _name(self, request: web.Request) -> web.StreamResponse:
        numbers = {"A": 1, "CAA": 257}
        held = self.names.get((request.query["name"], request.query["type"]))
        if held is None:
            return web.json_response({"Status": 3})
        rows = [{"type": numbers[request.query["type"]], "data": data} for data in held]
        return web.json_response({"Status": 0, "Answer": [{"type": 5, "data": "elsewhere."}, *rows]})

    def _query(self, expression: str) -> list[dict[str, Any]]:
        found = next(rows for word, rows in self.series.items() if word in expression)
        return [{"metric": labels, "value": [0, str(value)]} for labels, value in found]

    def _render(self, request: web.Request) -> object:
        _, _, *words = request.path.split("/")
        linked = [{"id": one["id"]} for one in self.services.values()]
        held = {"evg-1": linked, "evg-2": []}
        found: object = None
        match words:
            case ["services"]:
                found = [{"service": one, "cursor": "c"} for one in self.services.values()]
            case ["services", name, "deploys"]:
                found = [{"deploy": one}] if (one := self.deploys[name]) is not None else []
            case ["services", _, "env-vars"]:
                found = [{"envVar": {"key": key, "value": value}, "cursor": "c"} for key, value in self.own.items()]
            case ["env-groups"]:
                found = [{"envGroup": {"id": group, "serviceLinks": links}} for group, links in held.items()]
            case ["env-groups", "evg-1"]:
                found = {"id": "evg-1", "envVars": [{"key": key, "value": one} for key, one in self.group.items()]}
            case ["logs"]:
                found = {"logs": [{"message": line} for line in self.log if request.query["text"] in line]}
        return found


def _alert(name: str) -> dict[str, str]:
    return {"name": name, "type": "alerting"}


def _envelope(code: str) -> str:
    return json.dumps({"success": False, "error": {"code": code, "message": "m"}})


@dataclass
class Place:
    """An estate with what stands beside it: the database's answers, the programs' ends, the checkout."""

    estate: Estate
    subject: Subject
    database: dict[str, Answered | Exception]
    programs: dict[str, Ran | Exception]

    def set(self, **settings: Any) -> None:
        """Change variables of the operator's shell; None: not set."""
        changed = {**_given(self.estate.base), **settings}
        given = {name: one for name, one in changed.items() if one is not None}
        found, faults = readable(_env_prefix="\0", **given)
        self.subject = replace(self.subject, settings=found, faults=faults)

    def change(self, **fields: Any) -> None:
        """Change the subject itself."""
        self.subject = replace(self.subject, **fields)

    def write(self, path: str, text: str | bytes) -> None:
        """A file of the checkout."""
        file = self.subject.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def report(self, path: str, **changes: Any) -> None:
        """One of the two reports, good but for the changes."""
        common = {"version": __version__, "finishedAt": NOW.isoformat(), "commit": COMMIT}
        load = {"targetRate": 50, "achievedRate": 49.5, "p95Ms": 90.5, "errorShare": 0.0, "poolTimeouts": 0}
        tools = ("bandit", "detect-secrets", "pip-audit", "zizmor", "headers")
        results = [{"tool": name, "status": "pass", "findings": 1, "high": 0} for name in tools]
        rest: dict[str, Any] = load if "load" in path else {"version": 1, "results": results}
        self.write(path, json.dumps({**common, **rest, **changes}))

    def copy(self, *, taken_at: datetime = NOW, size: int = len(SEALED)) -> None:
        """A copy in the folder for copies."""
        made = Manifest(
            name="cleanly-1",
            taken_at=taken_at,
            lsn="0/0",
            server_version=180_000,
            key="k",
            plain_bytes=1,
            plain_sha256="x",
            sealed_bytes=size,
            sealed_sha256=hashlib.sha256(SEALED).hexdigest(),
            content=Content(revision="r", rows={}, books=()),
        )
        self.write(f"copies/{COPIES}cleanly-1.dump", SEALED)
        self.write(f"copies/{COPIES}cleanly-1.json", made.model_dump_json())

    def drill(self, **changes: Any) -> None:
        """A practised restore."""
        good = {"backup": "cleanly-1", "started_at": NOW, "duration_seconds": 60, "data_age_seconds": 3600}
        made = Drill(**{**good, "faults": (), **changes})
        self.write(f"copies/{DRILLS}1.json", made.model_dump_json())

    def has_no(self, path: str) -> None:
        """Take a file or an empty folder of the checkout away."""
        file = self.subject.root / path
        file.rmdir() if file.is_dir() else file.unlink()


def _given(base: str) -> dict[str, Any]:
    return {
        "database_url": POOLED,
        "direct_database_url": DIRECT,
        "public_url": base,
        "render_api_key": "CANARY-render",
        "neon_api_key": "CANARY-neon",
        "neon_project_id": "p",
        "github_token": "CANARY-github",
        "github_repository": "o/r",
        "cloudflare_api_token": "CANARY-cloudflare",
        "cloudflare_zone_id": ZONE,
        "prometheus_url": base.replace("://", "://name:CANARY-prometheus@") + "/prometheus",
    }


def _columns() -> tuple[str, ...]:
    return tuple(migrate.ROLE_TIMEOUTS.values())


@asynccontextmanager
async def standing(root: pathlib.Path) -> AsyncGenerator[Place, None]:
    """Everything, good."""
    estate = Estate()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", estate.serve)
    database: dict[str, Answered | Exception] = {
        "SELECT 1": Answered([(1,)], is_tls=True),
        "max_connections": Answered([(200,)], is_tls=True),
        "statement_timeout": Answered([_columns()], is_tls=True),
        "to_regclass('schema_history')": Answered([(True,)], is_tls=True),
        "FROM schema_history": Answered([(migrate.head(),)], is_tls=True),
        "indisvalid": Answered([], is_tls=True),
    }
    programs: dict[str, Ran | Exception] = {
        "blueprint.py": Ran(0, json.dumps({"faults": [], "services": BLUEPRINT})),
        "zizmor": Ran(0, ""),
    }

    def answer(known: dict[str, Any], asked: str) -> Any:
        found = next(one for word, one in known.items() if word in asked)
        if isinstance(found, Exception):
            raise found
        return found

    async def query(_url: str, sql: str) -> Answered:
        return answer(database, sql)

    async def run(words: Any, _folder: pathlib.Path) -> Ran:
        return answer(programs, " ".join(words))

    async def at_once(_seconds: float) -> None:
        return None

    async def no_changes() -> list[str]:
        return []

    async with TestServer(app) as server:
        estate.base = base = f"http://{server.host}:{server.port}"
        estate.services["web"]["serviceDetails"]["url"] = f"{base}/past"
        http = Http.to_known()
        subject = Subject(
            settings=Settings.model_construct(),
            root=root,
            now=NOW + timedelta(minutes=5),
            http=http,
            target=base,
            commit=COMMIT,
            edge_changes=no_changes,
            at=Vendors(f"{base}/render", f"{base}/neon", f"{base}/github", f"{base}/cloudflare", f"{base}/dns"),
            plain=f"{base}/plain",
            query=query,
            drift=lambda _url: 0,
            run=run,
            pause=at_once,
        )
        place = Place(estate, subject, database, programs)
        place.set(backup_folder=str(root / "copies"))
        for path in ("tools/blueprint.py", ".github/workflows/ci.yml"):
            place.write(path, "")
        place.write("ops/prometheus/rules.yaml", RULES)
        place.report("bench/load/report.json")
        place.report("audit/report.json")
        place.copy()
        place.drill()
        yield place
        await http.close()
