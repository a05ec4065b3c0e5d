-- Reason: what late facts moved, and what left before it was taken back, are a few entries among all of a sponsor's; they
-- are asked for with every payroll, and were looked for in the whole journal.

create index entry_of_late_facts on ledger.entry (tenant_id, reason) where reason in ('correction', 'overpaid');

-- What becomes of money that left before it was taken back: it came again, from the person or from somebody else, with
-- the entry of that money; or it is left with the person, by a plan that does not ask for it.
create table recordkeeping.overpaid_decision (
    tenant_id   uuid        not null,
    decision_id uuid        not null,
    plan_id     uuid        not null,
    employee_id uuid        not null,
    source      text        not null,
    kind        text        not null check (kind in ('paid_back', 'restored', 'left')),
    cents       bigint      not null check (cents > 0),
    decided_on  date        not null,
    entry_id    uuid,
    reason      text        not null check (char_length(reason) <= 500),
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, decision_id),
    check ((kind = 'left') = (entry_id is null))
);
alter table recordkeeping.overpaid_decision enable row level security;
alter table recordkeeping.overpaid_decision force row level security;
create policy tenant on recordkeeping.overpaid_decision
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.overpaid_decision to open401k_app;
