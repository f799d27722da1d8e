"""The scenarios that every SDK must pass, by the Python one in both its colours, against the real service."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
import yaml
from cleanly_client import Cleanly, Money, models

from sdks.generate.reading import SDKS
from tests.conftest import ROOT, empty
from tests.sdks.devices import AwaitingDevice, BlockingDevice, Control, Stand
from tests.sdks.playing import Player

AT_ONCE = 32
BOOK: dict[str, Any] = yaml.safe_load((SDKS / "scenarios" / "scenarios.yaml").read_text())


def runs() -> Iterator[Any]:
    for scenario in BOOK["scenarios"]:
        for fault in scenario.get("faults", [None]):
            name = scenario["name"] if fault is None else f"{scenario['name']}: {fault}"
            yield pytest.param(scenario, fault, id=name)


@pytest.fixture(scope="module")
def stand(database_url: str) -> Generator[Stand, None, None]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "sdks.scenarios", database_url]
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            with httpx2.Client(timeout=120) as http:
                yield Stand(told["proxy"], told["service"], Control(told["control"], http))
        finally:
            process.communicate(timeout=30)  # the end of its input is its end
    empty(database_url)


def test_the_quickstart_of_the_readme_runs(stand: Stand, tmp_path, monkeypatch, capsys):
    with Cleanly(stand.proxy) as seller:
        account = seller.auth.register(email="quickstart@example.com", password="correct horse battery", name="Mira")
        assert account is not None
        price = models.NewPrice(unit_amount=Money(4503, "EUR"))
        seller.catalog.create_product(name="A pot of honey", kind="physical", price=price)
    (code,) = re.findall(r"```python\n(import.*?)```", (SDKS / "python" / "README.md").read_text(), re.DOTALL)
    code = code.replace("https://api.example.com", stand.proxy)
    code = code.replace("019ab1c2-8e4f-7a31-9c55-3f1d2e4b5a60", str(account.user.id))
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    exec(compile(code, "README.md", "exec"), {})  # the next day: signed in already
    assert capsys.readouterr().out.splitlines() == ["signed in as Ada", "45.03 EUR: requires_action"] * 2


@pytest.mark.parametrize("device", [BlockingDevice, AwaitingDevice], ids=["blocking", "awaiting"])
@pytest.mark.parametrize(("scenario", "fault"), list(runs()))
def test_scenario(stand: Stand, scenario: dict[str, Any], fault: Any, device: Any):
    player = Player(device, stand)
    player.values["fault"] = fault

    async def play() -> None:
        with ThreadPoolExecutor(AT_ONCE) as threads:  # twenty calls at once must truly be that
            asyncio.get_running_loop().set_default_executor(threads)
            await player.play(scenario, BOOK["beginnings"], BOOK["invariants"])

    asyncio.run(play())
