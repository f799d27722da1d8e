"""The key address over real HTTP on a loopback port."""

import time
from collections.abc import AsyncGenerator

import pytest
from aiohttp import web

from cleanly.kernel.errors import Unavailable
from cleanly.kernel.net import Http
from cleanly.platform.providers.google.adapter import fetch_over, fresh_seconds
from cleanly.platform.providers.google.id_tokens import IdTokens
from cleanly.platform.providers.google.keys import BODY_BYTES_MAX
from cleanly.platform.providers.google.keyset import FetchedJson
from cleanly.platform.providers.google.settings import GoogleSettings
from tests.platform.providers.google.stand_in import NOW, WEB, ec, public, rsa, token


class Site:
    """Serves one answer."""

    def __init__(self) -> None:
        self.status = 200
        self.body = public(rsa(), ec())
        self.headers = {"Cache-Control": "public, max-age=19000, must-revalidate", "Age": "1000"}
        self.calls = 0
        self.settings = GoogleSettings()

    async def answer(self, request: web.Request) -> web.Response:
        assert request.headers["Accept"] == "application/json"
        self.calls += 1
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    built = Site()
    application = web.Application()
    application.router.add_get("/certs", built.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/certs"
    built.settings = GoogleSettings(google_client_ids=(WEB,), google_jwks_url=url)
    yield built
    await runner.cleanup()


@pytest.fixture
async def http() -> AsyncGenerator[Http]:
    built = Http.to_known()
    yield built
    await built.close()


async def test_a_token_is_verified_with_keys_from_the_address_in_the_settings(site: Site, http: Http) -> None:
    id_tokens = IdTokens(site.settings, fetch=fetch_over(http, site.settings), monotonic=time.monotonic)
    for key in (rsa(), ec()):
        assert (await id_tokens.verify(token(key), nonce=None, now=NOW)).name == "Ada"
    assert site.calls == 1


async def test_the_body_and_what_is_left_of_its_life_come_back(site: Site, http: Http) -> None:
    fetch = fetch_over(http, site.settings)
    assert await fetch(site.settings.google_jwks_url) == FetchedJson(site.body, 18000)


@pytest.mark.parametrize(("status", "size"), [(500, 0), (404, 0), (302, 0), (204, 0), (200, BODY_BYTES_MAX + 1)])
async def test_any_other_answer_is_an_outage(site: Site, http: Http, status: int, size: int) -> None:
    site.status = status
    site.body += b" " * size
    id_tokens = IdTokens(site.settings, fetch=fetch_over(http, site.settings), monotonic=time.monotonic)
    with pytest.raises(Unavailable):
        await id_tokens.verify(token(), nonce=None, now=NOW)
    assert site.calls == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "no-store"}, None),
        ({"cache-control": "max-age=60"}, 60),
        ({"cache-control": "public,MAX-AGE = 60 , must-revalidate"}, 60),
        ({"cache-control": 'max-age="60"'}, 60),
        ({"cache-control": "s-maxage=5, max-age=60"}, 60),
        ({"cache-control": "s-max-age=60"}, None),
        ({"cache-control": "max-age=-1"}, None),
        ({"cache-control": "max-age=sixty"}, None),
        ({"cache-control": "max-age=60", "age": "20"}, 40),
        ({"cache-control": "max-age=60", "age": "70"}, 0),
        ({"cache-control": "max-age=60", "age": "old"}, 60),
    ],
)
def test_the_freshness_is_read_from_the_headers(headers: dict[str, str], seconds: int | None) -> None:
    assert fresh_seconds(headers) == seconds
