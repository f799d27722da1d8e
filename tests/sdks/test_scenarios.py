"""The scenarios that every SDK must pass, by the Python one in both its colours, against the real service."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Generator, Iterator
from typing import Any

import httpx2
import pytest
import yaml

from sdks.generate.reading import SDKS
from tests.conftest import ROOT, empty
from tests.sdks.devices import AwaitingDevice, BlockingDevice, Control, Stand
from tests.sdks.playing import Player

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
            with httpx2.Client(timeout=60) as http:
                yield Stand(told["proxy"], told["service"], Control(told["control"], http))
        finally:
            process.communicate(timeout=30)  # the end of its input is its end
    empty(database_url)


@pytest.mark.parametrize("device", [BlockingDevice, AwaitingDevice], ids=["blocking", "awaiting"])
@pytest.mark.parametrize(("scenario", "fault"), list(runs()))
def test_scenario(stand: Stand, scenario: dict[str, Any], fault: Any, device: Any):
    player = Player(device, stand)
    player.values["fault"] = fault
    asyncio.run(player.play(scenario, BOOK["beginnings"], BOOK["invariants"]))
