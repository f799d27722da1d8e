"""The rows that the bench of payouts puts in by SQL: sellers with holds, with schedules, one with a long history."""

# Every id is made of its number, so that the parts find each other; clock_timestamp gives them today's time.
HOLDS = (
    """
    CREATE TEMP TABLE sold AS
    SELECT n, md5('seller' || :tag || n)::uuid AS seller, md5('payment' || :tag || n)::uuid AS payment
    FROM generate_series(1, :count) AS n
    """,
    """
    INSERT INTO ledger_accounts (owner_id, name, kind, currency, min_balance)
    SELECT seller, name, CASE name WHEN 'receivable' THEN 'asset' ELSE 'liability' END, 'EUR', 0
    FROM sold CROSS JOIN unnest(ARRAY['pending', 'available', 'reserve', 'receivable']) AS name ORDER BY n, name
    """,
    """
    INSERT INTO ledger_balances (account_id, min_balance, posted, version)
    SELECT id, 0, CASE name WHEN 'pending' THEN 900 ELSE 0 END, CASE name WHEN 'pending' THEN 1 ELSE 0 END
    FROM ledger_accounts JOIN sold ON sold.seller = owner_id
    """,
    """
    INSERT INTO payments (id, buyer_id, seller_id, price_id, quantity, description, provider, provider_account,
        provider_charge_id, capture_method, state, currency, unit_amount, amount, seller_amount, fee_amount, tax_amount,
        fee_basis_points, captured_amount, seller_left, fee_left, created_at, updated_at)
    SELECT payment, seller, seller, payment, 1, 'Bench', 'bench', 'x', 'ch_' || :tag || n, 'automatic', 'captured',
        'EUR', 1000, 1000, 900, 100, 0, 1000, 1000, 900, 100, now(), now()
    FROM sold
    """,
    """
    INSERT INTO holds (id, payment_id, seller_id, kind, currency, amount, remaining, release_at, created_at)
    SELECT md5('hold' || :tag || n)::uuid, payment, seller, 'pending', 'EUR', 900, 900,
        now() - interval '1 day' + n * interval '1 millisecond', now()
    FROM sold
    """,
    """
    INSERT INTO provider_entries (id, provider, provider_account, provider_entry_id, kind, source, object, gross, fee,
        net, currency, meta, created_at, available_on, imported_at, match, fee_booked_at, available_booked_at)
    SELECT md5('entry' || :tag || n)::uuid, 'bench', 'x', 'e_' || :tag || n, 'charge', 'ch_' || :tag || n,
        'ch_' || :tag || n, 1000, 0, 1000, 'EUR', '{}', now(), now() - interval '2 days', now(), 'none', now(), now()
    FROM sold
    """,
    "DROP TABLE sold",
)
# Every seller whose holds were released above has somewhere to be paid to, and a schedule that is due.
SCHEDULES = (
    """
    CREATE TEMP TABLE paid AS
    SELECT n, md5('seller' || :tag || n)::uuid AS seller FROM generate_series(1, :count) AS n
    """,
    """
    INSERT INTO users (id, email, name, created_at, updated_at)
    SELECT seller, seller || '@example.com', 'Bench', now(), now() FROM paid
    """,
    """
    INSERT INTO ledger_accounts (owner_id, name, kind, currency, min_balance)
    SELECT seller, name, 'liability', 'EUR', 0 FROM paid CROSS JOIN unnest(ARRAY['in_payout', 'disputed']) AS name
    """,
    """
    INSERT INTO ledger_balances (account_id, min_balance)
    SELECT id, 0 FROM ledger_accounts JOIN paid ON paid.seller = owner_id WHERE name IN ('in_payout', 'disputed')
    """,
    """
    INSERT INTO payout_accounts (id, seller_id, provider, provider_account, reference, country, email, state,
        payouts_enabled, destination_last4, destination_fingerprint, is_default, created_at, updated_at)
    SELECT md5('account' || :tag || n)::uuid, seller, 'sandbox', 'sandbox', 'sa_' || :tag || n, 'DE', NULL, 'enabled',
        true, '4242', 'bench', true, now(), now()
    FROM paid
    """,
    """
    INSERT INTO payout_schedules (seller_id, interval, minimums, next_at, updated_at)
    SELECT seller, 'daily', '{}', now() - interval '1 hour', now() FROM paid
    """,
    "DROP TABLE paid",
)
HISTORY = (
    """
    INSERT INTO ledger_accounts (owner_id, name, kind, currency, min_balance)
    SELECT :owner, name, CASE name WHEN 'receivable' THEN 'asset' ELSE 'liability' END, 'EUR', 0
    FROM unnest(ARRAY['pending', 'available', 'reserve', 'disputed', 'in_payout', 'receivable']) AS name
    """,
    "INSERT INTO ledger_balances (account_id, min_balance) SELECT id, 0 FROM ledger_accounts WHERE owner_id = :owner",
    """
    CREATE TEMP TABLE happened AS
    SELECT n, mod(n, 2) = 0 AS is_release, (
        lpad(to_hex(1767225600000 + n * 30000), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid AS id
    FROM generate_series(1, CAST(:count AS bigint)) AS n
    """,
    """
    INSERT INTO ledger_transactions (id, reference, kind, currency, source_id, meta, xact)
    SELECT id, 'bench-history:' || n, CASE WHEN is_release THEN 'hold.released' ELSE 'payment.captured' END, 'EUR',
        md5('source' || n)::uuid, jsonb_build_object('provider_object', 'bench:ch_' || n, 'payment',
        md5('payment' || n)::uuid, 'label', 'Honey, 500 g'), '1'
    FROM happened ORDER BY n
    """,
    """
    INSERT INTO ledger_entries (transaction_id, account_id, amount)
    SELECT happened.id, account.id, CASE WHEN is_release AND name = 'pending' THEN 900 ELSE -900 END
    FROM happened JOIN ledger_accounts AS account ON account.owner_id = :owner AND (
        name = 'pending' OR (is_release AND name = 'available'))
    ORDER BY n
    """,
    "DROP TABLE happened",
)
