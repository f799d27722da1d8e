"""Ask with wrk and read what it says. wrk comes from the system's packages (`apt-get install wrk`)."""

import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass

from bench.machine import Cores, cpu_seconds, on

_LATENCY = re.compile(r"^\s+(50|75|90|99)%\s+([0-9.]+)(us|ms|s)", re.MULTILINE)
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
# wrk prints 50, 75, 90 and 99: a done() hook adds the 95th and the statuses.
_REPORT = """
function done(summary, latency, requests)
  io.write(string.format("P95 %d\\n", latency:percentile(95)))
  io.write(string.format("ERRORS %d %d\\n", summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
  io.write(string.format("BYTES %d\\n", summary.bytes))
end
"""


@dataclass(frozen=True)
class Load:
    """One measurement. Times in milliseconds; `cpu_us`: processor time of the serving process per request.

    `bytes_each`: of an answer, head and body.
    """

    per_second: float
    p50: float
    p95: float
    p99: float
    requests: int
    refused: int
    broken: int
    cpu_us: float
    bytes_each: float


def wrk_is_missing() -> bool:
    """Whether the load generator is not installed."""
    return shutil.which("wrk") is None


def ask(
    url: str,
    *,
    cores: Cores,
    pid: int,
    folder: pathlib.Path,
    seconds: int,
    connections: int = 16,
    script: str = "",
) -> Load:
    """Ask as fast as answers come, on `connections` connections."""
    lua = folder / "wrk.lua"
    lua.write_text(script + _REPORT)
    before = cpu_seconds(pid)
    done = subprocess.run(
        on(cores.asking, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", lua, url),
        check=True,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    )
    text = done.stdout
    used = cpu_seconds(pid) - before
    times = {name: float(value) * _UNITS[unit] for name, value, unit in _LATENCY.findall(text)}
    requests = int(_number(r"(\d+) requests in", text))
    return Load(
        per_second=_number(r"Requests/sec:\s+([0-9.]+)", text),
        p50=times["50"],
        p95=_number(r"P95 (\d+)", text) / 1000,
        p99=times["99"],
        requests=requests,
        refused=int(_number(r"ERRORS (\d+)", text)),
        broken=int(_number(r"ERRORS \d+ (\d+)", text)),
        cpu_us=used / max(requests, 1) * 1e6,
        bytes_each=_number(r"BYTES (\d+)", text) / max(requests, 1),
    )


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"wrk said something unexpected:\n{text}")
    return float(found[1])


def script(method: str = "GET", *, headers: dict[str, str] | None = None, body: str = "") -> str:
    """A fixed request."""
    lines = [f'wrk.method = "{method}"']
    lines += [f'wrk.headers["{name}"] = {_quoted(value)}' for name, value in (headers or {}).items()]
    if body:
        lines += [f"wrk.body = {_quoted(body)}", 'wrk.headers["Content-Type"] = "application/json"']
    return "\n".join(lines) + "\n"


def one_body_each(path: str, bodies: pathlib.Path) -> str:
    """Each request sends the next line of a file; the run ends early when they are used up."""
    return f"""
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local lines = {{}}
for line in io.lines({_quoted(str(bodies))}) do lines[#lines + 1] = line end
local at = 0
function request()
  at = at + 1
  if at > #lines then wrk.thread:stop() at = #lines end
  return wrk.format("POST", {_quoted(path)}, nil, lines[at])
end
"""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
