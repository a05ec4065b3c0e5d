-- Reason: what a payroll tells late makes the employer owe for past pay dates, and that money waits for a person like that of any other
-- late fact (ADR-0035). Which entries of which payroll are meant is said here, by what their keys begin with; it is not in the remittance.
create table recordkeeping.late_payroll (
    tenant_id   uuid        not null,
    keys        text        not null check (keys <> ''),
    plan_id     uuid        not null,
    cause       text        not null,
    cents       bigint      not null check (cents <> 0),
    recorded_at timestamptz not null,
    primary key (tenant_id, keys)
);
alter table recordkeeping.late_payroll enable row level security;
alter table recordkeeping.late_payroll force row level security;
create policy tenant on recordkeeping.late_payroll
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.late_payroll to open401k_app;
