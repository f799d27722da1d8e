"""The whole demo as `make demo-providers` plays it: real processes, real signatures, a payment of every provider."""

import os
import pathlib
import re
import subprocess
import sys

import aiohttp
import psutil
import pytest

from cleanly.entry.demo import vendors
from cleanly.entry.demo.stage import Stage
from tests.domain.payments.stands import standing
from tests.flows.listening import listening
from tests.moved_clock import MovedClock

ROOT = pathlib.Path(__file__).parents[2]
SECONDS_MAX = 400


def test_a_payment_of_each_provider_goes_through_the_demo_and_the_books_are_sound(folder: pathlib.Path):
    played = subprocess.run(
        [sys.executable, "-m", "tests.fakes"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "COLUMNS": "200", "TMPDIR": str(folder)},
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    said = played.stdout.decode()
    assert played.returncode == 0, said[-3000:] + played.stderr.decode()[-3000:]
    for provider in ("stripe", "paypal"):
        assert f"22.17 EUR by {provider}" in said
    assert "all as expected" in said
    accounts = {name: int(amount.replace(",", "")) for name, amount in _accounts(said)}
    # 22.17 sold; 5.00 and 1.00 given back; the rest disputed: won at one, lost at the other.
    assert (accounts["clearing.stripe"], accounts["clearing.paypal"]) == (1_617, 0)
    # The market's day, and what the seller's webhooks tell of: three sales of 12.00, 2.00 given back.
    assert accounts["clearing.sandbox"] == 5_724 + 3 * 1_200 - 200
    assert "what Nora's server was told" in said
    assert accounts["dispute_suspense"] == 0
    assert "the books are sound" in said
    assert list(folder.iterdir()) == []
    left = [it.info["cmdline"] for it in psutil.process_iter(["cmdline"]) if str(folder) in str(it.info["cmdline"])]
    assert left == []


def _accounts(said: str) -> list[tuple[str, str]]:
    """The lines of `cleanly ledger accounts`."""
    return re.findall(r"^ (\S+) +(?:asset|liability|income|expense) +EUR +(-?[\d,]+)", said, re.MULTILINE)


@pytest.mark.parametrize("provider", ["sandbox", "stripe", "paypal"])
async def test_without_a_phone_a_vendors_payment_is_given_up_and_a_vendor_that_is_not_there_is_told(
    fresh_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch, provider: str
):
    async with (
        standing(provider, fresh_url, clock, monkeypatch) as stand,
        listening(stand.world) as port,
        aiohttp.ClientSession(trust_env=False) as http,
    ):
        stage = Stage(http, f"http://127.0.0.1:{port}")
        price = await stand.price(vendors.PRICE)
        await vendors.play(stage, seller=stand.seller.access, buyer=stand.buyer.access, price_id=price)
        assert stage.failures == 0
        states = [row[0] for row in await stand.world.rows("SELECT state FROM payments")]
        assert states == ([] if provider == "sandbox" else ["canceled"])
        assert stage.table.row_count == (2 if provider == "sandbox" else 3)
