"""What every route must say of itself, read from the application and its OpenAPI document."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from cleanly.entry import api, health
from cleanly.entry import context as contexts
from cleanly.entry import settings as environment
from cleanly.entry.direct import Direct
from cleanly.entry.health import error_table
from cleanly.entry.modules import MODULES
from cleanly.kernel.http import Admin, Me, Route, Tx
from cleanly.kernel.plain import PlainRoute
from cleanly.platform.idempotency.http import Once

_TX = Tx.__metadata__[0].dependency
_ONCE = Once.__metadata__[0].dependency
_ME = Me.__metadata__[0].dependency
_ADMIN = Admin.__metadata__[0].dependency


def _flat(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (inner := getattr(route, "original_router", None)) is not None:  # FastAPI keeps an included router whole
            yield from _flat(inner.routes)


ROUTES = [
    route
    for module in MODULES
    for router in (module.router, module.pages)
    if router is not None
    for route in _flat(router.routes)
    if route.include_in_schema
]


@pytest.fixture
async def document() -> dict[str, Any]:
    """The OpenAPI document; nothing is asked of the database to make it."""
    settings = environment.load(app_env="test")
    async with contexts.build(settings, database_url="postgresql://localhost/none", name="test") as context:
        app = _fastapi(api.create(context, settings))
        return app.openapi()


def _fastapi(shell: Any) -> FastAPI:
    while not isinstance(shell, FastAPI):
        shell = shell.app if isinstance(shell, Direct) else shell._app
    return shell


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_there_are_routes_to_look_at():
    assert len(ROUTES) > 15


def _calls(route: APIRoute) -> set[Any]:
    found, waiting = set(), [route.dependant]
    while waiting:
        dependant = waiting.pop()
        found.add(dependant.call)
        waiting.extend(dependant.dependencies)
    return found


# Takes no Idempotency-Key -> what makes its repetition harmless instead.
_KEYLESS = {
    "/webhooks/{provider}": "a provider sends no key of ours: the event's own id stores it once",
}


def test_every_write_can_be_repeated_under_a_key():
    deaf = [
        f"{sorted(route.methods)} {route.path}"
        for route in ROUTES
        if route.methods & {"POST", "PUT"}
        if not _calls(route) & {_TX, _ONCE}
        # A plain route has no dependencies: it asks for the key itself.
        if not (isinstance(route, PlainRoute) and "once_of" in route.endpoint.__code__.co_names)
        if route.path not in _KEYLESS
    ]
    assert deaf == []
    assert {route.path for route in ROUTES} >= set(_KEYLESS)


def test_nothing_of_a_route_runs_in_a_thread():
    """FastAPI runs a plain `def`, dependency or endpoint, in a thread: slower than all else, and outside our loop."""
    routes = [
        route
        for module in MODULES
        for router in (module.router, module.pages)
        if router is not None
        for route in _flat(router.routes)
    ]
    routes += [*_flat(health.router.routes)]
    plain = {
        f"{route.path}: {call.__module__}.{call.__qualname__}"
        for route in routes
        for call in _calls(route)
        if not (inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call))
    }
    assert len(routes) >= len(ROUTES)
    assert plain == set()


def test_every_route_reads_its_body_by_our_rules():
    strays = [route.path for route in ROUTES if not isinstance(route, Route)]
    strays = [path for path in strays if not path.startswith("/.well-known")]
    assert strays == []


def test_the_caller_is_known_before_the_transaction_claims_the_key():
    late = []
    for route in ROUTES:
        kinds = [
            getattr(getattr(parameter.annotation, "__metadata__", [None])[0], "dependency", None)
            for parameter in inspect.signature(route.endpoint).parameters.values()
        ]
        if _TX in kinds and _ME in kinds and kinds.index(_ME) > kinds.index(_TX):
            late.append(route.path)
    assert late == []


def test_a_transaction_of_a_route_ends_before_its_answer_is_sent():
    assert Tx.__metadata__[0].scope == "function"


async def test_every_operation_is_told_in_a_line_and_declares_how_it_fails(document):
    untold = [name for name, operation in _operations(document) if not operation.get("summary")]
    assert untold == []
    silent = [
        f"{name}: {sorted({'429', '500', '503'} - set(operation['responses']))}"
        for name, operation in _operations(document)
        if not {"429", "500", "503"} <= set(operation["responses"])
    ]
    assert silent == []


async def test_every_operation_with_a_body_declares_how_a_body_is_refused(document):
    silent = [
        name
        for name, operation in _operations(document)
        if "requestBody" in operation and not {"413", "415", "422"} <= set(operation["responses"])
    ]
    assert silent == []


async def test_every_declared_refusal_is_the_envelope_with_codes_of_the_table(document):
    codes = {kind.code for kind in error_table()}
    wrong = []
    for name, operation in _operations(document):
        for status, response in operation["responses"].items():
            if not status.startswith(("4", "5")):
                continue
            content = response.get("content", {}).get("application/json", {})
            if content.get("schema", {}).get("$ref") != "#/components/schemas/ErrorEnvelope":
                wrong.append(f"{name} {status}: another shape")
            wrong += [f"{name} {status}: {code}" for code in content.get("examples", {}) if code not in codes]
    assert wrong == []


async def test_operation_ids_are_unique(document):
    ids = [operation["operationId"] for _, operation in _operations(document)]
    assert [name for name in ids if ids.count(name) > 1] == []


async def test_every_operation_that_needs_a_token_says_so(document):
    """`Me` in a route's dependencies and a declared 401 go together."""
    signed_in = {(route.path, method) for route in ROUTES for method in route.methods if _ME in _calls(route)}
    declared = {
        (path.removeprefix(api.PREFIX), method.upper())
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "TOKEN_MISSING" in operation["responses"].get("401", {}).get("description", "")
    }
    assert signed_in - declared == set()


async def test_every_operation_for_administrators_says_that_others_are_refused(document):
    for_admins = {(route.path, method) for route in ROUTES for method in route.methods if _ADMIN in _calls(route)}
    declared = {
        (path.removeprefix(api.PREFIX), method.upper())
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "FORBIDDEN" in operation["responses"].get("403", {}).get("description", "")
    }
    assert for_admins
    assert for_admins - declared == set()
