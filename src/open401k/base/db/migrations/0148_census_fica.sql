-- Reason: where a payroll itself says the FICA wages of a line, no kind of a code adds to them or takes from them.
-- Lines are named without a foreign key, as in census.pay_earning: the hash of the lines holds which of them they are.

create table census.pay_fica_told (
    tenant_id uuid    not null,
    run_id    uuid    not null,
    line_no   integer not null,
    primary key (tenant_id, run_id, line_no)
);

alter table census.pay_fica_told enable row level security;
alter table census.pay_fica_told force row level security;
create policy tenant on census.pay_fica_told
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.pay_fica_told to open401k_app;
