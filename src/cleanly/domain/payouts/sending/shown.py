"""Payouts as the API shows them. Pure."""

from typing import Any

from cleanly.domain.payouts.balances.schemas import AmountOut
from cleanly.domain.payouts.sending.queries import Payout
from cleanly.domain.payouts.sending.schemas import PayoutOut, ReviewedPayoutOut


def _common(payout: Payout) -> dict[str, Any]:
    return {
        "id": payout.id,
        "state": payout.state,
        "money": AmountOut(amount=payout.money.amount, currency=payout.money.currency),
        "provider": payout.provider,
        "payout_account_id": payout.payout_account_id,
        "destination": payout.destination_last4,
        "is_scheduled": payout.is_scheduled,
        "failure_code": payout.failure_code,
        "arrives_at": payout.arrives_at,
        "paid_at": payout.paid_at,
        "created_at": payout.created_at,
        "updated_at": payout.updated_at,
    }


def to_seller(payout: Payout) -> PayoutOut:
    """Why it is held is not told: it would tell how not to be."""
    return PayoutOut.model_validate(_common(payout))


def to_admin(payout: Payout) -> ReviewedPayoutOut:
    """All of it."""
    return ReviewedPayoutOut.model_validate(
        _common(payout)
        | {
            "seller_id": payout.seller_id,
            "held_for": list(payout.held_for),
            "held_until": payout.held_until,
            "alarm": payout.alarm,
            "transfer_reference": payout.transfer_reference,
            "payout_reference": payout.payout_reference,
        }
    )
