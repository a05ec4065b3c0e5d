-- Reason: every payroll leaves behind what the tests of the plan year said on that day, with their working, so that
-- "why 5.21 %?" is answered from what was stored and a recomputation from facts as then known can be compared with it.
-- Nothing here is ever updated: a later answer is a later run.

create schema compliance;

grant usage on schema compliance to open401k_app;

create table compliance.run (
    tenant_id    uuid        not null,
    run_id       uuid        not null,
    plan_id      uuid        not null,
    year_start   date        not null,
    year_end     date        not null,
    as_of        date        not null,
    known_at     timestamptz not null,
    recorded_at  timestamptz not null,
    cause        text        not null,
    facts_hash   bytea       not null,
    law_version  text        not null,
    people       jsonb       not null,
    primary key (tenant_id, run_id),
    -- the same facts tested for the same cause are one run, however often a flow step is repeated
    unique (tenant_id, plan_id, cause, facts_hash),
    check (year_start < year_end),
    check (octet_length(facts_hash) = 32),
    check (cause <> '')
);

create index run_by_plan on compliance.run (tenant_id, plan_id, year_start, recorded_at desc);

create table compliance.result (
    tenant_id    uuid    not null,
    run_id       uuid    not null,
    test         text    not null,
    place        integer not null,
    title        text    not null,
    citation     text    not null,
    status       text    not null check (status in ('pass', 'fail', 'not_applicable', 'refused')),
    unit         text    not null check (unit in ('bps', 'cents')),
    measured     bigint,
    limit_at     bigint,
    room         bigint,
    working      jsonb   not null,
    explanation  text    not null,
    primary key (tenant_id, run_id, test),
    foreign key (tenant_id, run_id) references compliance.run (tenant_id, run_id),
    check (status not in ('pass', 'fail') or (measured is not null and limit_at is not null and room is not null))
);

create table compliance.projection (
    tenant_id    uuid        not null,
    run_id       uuid        not null,
    recorded_at  timestamptz not null,
    seed         bigint      not null,
    scenarios    integer     not null check (scenarios > 0),
    body         jsonb       not null,
    cures        jsonb       not null,
    primary key (tenant_id, run_id),
    foreign key (tenant_id, run_id) references compliance.run (tenant_id, run_id)
);

alter table compliance.run enable row level security;
alter table compliance.run force row level security;
create policy tenant on compliance.run using (tenant_id = any (array(select base.allowed_tenants())));
alter table compliance.result enable row level security;
alter table compliance.result force row level security;
create policy tenant on compliance.result using (tenant_id = any (array(select base.allowed_tenants())));
alter table compliance.projection enable row level security;
alter table compliance.projection force row level security;
create policy tenant on compliance.projection using (tenant_id = any (array(select base.allowed_tenants())));

grant select, insert on compliance.run to open401k_app;
grant select, insert on compliance.result to open401k_app;
grant select, insert on compliance.projection to open401k_app;

create view compliance.run_v with (security_invoker = true) as
select tenant_id, run_id, plan_id, year_start, year_end, as_of, known_at, recorded_at, cause, facts_hash, law_version, people
from compliance.run;

create view compliance.result_v with (security_invoker = true) as
select tenant_id, run_id, test, place, title, citation, status, unit, measured, limit_at, room, working, explanation
from compliance.result;

create view compliance.projection_v with (security_invoker = true) as
select tenant_id, run_id, recorded_at, seed, scenarios, body, cures
from compliance.projection;

grant select on compliance.run_v to open401k_app;
grant select on compliance.result_v to open401k_app;
grant select on compliance.projection_v to open401k_app;
