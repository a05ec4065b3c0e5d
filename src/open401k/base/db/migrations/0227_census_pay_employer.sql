-- Reason: whether catch-up must be Roth follows from the wages of one employer, by its EIN, not of all companies of a
-- plan (Reg. 1.414(v)-2(a)(2), (b)(4)). A line that names none is the sponsor's own. Named without a foreign key, as in
-- census.pay_fica_told: the hash of the lines holds which of them they are.

create table census.pay_employer (
    tenant_id uuid    not null,
    run_id    uuid    not null,
    line_no   integer not null,
    ein       text    not null check (ein ~ '^[0-9]{9}$'),
    primary key (tenant_id, run_id, line_no)
);

alter table census.pay_employer enable row level security;
alter table census.pay_employer force row level security;
create policy tenant on census.pay_employer
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.pay_employer to open401k_app;
