"""What measuring costs a request, and a picture of what is measured: a real Prometheus scrapes a real service.

    python -m bench.observed [SECONDS]

Grafana is not in Debian, so the dashboard's own queries are drawn by matplotlib: docs/pictures/dashboard.png.
"""

import asyncio
import contextlib
import json
import math
import pathlib
import random
import re
import runpy
import shutil
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

import aiohttp
from matplotlib.figure import Figure

from bench.machine import Cores, process, wait_until_answers
from bench.stage import EMAIL, PASSWORD, ROOT, Stage, free_port, running
from cleanly.entry import measures

SECONDS = 75
_WARM_SECONDS = 20
_WINDOW = "15s"
_CALLS = 200_000
_PICTURE = ROOT / "docs" / "pictures" / "dashboard.png"
_PANELS = (
    *("By status", "Duration", "Slowest routes, p95", "Refused by limits, sessions", "Time in statements"),
    *("Connections", "Waits for a connection", "Cache hits", "Memory"),
)

# Grafana's units, as a title says them and by what a number is multiplied.
_UNITS = {
    **dict.fromkeys(("reqps", "ops"), (", a second", 1.0)),
    "s": (", ms", 1000.0),
    "percentunit": (", %", 100.0),
    "bytes": (", MiB", 2.0**-20),
    "short": ("", 1.0),
}


@dataclass(frozen=True)
class Panel:
    """One of the dashboard's."""

    title: str
    unit: str
    drawn: dict[str, str]


def cost_us() -> float:
    """Everything that a measured request does and an unmeasured one does not, the best of five."""
    best = math.inf
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(_CALLS):
            measures.STANDING.active += 1
            measures.STANDING.active -= 1
            measures.ended("GET", "/api/v1/users/{id}", 200, 0.0004)
        best = min(best, (time.perf_counter() - began) / _CALLS * 1e6)
    return best


def panels() -> list[Panel]:
    """Those of the dashboard that a short look can fill, by its own code."""
    rows = runpy.run_path(str(ROOT / "ops" / "grafana" / "build.py"))["ROWS"]
    found = {title: Panel(title, unit, drawn) for _, cells in rows for title, unit, drawn in cells}
    return [found[title] for title in _PANELS]


async def load(at: Stage, seconds: float) -> int:
    """A phone's mix: reads, logins, refused ones, paths that are not there; returns how many calls were answered."""
    ends_at, answered = time.monotonic() + seconds, 0
    signed = {"Authorization": f"Bearer {at.access}"}
    chance = random.Random(1)

    async def caller(session: aiohttp.ClientSession) -> None:
        nonlocal answered
        while time.monotonic() < ends_at:
            kind = chance.random()
            if kind < 0.03:
                sent = {"email": EMAIL, "password": PASSWORD}
                call = session.post(f"{at.base}/api/v1/auth/login", json=sent)
            elif kind < 0.3:
                call = session.get(f"{at.base}/api/v1/products")
            elif kind < 0.34:
                call = session.get(f"{at.base}/api/v1/nothing")
            elif kind < 0.5:
                call = session.get(f"{at.base}/api/v1/balance", headers=signed)
            else:
                call = session.get(f"{at.base}/api/v1/users/me", headers=signed)
            async with call as reply:
                await reply.read()
            answered += 1
            await asyncio.sleep(chance.random() * 0.05)

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*[caller(session) for _ in range(8)])
    return answered


def ask(prometheus: str, query: str, *, since: float, until: float) -> list[dict[str, Any]]:
    """A query's series over that time."""
    words = urllib.parse.urlencode(
        {"query": re.sub(r"\[\d+[mhd]\]", f"[{_WINDOW}]", query), "start": since, "end": until, "step": 1}
    )
    with urllib.request.urlopen(f"{prometheus}/api/v1/query_range?{words}", timeout=10) as reply:
        found: list[dict[str, Any]] = json.load(reply)["data"]["result"]
    return found


def draw(prometheus: str, *, since: float, until: float) -> None:
    """Plot the panels into one picture."""
    figure = Figure(figsize=(16, 10), layout="constrained")
    places = figure.subplots(3, 3)
    for place, panel in zip(places.flat, panels(), strict=True):
        unit, scale = _UNITS[panel.unit]
        for legend, query in panel.drawn.items():
            for series in ask(prometheus, query, since=since, until=until):
                label = re.sub(r"\{\{(\w+)\}\}", lambda name, of=series: of["metric"].get(name[1], ""), legend)
                points = [(float(at) - since, float(number) * scale) for at, number in series["values"]]
                place.plot(*zip(*points, strict=True), label=label, linewidth=1.4)
        place.set_title(f"{panel.title}{unit}", fontsize=10, loc="left")
        # Room above, for what hardly moves would lie on the frame.
        place.set_ylim(0, 1.1 * max(place.get_ylim()[1], 1e-9))
        place.grid(alpha=0.3)
        place.tick_params(labelsize=8)
        if place.get_legend_handles_labels()[0]:
            place.legend(fontsize=7, loc="upper left", framealpha=0.6)
    figure.suptitle(
        "The dashboard's queries, asked of a Prometheus that scraped a running service (seconds)", fontsize=11
    )
    _PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(_PICTURE, dpi=70)


def picture(seconds: float) -> None:
    """Run all of it."""
    program = shutil.which("prometheus")
    if program is None:
        print("no prometheus here (Debian and Ubuntu: apt-get install prometheus): no picture", file=sys.stderr)
        return
    with running(Cores.of_this_machine()) as at:
        port, folder = free_port(), pathlib.Path(at.folder) / "prometheus"
        folder.mkdir()
        target = at.base.removeprefix("http://")
        (folder / "prometheus.yaml").write_text(
            "global: {scrape_interval: 1s}\nscrape_configs:\n"
            f"  - {{job_name: cleanly, static_configs: [{{targets: ['{target}']}}]}}\n"
        )
        where = f"http://127.0.0.1:{port}"
        command = [
            program,
            f"--config.file={folder / 'prometheus.yaml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with process(command, {}, folder / "log"):
            wait_until_answers(f"{where}/-/ready")
            began = time.time()
            answered = asyncio.run(load(at, seconds))
            draw(where, since=began + _WARM_SECONDS, until=time.time())
            print(f"{answered:,} calls in {seconds:.0f} s; {_PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    print(f"measuring one request: {cost_us():.2f} us of a profile read's 56 us in process")
    with contextlib.suppress(KeyboardInterrupt):
        picture(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
