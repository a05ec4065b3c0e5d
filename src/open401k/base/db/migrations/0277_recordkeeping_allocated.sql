-- Reason: until now the employer's money was credited whatever IRC 415(c) left. What stood in the books of a sponsor then
-- is allocated: a person approves its correction, and no payroll or end of a year takes it back. A sponsor whose books
-- begin later has no row.

create table recordkeeping.allocated_before (
    tenant_id    uuid   not null primary key,
    -- the last entry of the sponsor's journal that was posted before the limit held
    entry_number bigint not null check (entry_number > 0)
);

insert into recordkeeping.allocated_before (tenant_id, entry_number)
select tenant_id, max(number)
from ledger.entry
group by tenant_id;

alter table recordkeeping.allocated_before enable row level security;
alter table recordkeeping.allocated_before force row level security;
create policy tenant on recordkeeping.allocated_before
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select on recordkeeping.allocated_before to open401k_app;
