"""What was recorded, judged: durations, errors, and whether every payment was made exactly once. Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Network = Literal["good", "bad"]
P95_MS_MAX, ERROR_SHARE_MAX = 1_000.0, 0.01


@dataclass(frozen=True, slots=True)
class Sample:
    """One try of a call. `status` 0: no answer came. `fault`: why this answer is the service's failure, if it is."""

    at: float
    call: str
    network: Network
    ms: float
    status: int
    fault: str | None = None


def fault_of(status: int, network: Network, *, expected: bool) -> str | None:
    """Why an answer counts as the service's failure. A bad network's silence is ours: we have made it."""
    if status == 0:
        return "unanswered" if network == "good" else None
    if status >= 500:
        return "server"
    if status == 429:
        return "limited"
    return None if expected else "unexpected"


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least this share of all do not exceed (nearest rank); None of nothing."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some calls. Durations are those of answered ones on good networks: a bad one's delays are our own."""

    tries: int
    answered: int
    per_second: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    error_share: float
    faults: Mapping[str, int]


def figures(samples: Sequence[Sample], *, seconds: float) -> Figures:
    """Throughput, percentiles and the share of failures among the tries that the service could answer."""
    answered = [one for one in samples if one.status]
    judged = [one for one in samples if one.status or one.network == "good"]
    faults = Counter(one.fault for one in judged if one.fault)
    times = [one.ms for one in answered if one.network == "good"]
    return Figures(
        tries=len(samples),
        answered=len(answered),
        per_second=len(answered) / seconds if seconds else 0.0,
        p50_ms=percentile(times, 0.50),
        p95_ms=percentile(times, 0.95),
        p99_ms=percentile(times, 0.99),
        error_share=sum(faults.values()) / len(judged) if judged else 0.0,
        faults=dict(faults),
    )


def by_call(samples: Iterable[Sample], *, seconds: float) -> dict[str, Figures]:
    """The same for each kind of call."""
    kinds: defaultdict[str, list[Sample]] = defaultdict(list)
    for one in samples:
        kinds[one.call].append(one)
    return {call: figures(found, seconds=seconds) for call, found in sorted(kinds.items())}


def by_second(samples: Iterable[Sample], *, since: float, until: float) -> list[Figures]:
    """The same for each whole second from `since` to `until`."""
    slots: list[list[Sample]] = [[] for _ in range(int(until - since))]
    for one in samples:
        if since <= one.at < since + len(slots):
            slots[int(one.at - since)].append(one)
    return [figures(slot, seconds=1) for slot in slots]


@dataclass(frozen=True, slots=True)
class Payments:
    """What became of the keys that phones have sent: all empty is how it must be."""

    keys: int
    twice: tuple[str, ...]
    missing: tuple[str, ...]
    other: tuple[str, ...]
    unsettled: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Each key made exactly one payment, the one that its phone was told of."""
        return not (self.twice or self.missing or self.other or self.unsettled)


def judge(told: Mapping[str, str | None], unsettled: Iterable[str], found: Iterable[tuple[str, str]]) -> Payments:
    """Hold what phones were told against what there is.

    `told`: the payment's id by key; None where the answer was a decline, which names none. `unsettled`: keys that were
    never answered, however often they were sent. `found`: key and id of every payment that the service lists.
    """
    there: defaultdict[str, set[str]] = defaultdict(set)
    rows: Counter[str] = Counter()
    for key, payment_id in found:
        there[key].add(payment_id)
        rows[key] += 1
    return Payments(
        keys=len(told),
        twice=tuple(sorted(key for key, count in rows.items() if count > 1)),
        missing=tuple(sorted(key for key in told if key not in there)),
        other=tuple(sorted(key for key, name in told.items() if name and there.get(key, {name}) != {name})),
        unsettled=tuple(sorted(unsettled)),
    )


@dataclass(frozen=True, slots=True)
class Books:
    """What the database itself says. `keys_twice`: keys with several payments, or several charges at the provider."""

    payments: int
    keys_twice: int
    drift: int
    faults: int

    @property
    def is_sound(self) -> bool:
        """No key twice, and the ledger proves itself."""
        return not (self.keys_twice or self.drift or self.faults)


@dataclass(frozen=True, slots=True)
class Truth:
    """What was found after the run. None: nobody could tell."""

    payments: Payments
    sessions: int
    sessions_lost: tuple[str, ...]
    trial_balance: Mapping[str, int] | None
    books: Books | None


def complaints(run: Figures, truth: Truth, *, server_errors: int, pool_timeouts: int | None) -> list[str]:
    """Everything that was not as it must be, a line each; none: the run has passed.

    `server_errors`: from the first call to the last, those before and after the measured seconds too.
    """
    payments = truth.payments
    found = [
        (len(payments.twice), "keys made more than one payment"),
        (len(payments.missing), "keys were answered, and there is no payment"),
        (len(payments.other), "keys have another payment than their phone was told"),
        (len(payments.unsettled), "keys got no answer, however often they were sent"),
        (len(truth.sessions_lost), "sessions were lost"),
        (sum(amount != 0 for amount in (truth.trial_balance or {}).values()), "currencies do not sum to zero"),
        (truth.books.keys_twice if truth.books else 0, "keys are in the database or at the provider twice"),
        (truth.books.drift if truth.books else 0, "balances are not explained by their entries"),
        (truth.books.faults if truth.books else 0, "faults are in the ledger"),
        (server_errors, "answers were 5xx"),
        (pool_timeouts or 0, "transactions waited for a connection in vain"),
    ]
    lines = [f"{count} {words}" for count, words in found if count]
    if run.p95_ms is None:
        lines.append("no call was answered on a good network")
    elif run.p95_ms >= P95_MS_MAX:
        lines.append(f"p95 is {run.p95_ms:.0f} ms, not below {P95_MS_MAX:.0f}")
    if run.error_share >= ERROR_SHARE_MAX:
        lines.append(f"{run.error_share:.1%} of the calls failed, not below {ERROR_SHARE_MAX:.0%}")
    return lines
