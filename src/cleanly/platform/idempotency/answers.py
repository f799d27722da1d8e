"""What a row keeps of a response, and the response made of it again."""

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.crypto import Unsealable
from cleanly.platform.idempotency import rules
from cleanly.platform.idempotency.errors import AnswerLost
from cleanly.platform.idempotency.once import Render, body_of
from cleanly.platform.idempotency.rules import Known
from cleanly.platform.idempotency.sealing import Vault
from cleanly.platform.idempotency.service import Answer, Name

__all__ = ["Answer", "again", "keep", "with_body"]


def keep(response: Response, *, vault: Vault, key: str, name: Name, can_render: bool) -> Answer:
    """Seal the body, unless it is streamed, above 64 KiB and to be rendered again, or above 1 MiB."""
    body: bytes | memoryview | None = getattr(response, "body", None)  # a streamed answer has none
    limit = rules.RENDERED_ABOVE_BYTES if can_render else rules.KEPT_BYTES_MAX
    sealed = None
    if body is not None and len(body) <= limit:
        sealed = vault.seal(key, bytes(body), name.text.encode())
    headers = rules.kept_headers(response.headers, with_body=sealed is not None)
    return Answer(response.status_code, headers, sealed)


async def again(
    session: AsyncSession, known: Known, *, vault: Vault, key: str, name: Name, render: Render | None
) -> Response:
    """The stored answer, marked as replayed.

    Raises:
        AnswerLost: its body was not kept, or can't be opened.
    """
    if known.status is None:
        raise AnswerLost
    if known.body is not None:
        try:
            body = vault.open(key, known.body, name.text.encode())
        except Unsealable as error:
            raise AnswerLost from error
    elif render is not None and known.resource_id is not None:
        body = body_of(await render(session, known.resource_id))
    else:
        raise AnswerLost
    headers = {**known.headers, "Idempotency-Replayed": "true"}
    return Response(body, status_code=known.status, headers=headers)


def with_body(stored: Response, body: bytes) -> Response:
    """A stored answer with its body completed."""
    headers = {name: value for name, value in stored.headers.items() if name not in {"content-length", "etag"}}
    return Response(body, status_code=stored.status_code, headers=headers)
