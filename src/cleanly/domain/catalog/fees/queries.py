"""Read what a seller's sales cost."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.catalog import rules
from cleanly.domain.catalog.fees.schemas import SellerFee
from cleanly.domain.catalog.models import SellerFeeRow
from cleanly.domain.catalog.rules import Fee
from cleanly.domain.catalog.settings import CatalogSettings


async def of_seller(session: AsyncSession, seller_id: UUID, settings: CatalogSettings) -> SellerFee:
    """What was agreed with the seller, or the platform's usual fee."""
    row = await session.scalar(select(SellerFeeRow).where(SellerFeeRow.seller_id == seller_id))
    if row is not None:
        return SellerFee(seller_id=seller_id, basis_points=row.basis_points, fixed=row.fixed, is_agreed=True)
    return SellerFee(
        seller_id=seller_id,
        basis_points=settings.platform_fee_basis_points,
        fixed=rules.fixed_fees(settings.platform_fee_fixed),
        is_agreed=False,
    )


async def for_sale(session: AsyncSession, seller_id: UUID | None, currency: str, settings: CatalogSettings) -> Fee:
    """The fee of a sale in this currency; none for the platform's own products."""
    if seller_id is None:
        return rules.NO_FEE
    fee = await of_seller(session, seller_id, settings)
    return Fee(fee.basis_points, fee.fixed.get(currency, 0))
