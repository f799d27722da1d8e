"""The opened signing keys of endpoints, kept in the process for as long as the endpoint's settings stay as they are."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.crypto import Unsealable
from cleanly.platform.webhooks.outbound.endpoints.vault import KeyVault
from cleanly.platform.webhooks.outbound.models import SecretRow
from cleanly.platform.webhooks.outbound.signing import SigningKey, read_signing_key

_log = structlog.get_logger(__name__)
_KEPT_MAX = 20_000
_Dated = tuple[datetime | None, SigningKey]


class KeyRing:
    """Keys by endpoint. A rotation raises the endpoint's revision, so a key that is no longer is never used."""

    def __init__(self, vault: KeyVault) -> None:
        self._vault = vault
        self._kept: dict[UUID, tuple[int, tuple[_Dated, ...]]] = {}

    async def fetch(self, session: AsyncSession, revisions: Mapping[UUID, int]) -> None:
        """Have the keys of these endpoints, at these revisions, ready."""
        for id_ in revisions:  # the latest stand last: what waits in a dispatcher's hands is never forgotten
            if id_ in self._kept:
                self._kept[id_] = self._kept.pop(id_)
        missing = [id_ for id_, revision in revisions.items() if self._kept.get(id_, (0, ()))[0] != revision]
        if not missing:
            return
        found: dict[UUID, list[_Dated]] = {id_: [] for id_ in missing}
        rows = await session.execute(
            select(SecretRow.endpoint_id, SecretRow.sealed, SecretRow.ends_at)
            .where(SecretRow.endpoint_id.in_(missing))
            .order_by(SecretRow.created_at.desc(), SecretRow.id.desc())
        )
        for endpoint_id, sealed, ends_at in rows:
            try:
                key = read_signing_key(self._vault.open(endpoint_id, sealed))
            except Unsealable:
                _log.exception("outbound_key_cannot_be_opened", endpoint_id=str(endpoint_id))
                continue
            found[endpoint_id].append((ends_at, key))
        for endpoint_id, keys in found.items():
            self._kept[endpoint_id] = (revisions[endpoint_id], tuple(keys))
        for endpoint_id in list(islice(self._kept, max(0, len(self._kept) - _KEPT_MAX))):
            del self._kept[endpoint_id]

    def keys(self, endpoint_id: UUID, *, now: datetime) -> Sequence[SigningKey]:
        """Those in force, the newest first; none if they were not fetched or can't be opened."""
        return _in_force(self._kept.get(endpoint_id, (0, ()))[1], now)


def _in_force(keys: Iterable[_Dated], now: datetime) -> list[SigningKey]:
    return [key for ends_at, key in keys if ends_at is None or ends_at > now]
