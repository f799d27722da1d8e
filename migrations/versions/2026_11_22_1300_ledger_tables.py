"""ledger: double entry, as the database itself enforces it: tables, triggers, functions, views, rights."""

from alembic import op
from sqlalchemy import text

revision = "0006_ledger"
down_revision = "0005_auth"
branch_labels = None
depends_on = None

# Frozen: a changed function is a new migration, with the old body in its downgrade.
#
# Two roles make the promise whole: the owner, who migrates, and `cleanly_app`, as which the service runs and which
# has no right to write these tables. The last statement grants what `cleanly_app` needs if that role exists and does
# nothing if it does not (hosts that give one role for everything): the triggers and CHECKs stand all the same. A role
# that is made later gets its rights by running that statement again.
STATEMENTS = (
    """
create table ledger_accounts (
  id          bigint generated always as identity primary key,  -- internal; never leaves the slice
  owner_id    uuid,                                             -- null: the platform itself
  name        text not null check (name ~ '^[a-z][a-z0-9_.]{1,62}$'),
  kind        text not null check (kind in ('asset', 'liability', 'income', 'expense', 'equity')),
  currency    text not null check (currency ~ '^[A-Z]{3}$'),
  normal      smallint not null generated always as
                (case when kind in ('asset', 'expense') then 1 else -1 end) stored,
  min_balance bigint,                                           -- null: unbounded; 0: never negative
  shards      smallint not null default 1 check (shards between 1 and 64),
  created_at  timestamptz not null default now(),
  constraint ledger_accounts_identity unique nulls not distinct (owner_id, name, currency),
  constraint ledger_accounts_bounded_is_single check (shards = 1 or min_balance is null)
)
""",
    """
create table ledger_balances (
  account_id  bigint not null references ledger_accounts (id),
  shard       smallint not null default 0,
  min_balance bigint,                                           -- copied, so that the CHECK stands on the row
  posted      bigint not null default 0,                        -- normal * sum(entries of this shard)
  version     bigint not null default 0,                        -- number of entries of this shard
  closed      boolean not null default false,
  primary key (account_id, shard),
  constraint ledger_balances_floor check (min_balance is null or posted >= min_balance),
  constraint ledger_balances_closed check (not closed or (posted = 0 and min_balance is not null))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500)
""",
    """
create table ledger_transactions (
  id          uuid primary key,                                 -- UUIDv7, made by the caller
  reference   text not null check (length(reference) between 3 and 200),
  kind        text not null check (kind ~ '^[a-z][a-z0-9_.]{1,62}$'),
  currency    text not null check (currency ~ '^[A-Z]{3}$'),    -- one currency per transaction
  source_id   uuid,                                             -- our row that is the reason
  reverses_id uuid references ledger_transactions (id),
  meta        jsonb not null default '{}',
  created_at  timestamptz not null default now(),
  xact        xid8 not null default pg_current_xact_id(),       -- the commit it belongs to
  constraint ledger_transactions_reference unique (reference),
  constraint ledger_transactions_reversed_once unique (reverses_id)
)
""",
    """
create index ledger_transactions_source on ledger_transactions (source_id) where source_id is not null
""",
    """
create index ledger_transactions_created on ledger_transactions (created_at)
""",
    """
create index ledger_transactions_provider on ledger_transactions ((meta ->> 'provider_object'))
  where meta ? 'provider_object'
""",
    """
create table ledger_entries (
  transaction_id uuid not null,                                 -- existence: see ledger_entries_check
  account_id     bigint not null,
  shard          smallint not null default 0,
  amount         bigint not null check (amount <> 0),
  balance_after  bigint,                                        -- bounded accounts only
  primary key (transaction_id, account_id)                      -- one entry per account: net it first
)
""",
    """
create index ledger_entries_account on ledger_entries (account_id, transaction_id desc)
""",
    """
create function ledger_entries_check() returns trigger language plpgsql
  set search_path = public, pg_temp
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v record;
begin
  select bool_and(c.known) as known, bool_and(c.open) as open, bool_and(c.net = 0) as balanced,
         bool_or(c.low) as low
  into v from (
    select sum(n.amount) as net, bool_or(n.balance_after < a.min_balance) as low,
           coalesce(bool_and(a.currency = t.currency and n.shard between 0 and a.shards - 1), false)
             and count(*) = count(a.id) as known,
           coalesce(bool_and(t.xact = pg_current_xact_id()), false) as open
    from new_rows n
    left join ledger_accounts a on a.id = n.account_id
    left join ledger_transactions t on t.id = n.transaction_id
    group by n.transaction_id) c;
  if not v.open then
    raise exception 'ledger transaction is unknown or closed'
      using errcode = '23514', constraint = 'ledger_entries_open';
  elsif not v.known then
    raise exception 'entry on an unknown account or in another currency'
      using errcode = '23503', constraint = 'ledger_entries_known';
  elsif not v.balanced then
    raise exception 'unbalanced ledger transaction'
      using errcode = '23514', constraint = 'ledger_entries_balanced';
  elsif v.low then
    raise exception 'balance would fall below its floor within the batch'
      using errcode = '23514', constraint = 'ledger_balances_floor';
  end if;
  return null;
end $$
""",
    """
create trigger ledger_entries_check after insert on ledger_entries
  referencing new table as new_rows for each statement execute function ledger_entries_check()
""",
    """
create function ledger_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = '55000';
end $$
""",
    """
create trigger ledger_entries_append_only before update or delete on ledger_entries
  for each row execute function ledger_append_only()
""",
    """
create trigger ledger_transactions_append_only before update or delete on ledger_transactions
  for each row execute function ledger_append_only()
""",
    """
create trigger ledger_entries_no_truncate before truncate on ledger_entries
  for each statement execute function ledger_append_only()
""",
    """
create trigger ledger_transactions_no_truncate before truncate on ledger_transactions
  for each statement execute function ledger_append_only()
""",
    """
create trigger ledger_accounts_no_delete before delete on ledger_accounts
  for each row execute function ledger_append_only()
""",
    """
create trigger ledger_accounts_no_truncate before truncate on ledger_accounts
  for each statement execute function ledger_append_only()
""",
    """
create trigger ledger_balances_no_delete before delete on ledger_balances
  for each row execute function ledger_append_only()
""",
    """
create trigger ledger_balances_no_truncate before truncate on ledger_balances
  for each statement execute function ledger_append_only()
""",
    """
create function ledger_frozen() returns trigger language plpgsql as $$
begin
  raise exception '% does not change in that way', tg_table_name using errcode = '55000';
end $$
""",
    """
create trigger ledger_accounts_frozen before update on ledger_accounts for each row
  when ((new.id, new.owner_id, new.name, new.kind, new.currency, new.min_balance, new.created_at)
          is distinct from
        (old.id, old.owner_id, old.name, old.kind, old.currency, old.min_balance, old.created_at)
        or new.shards < old.shards)
  execute function ledger_frozen()
""",
    """
create trigger ledger_balances_frozen before update on ledger_balances for each row
  when ((new.account_id, new.shard, new.min_balance) is distinct from (old.account_id, old.shard, old.min_balance)
        or new.closed < old.closed
        or (new.version <= old.version and (new.posted <> old.posted or new.closed = old.closed)))
  execute function ledger_frozen()
""",
    """
create function ledger_open(p_owner_id uuid, p_name text, p_kind text, p_currency text,
                            p_min_balance bigint, p_shards int default 1)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_account ledger_accounts;
begin
  insert into ledger_accounts (owner_id, name, kind, currency, min_balance, shards)
  values (p_owner_id, p_name, p_kind, p_currency, p_min_balance, p_shards)
  on conflict on constraint ledger_accounts_identity do nothing
  returning * into v_account;
  if v_account.id is null then
    select * into strict v_account from ledger_accounts a
    where a.owner_id is not distinct from p_owner_id and a.name = p_name and a.currency = p_currency;
    if v_account.kind <> p_kind or v_account.min_balance is distinct from p_min_balance then
      raise exception 'account % exists with another kind or floor', p_name using errcode = 'LG409';
    end if;
    return v_account.id;
  end if;
  insert into ledger_balances (account_id, shard, min_balance)
  select v_account.id, g, v_account.min_balance from generate_series(0, v_account.shards - 1) g;
  return v_account.id;
end $$
""",
    """
create function ledger_widen(p_account_id bigint, p_shards int)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform 1 from ledger_accounts a where a.id = p_account_id for no key update;
  insert into ledger_balances (account_id, shard, min_balance)
  select a.id, g, a.min_balance from ledger_accounts a, generate_series(a.shards, p_shards - 1) g
  where a.id = p_account_id;
  update ledger_accounts set shards = p_shards where id = p_account_id and shards < p_shards;
end $$
""",
    """
create function ledger_close(p_account_id bigint)
returns void language sql security definer set search_path = public, pg_temp as $$
  update ledger_balances set closed = true where account_id = p_account_id and not closed;
$$
""",
    """
create function ledger_lock(p_accounts bigint[])
returns table (account_id bigint, posted bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  if current_setting('cleanly.ledger_posted', true) = 'yes' then
    raise exception 'ledger_lock comes before ledger_post' using errcode = 'LG403';
  end if;
  return query
    select b.account_id, b.posted from ledger_balances b
    where b.account_id = any (p_accounts) and b.shard = 0 and b.min_balance is not null
    order by b.account_id for no key update;
end $$
""",
    """
create function ledger_post(
  p_ids uuid[], p_references text[], p_kinds text[], p_currencies text[],
  p_source_ids uuid[], p_reverses_ids uuid[], p_metas jsonb[],
  p_of int[], p_accounts bigint[], p_amounts bigint[])
returns table (reference text, transaction_id uuid, replayed boolean)
language plpgsql security definer set search_path = public, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  v_count int := coalesce(cardinality(p_ids), 0);
  v_new   uuid[];
  r       record;
begin
  if current_setting('cleanly.ledger_posted', true) = 'yes' then
    raise exception 'one ledger_post per database transaction' using errcode = 'LG403';
  end if;
  perform set_config('cleanly.ledger_posted', 'yes', true);
  if v_count not between 1 and 1000 or coalesce(cardinality(p_of), 0) not between 2 and 10000
     or array[cardinality(p_references), cardinality(p_kinds), cardinality(p_currencies), cardinality(p_source_ids),
              cardinality(p_reverses_ids), cardinality(p_metas)] is distinct from array_fill(v_count, array[6])
     or array[cardinality(p_accounts), cardinality(p_amounts)] is distinct from array_fill(cardinality(p_of), array[2])
     or (v_count = 1 and p_of <> array_fill(1, array[cardinality(p_of)])) then
    raise exception 'ledger_post: arrays do not fit together' using errcode = 'LG400';
  end if;
  if v_count > 1 then
    if (select count(distinct g) from unnest(p_references) g) <> v_count
       or (select count(distinct i) <> v_count or min(i) <> 1 or max(i) <> v_count or count(i) <> count(*)
           from unnest(p_of) i) then
      raise exception 'ledger_post: arrays do not fit together' using errcode = 'LG400';
    end if;
  end if;

  -- A reference in flight elsewhere: this waits for its outcome, then takes it as a replay or goes on.
  with made as (
    insert into ledger_transactions (id, reference, kind, currency, source_id, reverses_id, meta)
    select g.id, g.reference, g.kind, g.currency, g.source_id, g.reverses_id, coalesce(g.meta, '{}')
    from unnest(p_ids, p_references, p_kinds, p_currencies, p_source_ids, p_reverses_ids, p_metas)
         as g (id, reference, kind, currency, source_id, reverses_id, meta)
    order by g.reference
    on conflict on constraint ledger_transactions_reference do nothing
    returning id)
  select coalesce(array_agg(id), '{}') into v_new from made;

  if cardinality(v_new) < v_count then
    if exists (
      select 1
      from unnest(p_references, p_kinds, p_currencies, p_source_ids, p_reverses_ids) with ordinality
           as g (reference, kind, currency, source_id, reverses_id, n)
      join ledger_transactions t on t.reference = g.reference
      where t.id <> all (v_new)
        and ((t.kind, t.currency, t.source_id, t.reverses_id)
               is distinct from (g.kind, g.currency, g.source_id, g.reverses_id)
          or (select array_agg((e.account_id, e.amount)::text order by e.account_id)
              from ledger_entries e where e.transaction_id = t.id)
               is distinct from
             (select array_agg((u.account_id, u.amount)::text order by u.account_id)
              from unnest(p_of, p_accounts, p_amounts) as u (n, account_id, amount) where u.n = g.n))) then
      raise exception 'reference reused with other content' using errcode = 'LG409';
    end if;
    return query
      select t.reference, t.id, true from ledger_transactions t
      where t.reference = any (p_references) and t.id <> all (v_new);
    if cardinality(v_new) = 0 then
      return;
    end if;
  end if;
  return query
    select g.reference, g.id, false from unnest(p_references, p_ids) as g (reference, id) where g.id = any (v_new);

  if array_remove(p_reverses_ids, null) <> '{}' then
    if exists (
      select 1 from unnest(p_ids, p_reverses_ids) with ordinality as g (id, reverses_id, n)
      where g.reverses_id is not null and g.id = any (v_new)
        and (select array_agg((e.account_id, -e.amount)::text order by e.account_id)
             from ledger_entries e where e.transaction_id = g.reverses_id)
            is distinct from
            (select array_agg((u.account_id, u.amount)::text order by u.account_id)
             from unnest(p_of, p_accounts, p_amounts) as u (n, account_id, amount) where u.n = g.n)) then
      raise exception 'a reversal mirrors the whole transaction' using errcode = 'LG422';
    end if;
  end if;

  -- 1. Bounded rows first, in id order: the floor refuses before anything busy is touched.
  for r in
    select a.id, sum(u.amount * a.normal)::bigint as net, count(*) as entries
    from unnest(p_of, p_accounts, p_amounts) as u (n, account_id, amount)
    join ledger_accounts a on a.id = u.account_id
    where a.min_balance is not null and p_ids[u.n] = any (v_new)
    group by a.id order by a.id
  loop
    update ledger_balances b set posted = b.posted + r.net, version = b.version + r.entries
    where b.account_id = r.id and b.shard = 0;
  end loop;

  -- 2. The entries. balance_after is exact: the bounded rows are locked and already moved.
  insert into ledger_entries (transaction_id, account_id, shard, amount, balance_after)
  select p_ids[u.n], u.account_id, case when a.shards > 1 then pg_backend_pid() % a.shards else 0 end, u.amount,
         b.posted - sum(u.amount * a.normal) over (partition by a.id)
                  + sum(u.amount * a.normal) over (partition by a.id order by u.n)
  from unnest(p_of, p_accounts, p_amounts) as u (n, account_id, amount)
  left join ledger_accounts a on a.id = u.account_id
  left join ledger_balances b on b.account_id = a.id and b.shard = 0 and b.min_balance is not null
  where p_ids[u.n] = any (v_new);

  -- 3. Busy rows last, in id and shard order; the shard is the one the entry was written with.
  for r in
    select e.account_id, e.shard, sum(e.amount * a.normal)::bigint as net, count(*) as entries
    from ledger_entries e join ledger_accounts a on a.id = e.account_id
    where e.transaction_id = any (v_new) and a.min_balance is null
    group by e.account_id, e.shard order by e.account_id, e.shard
  loop
    update ledger_balances b set posted = b.posted + r.net, version = b.version + r.entries
    where b.account_id = r.account_id and b.shard = r.shard;
  end loop;
end $$
""",
    """
create view ledger_totals as   -- one row per account; sharded ones summed in one snapshot
  select a.id as account_id, a.owner_id, a.name, a.kind, a.currency, a.normal,
         sum(b.posted)::bigint as posted, sum(b.version)::bigint as entries
  from ledger_accounts a join ledger_balances b on b.account_id = a.id
  group by a.id
""",
    """
create view ledger_drift as    -- must be empty: a balance that its entries do not explain
  select b.account_id, b.shard, b.posted, b.version,
         coalesce(e.posted, 0) as entries_posted, coalesce(e.entries, 0) as entries_count
  from ledger_balances b
  left join (select e.account_id, e.shard, sum(e.amount * a.normal) as posted, count(*) as entries
             from ledger_entries e join ledger_accounts a on a.id = e.account_id
             group by e.account_id, e.shard) e using (account_id, shard)
  where b.posted <> coalesce(e.posted, 0) or b.version <> coalesce(e.entries, 0)
""",
    """
create view ledger_faults as   -- must be empty: the books as a whole
  select 'currency_not_zero' as fault, a.currency as subject, sum(b.posted * a.normal)::text as found
  from ledger_accounts a join ledger_balances b on b.account_id = a.id
  group by a.currency having sum(b.posted * a.normal) <> 0
  union all
  select 'transaction_not_balanced', e.transaction_id::text, sum(e.amount)::text
  from ledger_entries e group by e.transaction_id having sum(e.amount) <> 0
  union all
  select 'transaction_without_entries', t.id::text, '0'
  from ledger_transactions t
  where not exists (select 1 from ledger_entries e where e.transaction_id = t.id)
  union all
  select 'below_floor', e.account_id::text, e.balance_after::text
  from ledger_entries e join ledger_accounts a on a.id = e.account_id
  where e.balance_after < a.min_balance
""",
    """
revoke all on ledger_accounts, ledger_balances, ledger_transactions, ledger_entries from public
""",
    """
revoke all on function ledger_open, ledger_widen, ledger_close, ledger_lock, ledger_post from public
""",
    """
do $$
begin
  if exists (select 1 from pg_roles where rolname = 'cleanly_app') then
    grant select on ledger_accounts, ledger_balances, ledger_transactions, ledger_entries,
                    ledger_totals, ledger_drift, ledger_faults to cleanly_app;
    grant execute on function ledger_open, ledger_close, ledger_lock, ledger_post to cleanly_app;
  end if;
end $$
""",
)


def upgrade() -> None:
    # Colons are escaped, because functions are no place for bind parameters.
    for statement in STATEMENTS:
        op.execute(text(statement.replace(":", r"\:")))


def downgrade() -> None:
    op.execute("DROP VIEW ledger_faults, ledger_drift, ledger_totals")
    op.execute("DROP TABLE ledger_entries, ledger_transactions, ledger_balances, ledger_accounts")
    op.execute(
        "DROP FUNCTION ledger_post, ledger_lock, ledger_close, ledger_widen, ledger_open,"
        " ledger_frozen, ledger_append_only, ledger_entries_check"
    )
