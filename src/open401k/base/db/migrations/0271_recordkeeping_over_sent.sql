-- Reason: a corrected file may lower a payroll whose money was sent already. What is over stood nowhere: a person says,
-- by case, whose it is and how it goes back. `entry_id` takes it off what came for the payroll; `waits_entry_id` is the
-- same money as the employer's that waits; neither is ever changed.
create table recordkeeping.over_decision (
    tenant_id      uuid        not null,
    decision_id    uuid        not null,
    plan_id        uuid        not null,
    run_id         uuid        not null,
    way            text        not null check (way in ('never_withheld', 'as_wages', 'to_employee', 'employers')),
    cents          bigint      not null check (cents > 0),
    earnings_cents bigint      check (earnings_cents >= 0),
    decided_on     date        not null,
    entry_id       uuid        not null,
    waits_entry_id uuid,
    reason         text        not null check (char_length(reason) <= 500),
    recorded_at    timestamptz not null,
    recorded_by    text        not null,
    primary key (tenant_id, decision_id),
    check ((way = 'to_employee') = (waits_entry_id is null)),
    check ((way = 'to_employee') = (earnings_cents is not null))
);
alter table recordkeeping.over_decision enable row level security;
alter table recordkeeping.over_decision force row level security;
create policy tenant on recordkeeping.over_decision
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.over_decision to open401k_app;
