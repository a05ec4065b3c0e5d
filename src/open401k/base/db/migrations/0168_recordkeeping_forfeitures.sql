-- Reason: what people forfeit is derived from employment, money and terms, and posted as the difference to what stands here.
-- The money is in the ledger, under a reason of its own. ``employer_cents``: what the employer put in to restore an account
-- because the plan's forfeitures had been used. A use lowers what the employer sends, or pays an expense of the plan.

create table recordkeeping.forfeited (
    tenant_id       uuid        not null,
    entry_id        uuid        not null,
    plan_id         uuid        not null,
    employee_id     uuid        not null,
    source          text        not null,
    event_on        date        not null,
    cents           bigint      not null check (cents <> 0),
    employer_cents  bigint      not null check (employer_cents >= 0 and employer_cents <= greatest(-cents, 0)),
    recorded_at     timestamptz not null,
    primary key (tenant_id, entry_id, employee_id, source)
);

create index forfeited_by_plan on recordkeeping.forfeited (tenant_id, plan_id, employee_id);

create table recordkeeping.forfeitures_derived (
    tenant_id    uuid        not null,
    plan_id      uuid        not null,
    as_of        date        not null,
    known_at     timestamptz not null,
    primary key (tenant_id, plan_id, known_at)
);

create table recordkeeping.forfeiture_use (
    tenant_id    uuid        not null,
    use_id       uuid        not null,
    plan_id      uuid        not null,
    used_for     text        not null check (used_for in ('plan_expenses', 'employer_contributions', 'allocation')),
    approval_id  uuid,
    cents        bigint      not null check (cents > 0),
    reference    text        not null check (reference <> ''),
    event_on     date        not null,
    entry_id     uuid        not null,
    recorded_at  timestamptz not null,
    recorded_by  text        not null,
    primary key (tenant_id, use_id)
);

create index forfeiture_use_by_plan on recordkeeping.forfeiture_use (tenant_id, plan_id, event_on);

create table recordkeeping.forfeiture_approval (
    tenant_id    uuid        not null,
    approval_id  uuid        not null,
    plan_id      uuid        not null,
    used_for     text        not null check (used_for in ('plan_expenses', 'employer_contributions', 'allocation')),
    cents        bigint      not null check (cents > 0),
    reference    text        not null,
    recorded_at  timestamptz not null,
    recorded_by  text        not null,
    primary key (tenant_id, approval_id)
);

create index forfeiture_approval_by_plan on recordkeeping.forfeiture_approval (tenant_id, plan_id, recorded_at);

alter table recordkeeping.forfeited enable row level security;
alter table recordkeeping.forfeited force row level security;
create policy tenant on recordkeeping.forfeited
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));

alter table recordkeeping.forfeitures_derived enable row level security;
alter table recordkeeping.forfeitures_derived force row level security;
create policy tenant on recordkeeping.forfeitures_derived
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));

alter table recordkeeping.forfeiture_use enable row level security;
alter table recordkeeping.forfeiture_use force row level security;
create policy tenant on recordkeeping.forfeiture_use
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));

alter table recordkeeping.forfeiture_approval enable row level security;
alter table recordkeeping.forfeiture_approval force row level security;
create policy tenant on recordkeeping.forfeiture_approval
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));

grant select, insert on recordkeeping.forfeited to open401k_app;
grant select, insert on recordkeeping.forfeitures_derived to open401k_app;
grant select, insert on recordkeeping.forfeiture_use to open401k_app;
grant select, insert on recordkeeping.forfeiture_approval to open401k_app;
