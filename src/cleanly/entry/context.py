"""Build the one Context of a process, and take it down in the other order."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from cleanly.domain.auth.flows import prove_again
from cleanly.domain.auth.sessions.gate import Gate
from cleanly.domain.auth.sessions.issuer import TokenIssuer
from cleanly.domain.catalog.service import PriceRules
from cleanly.domain.payouts.history.flows import Exports
from cleanly.entry import providers
from cleanly.entry.deadlines import Deadline, Deadlines
from cleanly.entry.health import Liveness
from cleanly.entry.modules import MODULES
from cleanly.entry.owners import AccountOwners
from cleanly.entry.settings import Settings
from cleanly.kernel.address import AddressRules
from cleanly.kernel.clock import Clock
from cleanly.kernel.context import Context
from cleanly.kernel.db import Database
from cleanly.kernel.http import OnceOpener
from cleanly.kernel.module import EventCatalogue, InboundHandlers, Module, PersonalDataHolders, Reauthentication
from cleanly.kernel.net import Http
from cleanly.kernel.paging import Cursors
from cleanly.kernel.principal import SessionGate
from cleanly.kernel.settings import Group
from cleanly.platform.cache.service import Cache, Notices
from cleanly.platform.idempotency.http import Idempotency
from cleanly.platform.mail.service import Mailer
from cleanly.platform.passwords import pwned
from cleanly.platform.passwords.service import Passwords
from cleanly.platform.providers.currencies import TABLES
from cleanly.platform.providers.google.adapter import fetch_over
from cleanly.platform.providers.google.id_tokens import IdTokens
from cleanly.platform.providers.registry import Providers
from cleanly.platform.providers.sandbox.adapter import Sandbox
from cleanly.platform.providers.sandbox.flows import Deliver
from cleanly.platform.ratelimit.service import Limiter
from cleanly.platform.webhooks.outbound.dispatch.flows import Courier
from cleanly.platform.webhooks.outbound.endpoints.service import KeyVault
from cleanly.platform.webhooks.outbound.messages import Owners


@asynccontextmanager
async def build(
    settings: Settings,
    *,
    database_url: str,
    name: str,
    clock: Clock | None = None,
    modules: Sequence[Module] = MODULES,
    sandbox_deliver: Deliver | None = None,
) -> AsyncGenerator[Context, None]:
    """The Context of a process called `name`; everything it opened is closed at the end of the block."""
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        board = _board(settings)
        if board is not None:
            stack.push_async_callback(board.close)
        db = _database(settings, database_url, name, board)
        stack.push_async_callback(db.close)
        http = Http.to_known()
        stack.push_async_callback(http.close)
        cache = Cache(settings, clock=clock)
        await cache.start()
        stack.push_async_callback(cache.close)
        limiter = Limiter(settings, clock=clock, secret=settings.server_secrets[0], redis_url=settings.redis_url)
        stack.push_async_callback(limiter.close)
        passwords = Passwords(settings, fetch=pwned.fetch_over(http))
        stack.callback(passwords.close)
        play = providers.sandbox(settings, db, clock, http=http, deliver=sandbox_deliver)
        id_tokens = IdTokens(settings, fetch=fetch_over(http, settings), monotonic=time.monotonic)
        registry = providers.registry(settings, clock, play, open_token=id_tokens.open)
        stack.push_async_callback(registry.close)
        issuer = TokenIssuer(settings)
        gate = Gate(db, clock, issuer.access)
        parts: dict[type, object] = {
            **_groups(settings),
            **_of_all(modules),
            **_webhooks(settings, clock, stack),
            AddressRules: _addresses(settings),
            Settings: settings,
            Liveness: Liveness(),
            Cache: cache,
            Cursors: Cursors(settings.server_secrets[0]),
            Exports: Exports(settings),
            Gate: gate,
            SessionGate: gate,
            Http: http,
            IdTokens: id_tokens,
            Limiter: limiter,
            Mailer: Mailer(settings, secrets=settings.server_secrets, clock=clock),
            OnceOpener: Idempotency(db, clock, settings.server_secrets, settings),
            Passwords: passwords,
            Providers: registry,
            PriceRules: PriceRules(tuple(TABLES[provider.name] for provider in registry)),
            TokenIssuer: issuer,
        }
        if play is not None:
            parts[Sandbox] = play
        yield Context(db=db, clock=clock, parts=parts)


def _webhooks(settings: Settings, clock: Clock, stack: AsyncExitStack) -> dict[type, object]:
    """What brings messages to subscribers."""
    deadlines = Deadlines(settings.outbound_deadline_seconds)
    courier = Courier(clock, settings, deadline=lambda: Deadline(deadlines))
    stack.push_async_callback(courier.close)
    return {KeyVault: KeyVault(settings.server_secrets), Courier: courier, Owners: AccountOwners()}


def _board(settings: Settings) -> Notices | None:
    """Only a replica asks who has written; only several processes need more than their own memory for it."""
    if settings.read_database_url is None or settings.redis_url is None:
        return None
    return Notices(settings.redis_url.get_secret_value())


def _database(settings: Settings, url: str, name: str, board: Notices | None) -> Database:
    pool_size, lane_size = settings.pool_sizes()
    return Database(
        url,
        read_url=settings.read_database_url.get_secret_value() if settings.read_database_url else None,
        pool_size=pool_size,
        lane_size=lane_size,
        pool_overflow=settings.database_pool_overflow,
        deadline_seconds=settings.database_seconds_max,
        name=f"cleanly-{name}",
        board=board,
    )


def _groups(settings: Settings) -> dict[type, object]:
    """Each slice asks for its own group of settings."""
    return {group: settings for group in type(settings).__mro__ if issubclass(group, Group) and group is not Group}


def _addresses(settings: Settings) -> AddressRules:
    return AddressRules(settings.trusted_proxies, [secret.get_secret_value() for secret in settings.edge_secret])


def _of_all(modules: Sequence[Module]) -> dict[type, object]:
    """What the slices offer, each kind in one place."""
    personal = tuple((module.name, module.personal) for module in modules if module.personal is not None)
    return {
        PersonalDataHolders: PersonalDataHolders(personal),
        InboundHandlers: InboundHandlers.of(modules),
        EventCatalogue: EventCatalogue.of(modules),
        Reauthentication: Reauthentication(prove_again),
    }
