-- Reason: a plan is data. Its provisions are dated points that only ever get company: which terms held on a day, and
-- which we thought held when we posted a payroll, must both stay answerable for as long as anybody has a balance.

create schema plan;

grant usage on schema plan to open401k_app;

create table plan.sponsor (
    tenant_id      uuid        not null,
    name           text        not null check (name <> ''),
    ein            text        not null check (ein ~ '^[0-9]{9}$'),
    established_on date        not null,
    recorded_at    timestamptz not null,
    recorded_by    text        not null,
    primary key (tenant_id)
);

-- How many people the sponsor normally employed in a year: it decides exemptions, and it is a statement, so it is dated.
create table plan.headcount (
    tenant_id   uuid        not null,
    year        integer     not null check (year between 1900 and 9999),
    recorded_at timestamptz not null,
    employees   integer     not null check (employees >= 0),
    recorded_by text        not null,
    primary key (tenant_id, year, recorded_at)
);

create table plan.plan (
    tenant_id   uuid        not null,
    plan_id     uuid        not null,
    number      text        not null check (number ~ '^[0-9]{3}$'),
    name        text        not null check (name <> ''),
    adopted_on  date        not null,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, plan_id),
    -- the number of Form 5500, line 1b
    unique (tenant_id, number),
    foreign key (tenant_id) references plan.sponsor (tenant_id)
);

create table plan.provisions (
    tenant_id    uuid        not null,
    plan_id      uuid        not null,
    effective_on date        not null,
    recorded_at  timestamptz not null,
    -- tells apart what one transaction recorded for one day
    ordinal      integer     not null check (ordinal >= 0),
    terms        jsonb       not null,
    changes      jsonb       not null,
    why          text        not null,
    recorded_by  text        not null,
    primary key (tenant_id, plan_id, effective_on, recorded_at, ordinal),
    foreign key (tenant_id, plan_id) references plan.plan (tenant_id, plan_id)
);

alter table plan.sponsor enable row level security;
alter table plan.sponsor force row level security;
create policy tenant on plan.sponsor
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table plan.headcount enable row level security;
alter table plan.headcount force row level security;
create policy tenant on plan.headcount
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table plan.plan enable row level security;
alter table plan.plan force row level security;
create policy tenant on plan.plan
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table plan.provisions enable row level security;
alter table plan.provisions force row level security;
create policy tenant on plan.provisions
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));

grant select, insert on plan.sponsor to open401k_app;
grant select, insert on plan.headcount to open401k_app;
grant select, insert on plan.plan to open401k_app;
grant select, insert on plan.provisions to open401k_app;

-- What rooms above may read.
create view plan.sponsor_v with (security_invoker = true) as
select tenant_id, name, ein, established_on, recorded_at
from plan.sponsor;

create view plan.plan_v with (security_invoker = true) as
select tenant_id, plan_id, number, name, adopted_on, recorded_at
from plan.plan;

create view plan.provisions_v with (security_invoker = true) as
select tenant_id, plan_id, effective_on, recorded_at, ordinal, terms, changes, why, recorded_by
from plan.provisions;

grant select on plan.sponsor_v to open401k_app;
grant select on plan.plan_v to open401k_app;
grant select on plan.provisions_v to open401k_app;
