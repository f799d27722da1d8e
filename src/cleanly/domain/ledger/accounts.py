"""Account ids by place: opened once, remembered once committed. Ids are the slice's own and never reach a client."""

from collections.abc import Sequence
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
_FIND = text(
    """
    SELECT wanted.number, account.id
    FROM unnest(CAST(:owners AS uuid[]), CAST(:names AS text[]), CAST(:currencies AS text[])) WITH ORDINALITY
        AS wanted (owner_id, name, currency, number)
    JOIN ledger_accounts AS account ON account.owner_id IS NOT DISTINCT FROM wanted.owner_id
        AND account.name = wanted.name AND account.currency = wanted.currency
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
    # One order for everybody, so that two who open the same accounts wait for each other in a row, not in a ring.
    missing = sorted(set(places) - set(ids), key=_order)
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
    missing = sorted(set(places) - set(ids), key=_order)
    if missing:
        rows = await session.execute(_FIND, _columns(missing))
        found: dict[Place, int] = {missing[number - 1]: account_id for number, account_id in rows}
        if len(found) < len(missing):
            absent = next(place for place in missing if place not in found)
            raise PostingRefused("unknown_account", f"{absent.account.name} of {absent.owner_id} in {absent.currency}")
        _remember(session, found)
        ids |= found
    return tuple(ids[place] for place in places)


async def account(session: AsyncSession, place: Place) -> int:
    """The id of one open account.

    Raises:
        PostingRefused: as `accounts`.
    """
    return (await accounts(session, place))[0]


def _of(session: AsyncSession) -> dict[Place, int]:
    return _known.setdefault(session.get_bind(), {})


def _remembered(session: AsyncSession, places: Sequence[Place]) -> dict[Place, int]:
    known = _of(session)
    return {place: known[place] for place in places if place in known}


def _remember(session: AsyncSession, found: dict[Place, int]) -> None:
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
