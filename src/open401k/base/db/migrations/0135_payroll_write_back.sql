-- Reason: what payroll is told of a person's deductions is kept with what became of it, so that nothing is told twice,
-- nothing is lost when a provider is down, and a payroll that does not follow it is seen.

-- One deduction of one person from a day on: a percentage, an amount for each paycheck, or (both null) no more of it.
create table payroll.instruction (
    tenant_id      uuid        not null,
    instruction_id uuid        not null,
    instruction_no bigint      not null generated always as identity,
    plan_id        uuid        not null,
    employee_id    uuid        not null,
    means          text        not null,
    loan_id        text        not null default '',
    bps            integer     check (bps between 0 and 10000),
    cents          bigint      check (cents >= 0),
    effective_on   date        not null,
    why            text        not null,
    recorded_at    timestamptz not null,
    recorded_by    text        not null,
    primary key (tenant_id, instruction_id),
    check (bps is null or cents is null)
);
create index instruction_of_plan on payroll.instruction (tenant_id, plan_id, employee_id);

-- What became of it, one after the other; the last one is where it stands.
create table payroll.instruction_event (
    tenant_id      uuid        not null,
    instruction_id uuid        not null,
    event_no       integer     not null check (event_no > 0),
    state          text        not null,
    attempts       integer     not null default 0 check (attempts >= 0),
    next_try_at    timestamptz,
    job            text        not null default '',
    detail         text        not null default '',
    recorded_at    timestamptz not null,
    recorded_by    text        not null,
    primary key (tenant_id, instruction_id, event_no),
    foreign key (tenant_id, instruction_id) references payroll.instruction (tenant_id, instruction_id)
);

alter table payroll.instruction enable row level security;
alter table payroll.instruction force row level security;
create policy tenant on payroll.instruction
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table payroll.instruction_event enable row level security;
alter table payroll.instruction_event force row level security;
create policy tenant on payroll.instruction_event
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.instruction, payroll.instruction_event to open401k_app;
