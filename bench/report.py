"""Write the result down: a table of ratios, with what the machine was."""

import os
import pathlib
import platform
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bench.machine import Cores

if TYPE_CHECKING:
    from bench.__main__ import Row
    from bench.money import MoneyRow

README = pathlib.Path(__file__).with_name("README.md")
_BEGIN, _END = "<!-- results -->", "<!-- end of results -->"


def table(rows: Sequence["Row"], money: Sequence["MoneyRow"], notes: Mapping[str, str], cores: Cores) -> str:
    """Markdown: the ratios first, then the absolutes of this one run."""
    lines = [
        (
            f"One run on {os.cpu_count()} cores ({platform.machine()}, Python {platform.python_version()}): the service"
            f" on core {cores.serving}, load and PostgreSQL on core {cores.asking}."
        ),
        "",
        "| path | ratio | of rounds | asked | yardstick | per second | p50 ms | p95 ms | p99 ms | CPU us |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        one = row.measured
        mark = "" if row.ratio >= row.at_least else " **below**"
        lines.append(
            f"| {row.path} | {row.ratio:.2f}{mark} | {', '.join(f'{one:.2f}' for one in row.ratios)} |"
            f" {row.at_least:.2f} | {row.yardstick}, {row.yardstick_per_second:,.0f}/s | {one.per_second:,.0f} |"
            f" {one.p50:.2f} | {one.p95:.2f} | {one.p99:.2f} | {one.cpu_us:.0f} |"
        )
    lines += ["", "| money | ratio | asked | yardstick | per second |", "|---|---|---|---|---|"]
    for item in money:
        mark = "" if item.ratio >= item.at_least else " **below**"
        lines.append(
            f"| {item.path} | {item.ratio:.2f}{mark} | {item.at_least:.2f} |"
            f" {item.yardstick}, {item.yardstick_per_second:,.0f}/s | {item.per_second:,.0f} |"
        )
    lines += ["", *(f"- {name}: {value}" for name, value in notes.items())]
    return "\n".join(lines)


def write(text: str) -> None:
    """Put the table between its marks in bench/README.md."""
    before, _, rest = README.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    README.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}")
