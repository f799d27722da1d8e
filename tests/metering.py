"""The SDK behind the meter, once per test process, and what /metrics says read back."""

import re
from functools import cache

import pytest

from cleanly.entry import settings as environment
from cleanly.entry import telemetry

_LINE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)$", re.MULTILINE)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


@cache
def _start() -> None:
    telemetry.start(environment.load(app_env="test"), "test")


@pytest.fixture(scope="session")
def metering() -> None:
    _start()


def value(text: str, name: str, **labels: str) -> float:
    """The sum of the series of that name that have these labels; 0 if there are none."""
    return sum(
        float(line[3])
        for line in _LINE.finditer(text)
        if line[1] == name and labels.items() <= dict(_LABEL.findall(line[2] or "")).items()
    )


def names(text: str) -> set[str]:
    """Every metric's name, as its lines have it."""
    return {line[1] for line in _LINE.finditer(text)}
