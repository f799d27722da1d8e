"""The service behind the edge: whose word counts, through the door, and what `off` and `on` do about the rest."""

from collections.abc import Mapping
from typing import Any

import pytest

from cleanly.entry import measures, request_log
from cleanly.kernel.observe import REQUEST_LINES
from tests.moved_clock import MovedClock
from tests.world import PASSWORD, code, running

NEW, OLD, LIE, SOCKET, CLIENT = (
    "the-edge-knows-this-1234",
    "the-edge-knew-this-12345",
    "6.6.6.6",
    "192.0.2.1",
    "198.51.100.4",
)
SECRETS = {"new": NEW, "old": OLD, "wrong": f"{NEW}5", "both in one": f"{NEW},{OLD}", "empty": "", "missing": None}
RAY = "8f2ab1c3d4e5f607-FRA"
FORGED = {"X-Forwarded-For": LIE, "True-Client-IP": LIE, "X-Real-IP": LIE, "Forwarded": f"for={LIE}"}


def sent(secret: str) -> dict[str, str]:
    value = SECRETS[secret]
    told = {**FORGED, "CF-Connecting-IP": CLIENT, "CF-Ray": RAY}
    return told if value is None else told | {"X-Edge-Secret": value}


async def test_off_measures_and_believes_the_clients_address_only_with_the_secret(
    fresh_url: str, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
):
    lines: list[Mapping[str, Any]] = []
    monkeypatch.setattr(REQUEST_LINES, "write", lambda fields, **_: lines.append(fields))
    assert request_log.REQUEST_LINES is REQUEST_LINES
    async with running(fresh_url, clock, edge_secret=(NEW, OLD)) as world:
        before = measures.STANDING.past_the_edge
        for number, secret in enumerate(SECRETS):
            body = {"email": f"ada{number}@example.com", "password": PASSWORD, "name": "Ada"}
            opened = await world.call("POST", "/auth/register", body, **sent(secret))
            assert opened.status_code == 201
            told = await world.call("GET", "/auth/sessions", token=opened.json()["accessToken"], **sent(secret))
            expected = CLIENT if secret in {"new", "old"} else SOCKET
            assert [one["address"] for one in told.json()["items"]] == [expected], secret
            assert {line["client.address"] for line in lines[-2:]} == {expected}
            assert lines[-1].get("cf_ray") == (RAY if expected == CLIENT else None)
        assert measures.STANDING.past_the_edge - before == 2 * 4
        await world.call("GET", "/health/live")
        assert measures.STANDING.past_the_edge - before == 2 * 4
    assert not any(value in str(line) for line in lines for value in (NEW, OLD, LIE))


@pytest.mark.parametrize("proxies", [(), (SOCKET,)])
async def test_on_refuses_every_other_way_also_from_a_trusted_proxy(
    fresh_url: str, clock: MovedClock, proxies: tuple[str, ...]
):
    async with running(fresh_url, clock, edge_secret=(NEW, OLD), edge_enforce="on", trusted_proxies=proxies) as world:
        for secret in SECRETS:
            before = measures.STANDING.past_the_edge
            reply = await world.call("GET", "/errors", **sent(secret))
            if secret in {"new", "old"}:
                assert (reply.status_code, measures.STANDING.past_the_edge) == (200, before)
            else:
                assert (reply.status_code, code(reply), measures.STANDING.past_the_edge) == (
                    403,
                    "FORBIDDEN",
                    before + 1,
                )
        assert (await world.call("GET", "/health/live")).status_code == 200
