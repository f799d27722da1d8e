"""The bodies that we send to Stripe about sellers, in the SDK's own types, as `bodies.py`."""

from typing import Final
from uuid import UUID

from stripe.params import (
    AccountCreateParams,
    AccountLinkCreateParams,
    AccountListParams,
    PayoutCreateParams,
    PayoutListParams,
    TransferCreateParams,
    TransferCreateReversalParams,
    TransferListParams,
)

from cleanly.kernel.money import Money
from cleanly.platform.providers.currencies import STRIPE, NotExact
from cleanly.platform.providers.errors import Refused
from cleanly.platform.providers.protocol_sellers import NewAccount, NewPayout, NewTransfer
from cleanly.platform.providers.stripe.bodies import PAGE, exact
from cleanly.platform.providers.stripe.snapshots import OUR_ID

_DESCRIPTION_LENGTH_MAX: Final = 500


def new_account(new: NewAccount) -> AccountCreateParams:
    """An Express account: Stripe asks for what it must know, the platform bears fees, refunds and disputes.

    Its payouts are ours to make: an automatic one would take what we sent there before we have said what it is for.
    """
    return {
        "country": new.country,
        "email": new.email,
        "controller": {
            "fees": {"payer": "application"},
            "losses": {"payments": "application"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "express"},
        },
        "capabilities": {"transfers": {"requested": True}},
        "settings": {"payouts": {"schedule": {"interval": "manual"}}},
        "metadata": {OUR_ID: str(new.our_id)},
    }


def accounts(after: str | None) -> AccountListParams:
    """A page of connected accounts, newest first. They can't be searched for."""
    body: AccountListParams = {"limit": PAGE}
    if after is not None:
        body["starting_after"] = after
    return body


def onboarding(reference: str, *, return_url: str, refresh_url: str) -> AccountLinkCreateParams:
    """All that will be asked for, at once: a seller who is asked again later has stopped selling."""
    return {
        "account": reference,
        "type": "account_onboarding",
        "return_url": return_url,
        "refresh_url": refresh_url,
        "collection_options": {"fields": "eventually_due"},
    }


def new_transfer(new: NewTransfer) -> TransferCreateParams:
    """From our balance to the seller's."""
    return {
        "amount": payable(new.money),
        "currency": new.money.currency.lower(),
        "destination": new.account,
        "transfer_group": new.transfer_group,
        "metadata": {OUR_ID: str(new.our_id)},
    }


def transfers(group: str, after: str | None) -> TransferListParams:
    """A page of a group's transfers, newest first."""
    body: TransferListParams = {"transfer_group": group, "limit": PAGE}
    if after is not None:
        body["starting_after"] = after
    return body


def reversal(our_id: UUID) -> TransferCreateReversalParams:
    """All that is left of the transfer, which is shown as it then stands."""
    return {"metadata": {OUR_ID: str(our_id)}, "expand": ["transfer"]}


def new_payout(new: NewPayout, destination: str | None) -> PayoutCreateParams:
    """From the seller's balance to the seller's bank. `destination`: which of several."""
    body: PayoutCreateParams = {
        "amount": payable(new.money),
        "currency": new.money.currency.lower(),
        "description": new.description[:_DESCRIPTION_LENGTH_MAX],
        "metadata": {OUR_ID: str(new.our_id)},
    }
    if destination is not None:
        body["destination"] = destination
    return body


def payouts(after: str | None) -> PayoutListParams:
    """A page of an account's payouts, newest first."""
    body: PayoutListParams = {"limit": PAGE}
    if after is not None:
        body["starting_after"] = after
    return body


def payable(money: Money) -> int:
    """The amount as Stripe wants it.

    Raises:
        Refused: Stripe does not pay exactly this out, so nothing is sent.
    """
    try:
        remainder = STRIPE.payable(money)[1]
    except NotExact as error:
        raise Refused("currency_not_exact", message=str(error)) from error
    if remainder.amount:
        raise Refused("currency_not_exact", message=f"{money} leaves {remainder} behind")
    return exact(money)
