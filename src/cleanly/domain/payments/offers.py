"""What a buyer may buy, where, and as whom: everything that is refused before a row is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog import queries as catalog
from cleanly.domain.catalog.queries import CatalogSettings, PriceForSale
from cleanly.domain.payments import books, people, queries, service
from cleanly.domain.users import queries as users
from cleanly.kernel.context import Context
from cleanly.kernel.errors import NotFound, ValidationFailed
from cleanly.kernel.principal import Caller
from cleanly.platform.providers.errors import UnsupportedByProvider, as_answers
from cleanly.platform.providers.protocol import Capability, Provider
from cleanly.platform.providers.registry import Providers


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a buyer asked for. The amount is not among it: it comes from the price."""

    price_id: UUID
    quantity: int
    provider: str
    capture: Literal["automatic", "manual"]
    meta: Mapping[str, str]


async def offer(context: Context, caller: Caller, wanted: Wanted) -> tuple[PriceForSale, Provider, str | None]:
    """The price, the provider and the buyer's id there; refuses before any row is written.

    Raises:
        NotFound: no such price for sale. ValidationFailed: a recurring price, or one's own product.
        UnsupportedByProvider: not here, or not like this.
    """
    provider = context.part(Providers).get(wanted.provider)
    needed = {Capability.PAYMENTS, *((Capability.MANUAL_CAPTURE,) if wanted.capture == "manual" else ())}
    if not needed <= provider.capabilities:
        raise UnsupportedByProvider
    async with context.db.begin() as session:
        price = await on_offer(session, context, caller, wanted.price_id)
        buyer = await users.by_id(session, caller.user_id)
        customer = await queries.customer_of(session, caller.user_id, provider.name, provider.account)
    if buyer is None:
        raise NotFound
    if customer is None and Capability.CUSTOMERS in provider.capabilities:
        customer = await _make_customer(context, provider, caller.user_id, buyer.email)
    await books.open_accounts(
        context, provider.name, price.seller_id, price.money.currency, country=service.TAX_COUNTRY
    )
    return price, provider, customer


async def on_offer(session: AsyncSession, context: Context, caller: Caller, price_id: UUID) -> PriceForSale:
    """The price as it is offered to the caller now.

    Raises:
        NotFound, ValidationFailed: as `offer`.
    """
    price = await catalog.price_for_sale(session, price_id, context.part(CatalogSettings))
    if price is None or not price.active:
        raise NotFound
    if price.type != "one_time":
        raise ValidationFailed.of("priceId", "recurring", "This price is for a subscription")
    if price.seller_id == caller.user_id:
        raise ValidationFailed.of("priceId", "own_product", "A seller can't buy from themselves")
    return price


async def _make_customer(context: Context, provider: Provider, user_id: UUID, email: str) -> str:
    # Nothing is at stake yet: a try that is lost is made again under the same key.
    with as_answers():
        customer = await provider.ensure_customer(user_id, email, key=f"customer:{user_id}")
    async with context.db.begin() as session:
        await people.remember_customer(
            session, user_id, provider.name, provider.account, customer, now=context.clock.now()
        )
    return customer
