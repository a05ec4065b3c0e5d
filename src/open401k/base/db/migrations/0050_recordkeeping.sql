-- What recordkeeping remembers beside the ledger: why a correction was posted, with its working, so that a person asking
-- "why did this balance change" gets the fact, the rule and the figures that were compared. The money itself is in the ledger.
create schema recordkeeping;
grant usage on schema recordkeeping to open401k_app;

create table recordkeeping.correction (
    tenant_id   uuid        not null,
    entry_id    uuid        not null,
    plan_id     uuid        not null,
    cause       text        not null,
    origin      text        not null,
    working     jsonb       not null,
    recorded_at timestamptz not null,
    primary key (tenant_id, entry_id)
);
alter table recordkeeping.correction enable row level security;
alter table recordkeeping.correction force row level security;
create policy tenant on recordkeeping.correction
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.correction to open401k_app;

-- Deferrals withheld that the plan or the law does not let us credit: they wait in suspense, each with its reason and cure.
create table recordkeeping.held (
    tenant_id   uuid        not null,
    entry_id    uuid        not null,
    plan_id     uuid        not null,
    employee_id uuid        not null,
    pay_date    date        not null,
    source      text        not null,
    reason      text        not null,
    cents       bigint      not null,
    recorded_at timestamptz not null,
    primary key (tenant_id, entry_id, employee_id, pay_date, source, reason)
);
alter table recordkeeping.held enable row level security;
alter table recordkeeping.held force row level security;
create policy tenant on recordkeeping.held
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.held to open401k_app;

create view recordkeeping.correction_v with (security_invoker = true) as
select tenant_id, entry_id, plan_id, cause, origin, working, recorded_at
from recordkeeping.correction;
grant select on recordkeeping.correction_v to open401k_app;

create view recordkeeping.held_v with (security_invoker = true) as
select tenant_id, entry_id, plan_id, employee_id, pay_date, source, reason, cents, recorded_at
from recordkeeping.held;
grant select on recordkeeping.held_v to open401k_app;
