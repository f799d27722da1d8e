"""Fetches Google's keys over the kernel's outgoing HTTP."""

import re
from collections.abc import Mapping
from typing import Final

from cleanly.kernel.net import Http
from cleanly.platform.providers.google import keys
from cleanly.platform.providers.google.keyset import Fetch, FetchedJson
from cleanly.platform.providers.google.settings import GoogleSettings

_MAX_AGE: Final = re.compile(r'(?:^|,)\s*max-age\s*=\s*"?([0-9]{1,9})"?\s*(?=,|$)', re.IGNORECASE)
_AGE: Final = re.compile(r"[0-9]{1,9}")


def fetch_over(http: Http, settings: GoogleSettings) -> Fetch:
    """A fetch for `IdTokens`. `http` is `Http.to_known()`: the address is the operator's own."""

    async def fetch(url: str) -> FetchedJson:
        """GET the address.

        Raises:
            NetError: no answer.
            ValueError: any answer but a 200.
        """
        answer = await http.get(
            url,
            headers={"Accept": "application/json"},
            deadline_seconds=settings.google_jwks_timeout_seconds,
            body_bytes_max=keys.BODY_BYTES_MAX,
        )
        if answer.status != 200:
            raise ValueError(f"answered {answer.status}")
        return FetchedJson(answer.body, fresh_seconds(answer.headers))

    return fetch


def fresh_seconds(headers: Mapping[str, str]) -> int | None:
    """What is left of `max-age` after the time spent in caches on the way (RFC 9111 section 4.2); None: not said."""
    found = _MAX_AGE.search(headers.get("cache-control", ""))
    if found is None:
        return None
    age = headers.get("age", "").strip()
    return max(0, int(found[1]) - (int(age) if _AGE.fullmatch(age) else 0))
