"""What a posting is, and whether it can be right. Pure: what is refused here leaves the transaction alive."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cleanly.domain.ledger.errors import InsufficientBalance, PostingRefused, ReferenceReused
from cleanly.kernel.money import EXPONENTS

POSTINGS_MAX = 1000
ENTRIES_MAX = 10_000
AMOUNT_MAX = 2**63 - 1
_KIND = re.compile(r"[a-z][a-z0-9_.]{1,62}")
_REFERENCE_LENGTH_MIN = 3
_REFERENCE_LENGTH_MAX = 200
_ENTRIES_MIN = 2

Entry = tuple[int, int]
"""Account id, and minor units: + debit, - credit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One ledger transaction to be. `reference` is the event's name, by which it happens once.

    `entries` sum to zero in minor units of `currency`; several on one account are netted, zeros left out.
    `reverses_id`: the transaction that this one mirrors as a whole. `source_id`: our row that is the reason.
    `meta["provider_object"]` (`stripe:ch_1`) is what reconciliation matches on.
    """

    reference: str
    kind: str
    currency: str
    entries: Sequence[Entry]
    source_id: UUID | None = None
    reverses_id: UUID | None = None
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


def net(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """One entry per account, in the order of first mention; what comes to nothing is left out."""
    sums: dict[int, int] = {}
    for account_id, amount in entries:
        sums[account_id] = sums.get(account_id, 0) + amount
    return tuple((account_id, amount) for account_id, amount in sums.items() if amount != 0)


def mirror(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries of an exact reversal."""
    return tuple((account_id, -amount) for account_id, amount in entries)


def prepare(postings: Sequence[Posting]) -> tuple[tuple[Entry, ...], ...]:
    """The netted entries of each posting of a call.

    Raises:
        PostingRefused: `shape` or `unbalanced`: our bug, found before anything was sent.
    """
    if not 1 <= len(postings) <= POSTINGS_MAX:
        raise PostingRefused("shape", f"{len(postings)} postings in a call")
    if len({posting.reference for posting in postings}) != len(postings):
        raise PostingRefused("shape", "a reference twice in a call")
    netted = tuple(_prepare(posting) for posting in postings)
    if sum(map(len, netted)) > ENTRIES_MAX:
        raise PostingRefused("shape", f"more than {ENTRIES_MAX} entries in a call")
    return netted


def _prepare(posting: Posting) -> tuple[Entry, ...]:
    if not _REFERENCE_LENGTH_MIN <= len(posting.reference) <= _REFERENCE_LENGTH_MAX:
        raise PostingRefused("shape", "the reference's length")
    if _KIND.fullmatch(posting.kind) is None:
        raise PostingRefused("shape", f"the kind of {posting.reference}")
    if posting.currency not in EXPONENTS:
        raise PostingRefused("shape", f"the currency of {posting.reference}")
    if any(type(number) is not int for entry in posting.entries for number in entry):
        raise PostingRefused("shape", f"an amount of {posting.reference} is no integer")
    entries = net(posting.entries)
    if len(entries) < _ENTRIES_MIN:
        raise PostingRefused("shape", f"{posting.reference} moves nothing")
    if any(abs(amount) > AMOUNT_MAX for _, amount in entries):
        raise PostingRefused("shape", f"an amount of {posting.reference} is too large")
    if sum(amount for _, amount in entries) != 0:
        raise PostingRefused("unbalanced", posting.reference)
    return entries


_BY_CONSTRAINT = {
    "ledger_balances_closed": "closed",
    "ledger_entries_balanced": "unbalanced",
    "ledger_entries_known": "unknown_account",
    "ledger_entries_open": "not_open",
    "ledger_transactions_reversed_once": "reversed_twice",
    "ledger_transactions_reverses_id_fkey": "not_a_mirror",
}
_BY_STATE = {"LG400": "shape", "LG403": "second_call", "LG422": "not_a_mirror", "22003": "overflow"}


def refusal(sqlstate: str | None, constraint: str | None, detail: str) -> InsufficientBalance | PostingRefused | None:
    """The refusal that a database error stands for; None if it is not one of the ledger's."""
    if constraint == "ledger_balances_floor":
        return InsufficientBalance()
    if sqlstate == "LG409":
        return ReferenceReused(detail)
    reason = _BY_CONSTRAINT.get(constraint or "") or _BY_STATE.get(sqlstate or "")
    return None if reason is None else PostingRefused(reason, detail)
