"""What is done to sellers' accounts, transfers and payouts in the sandbox's world."""

from typing import Final

from cleanly.platform.providers.protocol_sellers import NewAccount, NewPayout, NewTransfer
from cleanly.platform.providers.sandbox import rules
from cleanly.platform.providers.sandbox.objects import Answer, Done, Refusal
from cleanly.platform.providers.sandbox.rules import Fate
from cleanly.platform.providers.sandbox.seller_objects import Payout, SellerAccount, Transfer
from cleanly.platform.providers.sandbox.world import World

# An account in this country (no country has this code) waits for its onboarding; others are active at once.
NEEDS_ONBOARDING: Final = "ZZ"
_MISSING: Final = Refusal(code="resource_missing")
_SHORT: Final = Refusal(code=rules.BALANCE_INSUFFICIENT)
_DISABLED: Final = Refusal(code="payouts_not_allowed")
_ARRIVES: Final = {
    Fate.PAYOUT_FAILS: (rules.PAYOUT_ARRIVES, "payout_fails"),
    Fate.PAYOUT_UNCLAIMED: (rules.UNCLAIMED_RETURNS, "payout_returns"),
}


async def open_account(world: World, new: NewAccount) -> Answer:
    """Open an account with a bank account on it."""
    waits = new.country == NEEDS_ONBOARDING
    account = SellerAccount(
        id=await world.mint(SellerAccount.prefix),
        our_id=new.our_id,
        country=new.country,
        state="pending" if waits else "active",
        payouts_enabled=not waits,
        requirements=("external_account",) if waits else (),
        last4=None if waits else "4242",
    )
    await world.put(account)
    await world.tell(account, "account.updated", account)
    return Done(object=account.id)


async def change_account(world: World, reference: str, **changes: object) -> Answer:
    """Somebody does something to an account: the seller, the provider."""
    account = await world.find(SellerAccount, reference)
    if account is None:
        return _MISSING
    account = await world.put(account.model_copy(update=changes))
    await world.tell(account, "account.updated", account)
    return Done(object=account.id)


async def send_transfer(world: World, new: NewTransfer, *, fate: Fate) -> Answer:
    """Money to a seller's account: it is there at once."""
    account = await world.find(SellerAccount, new.account)
    if account is None:
        return _MISSING
    if new.money.amount <= 0 or account.state == "closed" or fate is Fate.DECLINED:
        return Refusal(code="transfer_refused")
    if fate is Fate.NOT_YET:
        return _SHORT
    made = Transfer(
        id=await world.mint(Transfer.prefix),
        our_id=new.our_id,
        account=account.id,
        amount=new.money.amount,
        currency=new.money.currency,
    )
    await world.put(made)
    await world.put(account.moved(made.amount, made.currency))
    await world.book("transfer", made.id, -made.amount, made.currency)
    if fate is Fate.ACCOUNT_LOSES_PAYOUTS:
        await _disable(world, account.id)
    return Done(object=made.id)


async def reverse_transfer(world: World, reference: str, *, fate: Fate) -> Answer:
    """Take all of it back, if the account still has it."""
    made = await world.find(Transfer, reference)
    account = None if made is None else await world.find(SellerAccount, made.account)
    if made is None or account is None:
        return _MISSING
    if made.reversed_amount:
        return Done(object=made.id)
    if fate is Fate.NOT_YET or account.balances.get(made.currency, 0) < made.amount:
        return _SHORT
    await world.put(account.moved(-made.amount, made.currency))
    await world.book("transfer", made.id, made.amount, made.currency)
    await world.put(made.model_copy(update={"reversed_amount": made.amount}))
    return Done(object=made.id)


async def send_payout(world: World, new: NewPayout, *, fate: Fate) -> Answer:
    """Money to a seller's bank: from the seller's account, or, without a transfer, from us."""
    account = await world.find(SellerAccount, new.account)
    if account is None:
        return _MISSING
    is_direct = new.transfer is None
    if is_direct and fate is Fate.ACCOUNT_LOSES_PAYOUTS:
        await _disable(world, account.id)
        return _DISABLED
    if not account.payouts_enabled:
        return _DISABLED
    if fate in {Fate.DECLINED, Fate.INSUFFICIENT_FUNDS}:
        return Refusal(code="payout_refused")
    if fate is Fate.NOT_YET or (not is_direct and account.balances.get(new.money.currency, 0) < new.money.amount):
        return _SHORT
    after, action = _ARRIVES.get(fate, (rules.PAYOUT_ARRIVES, "payout_arrives"))
    made = Payout(
        id=await world.mint(Payout.prefix),
        our_id=new.our_id,
        account=account.id,
        state="in_transit",
        amount=new.money.amount,
        currency=new.money.currency,
        fate=fate,
        is_direct=is_direct,
        arrives_at=world.now + after,
    )
    await world.put(made)
    if is_direct:
        await world.book("transfer", made.id, -made.amount, made.currency)
    else:
        await world.put(account.moved(-made.amount, made.currency))
    await world.tell(made, "payout.created", made)
    await world.plan(after, action, made)
    return Done(object=made.id)


async def cancel_payout(world: World, reference: str) -> Answer:
    """Call back one that nobody has claimed."""
    made = await world.find(Payout, reference)
    if made is None:
        return _MISSING
    if made.state != "in_transit" or made.fate is not Fate.PAYOUT_UNCLAIMED:
        return Refusal(code="too_late")
    await _come_back(world, made, "returned", "called_back")
    return Done(object=made.id)


async def carry_out(world: World, action: str, object_id: str) -> None:
    """Let what was planned for a payout happen, if it still stands as it did."""
    made = await world.find(Payout, object_id)
    match made, action:
        case Payout(state="in_transit"), "payout_arrives":
            made = await world.put(made.model_copy(update={"state": "paid"}))
            await world.tell(made, "payout.paid", made)
            if made.fate is Fate.PAYOUT_PAID_THEN_FAILS:
                await world.plan(rules.PAID_FAILS_AFTER, "payout_fails", made)
        case Payout(state="in_transit" | "paid"), "payout_fails":
            await _come_back(world, made, "failed", "account_closed")
        case Payout(state="in_transit"), "payout_returns":
            await _come_back(world, made, "returned", "unclaimed")
        case _:
            return


async def _come_back(world: World, made: Payout, state: str, code: str) -> None:
    made = await world.put(made.model_copy(update={"state": state, "failure_code": code}))
    if made.is_direct:
        await world.book("transfer", made.id, made.amount, made.currency)
    else:
        account = await world.find(SellerAccount, made.account)
        if account is None:
            raise LookupError(f"{made.id} has no account")
        await world.put(account.moved(made.amount, made.currency))
    await world.tell(made, f"payout.{state}", made)


async def _disable(world: World, reference: str) -> None:
    changes = {"payouts_enabled": False, "state": "restricted", "disabled_reason": "requirements.past_due"}
    await change_account(world, reference, **changes)
