"""GET /metrics: every metric of this process as Prometheus reads it, for who holds METRICS_TOKEN."""

import asyncio

from fastapi import APIRouter, Request
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from cleanly.entry import telemetry
from cleanly.entry.settings import Settings
from cleanly.kernel.crypto import same
from cleanly.kernel.errors import NotFound
from cleanly.kernel.http import Ctx, Route, header_of
from cleanly.kernel.plain import ReadyResponse

PATH = "/metrics"
router = APIRouter(include_in_schema=False, route_class=Route)


@router.get(PATH)
async def metrics(context: Ctx, request: Request) -> ReadyResponse:
    """To a stranger there is nothing here, with or without a token."""
    settings = context.part(Settings)
    sent = header_of(request, b"authorization") or ""
    token = settings.metrics_token
    is_known = token is None or same(sent.encode(), f"Bearer {token.get_secret_value()}".encode())
    if not (settings.serves_metrics and is_known):
        raise NotFound
    body = await asyncio.to_thread(telemetry.render)
    return ReadyResponse(body, 200, [(b"content-type", CONTENT_TYPE_LATEST.encode())])
