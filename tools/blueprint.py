"""Check render.yaml without Render: its shape, its references, and that each process could start with what it is given.

    python tools/blueprint.py [--json] [FILE]

Render's schema is not at hand offline and its command line asks the server, so this is the gate on a laptop. The
words allowed are those of Render's Blueprint reference. Exit code 1 with one line per fault. `--json` prints faults
and services for a program: `cleanly doctor` compares them with what runs.
"""

import functools
import json
import os
import pathlib
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from unittest.mock import patch

import typer
import yaml
from blueprint_shape import (
    Blueprint,
    Cron,
    FromGroup,
    FromService,
    Generated,
    KeyValue,
    Plain,
    Typed,
    Variable,
    Web,
    Worker,
)
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError
from typer.core import TyperGroup

from cleanly.entry import health
from cleanly.entry import settings as environment
from cleanly.entry.cli import app
from cleanly.platform.cron import rules

ROOT = pathlib.Path(__file__).resolve().parents[1]
API = "/api/v1"
AFTER_SECONDS = 10  # between the end of the grace and the kill
# Read by others than Settings.
FOREIGN = {"WEB_CONCURRENCY"}
_NEEDED = {"cleanly serve", "cleanly worker", "cleanly backup create"}
_OPERATORS = re.compile(r"^(CLOUDFLARE_|RENDER_API|NEON_|GITHUB_|BACKUP_KEY$)")
_SECRET = re.compile(
    r"SECRET|PASSWORD|TOKEN|PRIVATE|(?<!PUBLISHABLE)_KEY(_ID)?$|^(DATABASE|DIRECT|READ|REDIS|MAIL).*_URL$"
)
_SECRET_VALUE = re.compile(r"://[^/@\s]+:[^/@\s]+@|\b(sk|rk)_(live|test)_|\bwhsec_|-----BEGIN")
_PROPERTIES = {
    "keyvalue": {"connectionString"},
    "web": {"host", "port", "hostport"},
    "worker": set[str](),
    "cron": set[str](),
}
_NEON_REGIONS = {
    "oregon": "us-west-2",
    "ohio": "us-east-2",
    "virginia": "us-east-1",
    "frankfurt": "eu-central-1",
    "singapore": "ap-southeast-1",
}
_PROVIDERS = {
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_x",
    "STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_y",
    "STRIPE_MOBILE_API_VERSION": "2024-06-20",
    "PAYPAL_CLIENT_ID": "id",
    "PAYPAL_CLIENT_SECRET": "secret",
    "PAYPAL_WEBHOOK_ID": "WH-1",
    "GOOGLE_CLIENT_IDS": "1.apps.googleusercontent.com",
    "GOOGLE_PLAY_PACKAGE": "com.example.app",
    "GOOGLE_PLAY_PUSH_AUDIENCE": "https://api.example.com",
    "GOOGLE_PLAY_PUSH_EMAIL": "push@b.iam.gserviceaccount.com",
}
Service = Web | Worker | Cron | KeyValue
Process = Web | Worker | Cron


def faults(text: str) -> list[str]:
    """Everything wrong with a Blueprint, one line each."""
    try:
        read: Any = yaml.safe_load(text)
        blueprint = Blueprint.model_validate(read)
    except yaml.YAMLError as error:
        return [f"not YAML: {error}"]
    except ValidationError as error:
        return [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)]
    found = [*_references(blueprint), *_secrets(blueprint), *_schedules(blueprint), *_commands(blueprint)]
    # What a process is given can only be looked at when every reference leads somewhere.
    return found or [*_processes(blueprint), *_places(blueprint)]


def _by_name(blueprint: Blueprint) -> dict[str, Service]:
    return {service.name: service for service in blueprint.services}


def _processes_of(blueprint: Blueprint) -> list[Process]:
    return [service for service in blueprint.services if not isinstance(service, KeyValue)]


def _references(blueprint: Blueprint) -> Iterator[str]:
    services = _by_name(blueprint)
    groups = {group.name for group in blueprint.envVarGroups}
    if len(services) != len(blueprint.services):
        yield "services: two have one name"
    for process in _processes_of(blueprint):
        keys = [one.key for one in process.envVars if not isinstance(one, FromGroup)]
        yield from (
            f"{process.name}: {key} is there twice" for key in sorted({key for key in keys if keys.count(key) > 1})
        )
        for one in process.envVars:
            if isinstance(one, FromGroup) and one.fromGroup not in groups:
                yield f"{process.name}: there is no group {one.fromGroup}"
            if isinstance(one, FromService):
                yield from (f"{process.name}: {one.key}: {wrong}" for wrong in _reference(one, services))


def _reference(variable: FromService, services: Mapping[str, Service]) -> Iterator[str]:
    source = variable.fromService
    target = services.get(source.name)
    if target is None or target.type != source.type:
        yield f"there is no {source.type} {source.name}"
    elif (source.property is None) == (source.envVarKey is None):
        yield "needs either a property or an envVarKey"
    elif source.property is not None and source.property not in _PROPERTIES[source.type]:
        yield f"a {source.type} has no {source.property} to give"
    elif source.envVarKey is not None:
        theirs = () if isinstance(target, KeyValue) else target.envVars
        if not any(isinstance(one, Plain | Typed) and one.key == source.envVarKey for one in theirs):
            yield f"{source.name} holds no {source.envVarKey} of its own"


def _secrets(blueprint: Blueprint) -> Iterator[str]:
    known = environment.variable_names() | FOREIGN
    holders: list[tuple[str, Sequence[Variable]]] = [(group.name, group.envVars) for group in blueprint.envVarGroups]
    holders += [(process.name, process.envVars) for process in _processes_of(blueprint)]
    for holder, variables in holders:
        for one in variables:
            if isinstance(one, FromGroup):
                continue
            if _OPERATORS.match(one.key):
                yield f"{holder}: {one.key} is an operator's: no service may hold it"
            elif one.key not in known:
                yield f"{holder}: nothing reads {one.key}"
            if isinstance(one, Plain) and (_SECRET.search(one.key) or _SECRET_VALUE.search(one.value)):
                yield f"{holder}: {one.key} is a secret: it must not stand in the file"


def _schedules(blueprint: Blueprint) -> Iterator[str]:
    """Each schedule is kept once: by the worker, which tries again what fails. A cron does what is no schedule."""
    commands = {process.dockerCommand for process in _processes_of(blueprint)}
    yield from (f"services: none runs {wanted!r}" for wanted in sorted(_NEEDED - commands))
    for cron in (service for service in blueprint.services if isinstance(service, Cron)):
        try:
            rules.check(cron.schedule)
        except ValueError as error:
            yield f"{cron.name}: {error}"
        if shlex.split(cron.dockerCommand)[1:2] == ["cron"]:
            yield f"{cron.name}: {cron.dockerCommand!r} is the worker's: it would be due twice"


def _commands(blueprint: Blueprint) -> Iterator[str]:
    top = typer.main.get_command(app)
    for process in _processes_of(blueprint):
        commands = [process.dockerCommand]
        if not isinstance(process, Cron) and process.preDeployCommand is not None:
            commands.append(process.preDeployCommand)
        for command in commands:
            first, *words = shlex.split(command)
            if first != "cleanly" or not words or not _exists(top, words):
                yield f"{process.name}: there is no command {command!r}"


def _exists(command: object, words: list[str]) -> bool:
    if not isinstance(command, TyperGroup):
        return True
    inner = command.commands.get(words[0]) if words else None
    return inner is not None and _exists(inner, words[1:])


def _processes(blueprint: Blueprint) -> Iterator[str]:
    for process in _processes_of(blueprint):
        found: environment.Settings | None = None
        # Whoever leaves every provider out, and whoever enters all that is asked for, must be able to start.
        for typed in ({}, _PROVIDERS | {"GOOGLE_PLAY_SERVICE_ACCOUNT": _service_account()}):
            try:
                with patch.dict(os.environ, _environment(blueprint, process, typed), clear=True):
                    found = environment.load()
            except environment.BadSettings as error:
                yield from (f"{process.name}: {name} {reason}" for name, reason in error.faults.items())
                break
        if found is None or isinstance(process, Cron):
            continue
        seconds = (
            found.shutdown_grace_seconds + AFTER_SECONDS + (found.drain_seconds if isinstance(process, Web) else 0)
        )
        if process.maxShutdownDelaySeconds < seconds:
            yield f"{process.name}: it may take {seconds:.0f} s to end; maxShutdownDelaySeconds is less"
        if process.preDeployCommand != "cleanly migrate":
            yield f"{process.name}: its code may be the first to start: preDeployCommand must be cleanly migrate"


def _environment(blueprint: Blueprint, process: Process, typed: Mapping[str, str]) -> dict[str, str]:
    """What the process would be given, each secret a good one; `typed` by hand, beside what every process needs."""
    groups = {group.name: group.envVars for group in blueprint.envVarGroups}
    given: dict[str, str] = {"RENDER": "true", "PORT": "10000"}
    for one in process.envVars:
        for variable in groups[one.fromGroup] if isinstance(one, FromGroup) else [one]:
            if isinstance(variable, Plain):
                given[variable.key] = variable.value
            elif isinstance(variable, Generated):
                given[variable.key] = "k7Qm2x9Lw4Tz8Vb1Nc5Rf3Hj6Yd0SgPaUeWiXoZrAs4="
            else:
                given[variable.key] = typed.get(variable.key) or _needed(blueprint, variable.key)
    return given


def _needed(blueprint: Blueprint, key: str) -> str:
    region = _NEON_REGIONS[next(one.region for one in blueprint.services)]
    at = f"{region}.aws.neon.tech/db?sslmode=require&channel_binding=require"
    needed = {
        "DATABASE_URL": f"postgresql://u:p@ep-x-pooler.{at}",
        "DIRECT_DATABASE_URL": f"postgresql://u:p@ep-x.{at}",
        "MAIL_URL": "smtps://u:p@mail.example.com:465",
        "REDIS_URL": "redis://kv:6379",
        "BACKUP_BUCKET": "copies",
        "BACKUP_ENDPOINT_URL": "https://account.r2.cloudflarestorage.com",
        "BACKUP_ACCESS_KEY_ID": "id",
        "BACKUP_SECRET_ACCESS_KEY": "secret",
        "BACKUP_RECIPIENT": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE",
    }
    return needed.get(key, "")


@functools.cache
def _service_account() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {"type": "service_account", "client_email": "a@b.iam.gserviceaccount.com", "private_key_id": "1"}
    return json.dumps(account | {"private_key": pem, "token_uri": "https://oauth2.googleapis.com/token"})


def _places(blueprint: Blueprint) -> Iterator[str]:
    if len({service.region for service in blueprint.services}) > 1:
        yield "services: more than one region: each call between them would cross the world"
    paths = {f"{API}{route.path}" for route in cast("Any", health.router.routes)}
    for web in (service for service in blueprint.services if isinstance(service, Web)):
        if web.healthCheckPath not in paths:
            yield f"{web.name}: there is no route {web.healthCheckPath}"
        if web.renderSubdomainPolicy == "disabled" and not web.domains:
            yield f"{web.name}: without the subdomain it needs a domain"
        public = [
            one.value
            for group in blueprint.envVarGroups
            for one in group.envVars
            if isinstance(one, Plain) and one.key == "PUBLIC_URL"
        ]
        if public and public[0].removeprefix("https://") not in web.domains:
            yield f"{web.name}: PUBLIC_URL is none of its domains"


def main() -> int:
    """Print the faults."""
    words = [word for word in sys.argv[1:] if word != "--json"]
    path = pathlib.Path(words[0]) if words else ROOT / "render.yaml"
    found = faults(path.read_text())
    services: list[Any] = [] if found else yaml.safe_load(path.read_text())["services"]
    if len(words) < len(sys.argv) - 1:
        print(json.dumps({"faults": found, "services": services}))
    else:
        print("\n".join(found) or f"{path.name}: {len(services)} services, no fault")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
