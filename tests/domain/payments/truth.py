"""Our rows and our ledger beside the sandbox's own objects and balance, payment by payment."""

from dataclasses import dataclass

from tests.domain.payments.market import Market

_AT_SANDBOX = """
    SELECT CAST(payment.our_id AS text) AS id, count(DISTINCT payment.id) AS objects,
        max(payment.data->>'state') AS state, max(CAST(payment.data->>'captured' AS bigint)) AS captured,
        coalesce((SELECT sum(CAST(r.data->>'amount' AS bigint)) FROM sandbox_objects r
            WHERE r.kind = 'refund' AND r.parent = min(payment.id) AND r.data->>'state' <> 'failed'), 0)::bigint
            AS refunded,
        coalesce((SELECT sum(CASE moved->>'kind' WHEN 'withdrawn' THEN 1 ELSE -1 END
                * CAST(moved->>'amount' AS bigint))
            FROM sandbox_objects d, jsonb_array_elements(d.data->'movements') moved
            WHERE d.kind = 'dispute' AND d.parent = min(payment.id)), 0)::bigint AS disputed
    FROM sandbox_objects payment WHERE payment.kind = 'payment' GROUP BY payment.our_id"""
_OURS = """
    SELECT CAST(p.id AS text) AS id, p.state, p.captured_amount AS captured, p.refunded_amount AS refunded,
        p.refunding_amount AS refunding,
        coalesce((SELECT sum(d.amount) FROM disputes d
            WHERE d.payment_id = p.id AND d.money IN ('withdrawn', 'lost')), 0)::bigint AS disputed,
        coalesce((SELECT sum(e.amount) FROM ledger_entries e
            JOIN ledger_transactions t ON t.id = e.transaction_id
            JOIN ledger_accounts a ON a.id = e.account_id
            WHERE a.name = 'clearing.sandbox' AND (t.source_id = p.id
                OR t.source_id IN (SELECT id FROM refunds WHERE payment_id = p.id)
                OR t.source_id IN (SELECT id FROM disputes WHERE payment_id = p.id))), 0)::bigint AS cleared
    FROM payments p ORDER BY p.id"""
_OPEN = {
    "payments in doubt": "SELECT CAST(id AS text), state FROM payments WHERE state IN ('created', 'unknown')",
    "refunds in doubt": "SELECT CAST(id AS text), state FROM refunds WHERE state IN ('created', 'unknown')",
    "alarms": "SELECT CAST(id AS text), alarm FROM payments WHERE alarm = 'payment_mismatch'",
    "news without an end": (
        "SELECT event_id, type, state, last_error FROM inbound_events WHERE state NOT IN ('done', 'ignored')"
    ),
}


@dataclass(frozen=True)
class Sums:
    """What became of one payment's money."""

    state: str
    captured: int = 0
    refunded: int = 0
    disputed: int = 0

    @property
    def left(self) -> int:
        return self.captured - self.refunded - self.disputed


async def differences(market: Market) -> list[str]:
    """Where we and the sandbox do not say the same; nothing may be under way any more."""
    world = market.world
    told = {
        row.id: (row.objects, Sums(row.state, row.captured, row.refunded, row.disputed))
        for row in await world.rows(_AT_SANDBOX)
    }
    found: list[str] = []
    for row in await world.rows(_OURS):
        ours = Sums(row.state, row.captured, row.refunded, row.disputed)
        # What never reached the sandbox moved nothing.
        objects, theirs = told.pop(row.id, (0, Sums(row.state)))
        if ours != theirs or objects > 1 or row.refunding or row.cleared != theirs.left:
            found.append(f"{row.id}: {ours}, {objects} at the sandbox {theirs}, ledger {row.cleared}, {row.refunding}")
    found += [f"{unknown}: only at the sandbox" for unknown in told]
    for name, question in _OPEN.items():
        found += [f"{name}: {tuple(row)}" for row in await world.rows(question)]
    return found


async def held(market: Market) -> int:
    """What the sandbox would hold without its fees, by its balance."""
    balance = await market.sandbox.get_balance()
    fees, cursor = 0, None
    while True:
        page = await market.sandbox.list_entries(market.world.clock.now().replace(year=2020), cursor)
        fees += sum(entry.fee.amount for entry in page.entries)
        if (cursor := page.cursor) is None:
            return balance.available.get("EUR", 0) + balance.pending.get("EUR", 0) + fees


async def all_is_told(market: Market) -> None:
    """The end of a story: the books are right, and each payment is what the sandbox says it is."""
    found = await differences(market)
    assert found == [], "\n".join(found)
    assert (await market.balances()).get("clearing.sandbox", 0) == await held(market)
    await market.books_are_right()
