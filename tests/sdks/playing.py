"""Plays a scenario of sdks/scenarios on devices, as its README tells."""

import asyncio
import itertools
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from cleanly_client import NoAnswer, NotSignedIn, Refused
from cleanly_client.wire import to_wire

from sdks.generate.contract import snake
from tests.sdks.devices import Device, Died, Stand

_INSIST_MAX = 300
_FAILURES: dict[str, type[Exception]] = {"no_answer": NoAnswer, "not_signed_in": NotSignedIn, "died": Died}
_KEYED = {"create_payment", "create_product", "refund_payment"}


@dataclass
class Player:
    """One run of one scenario."""

    make: Callable[[Stand], Device]
    stand: Stand
    values: dict[str, Any] = field(default_factory=lambda: {"run": uuid.uuid4().hex[:12]})
    devices: dict[str, Device] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    background: list[asyncio.Task[Any]] = field(default_factory=list)

    async def play(self, scenario: dict[str, Any], beginnings: dict[str, Any], invariants: dict[str, int]) -> None:
        self.stand.control.post("/reset")
        self.before = self.stand.control.get("/effects")
        try:
            await self.steps(beginnings.get(scenario.get("begin", ""), []))
            if self.devices:
                self.stand.control.post("/reset")
            await self.steps(scenario["steps"])
            await asyncio.gather(*self.background)
        finally:
            for device in self.devices.values():
                await device.close()
        wanted = {name: scenario.get(name, value) for name, value in invariants.items()}
        found = {**self.gained(), **self.stand.control.get("/seen")}
        assert [name for name in wanted if found[name] > wanted[name]] == [], found
        self.check_hooks()

    async def steps(self, steps: list[dict[str, Any]]) -> None:
        for step in steps:
            try:
                await self.step(step)
            except Exception as error:
                error.add_note(f"in the step {step}")
                raise

    async def step(self, step: dict[str, Any]) -> None:  # noqa: C901, PLR0912 - one branch for each kind
        (kind,) = {"call", "list", "repeat"} & set(step) or {next(iter(step))}
        given = self.filled(step[kind])
        match kind:
            case "call":
                await self.call(step)
            case "list":
                await self.list(step)
            case "repeat":
                for index in range(given):
                    self.values["index"] = index
                    await self.steps(step["steps"])
            case "script":
                self.stand.control.post("/script", given)
            case "clock":
                self.clock(given)
            case "store":
                self.device(step).store.dies = given["dies"]
            case "reopen":
                await self.devices[given].close()
                self.devices[given].open()
            case "copy":
                source = self.devices[given["from"]]
                self.device({"device": given["to"]}, ahead=source.ahead).store.save(source.store.load())
            case "confirm":
                self.confirm(given)
            case "restart":
                self.background.append(asyncio.create_task(asyncio.to_thread(self.stand.control.post, "/restart")))
            case "session":
                is_there = self.device(given).store.load() is not None
                assert is_there == (given["is"] == "live")
            case "effects":
                found = self.gained()
                assert {name: found[name] for name in given} == given
            case "seen":
                self.seen(given)
            case _:
                raise AssertionError(f"no such step: {kind}")

    async def call(self, step: dict[str, Any]) -> None:
        if "every" in step and self.values["index"] % step["every"]:
            return
        device, slept = self.device(step), self.device(step).slept
        at_once = step.get("together", 1)
        for _ in range(step.get("times", 1)):
            await asyncio.gather(*(self.act(device, step) for _ in range(at_once)))
        waits = step.get("waits", {})
        assert waits.get("atLeast", 0) <= device.slept - slept <= waits.get("atMost", 3600)

    async def act(self, device: Device, step: dict[str, Any]) -> None:
        arguments = {snake(name): value for name, value in self.filled(step.get("with", {})).items()}
        if step["call"] in _KEYED and (step.get("insist") or "key" in step):
            arguments["idempotency_key"] = self.filled(step.get("key")) or uuid.uuid4().hex
        if "refused" in step or "fails" in step:
            return await self.ends_badly(device, step, arguments)
        value = await self.insist(device, step, arguments)
        told = to_wire(value)
        for path, wanted in self.filled(step.get("expect", {})).items():
            assert fits(at(told, path), wanted), f"{path}: {at(told, path)!r}, not {wanted!r}"
        for name, path in step.get("capture", {}).items():
            self.values[name] = value.etag if path == "@etag" else at(told, path)
        return None

    async def insist(self, device: Device, step: dict[str, Any], arguments: dict[str, Any]) -> Any:
        for _ in range(_INSIST_MAX if step.get("insist") else 1):
            try:
                return await device.call(step["call"], arguments)
            except (NoAnswer, Refused) as error:
                is_answer = isinstance(error, Refused) and error.status not in {429, 503}
                if is_answer or not step.get("insist"):
                    raise
        raise AssertionError(f"not answered {_INSIST_MAX} times")

    async def ends_badly(self, device: Device, step: dict[str, Any], arguments: dict[str, Any]) -> None:
        with pytest.raises((Refused, NoAnswer, NotSignedIn, Died)) as ended:
            await device.call(step["call"], arguments)
        error = ended.value
        if "fails" in step:
            assert isinstance(error, _FAILURES[step["fails"]]), repr(error)
            return
        assert isinstance(error, Refused), repr(error)
        fields = {one.field for one in error.fields}
        for name, wanted in step["refused"].items():
            assert wanted in fields if name == "field" else getattr(error, name) == wanted, repr(error)
        assert error.request_id

    async def list(self, step: dict[str, Any]) -> None:
        arguments = {snake(name): value for name, value in self.filled(step.get("with", {})).items()}
        items = await self.device(step).walk(step["list"], arguments)
        assert len(items) == step.get("count", len(items))
        told = {"items": to_wire(items)}
        for name, path in step.get("capture", {}).items():
            self.values[name] = at(told, path)

    def clock(self, given: dict[str, float]) -> None:
        both = given.get("both", 0)
        if server := given.get("server", 0) + both:
            self.stand.control.post("/clock", {"seconds": server})
        for device in self.devices.values():
            device.ahead += given.get("device", 0) + both
            device.passed += both

    def confirm(self, path: str) -> None:
        pair = self.devices["phone"].store.load()
        assert pair is not None
        headers = {"Authorization": f"Bearer {pair.access_token}"}
        reply = httpx2.post(f"{self.stand.service}/api/v1{path.removeprefix('/api/v1')}", headers=headers)
        assert reply.status_code == 200, reply.text

    def seen(self, given: dict[str, Any]) -> None:
        found = self.stand.control.get("/seen")
        if "calls" in given:
            assert given["calls"] or found["requests"] == 0
            assert {name: found["byCall"].get(name, 0) for name in given["calls"]} == given["calls"]
        assert {name: found["keysByCall"].get(name, 0) for name in given.get("keys", ())} == given.get("keys", {})
        assert {name: found["statusesByCall"].get(name) for name in given.get("statuses", ())} == given.get(
            "statuses", {}
        )

    def device(self, step: dict[str, Any], ahead: float = 0.0) -> Device:
        name = step.get("device", "phone")
        if name not in self.devices:
            self.devices[name] = self.make(self.stand)
            self.devices[name].ahead = ahead
        return self.devices[name]

    def gained(self) -> dict[str, int]:
        return {name: value - self.before[name] for name, value in self.stand.control.get("/effects").items()}

    def check_hooks(self) -> None:
        """No event of any device holds a token or what was typed."""
        for device in self.devices.values():
            text = repr(device.events)
            assert "rt1." not in text
            assert "eyJ" not in text
            assert "horse battery" not in text
            assert self.values["run"] not in text
            counted = Counter(type(event).__name__ for event in device.events)
            assert counted["Attempted"] >= counted["Waited"]

    def filled(self, value: Any) -> Any:
        """With `$name` replaced."""
        match value:
            case str() if value.startswith("$") and value[1:] in self.values:
                return self.values[value[1:]]
            case str():
                for name, known in sorted(self.values.items(), key=lambda item: -len(item[0])):
                    value = value.replace(f"${name}", str(known))
                return value
            case dict():
                return {name: self.filled(inner) for name, inner in value.items()}
            case list():
                return [self.filled(inner) for inner in value]
            case _:
                return value


def at(value: Any, path: str) -> Any:
    """What a path leads to."""
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def fits(found: Any, wanted: Any) -> bool:
    """Equal; an object may have more."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(name in found and fits(found[name], inner) for name, inner in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(itertools.starmap(fits, zip(found, wanted, strict=True)))
    return bool(found == wanted)
