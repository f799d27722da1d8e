"""Calls PayPal's REST API: a token on each call, our request ids, whole objects in the answers. Repeats nothing.

The one exception is a 401: that call was not carried out, and an access token may end before its time.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from cleanly.kernel.net import Answer, Http, NetError
from cleanly.platform.providers.access_tokens import Token, Tokens
from cleanly.platform.providers.errors import NotSent, Refused
from cleanly.platform.providers.paypal.faults import of_answer, of_net
from cleanly.platform.providers.paypal.settings import PayPalSettings
from cleanly.platform.providers.reading import Json, parse_object, reading

TIMEOUT_SECONDS: Final = 20.0
TOKEN_TIMEOUT_SECONDS: Final = 5.0
BODY_BYTES_MAX: Final = 8 * 1024 * 1024
KEY_LENGTH_MAX: Final = 108  # PayPal-Request-Id, Orders v2
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Client:
    """One PayPal application. `close` it."""

    def __init__(self, settings: PayPalSettings, *, http: Http, monotonic: Callable[[], float]) -> None:
        """Read the settings; `http` is this client's own from here on.

        Raises:
            ValueError: PayPal is not set up.
        """
        if settings.paypal_client_id is None or settings.paypal_client_secret is None:
            raise ValueError("PayPal is not set up")
        pair = f"{settings.paypal_client_id}:{settings.paypal_client_secret.get_secret_value()}"
        self._basic = "Basic " + base64.b64encode(pair.encode()).decode()
        self._address = settings.paypal_address
        self._http = http
        self._tokens = Tokens(self._fetch_token, monotonic=monotonic)

    async def get(self, *path: str, query: Mapping[str, str] | None = None) -> Json:
        """Look.

        Raises:
            Refused, Unknown, NotSent: `NotThere` if there is no such thing.
        """
        return await self._call(self._url(path, query), None, {})

    async def post(self, *path: str, body: Json | None = None, key: str | None) -> Json:
        """Change something; empty if PayPal has nothing to say about it. `key`: None where PayPal takes none.

        Raises:
            Refused, Unknown, NotSent: of which the last means that nothing was changed.
        """
        headers = {"Content-Type": "application/json", "Prefer": "return=representation"}
        if key is not None:
            if not 1 <= len(key) <= KEY_LENGTH_MAX:
                raise ValueError("the key does not fit into PayPal-Request-Id")
            headers["PayPal-Request-Id"] = key
        return await self._call(self._url(path, None), json.dumps(body or {}).encode(), headers)

    async def close(self) -> None:
        """Close the connections."""
        await self._tokens.close()
        await self._http.close()

    def _url(self, path: tuple[str, ...], query: Mapping[str, str] | None) -> str:
        """`path`: an address of ours, then ids and words that stand behind it."""
        for part in path[1:]:
            if not _ID.fullmatch(part):
                raise Refused("not_an_id")
        asked = f"?{urlencode(query)}" if query else ""
        return f"{self._address}{'/'.join(path)}{asked}"

    async def _call(self, url: str, body: bytes | None, headers: Mapping[str, str]) -> Json:
        token = await self._tokens.get()
        answer = await self._exchange(url, body, headers, token)
        if answer.status == 401:
            answer = await self._exchange(url, body, headers, await self._tokens.renew(token))
        if not 200 <= answer.status < 300:
            raise of_answer(answer)
        if not answer.body:
            return {}
        with reading("PayPal's answer"):
            return parse_object(answer.body)

    async def _exchange(self, url: str, body: bytes | None, headers: Mapping[str, str], token: str) -> Answer:
        sent = {"Accept": "application/json", "Authorization": f"Bearer {token}", **headers}
        try:
            if body is None:
                return await self._http.get(
                    url, headers=sent, deadline_seconds=TIMEOUT_SECONDS, body_bytes_max=BODY_BYTES_MAX
                )
            return await self._http.post(
                url, body=body, headers=sent, deadline_seconds=TIMEOUT_SECONDS, body_bytes_max=BODY_BYTES_MAX
            )
        except NetError as error:
            raise of_net(error) from error

    async def _fetch_token(self) -> Token:
        """Without a token nothing can be sent, so no fault of this is Unknown.

        Raises:
            NotSent: no token, be it that our credentials are wrong: the buyer's payment is not to blame for that.
        """
        try:
            answer = await self._http.post(
                f"{self._address}/v1/oauth2/token",
                body=b"grant_type=client_credentials",
                headers={
                    "Accept": "application/json",
                    "Authorization": self._basic,
                    "Content-Type": "application/x-www-form-urlencoded",
                },
                deadline_seconds=TOKEN_TIMEOUT_SECONDS,
            )
        except NetError as error:
            raise NotSent(f"PayPal gave no token: {error}") from error
        if answer.status != 200:
            raise NotSent(f"PayPal gave no token but {answer.status}")
        try:
            said = parse_object(answer.body)
            return Token(str(said["access_token"]), int(said["expires_in"]))
        except (ValueError, KeyError, TypeError) as error:
            raise NotSent("PayPal gave a token that can't be read") from error
