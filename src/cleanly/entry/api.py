"""The web process's application: routers under /api/v1, one envelope for every error, the OpenAPI document."""

from functools import cache
from typing import Any, cast

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route

from cleanly import __version__
from cleanly.entry import books, docs_page, health, openapi, prometheus
from cleanly.entry.call import App
from cleanly.entry.direct import Direct
from cleanly.entry.health import Liveness
from cleanly.entry.modules import MODULES
from cleanly.entry.settings import Settings
from cleanly.entry.shell import Shell
from cleanly.kernel import wire
from cleanly.kernel.context import Context
from cleanly.kernel.errors import (
    AppError,
    InternalError,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
)
from cleanly.kernel.http import Replayed, envelope
from cleanly.platform.idempotency import http as idempotency
from cleanly.platform.idempotency.errors import Collided

PREFIX = "/api/v1"
_ABOUT = """The backend of a mobile marketplace. Every error has the same envelope; `GET /errors` lists the codes and
what a client should do about each. Send an `Idempotency-Key` with every POST and PUT that you may have to repeat."""


def create(context: Context, settings: Settings) -> App:
    """The ASGI application of a web process. `context` must hold `Liveness`."""
    app = _routed(
        shows_mailbox=not settings.is_production,
        shows_books=settings.environment in {"development", "test"},  # a preview is open to strangers
        shows_docs=settings.shows_docs,
        shows_metrics=settings.serves_metrics,
    )
    direct = Direct(cast("App", app), context, app.routes)
    return Shell(direct, context, settings, prefix=PREFIX, draining=context.part(Liveness))


@cache
def _routed(*, shows_mailbox: bool, shows_books: bool, shows_docs: bool, shows_metrics: bool) -> "_Api":
    """The routes. They find the context in each request's scope: services in one process share what takes long."""
    app = _Api(
        title="Cleanly",
        version=__version__,
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # the shell measures, once
    )
    for module in MODULES:
        if module.router is not None:
            _add(app, module.router, PREFIX)
        if module.pages is not None and (shows_mailbox or module.name != "mail"):
            _add(app, module.pages)
    _add(app, health.router, PREFIX)
    if shows_books:
        _add(app, books.router)
    if shows_metrics:
        _add(app, prometheus.router)
    if shows_docs:
        app.add_api_route(f"{PREFIX}/openapi.json", _openapi, include_in_schema=False)
        app.add_api_route("/docs", _docs, include_in_schema=False)
    _install_handlers(app)
    return app


class _Api(FastAPI):
    """FastAPI with the layers that the shell has not: it answers faults itself, and bounds bodies itself."""

    def build_middleware_stack(self) -> Any:
        """The router, the stack that closes uploads, the exception handlers."""
        return ExceptionMiddleware(AsyncExitStackMiddleware(self.router), handlers=self.exception_handlers)

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.complete(super().openapi())
        return self.openapi_schema


def _add(app: FastAPI, router: APIRouter, prefix: str = "") -> None:
    """Add a router's routes one by one.

    `include_router` would keep it as a branch that is matched twice per request, and whose routes don't know their
    whole path.
    """
    for found in iter_route_contexts(router.routes):
        route = cast("APIRoute", found.original_route)
        app.router.add_api_route(
            f"{prefix}{found.path}",
            route.endpoint,
            response_model=route.response_model,
            status_code=route.status_code,
            tags=found.tags,
            dependencies=found.dependencies,
            summary=route.summary,
            description=route.description,
            response_description=route.response_description,
            responses=found.responses,
            methods=route.methods,
            operation_id=route.name,
            include_in_schema=found.include_in_schema,
            response_class=route.response_class,
            name=route.name,
            route_class_override=type(route),
            openapi_extra=route.openapi_extra,
        )


async def _openapi(request: Request) -> Response:
    return JSONResponse(cast("FastAPI", request.app).openapi(), headers={"Cache-Control": "public, max-age=300"})


async def _docs() -> Response:
    return docs_page.page(f"{PREFIX}/openapi.json")


def _install_handlers(app: FastAPI) -> None:
    app.add_exception_handler(AppError, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Replayed, idempotency.on_replayed)
    app.add_exception_handler(Collided, idempotency.on_collided)


async def _on_refusal(request: Request, error: Exception) -> Response:
    refusal = error if isinstance(error, AppError) else InternalError()
    return await idempotency.remembered(request, refusal, envelope(refusal))


async def _on_validation(_request: Request, error: Exception) -> Response:
    return envelope(wire.invalid(cast("RequestValidationError", error).errors()))


async def _on_http(request: Request, error: Exception) -> Response:
    status = cast("HTTPException", error).status_code
    if status == 404:
        return envelope(NotFound())
    if status == 405:
        return envelope(MethodNotAllowed(headers={"Allow": ", ".join(_allowed(request))}))
    if 400 <= status < 500:
        return envelope(MalformedRequest())
    return envelope(InternalError())


def _allowed(request: Request) -> list[str]:
    """Every method that some route answers at this path: the router's own answer names only the first route's."""
    path = request.scope["path"]
    found: set[str] = set()
    for route in cast("FastAPI", request.app).routes:
        if isinstance(route, Route) and route.path_regex.match(path):
            found |= route.methods or set()
    return sorted(found | {"HEAD"} if "GET" in found else found)
