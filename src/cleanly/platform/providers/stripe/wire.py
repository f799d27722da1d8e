"""Carries the SDK's requests over the kernel's outgoing HTTP: an exact deadline, a size limit, no proxies.

The SDK's own clients time each phase of a call, not the whole, and read proxies from the environment.
"""

from collections.abc import Mapping
from typing import Any, Final, NoReturn

import stripe

from cleanly.kernel.net import Answer, Http, NetError

TIMEOUT_SECONDS: Final = 20.0
BODY_BYTES_MAX: Final = 8 * 1024 * 1024  # a page of events, each with its object


class Wire(stripe.HTTPClient):
    """The SDK's door to the network. Nothing is repeated here: the jobs do that, with the same key."""

    name = "cleanly"

    def __init__(self, http: Http) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType] - the SDK left an argument untyped
        self._http = http

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One exchange.

        Raises:
            stripe.APIConnectionError: no answer; its cause says whether anything was sent.
        """
        try:
            answer = await self._exchange(method, url, dict(headers), str(post_data or ""))
        except NetError as error:
            raise stripe.APIConnectionError(str(error), should_retry=False) from error  # type: ignore[no-untyped-call]
        return answer.body, answer.status, answer.headers

    async def close_async(self) -> None:
        """Close the connections."""
        await self._http.close()

    def request(self, *_arguments: Any, **_options: Any) -> NoReturn:
        """Refuse: a blocking call would stop the whole process.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("Stripe is called asynchronously only")

    def close(self) -> None:
        """Nothing blocking is open."""

    async def _exchange(self, method: str, url: str, headers: Mapping[str, str], data: str) -> Answer:
        if method.lower() == "get":
            return await self._http.get(
                url, headers=headers, deadline_seconds=TIMEOUT_SECONDS, body_bytes_max=BODY_BYTES_MAX
            )
        if method.lower() == "delete":
            return await self._http.delete(
                url, headers=headers, deadline_seconds=TIMEOUT_SECONDS, body_bytes_max=BODY_BYTES_MAX
            )
        if method.lower() != "post":
            raise RuntimeError(f"no operation of ours is a {method}")
        return await self._http.post(
            url, body=data.encode(), headers=headers, deadline_seconds=TIMEOUT_SECONDS, body_bytes_max=BODY_BYTES_MAX
        )
