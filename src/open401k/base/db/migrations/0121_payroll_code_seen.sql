-- Reason: what a code seems to be for is judged by how a whole file adds up; the page that asks a person shows it, and what is
-- confirmed keeps it as evidence, long after the file was read.

create table payroll.code_seen (
    tenant_id   uuid        not null,
    plan_id     uuid        not null,
    run_id      uuid        not null,
    code        text        not null check (code <> ''),
    recorded_at timestamptz not null,
    pay_date    date        not null,
    seen        jsonb       not null, -- payroll/code_proposals.py: Seen
    primary key (tenant_id, run_id, code, recorded_at)
);
alter table payroll.code_seen enable row level security;
alter table payroll.code_seen force row level security;
create policy tenant on payroll.code_seen
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.code_seen to open401k_app;
