"""The Blueprint is sound, and each rule of its validator is broken once and noticed."""

import sys

import pytest
import yaml

from tests.architecture.source import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import blueprint

TEXT = (ROOT / "render.yaml").read_text()


def test_the_blueprint_is_sound():
    assert blueprint.faults(TEXT) == []


def test_the_drill_finds_copies_where_the_cron_puts_them():
    cron = next(one for one in yaml.safe_load(TEXT)["services"] if one["name"] == "cleanly-backup")
    made_with = {one["key"] for one in cron["envVars"] if one.get("key", "").startswith("BACKUP_")}
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "restore-drill.yml").read_text())
    drilled_with = set(workflow["jobs"]["drill"]["steps"][-1]["env"])
    assert drilled_with == made_with - {"BACKUP_RECIPIENT"} | {"BACKUP_KEY"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('generation: "off"', "generation: off", "previews.generation"),
        ("healthCheckPath:", "healthCheckPaths:", "healthCheckPaths"),
        ("plan: standard", "plan: enormous", "plan"),
        ("plan: standard", "plan: free", "plan"),
        ("    numInstances: 1\n", "", "either numInstances or scaling"),
        ("minInstances: 2", "minInstances: 9", "minInstances is above"),
        ("targetCPUPercent: 70", "targetCPUPercent: 99", "targetCPUPercent"),
        ("ipAllowList: []", "name: again", "ipAllowList"),
        ("domains: [api.example.com]", "disk: {name: d, mountPath: /d}", "disk"),
        ("    domains: [api.example.com]\n", "", "needs a domain"),
        ('value: "https://api.example.com"', 'value: "https://other.example.com"', "PUBLIC_URL is none"),
        ('value: "https://api.example.com"', 'value: "http://api.example.com"', "PUBLIC_URL must be an https"),
        (
            "region: frankfurt\n    dockerCommand: cleanly worker",
            "region: oregon\n    dockerCommand: cleanly worker",
            "region",
        ),
        ("/api/v1/health/live", "/api/v1/health/alive", "no route"),
        ("dockerCommand: cleanly worker", "dockerCommand: cleanly work", "no command"),
        ("dockerCommand: cleanly worker", "dockerCommand: cleanly jobs", "no command"),
        ("preDeployCommand: cleanly migrate", "preDeployCommand: cleanly version", "preDeployCommand"),
        ("maxShutdownDelaySeconds: 60", "maxShutdownDelaySeconds: 54", "it may take 55 s to end"),
        ("maxShutdownDelaySeconds: 120", "maxShutdownDelaySeconds: 99", "it may take 100 s to end"),
        ("maxShutdownDelaySeconds: 60", "maxShutdownDelaySeconds: 301", "maxShutdownDelaySeconds"),
        ('schedule: "17 2 * * *"', 'schedule: "17 2 * *"', "not a schedule"),
        ('schedule: "17 2 * * *"', "schedule: 17", "schedule"),
        ("cleanly backup create", "cleanly cron run ledger.check", "'cleanly cron run ledger.check' is the worker's"),
        ("cleanly backup create", "cleanly backup verify", "none runs 'cleanly backup create'"),
        ("dockerCommand: cleanly worker", "dockerCommand: cleanly serve", "none runs 'cleanly worker'"),
        ("{fromGroup: cleanly}", "{fromGroup: untidy}", "no group untidy"),
        ("name: cleanly-kv, property: connectionString", "name: cleanly-kv, property: host", "no host to give"),
        ("name: cleanly-kv, property: connectionString", "name: cleanly-kv", "either a property"),
        ("type: keyvalue, name: cleanly-kv,", "type: keyvalue, name: other,", "no keyvalue other"),
        ("{key: DATABASE_URL, sync: false}", "{key: DATABASE_URL, value: x}", "is a secret"),
        ("      - {key: DATABASE_URL, sync: false}\n", "", "holds no DATABASE_URL of its own"),
        ("      - {key: JWT_SECRET, generateValue: true}\n", "", "JWT_SECRET is missing"),
        ("      - {key: EDGE_SECRET, generateValue: true}\n", "", "TRUSTED_PROXIES"),
        ("value: production", "value: prodution", "APP_ENV"),
        ("key: LOG_FORMAT", "key: LOG_FORMATT", "nothing reads LOG_FORMATT"),
        ("key: LOG_FORMAT, value: json", "key: RENDER_API_KEY, value: x", "an operator's"),
        ("key: BACKUP_RECIPIENT, sync", "key: BACKUP_KEY, sync", "BACKUP_KEY is an operator's"),
        ("value: live", "value: postgresql://u:p@db/x", "PAYPAL_ENV is a secret"),
        ("value: live", "value: sandbox", "PAYPAL_ENV is sandbox"),
        ("      - {key: STRIPE_MOBILE_API_VERSION, sync: false}\n", "", "holds no STRIPE_MOBILE_API_VERSION"),
        ("key: STRIPE_PUBLISHABLE_KEY, fromService", "key: STRIPE_API_BASE, fromService", "set up by half"),
        ("{key: BACKUP_SECRET_ACCESS_KEY, sync: false}", "{key: BACKUP_FOLDER, sync: false}", "holds no BACKUP_SECRET"),
        ("{key: MAIL_URL, sync: false}", "{key: MAIL_URL, sync: false, value: x}", "envVars"),
        ("{key: LOG_FORMAT, value: json}", "{key: LOG_FORMAT, sync: false}", "envVarGroups.0.envVars.0"),
        ("{key: MAIL_URL, sync: false}", "{key: DATABASE_URL, sync: false}", "DATABASE_URL is there twice"),
        ('autoDeployTrigger: "off"', "autoDeployTrigger: commit", "autoDeployTrigger"),
        ('autoDeployTrigger: "off"', "autoDeployTrigger: off", "autoDeployTrigger"),
        ("autoDeployTrigger:", "autoDeploy: false\n    x:", "autoDeploy"),
        ('persistenceMode: "off"', "persistenceMode: off", "persistenceMode"),
        ("maxmemoryPolicy: allkeys-lru", "maxmemoryPolicy: lru", "maxmemoryPolicy"),
        ("runtime: docker", "runtime: python", "runtime"),
        ("type: keyvalue\n", "type: redis\n", "does not match any of the expected tags"),
        ("    numInstances: 1\n", "    numInstances: 0\n", "numInstances"),
        (", targetCPUPercent: 70, targetMemoryPercent: 75", "", "needs a target"),
        ("previews:", "database: []\npreviews:", "database"),
        ("name: cleanly-backup", "name: cleanly-worker", "two have one name"),
        ("services:", "services: [", "not YAML"),
    ],
)
def test_a_broken_rule_is_told(old: str, new: str, told: str):
    assert old in TEXT
    found = blueprint.faults(TEXT.replace(old, new, 1))
    assert any(told in line for line in found), found


def test_no_secret_is_told():
    found = blueprint.faults(TEXT.replace("{key: JWT_SECRET, generateValue: true}", "{key: JWT_SECRET, value: s3cret}"))
    assert found
    assert "s3cret" not in "".join(found)
