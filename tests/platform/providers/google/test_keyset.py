"""Google's keys in memory: how long they serve, when Google is asked again, and what its outage does."""

import asyncio
import json
from typing import Any

import pytest

from cleanly.kernel.errors import Unavailable
from cleanly.platform.providers.google import keys
from cleanly.platform.providers.google.errors import GoogleTokenInvalid
from cleanly.platform.providers.google.keyset import KeySet
from tests.platform.providers.google.stand_in import Google, ec, public, rsa, token

DAY = 24 * 3600


async def test_keys_are_fetched_once_and_then_kept() -> None:
    google = Google()
    for _ in range(3):
        await google.verify()
    assert google.calls == 1


@pytest.mark.parametrize(
    ("said", "kept"),
    [(None, 300), (0, 300), (-5, 300), (299, 300), (3600, 3600), (DAY, DAY), (10 * DAY, DAY)],
)
async def test_keys_are_kept_as_long_as_google_says_within_bounds(said: int | None, kept: int) -> None:
    google = Google()
    google.max_age_seconds = said
    await google.verify()
    google.seconds += kept - 1
    await google.verify()
    assert google.calls == 1
    google.seconds += 1
    await google.verify()
    assert google.calls == 2


async def test_a_new_key_is_learnt_when_a_token_names_it() -> None:
    google = Google(rsa())
    await google.verify()
    google.body = public(rsa(), ec())
    google.seconds += 60
    assert (await google.verify(token(ec()))).name == "Ada"
    assert google.calls == 2


async def test_a_key_that_google_withdrew_signs_no_more() -> None:
    google = Google(rsa(), ec())
    await google.verify(token(ec()))
    google.body = public(rsa())
    google.seconds += 3600
    with pytest.raises(GoogleTokenInvalid):
        await google.verify(token(ec()))


async def test_a_storm_of_invented_keys_asks_google_once_a_minute() -> None:
    google = Google()
    await google.verify()
    storm = [token(header={"kid": f"invented-{number}"}) for number in range(20)]

    async def play() -> list[type[BaseException] | None]:
        answers = await asyncio.gather(*(google.verify(one) for one in storm), return_exceptions=True)
        return [type(answer) if isinstance(answer, BaseException) else None for answer in answers]

    assert await play() == [GoogleTokenInvalid] * 20
    assert google.calls == 1  # the set was fetched a moment ago
    google.seconds += 60
    assert await play() == [GoogleTokenInvalid] * 20
    assert google.calls == 2
    google.seconds += 59
    assert await play() == [GoogleTokenInvalid] * 20
    assert google.calls == 2
    google.seconds += 1
    assert await play() == [GoogleTokenInvalid] * 20
    assert google.calls == 3


async def test_callers_share_one_fetch() -> None:
    google = Google()
    google.open.clear()
    callers = [asyncio.create_task(google.verify()) for _ in range(20)]
    await google.asked.wait()
    google.open.set()
    assert len(await asyncio.gather(*callers)) == 20
    assert google.calls == 1


async def test_a_caller_who_leaves_does_not_end_the_fetch_for_the_others() -> None:
    google = Google()
    google.open.clear()
    first = asyncio.create_task(google.verify())
    await google.asked.wait()
    second = asyncio.create_task(google.verify())
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    google.open.set()
    assert (await second).name == "Ada"
    assert google.calls == 1


async def test_google_down_without_keys_is_a_503_and_never_a_401() -> None:
    google = Google()
    google.fault = OSError("refused")
    for bad_or_good in (token(), token(sub=""), token(header={"kid": "invented"})):
        with pytest.raises(Unavailable) as caught:
            await google.verify(bad_or_good)
        assert (caught.value.status, caught.value.headers["Retry-After"]) == (503, "10")
    assert google.calls == 1  # Google is left in peace for a while
    google.fault = None
    google.seconds += 10
    assert (await google.verify()).name == "Ada"


async def test_google_down_with_keys_lets_them_serve_for_a_day_more(caplog: pytest.LogCaptureFixture) -> None:
    google = Google()
    await google.verify()
    google.fault = OSError("refused")
    google.seconds += 3600
    assert (await google.verify()).name == "Ada"
    assert [(record.message, record.levelname) for record in caplog.records] == [("google.keys_not_fetched", "WARNING")]
    assert google.calls == 2
    google.seconds += 9
    await google.verify()
    assert google.calls == 2
    google.seconds += DAY - 10
    assert (await google.verify()).name == "Ada"
    google.seconds += 1
    with pytest.raises(Unavailable):
        await google.verify()
    google.fault = None
    google.seconds += 10
    assert (await google.verify()).name == "Ada"


async def test_keys_that_serve_in_an_outage_still_refuse_a_bad_token() -> None:
    google = Google()
    await google.verify()
    google.fault = OSError("refused")
    google.seconds += 3600
    with pytest.raises(GoogleTokenInvalid):
        await google.verify(token(sub=""))


async def test_an_unknown_key_in_an_outage_is_a_503_for_it_may_be_a_new_one() -> None:
    google = Google(rsa())
    await google.verify()
    google.fault = OSError("refused")
    google.seconds += 60
    for _ in range(2):
        with pytest.raises(Unavailable):
            await google.verify(token(ec()))
    assert google.calls == 2
    assert (await google.verify()).name == "Ada"


async def test_a_silent_google_is_given_up_after_the_limit() -> None:
    google = Google()
    google.open.clear()
    kept = KeySet(
        url=google.settings.google_jwks_url,
        fetch=google.fetch,
        monotonic=lambda: google.seconds,
        timeout_seconds=0.01,
    )
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable):
            await kept.find("rsa-1")


GARBAGE = [
    b"",
    b"<html>",
    b"null",
    b"[]",
    b'"keys"',
    b"{}",
    b'{"keys": null}',
    b'{"keys": {}}',
    b'{"keys": []}',
    b'{"keys": [null, 1, "x", [], {}]}',
    b'{"keys": [{"kid": ["a"], "kty": ["RSA"]}]}',
    b"[" * 50_000,
    b"\xff\xfe",
    b'{"keys": []}' + b" " * keys.BODY_BYTES_MAX,
]


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
async def test_garbage_in_place_of_keys_is_an_outage(body: bytes) -> None:
    fresh = Google()
    fresh.body = body
    with pytest.raises(Unavailable):
        await fresh.verify()
    warm = Google()
    await warm.verify()
    warm.body = body
    warm.seconds += 3600
    assert (await warm.verify()).name == "Ada"
    assert warm.calls == 2


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in rsa().as_dict(private=False).items() if key != name}


@pytest.mark.parametrize(
    "entry",
    [
        {**rsa().as_dict(private=False), "use": "enc"},
        {**rsa().as_dict(private=False), "alg": "RS512"},
        {**rsa().as_dict(private=False), "n": "AQAB"},
        {**rsa().as_dict(private=False), "n": "/" * 342},
        {**rsa().as_dict(private=False), "n": "_" * 1368},
        {**rsa().as_dict(private=False), "n": 7},
        {**rsa().as_dict(private=False), "e": "AQ"},
        without("n"),
        without("e"),
        without("kid"),
        {**ec().as_dict(private=False), "crv": "P-384"},
        {**ec().as_dict(private=False), "alg": "ES512"},
        {**ec().as_dict(private=False), "y": ec().as_dict(private=False)["x"]},
        {"kty": "oct", "kid": "rsa-1", "k": "c2VjcmV0", "alg": "HS256"},
    ],
)
def test_a_key_that_is_of_no_use_is_passed_over(entry: dict[str, Any]) -> None:
    other = ec("ec-2").as_dict(private=False)
    assert keys.read(json.dumps({"keys": [entry, other]}).encode()).keys() == {"ec-2"}


def test_a_key_without_use_and_algorithm_is_taken_for_what_it_is() -> None:
    document = {"keys": [{name: value for name, value in without("alg").items() if name != "use"}]}
    assert keys.read(json.dumps(document).encode())["rsa-1"].algorithm == "RS256"


def test_the_first_of_two_keys_with_one_name_stands() -> None:
    twin = ec("rsa-1").as_dict(private=False)
    document = json.dumps({"keys": [rsa().as_dict(private=False), twin]}).encode()
    assert keys.read(document)["rsa-1"].algorithm == "RS256"
