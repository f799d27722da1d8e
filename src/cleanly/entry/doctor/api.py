"""A vendor's API, asked and never told: GET alone, each answer read once and by its type."""

import asyncio
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, SecretStr, TypeAdapter, ValidationError

from cleanly.entry.doctor.verdicts import CannotTell, needs
from cleanly.kernel.net import Answer, Http, NetError

T = TypeVar("T")
SECONDS_MAX = 8.0  # less than a check has, so that it can still say who did not answer
_BYTES_MAX = 8 * 1024 * 1024


class Read(BaseModel):
    """Part of an answer, as far as a check reads it. A field that may be missing is None, never assumed."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Api:
    """One vendor. All checks of a run share what was asked: the same question is put once."""

    def __init__(
        self,
        http: Http,
        base: str,
        *,
        vendor: str,
        key: SecretStr | None = None,
        needed: Mapping[str, object | None] | None = None,
    ) -> None:
        """`needed`: the variables without which there is nothing to ask, the key's first; all are named at once."""
        self._http = http
        self._base = base.rstrip("/")
        self._vendor = vendor
        self._key = key
        self._variable = next(iter(needed or ()), "the question")
        self._missing = [name for name, value in (needed or {}).items() if value is None]
        self._asked: dict[str, asyncio.Task[Answer]] = {}

    async def get(self, path: str, kind: type[T], **parameters: str | int) -> T:
        """An answer as `kind`.

        Raises:
            CannotTell: no key, no answer, a refusal, or words that are not `kind`.
        """
        if self._missing:
            raise needs(*self._missing)
        answer = await self._once(f"{path}?{urlencode(parameters)}" if parameters else path)
        if answer.status in {401, 403}:
            raise CannotTell(f"{self._vendor} refuses {self._variable} ({answer.status})")
        if answer.status != 200:
            raise CannotTell(f"{self._vendor} answers {answer.status} at {path}")
        try:
            return TypeAdapter(kind).validate_json(answer.body)
        except ValidationError as error:
            where = ".".join(str(word) for word in error.errors(include_input=False)[0]["loc"])
            raise CannotTell(f"{self._vendor}'s answer at {path} is not understood: {where or 'no JSON'}") from error

    async def _once(self, path: str) -> Answer:
        if path not in self._asked:
            self._asked[path] = task = asyncio.create_task(self._ask(path))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # whoever asked may have gone
        return await asyncio.shield(self._asked[path])

    async def _ask(self, path: str) -> Answer:
        headers = {"Accept": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        try:
            return await self._http.get(
                f"{self._base}{path}", headers=headers, deadline_seconds=SECONDS_MAX, body_bytes_max=_BYTES_MAX
            )
        except NetError as error:
            raise CannotTell(f"{self._vendor}: {error}") from error
