"""Calls the Play Developer API for one app, as a service account.

What changes something is sent once; but a 401 was not carried out, and an access token may end before its time. A look
changes nothing, so one that Google was too busy for is repeated, a few times and soon; longer waits are for the jobs.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from cleanly.kernel.clock import Clock
from cleanly.kernel.net import Answer, Http, NetError
from cleanly.platform.providers.access_tokens import Token, Tokens
from cleanly.platform.providers.errors import NotSent, Refused, Unknown
from cleanly.platform.providers.google_play import faults
from cleanly.platform.providers.google_play.service_account import GRANT
from cleanly.platform.providers.google_play.settings import GooglePlaySettings
from cleanly.platform.providers.reading import Json, parse_object, reading

TIMEOUT_SECONDS: Final = 10.0
TOKEN_TIMEOUT_SECONDS: Final = 5.0
BODY_BYTES_MAX: Final = 8 * 1024 * 1024
PAUSES_SECONDS: Final = (0.25, 1.0)
PATIENCE_SECONDS: Final = 2
# Never a dot first: `..` would be another address.
_PART: Final = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,1023}")

Judge = Callable[[Answer], Refused | Unknown | NotSent]
Pause = Callable[[float], Awaitable[None]]


class Client:
    """One app's. `pause` waits between two looks. `close` it."""

    def __init__(
        self,
        settings: GooglePlaySettings,
        *,
        http: Http,
        clock: Clock,
        monotonic: Callable[[], float],
        pause: Pause = asyncio.sleep,
    ) -> None:
        """Read the settings; `http` is this client's own from here on.

        Raises:
            ValueError: Google Play is not set up.
        """
        self._account = settings.google_play_key()
        package = settings.google_play_package
        self._address = f"{settings.google_play_address}/androidpublisher/v3/applications/{package}"
        self._http = http
        self._clock = clock
        self._pause = pause
        self._tokens = Tokens(self._fetch_token, monotonic=monotonic)

    async def get(self, *path: str, query: Mapping[str, str] | None = None, judge: Judge = faults.of_answer) -> Json:
        """Look.

        Raises:
            Refused, Unknown, NotSent: as `judge` says of the answer.
        """
        asked = f"?{urlencode(query)}" if query else ""
        url = self._url(path) + asked
        answer = await self._call(url, None)
        for pause_seconds in PAUSES_SECONDS:
            if not _will_pass(answer):
                break
            await self._pause(max(pause_seconds, faults.retry_after(answer) or 0))
            answer = await self._call(url, None)
        return _read(answer, judge)

    async def post(
        self, *path: str, action: str, body: Json | None = None, query: Mapping[str, str] | None = None
    ) -> None:
        """Change something. `action`: what to do with the thing that `path` names.

        Raises:
            Refused, Unknown, NotSent: of which the last means that nothing was changed.
        """
        asked = f"?{urlencode(query)}" if query else ""
        url = f"{self._url(path)}:{action}{asked}"
        _read(await self._call(url, json.dumps(body).encode() if body is not None else b""), faults.of_answer)

    async def close(self) -> None:
        """Close the connections."""
        await self._tokens.close()
        await self._http.close()

    def _url(self, path: tuple[str, ...]) -> str:
        """`path`: words of ours and what buyers sent as a token, which may be anything."""
        if not all(is_part(part) for part in path):
            raise Refused("not_an_id")
        return "/".join((self._address, *path))

    async def _call(self, url: str, body: bytes | None) -> Answer:
        token = await self._tokens.get()
        answer = await self._exchange(url, body, token)
        if answer.status == 401:
            answer = await self._exchange(url, body, await self._tokens.renew(token))
        return answer

    async def _exchange(self, url: str, body: bytes | None, token: str) -> Answer:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        try:
            if body is None:
                return await self._http.get(
                    url, headers=headers, deadline_seconds=TIMEOUT_SECONDS, body_bytes_max=BODY_BYTES_MAX
                )
            return await self._http.post(
                url,
                body=body,
                headers={**headers, "Content-Type": "application/json"},
                deadline_seconds=TIMEOUT_SECONDS,
                body_bytes_max=BODY_BYTES_MAX,
            )
        except NetError as error:
            raise faults.of_net(error) from error

    async def _fetch_token(self) -> Token:
        """Without a token nothing can be sent, so no fault of this is Unknown.

        Raises:
            Refused: our key is wrong, or may not do this.
            NotSent: anything else.
        """
        form = {"grant_type": GRANT, "assertion": self._account.assertion(now=self._clock.now())}
        try:
            answer = await self._http.post(
                self._account.token_uri,
                body=urlencode(form).encode(),
                headers={"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"},
                deadline_seconds=TOKEN_TIMEOUT_SECONDS,
            )
        except NetError as error:
            raise NotSent(f"Google gave no token: {error}") from error
        if answer.status in {400, 401, 403}:
            why = faults.of_answer(answer)
            raise Refused("authentication_failed", message=f"Google's answer to our key is {answer.status}: {why}")
        if answer.status != 200:
            raise NotSent(f"Google gave no token but {answer.status}")
        try:
            said = parse_object(answer.body)
            return Token(str(said["access_token"]), int(said["expires_in"]))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise NotSent("Google gave a token that can't be read") from error


def is_part(text: str) -> bool:
    """Whether it can be a token, an order or a product of Google's: put into an address, it stays one part of that."""
    return _PART.fullmatch(text) is not None


def _will_pass(answer: Answer) -> bool:
    """Whether Google may well answer in a moment."""
    if answer.status == 429:
        return (faults.retry_after(answer) or 0) <= PATIENCE_SECONDS
    return answer.status in {500, 502, 503, 504}


def _read(answer: Answer, judge: Judge) -> Json:
    if not 200 <= answer.status < 300:
        raise judge(answer)
    if not answer.body:
        return {}
    with reading("Google's answer"):
        return parse_object(answer.body)
