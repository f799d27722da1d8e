"""What is broken, and what the check then says: at least one failure and one "cannot tell" for each check."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cleanly.entry.doctor.asking import Answered, Ran, Refused
from cleanly.entry.doctor.verdicts import CannotTell
from tests.entry.doctor.estate import COMMIT, DIRECT, NOW, POOLED, SEALED, ZONE, Place

FAIL, UNKNOWN, PASS = "fail", "cannot tell", "pass"
Break = Callable[[Place], object]
UNREACHED = CannotTell("the database can't be reached: no route")


def answers(path: str, value: Any) -> Break:
    """A vendor answers something else."""
    return lambda place: place.estate.answers.update({path: value})


def refuses(prefix: str, status: int = 401) -> Break:
    """A vendor refuses."""
    return lambda place: place.estate.refused.update({prefix: status})


def without(*names: str) -> Break:
    """Variables are missing in the operator's shell."""
    return lambda place: place.set(backup_folder=str(place.subject.root / "copies"), **dict.fromkeys(names))


def database(asked: str, *rows: tuple[Any, ...], is_tls: bool = True) -> Break:
    """The database answers something else."""
    return lambda place: place.database.update({asked: Answered(list(rows), is_tls=is_tls)})


def breaks(asked: str, error: Exception) -> Break:
    """The database does not answer."""
    return lambda place: place.database.update({asked: error})


def details(name: str, **changes: Any) -> Break:
    """A service has something else."""
    return lambda place: place.estate.services[name]["serviceDetails"].update(changes)


def service(name: str, **changes: Any) -> Break:
    """A service is something else."""
    return lambda place: place.estate.services[name].update(changes)


def given(**changes: str | None) -> Break:
    """The group of variables holds something else."""

    def act(place: Place) -> None:
        place.estate.group.update({name: value for name, value in changes.items() if value is not None})
        for name, value in changes.items():
            if value is None:
                del place.estate.group[name]

    return act


def replies(path: str, status: int, body: str = "", **headers: str) -> Break:
    """The live service answers something else."""
    return lambda place: place.estate.replies.update({path: (status, headers, body)})


def series(name: str, *rows: tuple[dict[str, str], float]) -> Break:
    """The metrics say something else."""
    return lambda place: place.estate.series.update({name: list(rows)})


def named(name: str, kind: str, *data: str) -> Break:
    """A name leads elsewhere."""
    return lambda place: place.estate.names.update({(name, kind): list(data)})


def program(name: str, code: int, output: str = "") -> Break:
    """A program ends otherwise."""
    return lambda place: place.programs.update({name: Ran(code, output)})


def report(path: str, **changes: Any) -> Break:
    """A report says something else."""
    return lambda place: place.report(path, **changes)


def lacks(path: str) -> Break:
    """A file is missing."""
    return lambda place: place.has_no(path)


def changes(*lines: str) -> Break:
    """The edge's plan has something to do."""

    async def plan() -> list[str]:
        return list(lines)

    return lambda place: place.change(edge_changes=plan)


def log(line: str | None) -> Break:
    """The service logs otherwise; `ID` and `TOKEN` stand for the call's."""

    def write(request: Any) -> str | None:
        token = request.headers.get("Authorization", "")[7:]
        return line and line.replace("ID", request.headers.get("X-Request-Id", "")).replace("TOKEN", token)

    return lambda place: setattr(place.estate, "write", write)


def attribute(**changes: Any) -> Break:
    """The live service behaves otherwise."""
    return lambda place: [setattr(place.estate, name, value) for name, value in changes.items()]


def changed(**changes: Any) -> Break:
    """The run itself is asked otherwise."""
    return lambda place: place.change(**changes)


def result(tool: str, status: str, high: int = 0) -> dict[str, Any]:
    """A line of the audit."""
    return {"tool": tool, "status": status, "findings": high, "high": high}


NEON, CF, LOAD, AUDIT = "/neon/projects/p", f"/cloudflare/zones/{ZONE}", "bench/load/report.json", "audit/report.json"
RUNS = f"/github/repos/o/r/commits/{COMMIT}/check-runs"
RECORDS = f"{CF}/dns_records"
ENDPOINT = {"host": "ep", "branch_id": "br", "type": "read_write"}
BRANCH = {"id": "br", "name": "main", "default": True}

CASES: list[tuple[str, Break, str, str]] = [
    ("neon.connect", database("SELECT 1", (1,), is_tls=False), FAIL, "without TLS"),
    ("neon.connect", breaks("SELECT 1", Refused("password authentication failed")), FAIL, "password authentication"),
    ("neon.connect", lambda place: place.set(database_url=POOLED.replace("require", "prefer")), FAIL, "sslmode=prefer"),
    ("neon.connect", breaks("SELECT 1", UNREACHED), UNKNOWN, "can't be reached"),
    ("neon.connect", without("database_url"), UNKNOWN, "needs DATABASE_URL"),
    ("neon.connect", lambda place: place.set(database_url="mysql://u:CANARY@h/d"), UNKNOWN, "DATABASE_URL: the scheme"),
    (
        "neon.hosts",
        lambda place: place.set(direct_database_url=DIRECT.replace("ep-x", "ep-y")),
        FAIL,
        "another compute",
    ),
    ("neon.hosts", lambda place: place.set(database_url=DIRECT), FAIL, "is not the pooler"),
    ("neon.hosts", lambda place: place.set(direct_database_url=DIRECT.replace("/db?", "/d?")), FAIL, "databases"),
    ("neon.hosts", without("direct_database_url"), UNKNOWN, "needs DIRECT_DATABASE_URL"),
    (
        "neon.hosts",
        lambda place: place.set(database_url="postgresql://u@db/a", direct_database_url="postgresql://u@db/a"),
        *(UNKNOWN, "no host of Neon's"),
    ),
    ("neon.size", database("max_connections", (50,)), FAIL, "5 instances x 10 = 50 connections of 50"),
    ("neon.size", breaks("max_connections", UNREACHED), UNKNOWN, "can't be reached"),
    ("neon.size", breaks("max_connections", Refused("no")), UNKNOWN, "does not say"),
    ("neon.size", program("blueprint.py", 0, '{"services": []}'), UNKNOWN, "no web service"),
    ("neon.timeouts", database("statement_timeout", ("0", "3s", "15s")), FAIL, "statement_timeout is 0, not 10s"),
    ("neon.timeouts", breaks("statement_timeout", Refused("no")), UNKNOWN, "does not say"),
    ("neon.schema", database("to_regclass('schema_history')", (False,)), FAIL, "never migrated"),
    ("neon.schema", database("FROM schema_history", ("0001",)), FAIL, "was not reached"),
    ("neon.schema", database("indisvalid", ("broken_idx",)), FAIL, "broken_idx is INVALID"),
    ("neon.schema", changed(drift=lambda _url: 3), FAIL, "3 differences"),
    ("neon.schema", breaks("indisvalid", Refused("no")), UNKNOWN, "does not say"),
    (
        "neon.always_on",
        answers(f"{NEON}/endpoints", {"endpoints": [ENDPOINT | {"suspend_timeout_seconds": 0}]}),
        FAIL,
        "300 s",
    ),
    ("neon.always_on", answers(f"{NEON}/endpoints", {"endpoints": [ENDPOINT]}), UNKNOWN, "does not tell"),
    ("neon.always_on", answers(f"{NEON}/endpoints", {"points": []}), UNKNOWN, "not understood: endpoints"),
    ("neon.always_on", answers(f"{NEON}/endpoints", {"endpoints": []}), UNKNOWN, "has no compute"),
    ("neon.always_on", answers(f"{NEON}/branches", {"branches": []}), UNKNOWN, "no default branch"),
    ("neon.always_on", without("neon_api_key", "neon_project_id"), UNKNOWN, "needs NEON_API_KEY, NEON_PROJECT_ID"),
    ("neon.window", answers(NEON, {"project": {"history_retention_seconds": 86_400}}), FAIL, "window is 1 days"),
    ("neon.window", answers(f"{NEON}/branches", {"branches": [BRANCH | {"protected": False}]}), FAIL, "not protected"),
    ("neon.window", answers(f"{NEON}/branches", {"branches": [BRANCH]}), UNKNOWN, "whether main is protected"),
    ("neon.window", answers(NEON, {"project": {}}), UNKNOWN, "does not tell the restore window"),
    ("neon.window", refuses("/neon"), UNKNOWN, "Neon refuses NEON_API_KEY (401)"),
    ("render.blueprint", program("blueprint.py", 1, '{"faults": ["web: a fault"]}'), FAIL, "web: a fault"),
    ("render.blueprint", details("web", plan="starter"), FAIL, "web: plan is starter, not pro plus"),
    ("render.blueprint", details("worker", maxShutdownDelaySeconds=30), FAIL, "max_shutdown_delay_seconds is 30"),
    ("render.blueprint", lambda place: place.estate.services.pop("cron"), FAIL, "cron does not run"),
    ("render.blueprint", answers("/render/key-value", []), FAIL, "kv does not run"),
    ("render.blueprint", details("web", region=None), UNKNOWN, "does not tell its region"),
    ("render.blueprint", without("render_api_key"), UNKNOWN, "is sound; to compare"),
    ("render.blueprint", program("blueprint.py", 1, "Traceback"), UNKNOWN, "broke"),
    ("render.blueprint", lacks("tools/blueprint.py"), UNKNOWN, "no checkout"),
    (
        "render.deploy",
        lambda place: place.estate.deploys.update({"srv-worker": {"id": "d", "status": "update_failed"}}),
        *(FAIL, "worker: the newest deploy is update_failed"),
    ),
    ("render.deploy", lambda place: place.estate.deploys.update({"srv-cron": None}), FAIL, "cron was never deployed"),
    ("render.deploy", changed(commit="d" * 40), FAIL, "not at dddddddddddd"),
    ("render.deploy", details("web", autoscaling=None, numInstances=1), FAIL, "web has 1 instance"),
    ("render.deploy", details("web", autoscaling=None), UNKNOWN, "how many instances"),
    ("render.deploy", lambda place: place.estate.services.clear(), UNKNOWN, "none of render.yaml's services runs"),
    ("render.deploy", without("render_api_key"), UNKNOWN, "needs RENDER_API_KEY"),
    ("render.drain", details("web", maxShutdownDelaySeconds=54), FAIL, "may take 55 s to end and is killed after 54"),
    ("render.drain", given(SHUTDOWN_GRACE_SECONDS="111"), FAIL, "worker may take 121 s"),
    ("render.drain", details("worker", maxShutdownDelaySeconds=None), UNKNOWN, "shutdown delay"),
    ("render.drain", given(DRAIN_SECONDS="long"), UNKNOWN, "DRAIN_SECONDS is no number"),
    ("render.region", details("worker", region="ohio"), FAIL, "services are in frankfurt, ohio"),
    (
        "render.region",
        lambda place: place.set(database_url=POOLED.replace("eu-central-1", "us-west-2")),
        *(FAIL, "Render is in frankfurt, Neon in us-west-2"),
    ),
    ("render.region", lambda place: place.set(database_url=None), PASS, "eu-central-1"),
    ("render.region", details("cron", region=None), UNKNOWN, "every service's region"),
    ("render.region", without("database_url", "neon_api_key"), UNKNOWN, "needs DATABASE_URL"),
    ("env.complete", given(MAIL_URL=None), FAIL, "web: MAIL_URL must be set in production"),
    ("env.complete", given(APP_ENV="preview"), FAIL, "APP_ENV is not production"),
    ("env.complete", given(NEON_API_KEY="CANARY"), FAIL, "NEON_API_KEY is an operator's"),
    ("env.complete", given(LOG_FORMATT="json"), FAIL, "nothing reads LOG_FORMATT"),
    ("env.complete", refuses("/render/env-groups", 403), UNKNOWN, "Render refuses RENDER_API_KEY (403)"),
    ("env.strength", given(JWT_SECRET="CANARY"), FAIL, "JWT_SECRET each secret needs at least 32 bytes"),
    ("env.strength", given(EDGE_SECRET="CANARY-0123456789abcdefghijklmnopqrstuvwxyz"), FAIL, "are the same secret"),
    ("env.strength", given(ALLOW_TEST_PAYMENTS="on"), FAIL, "ALLOW_TEST_PAYMENTS is on"),
    ("env.strength", refuses("/render", 500), UNKNOWN, "Render answers 500"),
    ("dns.record", answers(RECORDS, {"result": []}), FAIL, "has no CNAME"),
    (
        "dns.record",
        answers(RECORDS, {"result": [{"type": "CNAME", "name": "api", "content": "other.example", "proxied": False}]}),
        *(FAIL, "leads to other.example, not to Render; api.example.com is not proxied"),
    ),
    (
        "dns.record",
        answers(RECORDS, {"result": [{"type": "AAAA", "name": "api", "content": "::1"}]}),
        *(FAIL, "has an AAAA record"),
    ),
    ("dns.record", without("cloudflare_api_token"), UNKNOWN, "needs CLOUDFLARE_API_TOKEN"),
    (
        "dns.record",
        lambda place: (without("cloudflare_api_token")(place), place.estate.names.clear()),
        *(FAIL, "has no address"),
    ),
    ("dns.caa", named("api.example.com", "CAA", '0 issue "letsencrypt.org"'), FAIL, "does not let pki.goog issue"),
    ("dns.caa", lambda place: place.estate.names.clear(), FAIL, "has no CAA record"),
    ("dns.caa", named("api.example.com", "CAA", "\\# 3 zz"), UNKNOWN, "not understood"),
    ("dns.caa", refuses("/dns", 503), UNKNOWN, "DNS over HTTPS answers 503"),
    ("waf.plan", changes("add rule cleanly-scanners"), FAIL, "add rule cleanly-scanners"),
    ("waf.plan", changed(edge_changes=None), UNKNOWN, "needs CLOUDFLARE_API_TOKEN, CLOUDFLARE_ZONE_ID"),
    ("waf.bots", answers(f"{CF}/bot_management", {"result": {"fight_mode": True}}), FAIL, "is on"),
    ("waf.bots", answers(f"{CF}/bot_management", {"result": {}}), UNKNOWN, "not understood: result.fight_mode"),
    ("waf.origin", replies("/past/api/v1/users/me", 401), FAIL, "there is a way past the edge"),
    ("waf.origin", details("web", url=None), UNKNOWN, "does not tell where"),
    ("waf.origin", attribute(believes=True), FAIL, "a forged CF-Connecting-IP is believed"),
    ("waf.origin", attribute(counts=False), UNKNOWN, "no rate limit"),
    ("waf.origin", replies("/api/v1/users/me", 403), PASS, "forged addresses are refused"),
    ("ssl.mode", answers(f"{CF}/settings/ssl", {"result": {"value": "flexible"}}), FAIL, "flexible, not strict"),
    ("ssl.mode", without("cloudflare_zone_id"), UNKNOWN, "needs CLOUDFLARE_ZONE_ID"),
    ("ssl.redirect", replies("/plain/api/v1/users/me", 200), FAIL, "http answers 200"),
    ("ssl.redirect", replies("/api/v1/users/me", 401), FAIL, "no Strict-Transport-Security"),
    ("ssl.redirect", changed(target=""), UNKNOWN, "needs PUBLIC_URL or --live"),
    ("ssl.redirect", changed(plain="http://127.0.0.1:1"), UNKNOWN, "can't be reached"),
    ("monitoring.push", series("service_info", ({"process": "web"}, 10)), FAIL, "nothing of worker within 5 min"),
    ("monitoring.push", series("service_info", ({"process": "web"}, 10), ({"process": "worker"}, 900)), FAIL, "worker"),
    ("monitoring.push", without("prometheus_url"), UNKNOWN, "needs PROMETHEUS_URL"),
    (
        "monitoring.alerts",
        answers("/prometheus/api/v1/rules", {"data": {"groups": []}}),
        FAIL,
        "MemoryHigh is not loaded",
    ),
    ("monitoring.alerts", lacks("ops/prometheus/rules.yaml"), UNKNOWN, "rules.yaml is missing"),
    ("monitoring.alerts", refuses("/prometheus", 404), UNKNOWN, "Prometheus answers 404"),
    ("monitoring.outside", series("probe_success", ({}, 0)), FAIL, "was not answered"),
    ("monitoring.outside", series("probe_success"), UNKNOWN, "no probe_success"),
    ("logging.shape", log("GET /users/me ID"), FAIL, "is not JSON"),
    ("logging.shape", log('{"request_id": "ID", "token": "TOKEN"}'), FAIL, "holds a token"),
    ("logging.shape", log(None), UNKNOWN, "has come yet"),
    ("logging.shape", service("web", ownerId=None), UNKNOWN, "whose service"),
    ("backups.fresh", lambda place: place.copy(taken_at=NOW - timedelta(hours=27)), FAIL, "27.1 h old"),
    ("backups.fresh", lambda place: place.copy(size=len(SEALED) + 1), FAIL, "no whole copy"),
    ("backups.fresh", lambda place: place.write("copies/backups/cleanly-1.dump", SEALED[::-1]), FAIL, "its checksum"),
    ("backups.fresh", lambda place: place.set(), UNKNOWN, "needs BACKUP_BUCKET"),
    ("backups.fresh", lambda place: place.write("copies/backups/cleanly-1.json", "{}"), UNKNOWN, "is no manifest"),
    ("backups.drill", lambda place: place.drill(started_at=NOW - timedelta(days=9)), FAIL, "9 days ago"),
    ("backups.drill", lambda place: place.drill(faults=("users has 1 rows, not 2",)), FAIL, "users has 1 rows"),
    ("backups.drill", lambda place: place.drill(duration_seconds=9_000), FAIL, "it took 2.5 h"),
    ("backups.drill", lambda place: place.drill(data_age_seconds=200_000), FAIL, "its data was 56 h old"),
    ("backups.drill", lacks("copies/drills/1.json"), FAIL, "no copy was ever restored"),
    ("backups.drill", lambda place: place.set(), UNKNOWN, "needs BACKUP_BUCKET"),
    ("cicd.green", answers(RUNS, {"total_count": 0, "check_runs": []}), FAIL, "no job ever ran"),
    (
        "cicd.green",
        answers(
            RUNS, {"total_count": 1, "check_runs": [{"name": "t", "status": "completed", "conclusion": "failure"}]}
        ),
        *(FAIL, "t: failure"),
    ),
    (
        "cicd.green",
        answers(RUNS, {"total_count": 1, "check_runs": [{"name": "t", "status": "in_progress"}]}),
        *(UNKNOWN, "t is in_progress"),
    ),
    ("cicd.green", answers(RUNS, {"total_count": 2, "check_runs": []}), UNKNOWN, "more runs"),
    ("cicd.green", replies("/api/v1/health", 200, '{"version": "0.1.0"}'), UNKNOWN, "tells no commit"),
    ("cicd.green", replies("/api/v1/health", 502, "<html>"), UNKNOWN, "answers 502 and no version"),
    ("cicd.green", without("github_token"), UNKNOWN, "needs GITHUB_TOKEN"),
    ("cicd.pinned", program("zizmor", 13), FAIL, "zizmor has findings"),
    ("cicd.pinned", program("zizmor", 1), UNKNOWN, "zizmor ended with 1"),
    (
        "cicd.pinned",
        lambda place: (place.has_no(".github/workflows/ci.yml"), place.has_no(".github/workflows")),
        UNKNOWN,
        "no checkout",
    ),
    ("cicd.single", answers("/github/repos/o/r/branches/main", {"protected": False}), FAIL, "main is not protected"),
    ("cicd.single", service("web", autoDeploy="yes"), FAIL, "web deploys by itself (yes)"),
    ("cicd.single", service("web", autoDeployTrigger="commit"), FAIL, "web deploys by itself (commit)"),
    ("cicd.single", service("web", autoDeploy=None), UNKNOWN, "whether it deploys by itself"),
    ("load.report", report(LOAD, version="9.9.0"), FAIL, "it is of 9.9.0"),
    ("load.report", report(LOAD, finishedAt="2020-01-01T00:00:00Z"), FAIL, "days old"),
    ("load.report", report(LOAD, achievedRate=20), FAIL, "20 requests/s of the 50"),
    ("load.report", report(LOAD, p95Ms=1000), FAIL, "p95 was 1000 ms"),
    ("load.report", report(LOAD, errorShare=0.02), FAIL, "2.0% failed"),
    ("load.report", report(LOAD, poolTimeouts=1), FAIL, "1 waited in vain"),
    ("load.report", report(LOAD, poolTimeouts=None), UNKNOWN, "could not see waits"),
    ("load.report", report(LOAD, p95Ms="slow"), UNKNOWN, "is not understood: p95Ms"),
    ("load.report", lacks(LOAD), UNKNOWN, "there is no report"),
    ("security.report", report(AUDIT, results=[result("bandit", "fail", 2)]), FAIL, "bandit: 2 findings"),
    ("security.report", report(AUDIT, commit="d" * 40), FAIL, "it is of dddddddddddd"),
    ("security.report", report(AUDIT, finishedAt="2020-01-01T00:00:00Z"), FAIL, "days old"),
    ("security.report", report(AUDIT, results=[]), UNKNOWN, "bandit did not look"),
    ("security.report", report(AUDIT, results=[result("pip-audit", "cannot tell")]), UNKNOWN, "pip-audit could not"),
    ("security.report", changed(target=""), UNKNOWN, "needs PUBLIC_URL or --live"),
    ("security.report", lambda place: place.write(AUDIT, "{"), UNKNOWN, "is not understood: no JSON"),
    ("security.live", replies("/metrics", 200), FAIL, "/metrics is open"),
    ("security.live", replies("/api/v1/there-is-nothing-here", 500, "Traceback (most"), FAIL, "shows what the code"),
    ("security.live", attribute(counts=False), FAIL, "no RateLimit header"),
    ("security.live", replies("/api/v1/users/me", 200, "{}"), FAIL, "answers a stranger with 200"),
    ("security.live", replies("/api/v1/users/me", 502, "x"), UNKNOWN, "the service is not well"),
    ("security.live", changed(target="http://127.0.0.1:1"), UNKNOWN, "can't be reached"),
]
