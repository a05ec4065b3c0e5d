-- Reason: what a person said becomes of money that a corrected file left over may have been wrong, and could not be
-- taken back. What was said stays; that it was taken back is told beside it. Its entries are reversed by new ones.
create table recordkeeping.over_undone (
    tenant_id   uuid        not null,
    decision_id uuid        not null,
    undone_on   date        not null,
    reason      text        not null check (char_length(reason) <= 500),
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, decision_id),
    foreign key (tenant_id, decision_id) references recordkeeping.over_decision (tenant_id, decision_id)
);
alter table recordkeeping.over_undone enable row level security;
alter table recordkeeping.over_undone force row level security;
create policy tenant on recordkeeping.over_undone
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.over_undone to open401k_app;
