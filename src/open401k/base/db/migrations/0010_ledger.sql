-- The books: accounts, immutable journal entries, running balances, reservations.
--
-- Why it looks like this: a journal line names its debit account, its credit account and a positive amount, so an entry is balanced by
-- construction and needs no balancing trigger. Lines carry no foreign keys (they cost a third of a posting): a posting counts the balances
-- that it moved, and `open401k verify` looks for orphans. Everything but the balance is append-only: the application has no right to change it,
-- and a statement-level trigger refuses the owner too.

create schema ledger;
grant usage on schema ledger to open401k_app;

-- An account id is a hash of what the account is for (ledger/accounts.py): the primary key admits no second account for one purpose, and an
-- edited row no longer fits its own key. Its last six bytes are a hash of the asset alone: so a CHECK on the line refuses to move dollars
-- into units, without looking anything up.
create table ledger.account (
    tenant_id uuid not null,
    account_id uuid not null,
    plan_id uuid not null,
    kind text not null check (kind in (
        'participant', 'employer_receivable', 'cash_clearing', 'forfeitures',
        'suspense', 'fees', 'withholding_payable', 'opening'
    )),
    employee_id uuid,
    source text,
    asset text not null check (asset = 'USD' or asset like 'fund:_%'),
    -- 1: credits add to the balance; -1: debits do
    normal_side smallint not null check (normal_side = case when kind in ('employer_receivable', 'cash_clearing') then -1 else 1 end),
    may_go_negative boolean not null check (may_go_negative = (kind in ('employer_receivable', 'cash_clearing', 'opening'))),
    opened_at timestamptz not null,
    primary key (tenant_id, account_id),
    check (kind <> 'participant' or (employee_id is not null and source is not null)),
    constraint account_id_tells_asset check (
        substring(uuid_send(account_id) from 11) = substring(sha256(convert_to(asset, 'UTF8')) from 1 for 6)
    )
);

create table ledger.entry (
    tenant_id uuid not null,
    entry_id uuid not null,
    -- dense per tenant, in the order of commit: the head row is locked while it is taken
    number bigint not null check (number > 0),
    key text not null check (length(key) between 1 and 255),
    event_on date not null,
    recorded_at timestamptz not null,
    recorded_by text not null,
    reason text not null check (reason <> ''),
    cause text not null,
    reverses uuid,
    line_count bigint not null check (line_count > 0),
    body_hash bytea not null check (length(body_hash) = 32),
    -- hash over number, key, recorded_at, body_hash and the seal before: no entry can be taken out or back-dated unseen
    seal bytea not null check (length(seal) = 32),
    primary key (tenant_id, entry_id),
    unique (tenant_id, key),
    unique (tenant_id, number),
    foreign key (tenant_id, reverses) references ledger.entry (tenant_id, entry_id),
    check (reverses <> entry_id)
);

create unique index entry_reversed_once on ledger.entry (tenant_id, reverses) where reverses is not null;
create index entry_by_event_on on ledger.entry (tenant_id, event_on);

create table ledger.line (
    tenant_id uuid not null,
    entry_id uuid not null,
    line_no bigint not null check (line_no > 0),
    debit_account uuid not null,
    credit_account uuid not null,
    amount bigint not null check (amount > 0),
    ref text not null,
    primary key (tenant_id, entry_id, line_no),
    check (debit_account <> credit_account),
    constraint line_one_asset check (
        substring(uuid_send(debit_account) from 11) = substring(uuid_send(credit_account) from 11)
    )
);

-- The only rows of the ledger that change. Made when the account is opened, so a posting only updates; room on each page for that.
create table ledger.balance (
    tenant_id uuid not null,
    account_id uuid not null,
    balance bigint not null,
    reserved bigint not null check (reserved >= 0),
    -- how many journal sides this balance has taken in: a lost or an extra line shows
    version bigint not null check (version >= 0),
    normal_side smallint not null check (normal_side in (1, -1)),
    may_go_negative boolean not null,
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references ledger.account (tenant_id, account_id),
    constraint balance_floor check (may_go_negative or balance - reserved >= 0)
) with (fillfactor = 70);

create table ledger.reservation (
    tenant_id uuid not null,
    reservation_id uuid not null,
    key text not null check (length(key) between 1 and 255),
    event_on date not null,
    recorded_at timestamptz not null,
    recorded_by text not null,
    reason text not null check (reason <> ''),
    cause text not null,
    line_count bigint not null check (line_count > 0),
    body_hash bytea not null check (length(body_hash) = 32),
    primary key (tenant_id, reservation_id),
    unique (tenant_id, key)
);

create table ledger.reservation_line (
    tenant_id uuid not null,
    reservation_id uuid not null,
    line_no bigint not null check (line_no > 0),
    debit_account uuid not null,
    credit_account uuid not null,
    amount bigint not null check (amount > 0),
    ref text not null,
    primary key (tenant_id, reservation_id, line_no),
    foreign key (tenant_id, reservation_id) references ledger.reservation (tenant_id, reservation_id),
    check (debit_account <> credit_account),
    constraint line_one_asset check (
        substring(uuid_send(debit_account) from 11) = substring(uuid_send(credit_account) from 11)
    )
);

-- A reservation ends once, by its primary key: posted as an entry, or voided.
create table ledger.reservation_end (
    tenant_id uuid not null,
    reservation_id uuid not null,
    key text not null check (length(key) between 1 and 255),
    outcome text not null check (outcome in ('posted', 'voided')),
    entry_id uuid,
    reason text not null,
    recorded_at timestamptz not null,
    recorded_by text not null,
    body_hash bytea not null check (length(body_hash) = 32),
    primary key (tenant_id, reservation_id),
    unique (tenant_id, key),
    foreign key (tenant_id, reservation_id) references ledger.reservation (tenant_id, reservation_id),
    foreign key (tenant_id, entry_id) references ledger.entry (tenant_id, entry_id),
    check ((outcome = 'posted') = (entry_id is not null))
);

-- Row security: the second wall; the first is authorization at the doors.
alter table ledger.account enable row level security;
alter table ledger.account force row level security;
create policy tenant on ledger.account
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table ledger.entry enable row level security;
alter table ledger.entry force row level security;
create policy tenant on ledger.entry
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table ledger.line enable row level security;
alter table ledger.line force row level security;
create policy tenant on ledger.line
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table ledger.balance enable row level security;
alter table ledger.balance force row level security;
create policy tenant on ledger.balance
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table ledger.reservation enable row level security;
alter table ledger.reservation force row level security;
create policy tenant on ledger.reservation
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table ledger.reservation_line enable row level security;
alter table ledger.reservation_line force row level security;
create policy tenant on ledger.reservation_line
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table ledger.reservation_end enable row level security;
alter table ledger.reservation_end force row level security;
create policy tenant on ledger.reservation_end
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));

-- Rights: facts are read and added, balances alone are updated, and only in these columns.
grant select, insert on ledger.account to open401k_app;
grant select, insert on ledger.entry to open401k_app;
grant select, insert on ledger.line to open401k_app;
grant select, insert on ledger.reservation to open401k_app;
grant select, insert on ledger.reservation_line to open401k_app;
grant select, insert on ledger.reservation_end to open401k_app;
grant select, insert, update (balance, reserved, version) on ledger.balance to open401k_app;

-- Owners and superusers pass every grant; a trigger stops their slips. One call a statement, none a row.
create function ledger.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog
as $$
begin
    raise exception '%.% is append-only: % is refused', tg_table_schema, tg_table_name, lower(tg_op)
        using errcode = 'restrict_violation', hint = 'Post a reversing entry instead; what was recorded stays.';
end
$$;

create trigger append_only before update or delete or truncate on ledger.account
    for each statement execute function ledger.refuse_change();
create trigger append_only before update or delete or truncate on ledger.entry
    for each statement execute function ledger.refuse_change();
create trigger append_only before update or delete or truncate on ledger.line
    for each statement execute function ledger.refuse_change();
create trigger append_only before update or delete or truncate on ledger.reservation
    for each statement execute function ledger.refuse_change();
create trigger append_only before update or delete or truncate on ledger.reservation_line
    for each statement execute function ledger.refuse_change();
create trigger append_only before update or delete or truncate on ledger.reservation_end
    for each statement execute function ledger.refuse_change();
create trigger no_delete before delete or truncate on ledger.balance
    for each statement execute function ledger.refuse_change();

-- What rooms above may read.
create view ledger.account_v with (security_invoker = true) as
select tenant_id, account_id, plan_id, kind, employee_id, source, asset, opened_at
from ledger.account;

create view ledger.entry_v with (security_invoker = true) as
select
    tenant_id, entry_id, number, key, event_on, recorded_at, recorded_by,
    reason, cause, reverses, line_count, body_hash, seal
from ledger.entry;

create view ledger.line_v with (security_invoker = true) as
select tenant_id, entry_id, line_no, debit_account, credit_account, amount, ref
from ledger.line;

create view ledger.balance_v with (security_invoker = true) as
select tenant_id, account_id, balance, reserved, balance - reserved as available, version
from ledger.balance;

grant select on ledger.account_v, ledger.entry_v, ledger.line_v, ledger.balance_v to open401k_app;
