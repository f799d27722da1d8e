"""`make demo-providers`: the demo with a payment of every provider, in real processes, Stripe and PayPal being fakes.

The service is `cleanly dev` with a data folder and a port of its own; everything that was started is ended.
"""

import asyncio
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from cryptography.hazmat.primitives import serialization

from cleanly.kernel.clock import Clock
from tests.fakes import paypal_pki
from tests.fakes.hands import Courier, Phone, in_hand
from tests.fakes.paypal_wire import PayPalWire
from tests.fakes.stripe_wire import StripeWire
from tests.fakes.wire import listening

ROOT = pathlib.Path(__file__).parents[2]
SECONDS_MAX = 120.0
SECRET, WEBHOOK_ID = "whsec_of_the_demo", "8PT597110X687430L"
CERTIFICATE_DAYS = 2900  # unlike the tests' clock, this one goes on
BACK_CENTS, BACK = 100, "1.00"


class Unexpected(RuntimeError):
    """An answer that the demo does not expect."""


@dataclass(frozen=True)
class Scene:
    """The running service and the fakes around it."""

    base: str
    environment: dict[str, str]
    trust: tuple[str, str]
    stripe: StripeWire
    paypal: PayPalWire
    phone: Phone

    async def cleanly(self, *arguments: str) -> None:
        """One command, its output shown; it must end well."""
        process = await asyncio.create_subprocess_exec(*self.command(*arguments), cwd=ROOT, env=self.environment)
        try:
            code = await asyncio.wait_for(process.wait(), SECONDS_MAX)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise Unexpected(f"cleanly {' '.join(arguments)} took too long") from None
        if code != 0:
            raise Unexpected(f"cleanly {' '.join(arguments)} exited with {code}")

    def command(self, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "tests.fakes.service", *self.trust, *arguments)


async def play() -> None:
    """The whole evening.

    Raises:
        Unexpected: and everything is ended all the same.
    """
    async with scene() as here:
        couriers = [
            Courier(vendor, f"{here.base}/api/v1/webhooks/{name}")
            for name, vendor in (("stripe", here.stripe), ("paypal", here.paypal))
        ]
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(courier.run()) for courier in couriers]
            await here.cleanly("demo", "--base", here.base, "--buyer", here.phone.address)
            await _what_only_news_tells(here)
            for courier in couriers:
                await _until(lambda courier=courier: len(courier.answers) == len(courier.vendor.pushed), "news is out")
            for task in running:
                task.cancel()
        for courier in couriers:
            if not courier.answers or set(courier.answers) != {200}:
                raise Unexpected(f"{courier.url} answered {courier.answers}")
        for about in ("accounts", "check"):
            await here.cleanly("ledger", about)


async def _what_only_news_tells(here: Scene) -> None:
    """A refund in each dashboard and a dispute at each, of which we hear by webhook alone."""
    [intent], [order] = here.phone.agreed["stripe"], here.phone.agreed["paypal"]
    capture = here.paypal.orders[order]["purchase_units"][0]["payments"]["captures"][0]
    before = await _balances(here)
    here.stripe.refund_in_dashboard(intent, BACK_CENTS)
    here.paypal.refund_in_dashboard(capture["id"], BACK)
    for name in ("clearing.stripe", "clearing.paypal"):
        await _is(here, name, before[name] - BACK_CENTS)
    disputes = here.stripe.dispute(intent)["id"], here.paypal.dispute(capture)["dispute_id"]
    taken = here.paypal.disputes[disputes[1]]["dispute_amount"]["value"]
    held = here.stripe.objects[disputes[0]]["amount"] + round(float(taken) * 100)
    await _is(here, "dispute_suspense", before.get("dispute_suspense", 0) + held)
    here.stripe.close_dispute(disputes[0], is_won=True)
    here.paypal.close_dispute(disputes[1], is_won=False)
    await _is(here, "dispute_suspense", before.get("dispute_suspense", 0))


async def _is(here: Scene, account: str, amount: int) -> None:
    async def seen() -> bool:
        return (await _balances(here)).get(account, 0) == amount

    await _until_true(seen, f"{account} is {amount}")


async def _balances(here: Scene) -> dict[str, int]:
    async with aiohttp.ClientSession(trust_env=False) as http, http.get(f"{here.base}/dev/ledger") as answer:
        if answer.status != 200:
            raise Unexpected(f"/dev/ledger answered {answer.status}")
        return {str(one["name"]): int(one["amount"]) for one in (await answer.json())["items"]}


@contextlib.asynccontextmanager
async def scene() -> AsyncGenerator[Scene, None]:
    """Fakes and service, from nothing to nothing."""
    folder = _folder()
    try:
        async with (
            listening(StripeWire(Clock(), secret=SECRET.encode())) as stripe,
            listening(PayPalWire(Clock(), webhook_id=WEBHOOK_ID)) as paypal,
            in_hand(stripe, paypal) as phone,
        ):
            port = _free_port()
            environment = _environment(folder, port, stripe=stripe.address, paypal=paypal.address)
            here = Scene(f"http://127.0.0.1:{port}", environment, _trust(folder), stripe, paypal, phone)
            async with _service(here, folder / "service.log"):
                yield here
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> pathlib.Path:
    made = pathlib.Path(tempfile.mkdtemp(prefix="cleanly-demo-"))
    made.chmod(0o755)  # PostgreSQL's own user must be able to pass
    return made


def _end_of(log: pathlib.Path) -> str:
    return log.read_text(errors="replace")[-3000:]


def _environment(folder: pathlib.Path, port: int, *, stripe: str, paypal: str) -> dict[str, str]:
    """All that the service is told: nothing of this machine's settings, and no more than addresses of the fakes."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "COLUMNS": os.environ.get("COLUMNS", "140"),
        "API_PORT": str(port),
        "DRAIN_SECONDS": "0",
        # All who play call from one address, and nobody need wait for that.
        "RATE_LIMIT_AUTH": "100/minute",
        "RATE_LIMIT_DEFAULT": "10000/minute",
        "CLEANLY_DATA_DIR": str(folder / "data"),
        "STRIPE_SECRET_KEY": "sk_test_of_the_demo",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_of_the_demo",
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_MOBILE_API_VERSION": "2026-03-31.basil",
        "STRIPE_API_BASE": stripe,
        "PAYPAL_CLIENT_ID": "client-of-the-demo",
        "PAYPAL_CLIENT_SECRET": "secret-of-the-demo",
        "PAYPAL_WEBHOOK_ID": WEBHOOK_ID,
        "PAYPAL_BASE_URL": paypal,
    }


def _trust(folder: pathlib.Path) -> tuple[str, str]:
    """The fakes' root and chain as files for the service's process."""
    root, chain = folder / "root.pem", folder / "chain.pem"
    root.write_bytes(paypal_pki.root().certificate.public_bytes(serialization.Encoding.PEM))
    chain.write_bytes(paypal_pki.signer(days=CERTIFICATE_DAYS).chain)
    return str(root), str(chain)


@contextlib.asynccontextmanager
async def _service(here: Scene, log: pathlib.Path) -> AsyncGenerator[None, None]:
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *here.command("dev"), cwd=ROOT, env=here.environment, stdout=file, stderr=file, start_new_session=True
        )

    async def is_live() -> bool:
        if process.returncode is not None:
            raise Unexpected(f"the service ended at once:\n{_end_of(log)}")
        try:
            async with (
                aiohttp.ClientSession(trust_env=False) as http,
                http.get(f"{here.base}/api/v1/health/live") as answer,
            ):
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    try:
        await _until_true(is_live, "the service takes traffic")
        yield
    except BaseException:
        sys.stderr.write(f"the service said at last:\n{_end_of(log)}\n")
        raise
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(process.wait(), SECONDS_MAX)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _until(condition: Callable[[], bool], what: str) -> None:
    async def seen() -> bool:
        return condition()

    await _until_true(seen, what)


async def _until_true(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(SECONDS_MAX):
            while not await condition():  # noqa: ASYNC110 - another process brings it about
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise Unexpected(f"not within {SECONDS_MAX:.0f} s: {what}") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
