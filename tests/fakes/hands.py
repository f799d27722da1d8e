"""What stands around the wire fakes in a demo: a buyer's phone that agrees, and couriers that bring signed webhooks."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from tests.fakes.paypal_wire import PayPalWire
from tests.fakes.stripe_wire import StripeWire
from tests.fakes.wire import Vendor

TRIES_MAX = 5


class Phone:
    """Agrees to every payment that it is told of, by the words that the app's SDK gets."""

    def __init__(self, stripe: StripeWire, paypal: PayPalWire) -> None:
        self.address = ""
        self.stripe = stripe
        self.paypal = paypal
        self.agreed: dict[str, list[str]] = {"stripe": [], "paypal": []}

    async def agree(self, request: web.Request) -> web.Response:
        words = await request.json()
        provider = request.match_info["provider"]
        if provider == "stripe":
            reference = next(
                name for name, it in self.stripe.objects.items() if it.get("client_secret") == words["clientSecret"]
            )
            self.stripe.approve(reference)
        else:
            reference = words["orderId"]
            assert reference in words["approveUrl"]
            self.paypal.approve(reference)
        self.agreed[provider].append(reference)
        return web.Response(status=204)


@asynccontextmanager
async def in_hand(stripe: StripeWire, paypal: PayPalWire) -> AsyncGenerator[Phone, None]:
    """The phone, listening on a loopback port."""
    phone = Phone(stripe, paypal)
    app = web.Application()
    app.router.add_post("/{provider:stripe|paypal}", phone.agree)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    phone.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield phone
    finally:
        await runner.cleanup()


class Courier:
    """Brings one vendor's webhooks, each until it is taken or was refused too often; `answers`: how each ended."""

    def __init__(self, vendor: Vendor, url: str) -> None:
        self.vendor = vendor
        self.url = url
        self.answers: list[int] = []

    async def run(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10), trust_env=False) as http:
            while True:
                await self.vendor.news.wait()
                self.vendor.news.clear()
                for one in self.vendor.pushed[len(self.answers) :]:
                    self.answers.append(await self._bring(http, one.body))

    async def _bring(self, http: aiohttp.ClientSession, body: bytes) -> int:
        status = 0
        for attempt in range(TRIES_MAX):
            push = self.vendor.sign(body)
            async with http.post(self.url, data=push.body, headers=dict(push.headers)) as answer:
                status = answer.status
            if status == 200:
                break
            await asyncio.sleep(attempt)  # as vendors wait before they come again
        return status
