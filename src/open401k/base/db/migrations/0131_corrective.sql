-- Reason: money that the employer contributes to correct a failure counts in 415 for the limitation year that it relates to
-- (Reg. 1.415(c)-1(b)(6)(ii)), not for the day on which it is posted; earnings on it count in no year. The money itself is in
-- the ledger, under a reason of its own, which the settlement of payrolls leaves alone.

create table recordkeeping.corrective (
    tenant_id       uuid        not null,
    entry_id        uuid        not null,
    plan_id         uuid        not null,
    employee_id     uuid        not null,
    source          text        not null,
    year_start      date        not null,
    cents           bigint      not null,
    earnings_cents  bigint      not null,
    recorded_at     timestamptz not null,
    primary key (tenant_id, entry_id, employee_id, source, year_start)
);

create index corrective_by_year on recordkeeping.corrective (tenant_id, plan_id, year_start);

alter table recordkeeping.corrective enable row level security;
alter table recordkeeping.corrective force row level security;
create policy tenant on recordkeeping.corrective
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.corrective to open401k_app;
