"""Whatever is posted in whatever order: the books stay sound and agree with a model in a few lines."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanly.domain.ledger.chart import BANK, FEES
from cleanly.domain.ledger.errors import InsufficientBalance
from cleanly.domain.ledger.service import Posting
from tests.domain.ledger.books import Books, reference

BOUNDED = 3
# How much each of three bounded accounts and the sharded one gains; the bank gives it.
GAINS = st.tuples(*[st.integers(-40, 60)] * BOUNDED, st.integers(-5, 5)).filter(any)
# Each step is new, or the one before the last ones again: a replay.
STEP = st.one_of(GAINS, st.integers(1, 5))
BATCHES = st.lists(st.lists(STEP, min_size=1, max_size=6), min_size=1, max_size=8)


class Model:
    """What the books should say: balances, and which references have happened."""

    def __init__(self) -> None:
        self.balances = [0] * BOUNDED
        self.happened: set[str] = set()

    def take(self, batch: dict[str, tuple[int, ...]]) -> bool:
        """All or none; the floor holds after each."""
        balances = list(self.balances)
        for name, gains in batch.items():
            if name not in self.happened:
                balances = [balance + gain for balance, gain in zip(balances, gains[:BOUNDED], strict=True)]
                if min(balances) < 0:
                    return False
        self.balances = balances
        self.happened |= set(batch)
        return True


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
async def test_random_batches_keep_everything_balanced(books: Books, batches):
    accounts = [await books.available(0) for _ in range(BOUNDED)]
    fees, bank = await books.platform(FEES, BANK)
    model, known = Model(), dict[str, tuple[int, ...]]()
    fees_before = await books.balance(fees)
    for steps in batches:
        batch: dict[str, tuple[int, ...]] = {}
        for step in steps:
            if isinstance(step, tuple):
                batch[reference("random")] = step
            elif len(known) >= step:
                name = list(known)[-step]
                batch[name] = known[name]
        if not batch:
            continue
        replayed = {name for name in batch if name in model.happened}
        expected = model.take(batch)
        try:
            made = await books.post_all(
                *(_posting(books, name, gains, accounts, fees, bank) for name, gains in batch.items())
            )
        except InsufficientBalance:
            assert not expected
        else:
            assert expected
            assert {posted.reference for posted in made if posted.is_replay} == replayed
            known |= batch
        assert [await books.balance(account) for account in accounts] == model.balances
    assert await books.balance(fees) - fees_before == sum(gains[-1] for name, gains in known.items())
    await books.assert_sound()


def _posting(books: Books, name: str, gains: tuple[int, ...], accounts: list[int], fees: int, bank: int) -> Posting:
    entries = [(account, -gain) for account, gain in zip([*accounts, fees], gains, strict=True)]
    return books.posting(*entries, (bank, sum(gains)), named=name)
