-- Reason: what somebody asked payroll to withhold is a fact with two times, as every other: from which day it holds, and
-- when we learned of it. Only so can it be said later what a paycheck should have had withheld, and what was known then.

-- Of one person, source and part of pay: a percentage or an amount for each paycheck, both 0 is nothing. One that does not
-- stand takes back what was recorded for its day.
create table recordkeeping.election (
    tenant_id   uuid        not null,
    election_no bigint      not null generated always as identity,
    plan_id     uuid        not null,
    employee_id uuid        not null,
    source      text        not null check (source in ('pre_tax', 'roth', 'after_tax')),
    part        text        not null check (part in ('regular', 'bonus', 'catch_up')),
    bps         integer     not null check (bps between 0 and 10000),
    cents       bigint      not null check (cents >= 0),
    event_on    date        not null,
    made_on     date        not null,
    how         text        not null,
    stands      boolean     not null,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, election_no),
    check (bps = 0 or cents = 0),
    check (made_on <= event_on),
    check (part <> 'catch_up' or source <> 'after_tax')
);
create index election_of_person on recordkeeping.election (tenant_id, plan_id, employee_id);

alter table recordkeeping.election enable row level security;
alter table recordkeeping.election force row level security;
create policy tenant on recordkeeping.election
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.election to open401k_app;
