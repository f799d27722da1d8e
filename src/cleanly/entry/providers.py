"""Build what the settings name: payment providers and Google Play, each guarded; the sandbox where no money is real."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.entry.settings import Settings
from cleanly.kernel.clock import Clock
from cleanly.kernel.db import Database
from cleanly.kernel.net import Http
from cleanly.platform.jobs import service as jobs
from cleanly.platform.providers.billing import Biller
from cleanly.platform.providers.google_play.adapter import GooglePlay
from cleanly.platform.providers.google_play.client import Client as PlayClient
from cleanly.platform.providers.guarded import Guarded
from cleanly.platform.providers.guarded_billing import GuardedBiller
from cleanly.platform.providers.guarded_store import GuardedStore
from cleanly.platform.providers.ownership import AccountIds
from cleanly.platform.providers.paypal.adapter import PayPal
from cleanly.platform.providers.paypal.certificates import Certificates, fetch_over, public_roots
from cleanly.platform.providers.paypal.client import Client
from cleanly.platform.providers.protocol import Provider
from cleanly.platform.providers.purchases import PlayStore
from cleanly.platform.providers.registry import Providers
from cleanly.platform.providers.sandbox.adapter import Sandbox, deliver_over
from cleanly.platform.providers.sandbox.flows import Deliver
from cleanly.platform.providers.sandbox.messages import PUMP, Pump
from cleanly.platform.providers.stripe.adapter import Stripe

OpenToken = Callable[[str], Awaitable[dict[str, object]]]
_PATH: Final = "/api/v1/webhooks/sandbox"


def sandbox(settings: Settings, db: Database, clock: Clock, *, http: Http, deliver: Deliver | None) -> Sandbox | None:
    """The play provider, or None where it is off: always in production."""
    if not settings.has_sandbox:
        return None
    url = settings.sandbox_webhook_url or f"http://127.0.0.1:{settings.listen_port}{_PATH}"
    return Sandbox(db, clock, settings, deliver=deliver or deliver_over(http, url), wake=_wake)


async def _wake(session: AsyncSession, at: datetime) -> None:
    await jobs.enqueue(session, PUMP, Pump(), run_at=at)


def _store(settings: Settings, clock: Clock, open_token: OpenToken) -> PlayStore | None:
    """Google Play, or None where it is not set up."""
    if not settings.google_play_is_on:
        return None
    adapter = GooglePlay(
        settings,
        client=PlayClient(settings, http=Http.to_known(), clock=clock, monotonic=time.monotonic),
        accounts=AccountIds(settings.server_secrets),
        open_token=open_token,
        clock=clock,
        is_live=settings.is_production,
    )
    return GuardedStore(adapter, monotonic=time.monotonic)


def registry(settings: Settings, clock: Clock, play: Sandbox | None, *, open_token: OpenToken) -> Providers:
    """Every provider of this process. `close` it. `open_token` gives the claims of a token that Google signed."""
    found: list[Provider] = []
    billers: list[Biller] = []
    if settings.stripe_secret_key is not None:
        stripe = Stripe(settings, http=Http.to_known())
        found.append(stripe)
        billers.append(stripe.billing)
    if settings.paypal_is_on:
        outside = Http.to_anyone()
        certificates = Certificates(settings.paypal_env, fetch=fetch_over(outside), roots=public_roots())
        client = Client(settings, http=Http.to_known(), monotonic=time.monotonic)
        paypal = PayPal(settings, client=client, certificates=certificates, outside=outside, clock=clock)
        found.append(paypal)
        billers.append(paypal.billing)
    if play is not None:
        found.append(play)
        billers.append(play.billing)
    return Providers(
        [guard(provider) for provider in found],
        is_live=settings.is_production,
        store=_store(settings, clock, open_token),
        billers=[GuardedBiller(biller, monotonic=time.monotonic) for biller in billers],
    )


def guard(provider: Provider, *, monotonic: Callable[[], float] = time.monotonic) -> Provider:
    """A deadline, a circuit breaker and metrics around a provider."""
    return Guarded(provider, monotonic=monotonic)
