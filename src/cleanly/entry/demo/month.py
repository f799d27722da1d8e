"""A marketplace's month in the sandbox: sales, a subscription, refunds, a dispute, payouts, one of them failing.

Everything goes through the service's own door, and the schedules do what they do every day. At the end every seller's
statements must add up, month to month and to the last cent. The last two digits of an amount choose its fate.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rich.console import Console

from cleanly.domain.users import service as users
from cleanly.entry.demo import sums
from cleanly.entry.demo.stage import DemoFailed, Reply
from cleanly.entry.demo.town import AppStore, OpenStore, Town, opened, scratch
from cleanly.kernel.clock import Clock
from cleanly.platform.cache.service import Cache

__all__ = ["play", "scratch"]

HONEY, CANDLES, LOST, WON = 4_500, 1_200, 3_620, 2_721
READING, MAP = 900, 999
FAILING = 5_040
_MONDAY = 1


@dataclass(slots=True)
class Person:
    """Somebody with a phone, who signs in again when it is time."""

    town: Town
    name: str
    email: str = ""
    password: str = ""
    id: str = ""
    token: str = ""

    async def call(self, method: str, path: str, body: object = None) -> Reply:
        """One call; whatever changes something carries a key."""
        keyed = {"Idempotency-Key": secrets.token_hex(8)} if method != "GET" else {}
        reply = await self.town.stage.call(method, path, body, token=self.token, **keyed)
        if reply.status == 401:
            await self._sign("/auth/login", {"email": self.email, "password": self.password})
            reply = await self.town.stage.call(method, path, body, token=self.token, **keyed)
        return reply

    async def done(self, method: str, path: str, body: object = None) -> Any:
        """The answer's body.

        Raises:
            DemoFailed: it was refused.
        """
        reply = await self.call(method, path, body)
        if not 200 <= reply.status < 300:
            raise DemoFailed(f"{self.name}: {method} {path} was refused: {reply.status} {reply.said}")
        return reply.body

    async def register(self) -> "Person":
        """An account."""
        self.email = f"{self.name.lower()}-{secrets.token_hex(4)}@example.com"
        self.password = f"a phrase of {secrets.token_hex(6)}"
        await self._sign("/auth/register", {"email": self.email, "password": self.password, "name": self.name})
        return self

    async def _sign(self, path: str, body: object) -> None:
        reply = await self.town.stage.call("POST", path, body)
        if reply.status not in {200, 201}:
            raise DemoFailed(f"{self.name} can't sign in: {reply.status} {reply.said}")
        self.token = str(reply.body["accessToken"])
        self.id = str(reply.body["user"]["id"]) if "user" in reply.body else self.id


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who plays: Mira is paid every Monday, Otto when he asks; Ben and Cleo buy; Ada runs the platform."""

    town: Town
    mira: Person
    otto: Person
    ben: Person
    cleo: Person
    ada: Person


async def play(database_url: str, console: Console, *, open_store: OpenStore | None = None) -> bool:
    """The whole month, and the next one's first days; True when everything adds up. The database must be empty.

    With a store something is bought in the app, too.
    """
    async with opened(database_url, _first_of_next_month(), open_store=open_store) as town:
        stage = town.stage
        try:
            cast = await _assemble(town)
            await _unfold(cast)
            books = await sums.checked(town, cast.ada, (cast.mira, cast.otto), month=_first_of_next_month())
        except DemoFailed as error:
            console.print(stage.table)
            console.print(f"[red]the month stopped:[/red] {error}")
            return False
        for table in (stage.table, *books):
            console.print(table)
        console.print(
            "the month adds up" if not stage.failures else f"[red]{stage.failures} sums are not as expected[/red]"
        )
        return not stage.failures


def _first_of_next_month() -> datetime:
    """Ahead of the machine's clock, as the database keeps its own time for what it writes down itself."""
    later = Clock().now().replace(day=1, hour=8, minute=0, second=0, microsecond=0) + timedelta(days=32)
    return later.replace(day=1)


async def _assemble(town: Town) -> _Cast:
    people = [await Person(town, name).register() for name in ("Mira", "Otto", "Ben", "Cleo", "Ada")]
    cast = _Cast(town, *people)
    async with town.context.db.begin() as session:
        cache = town.context.part(Cache)
        await users.set_role(session, cache, UUID(cast.ada.id), "admin", now=town.clock.now())
    for seller in (cast.mira, cast.otto):
        body = {"provider": "sandbox", "country": "DE", "currencies": ["EUR"]}
        await seller.done("POST", "/payout-accounts", body)
    await cast.mira.done("PUT", "/payout-schedule", {"interval": "weekly", "weekday": _MONDAY, "minimums": []})
    await town.work()
    _tell(cast, "five accounts, two places to be paid to", "Mira is paid every Monday, Otto when he asks")
    return cast


async def _unfold(cast: _Cast) -> None:
    town = cast.town
    honey = await _shelf(cast.mira, "Honey", HONEY, LOST, WON)
    candles = await _shelf(cast.otto, "Candles", CANDLES, HONEY)
    daily = await _subscribed(cast)
    if town.store is not None:
        await _bought_in_the_app(cast, town.store)
    sales = [await _buy(cast, cast.ben, honey[HONEY]), await _buy(cast, cast.cleo, candles[CANDLES])]
    disputed = [await _buy(cast, cast.cleo, honey[LOST]), await _buy(cast, cast.ben, honey[WON])]
    await cast.mira.done("POST", f"/payments/{sales[0]}/refunds", {"amount": 1_500, "reason": "one pot was broken"})
    for day in range(3, 31, 3):
        await town.pass_time(timedelta(days=3))
        sales.append(await _buy(cast, cast.ben if day % 2 else cast.cleo, honey[HONEY]))
        sales.append(await _buy(cast, cast.cleo, candles[HONEY]))
        await _reviewed(cast)
        if day == 12:
            await cast.otto.done("POST", f"/payments/{sales[1]}/refunds", {"reason": "they did not burn"})
            _tell(cast, "a whole refund, and one of a part", "12.00 and 15.00 EUR go back")
        if day == 15:
            await _pays_out(cast, FAILING, "its bank sends it back")
        if day == 24:
            await _pays_out(cast, HONEY, "it arrives")
    await town.pass_time(timedelta(days=4))
    await _reviewed(cast)
    await town.pass_time(timedelta(days=3))
    await _ended(cast, disputed, daily)


async def _shelf(seller: Person, name: str, *amounts: int) -> dict[int, str]:
    prices = {amount: {"unitAmount": {"amount": amount, "currency": "EUR"}} for amount in amounts}
    made = await seller.done("POST", "/products", {"name": name, "kind": "physical", "price": prices[amounts[0]]})
    found = {amounts[0]: str(made["prices"][0]["id"])}
    for amount in amounts[1:]:
        found[amount] = str((await seller.done("POST", f"/products/{made['id']}/prices", prices[amount]))["id"])
    return found


async def _buy(cast: _Cast, buyer: Person, price: str) -> str:
    made = await buyer.done("POST", "/payments", {"priceId": price, "provider": "sandbox"})
    await cast.town.work()
    return str(made["id"])


async def _platforms_price(cast: _Cast, name: str, amount: int, **terms: str) -> str:
    product = await cast.ada.done("POST", "/products", {"name": name, "kind": "digital", "platform": True})
    price = {"unitAmount": {"amount": amount, "currency": "EUR"}} | terms
    return str((await cast.ada.done("POST", f"/products/{product['id']}/prices", price))["id"])


async def _bought_in_the_app(cast: _Cast, store: AppStore) -> None:
    """Google Play asks for the money; we look at the purchase, grant it, and say so to Google."""
    price = await _platforms_price(cast, "A map", MAP)
    account = (await cast.cleo.done("GET", "/subscriptions/google-play-account"))["obfuscatedAccountId"]
    token = store.buy(account, option=price)
    body = {"priceId": price, "provider": "google_play", "purchaseToken": token}
    made = await cast.cleo.done("POST", "/payments", body)
    await cast.town.work()
    granted = [one.get("paymentId") for one in (await cast.cleo.done("GET", "/entitlements"))["items"]]
    is_good = made["id"] in granted and store.acknowledged == [token]
    cast.town.stage.check("a purchase on Google Play", made["state"], "captured", "granted, told", is_good=is_good)


async def _subscribed(cast: _Cast) -> str:
    terms = {"type": "recurring", "interval": "month", "planGroup": "reading"}
    price = await _platforms_price(cast, "The Daily", READING, **terms)
    body = {"priceId": price, "provider": "sandbox"}
    subscription = await cast.ben.done("POST", "/subscriptions", body)
    await cast.town.work()
    return str(subscription["id"])


async def _reviewed(cast: _Cast) -> None:
    """Ada lets go what waits for her: each seller's first payout to a place."""
    held = await cast.ada.done("GET", "/admin/payouts?state=held")
    for payout in held["items"]:
        why = {"reason": "the account was looked at"}
        await cast.ada.done("POST", f"/admin/payouts/{payout['id']}/approve", why)
        _tell(cast, f"a payout waited: {', '.join(payout['heldFor'])}", "Ada approves it")
    await cast.town.work()


async def _pays_out(cast: _Cast, amount: int, fate: str) -> None:
    await cast.otto.done("POST", "/payouts", {"amount": amount, "currency": "EUR"})
    await _reviewed(cast)
    _tell(cast, f"Otto asks for {amount / 100:.2f} EUR", fate)


async def _ended(cast: _Cast, disputed: list[str], subscription: str) -> None:
    stage = cast.town.stage
    ends = [(await cast.mira.done("GET", f"/payments/{one}/disputes"))["items"][0]["state"] for one in disputed]
    stage.check("two disputes", ", ".join(ends), "lost, won", "one lost, one won", is_good=ends == ["lost", "won"])
    payouts = [one for who in (cast.mira, cast.otto) for one in (await who.done("GET", "/payouts"))["items"]]
    states = sorted(one["state"] for one in payouts)
    is_good = states.count("failed") == 1 and states.count("paid") >= 3
    stage.check("payouts", ", ".join(states), "one failed, at least three paid", "one came back", is_good=is_good)
    periods = len((await cast.ben.done("GET", f"/subscriptions/{subscription}/periods"))["items"])
    stage.check("a subscription", f"{periods} periods", "two", "renewed once", is_good=periods == 2)


def _tell(cast: _Cast, what: str, shows: str) -> None:
    cast.town.stage.check(f"{cast.town.clock.now():%d %B}", what, "", shows, is_good=True)
