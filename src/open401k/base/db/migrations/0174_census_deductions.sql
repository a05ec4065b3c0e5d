-- Reason: what payroll takes off by code, beside the plan's own money: a cafeteria plan's part is no FICA wages.
-- Lines are named without a foreign key, as in census.pay_earning: the hash of the lines holds which of them they are.

create table census.pay_deduction (
    tenant_id uuid    not null,
    run_id    uuid    not null,
    line_no   integer not null,
    code      text    not null check (code <> ''),
    cents     bigint  not null,
    primary key (tenant_id, run_id, line_no, code)
);

alter table census.pay_deduction enable row level security;
alter table census.pay_deduction force row level security;
create policy tenant on census.pay_deduction
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.pay_deduction to open401k_app;
