"""A market's day: a product is sold by way of the sandbox, refunded, disputed, and the ledger tells where it all went.

The last two digits of an amount tell the sandbox what becomes of a payment (docs/money.md).
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from rich.table import Table

from cleanly.entry.demo import vendors
from cleanly.entry.demo.stage import DemoFailed, Reply, Stage

CONFIRMED, DECLINED, DISPUTE_LOST, DISPUTE_WON = 4503, 1801, 3620, 2721
REFUNDED = 1500
_DAY_SECONDS = 86_400
Book = Mapping[tuple[str, str, str], "Line"]


@dataclass(frozen=True, slots=True)
class Line:
    """An account's balance in minor units, on its natural side."""

    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class _Person:
    id: str
    token: str


async def play(stage: Stage) -> Table:
    """The whole day; returns the accounts that it moved."""
    seller, buyer = await _person(stage, "Mira"), await _person(stage, "Ben")
    before = await _books(stage, seller)
    prices = await _offer(stage, seller)
    await _bought(stage, seller, buyer, prices)
    await _disputed(stage, seller, buyer, prices)
    await vendors.play(stage, seller=seller.token, buyer=buyer.token, price_id=prices[vendors.PRICE])
    return _told(stage, before, await _books(stage, seller))


async def _person(stage: Stage, name: str) -> _Person:
    body = {
        "email": f"{name.lower()}-{secrets.token_hex(4)}@example.com",
        "password": f"a phrase of {secrets.token_hex(6)}",
        "name": name,
    }
    made = await stage.call("POST", "/auth/register", body)
    stage.tell("POST /auth/register", made, 201, f"{name}, who {'sells' if name == 'Mira' else 'buys'}")
    if made.status != 201:
        raise DemoFailed("without a seller and a buyer there is no market")
    return _Person(made.body["user"]["id"], made.body["accessToken"])


async def _offer(stage: Stage, seller: _Person) -> dict[int, str]:
    def price(amount: int) -> dict[str, object]:
        return {"unitAmount": {"amount": amount, "currency": "EUR"}}

    body = {"name": "A pot of honey", "kind": "physical", "price": price(CONFIRMED)}
    made = await stage.call("POST", "/products", body, token=seller.token)
    stage.tell("POST /products", made, 201, "honey, with its first price")
    if made.status != 201:
        raise DemoFailed("without a product there is no market")
    found = {CONFIRMED: str(made.body["prices"][0]["id"])}
    for amount in (DECLINED, DISPUTE_LOST, DISPUTE_WON, vendors.PRICE):
        path = f"/products/{made.body['id']}/prices"
        more = await stage.call("POST", path, price(amount), token=seller.token)
        if more.status != 201:
            stage.tell("POST /products/{id}/prices", more, 201, "another price")
            raise DemoFailed("without prices there is no market")
        found[amount] = str(more.body["id"])
    return found


async def _buy(stage: Stage, buyer: _Person, price_id: str, key: str) -> Reply:
    body = {"priceId": price_id, "provider": "sandbox"}
    return await stage.call("POST", "/payments", body, token=buyer.token, **{"Idempotency-Key": key})


async def _bought(stage: Stage, seller: _Person, buyer: _Person, prices: dict[int, str]) -> None:
    key = secrets.token_hex(8)
    made = await _buy(stage, buyer, prices[CONFIRMED], key)
    stage.tell("POST /payments", made, 201, "45.03 EUR: the buyer must confirm")
    if made.status != 201 or "confirmPath" not in made.body["client"]:
        raise DemoFailed("the payment does not wait for its buyer: the demo needs SANDBOX on")
    again = await _buy(stage, buyer, prices[CONFIRMED], key)
    same = again.body.get("id") == made.body["id"]
    stage.tell("  the same, same key", again, 201, "the same payment" if same else "ANOTHER payment")
    confirmed = await stage.call("POST", str(made.body["client"]["confirmPath"]), token=buyer.token)
    stage.tell("POST the sandbox's confirmPath", confirmed, 200, "the buyer agrees, as in PaymentSheet")
    path = f"/payments/{made.body['id']}"
    paid = await stage.until(path, buyer.token, lambda reply: reply.body.get("state") == "captured")
    stage.tell("GET /payments/{id}", paid, 200, "paid, by webhook or by this look, whoever came first")
    back = {"amount": REFUNDED, "reason": "one pot was broken"}
    refused = await stage.call(
        "POST", f"{path}/refunds", back, token=buyer.token, **{"Idempotency-Key": secrets.token_hex(8)}
    )
    stage.tell("POST .../refunds by the buyer", refused, 403, "only the seller gives money back")
    refunded = await stage.call(
        "POST", f"{path}/refunds", back, token=seller.token, **{"Idempotency-Key": secrets.token_hex(8)}
    )
    stage.tell("POST .../refunds by the seller", refunded, 201, "15.00 EUR go back")
    too_much = await stage.call(
        "POST",
        f"{path}/refunds",
        {"amount": CONFIRMED},
        token=seller.token,
        **{"Idempotency-Key": secrets.token_hex(8)},
    )
    left = too_much.body.get("error", {}).get("details", {}).get("left", 0)
    stage.tell("  45.03 EUR more", too_much, 409, f"no more than is left: {_decimal(left)} EUR")
    declined = await _buy(stage, buyer, prices[DECLINED], secrets.token_hex(8))
    stage.tell("POST /payments", declined, 402, "18.01 EUR: the bank says no")


async def _disputed(stage: Stage, seller: _Person, buyer: _Person, prices: dict[int, str]) -> None:
    lost, won = await asyncio.gather(
        *(_buy(stage, buyer, prices[amount], secrets.token_hex(8)) for amount in (DISPUTE_LOST, DISPUTE_WON))
    )
    stage.tell("POST /payments", lost, 201, "36.20 EUR, to be disputed and lost")
    stage.tell("POST /payments", won, 201, "27.21 EUR, to be disputed and won")
    if (lost.status, won.status) != (201, 201):
        raise DemoFailed("without payments there is nothing to dispute")
    await _wait(stage, buyer, days=1)
    for payment in (lost, won):
        await _dispute_is(stage, seller, payment, "withdrawn")
    await _wait(stage, buyer, days=7)
    await _dispute_is(stage, seller, lost, "lost")
    await _dispute_is(stage, seller, won, "reinstated")


async def _wait(stage: Stage, buyer: _Person, *, days: int) -> None:
    later = await stage.call("POST", "/sandbox/advance", {"seconds": days * _DAY_SECONDS}, token=buyer.token)
    stage.tell("POST /sandbox/advance", later, 200, f"{days} {'day' if days == 1 else 'days'} later")


async def _dispute_is(stage: Stage, seller: _Person, payment: Reply, money_is: str) -> None:
    def there(reply: Reply) -> bool:
        items = cast("list[dict[str, Any]]", reply.body.get("items", []))
        return any(item["moneyIs"] == money_is for item in items)

    found = await stage.until(f"/payments/{payment.body['id']}/disputes", seller.token, there)
    dispute = found.body["items"][0]
    stage.check(
        "GET /payments/{id}/disputes",
        f"{found.status} {dispute['state']}",
        "expected one dispute",
        f"{_decimal(dispute['money']['amount'])} EUR are {money_is}",
        is_good=len(found.body["items"]) == 1,
    )


async def _books(stage: Stage, seller: _Person) -> Book:
    """The platform's accounts and the seller's."""
    found: dict[tuple[str, str, str], Line] = {}
    for owner, query in (("platform", ""), ("Mira", f"?owner={seller.id}")):
        reply = await stage.call("GET", f"/dev/ledger{query}")
        if reply.status != 200:
            raise DemoFailed("/dev/ledger does not answer: the demo needs SANDBOX on")
        for item in cast("list[dict[str, Any]]", reply.body["items"]):
            place = (owner, str(item["name"]), str(item["currency"]))
            found[place] = Line(str(item["kind"]), int(item["amount"]))
    return found


def _told(stage: Stage, before: Book, after: Book) -> Table:
    """What each account gained since, as a trial balance: the two sides are equal, or the books are wrong."""
    table = Table("owner", "account", "kind", "debit", "credit", title="the ledger: what this market moved, in EUR")
    for column in table.columns[3:]:
        column.justify = "right"
    debit = credit = 0
    for (owner, name, currency), line in sorted(after.items()):
        gained = line.amount - before.get((owner, name, currency), Line(line.kind, 0)).amount
        if currency != "EUR" or gained == 0:
            continue
        signed = gained if line.kind in {"asset", "expense"} else -gained
        debit, credit = debit + max(signed, 0), credit + max(-signed, 0)
        sides = (_decimal(signed), "") if signed > 0 else ("", _decimal(-signed))
        table.add_row(owner, name, line.kind, *sides)
    table.add_section()
    table.add_row("", "", "both sides", _decimal(debit), _decimal(credit))
    stage.check(
        "GET /dev/ledger", f"{_decimal(debit)} = {_decimal(credit)}", "not equal", "every cent has two sides",
        is_good=debit == credit > 0,
    )  # fmt: skip
    return table


def _decimal(amount: int) -> str:
    """Cents as people write them."""
    return f"{amount // 100}.{amount % 100:02d}"
