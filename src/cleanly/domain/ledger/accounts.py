"""Account ids by place: opened once, remembered once committed. Ids are the slice's own and never reach a client."""

from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, text
from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.ledger import calls
from cleanly.domain.ledger.chart import Place
from cleanly.domain.ledger.errors import PostingRefused
from cleanly.kernel.db import after_commit

_REMEMBERED_MAX = 100_000
# Per database, not per process: an id means nothing elsewhere.
_known: WeakKeyDictionary[Engine | Connection, dict[Place, int]] = WeakKeyDictionary()

_OPEN = text(
    """
    SELECT ledger_open(owner_id, name, kind, currency, min_balance, shards) AS id
    FROM unnest(CAST(:owners AS uuid[]), CAST(:names AS text[]), CAST(:kinds AS text[]), CAST(:currencies AS text[]),
        CAST(:floors AS bigint[]), CAST(:shards AS int[])) WITH ORDINALITY
        AS wanted (owner_id, name, kind, currency, min_balance, shards, number)
    ORDER BY number
    """
)
# In two branches: no index answers IS NOT DISTINCT FROM, and there are as many accounts as sellers, six times over.
_FIND = text(
    """
    SELECT wanted.number, account.id, account.kind, account.min_balance
    FROM unnest(CAST(:owners AS uuid[]), CAST(:names AS text[]), CAST(:currencies AS text[])) WITH ORDINALITY
        AS wanted (owner_id, name, currency, number)
    CROSS JOIN LATERAL (
        SELECT id, kind, min_balance FROM ledger_accounts
        WHERE owner_id = wanted.owner_id AND name = wanted.name AND currency = wanted.currency
        UNION ALL
        SELECT id, kind, min_balance FROM ledger_accounts
        WHERE wanted.owner_id IS NULL AND owner_id IS NULL AND name = wanted.name AND currency = wanted.currency
    ) AS account
    ORDER BY wanted.number
    """
)


async def open_accounts(session: AsyncSession, *places: Place) -> tuple[int, ...]:
    """Open what does not exist yet; the ids in the order asked for. Safe to race.

    Belongs into a transaction of its own, before the one that posts: a new account's row makes others who want the
    same account wait for this commit. Known ones cost no round trip.

    Raises:
        ReferenceReused: the account exists with another kind or floor.
    """
    ids = _remembered(session, places)
    # Looked for first: `ledger_open` finds one that exists by reading all of them.
    ids |= await _find(session, _missing(places, ids))
    # One order for everybody, so that two who open the same accounts wait for each other in a row, not in a ring.
    missing = _missing(places, ids)
    if missing:
        rows = await calls.ask(session, _OPEN, _columns(missing) | _kinds(missing))
        opened = {place: row.id for place, row in zip(missing, rows, strict=True)}
        _remember(session, opened)
        ids |= opened
    return tuple(ids[place] for place in places)


async def accounts(session: AsyncSession, *places: Place) -> tuple[int, ...]:
    """The ids of open accounts, in the order asked for.

    Raises:
        PostingRefused: `unknown_account`: nobody has opened one of them. The transaction lives on.
    """
    ids = _remembered(session, places)
    ids |= await _find(session, _missing(places, ids))
    absent = next(iter(_missing(places, ids)), None)
    if absent is not None:
        raise PostingRefused("unknown_account", f"{absent.account.name} of {absent.owner_id} in {absent.currency}")
    return tuple(ids[place] for place in places)


async def account(session: AsyncSession, place: Place) -> int:
    """The id of one open account.

    Raises:
        PostingRefused: as `accounts`.
    """
    return (await accounts(session, place))[0]


def _missing(places: Sequence[Place], ids: Mapping[Place, int]) -> list[Place]:
    return sorted(set(places) - set(ids), key=_order)


async def _find(session: AsyncSession, missing: Sequence[Place]) -> dict[Place, int]:
    """Those that are open, of the kind and with the floor that the chart says."""
    if not missing:
        return {}
    found: dict[Place, int] = {}
    for row in (await session.execute(_FIND, _columns(missing))).all():
        place = missing[int(row.number) - 1]
        if (place.account.kind, place.account.floor) == (row.kind, row.min_balance):
            found[place] = row.id
    _remember(session, found)
    return found


def _of(session: AsyncSession) -> dict[Place, int]:
    return _known.setdefault(session.get_bind(), {})


def _remembered(session: AsyncSession, places: Sequence[Place]) -> dict[Place, int]:
    known = _of(session)
    return {place: known[place] for place in places if place in known}


def _remember(session: AsyncSession, found: Mapping[Place, int]) -> None:
    # Only after the commit: an account that was opened in a transaction that rolls back has an id that means nothing.
    known = _of(session)

    async def keep() -> None:
        if len(known) + len(found) > _REMEMBERED_MAX:
            known.clear()
        known.update(found)

    after_commit(session, keep)


def _order(place: Place) -> tuple[str, str, str]:
    return (str(place.owner_id or ""), place.account.name, place.currency)


def _columns(places: Sequence[Place]) -> dict[str, object]:
    return {
        "owners": [place.owner_id for place in places],
        "names": [place.account.name for place in places],
        "currencies": [place.currency for place in places],
    }


def _kinds(places: Sequence[Place]) -> dict[str, object]:
    return {
        "kinds": [place.account.kind for place in places],
        "floors": [place.account.floor for place in places],
        "shards": [place.account.shards for place in places],
    }
