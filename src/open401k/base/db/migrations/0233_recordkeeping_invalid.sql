-- Reason: a rollover that is found invalid after it came is paid out with its earnings (Reg. 1.401(a)(31)-1 A-14(b)).

-- What somebody determined, once of a rollover: which cents of each leg were none that could be rolled over, and why.
create table recordkeeping.rollover_invalid (
    tenant_id     uuid        not null,
    rollover_id   uuid        not null,
    plan_id       uuid        not null,
    employee_id   uuid        not null,
    determined_on date        not null,
    why           text        not null,
    detail        text        not null,
    parts         jsonb       not null,
    recorded_at   timestamptz not null,
    recorded_by   text        not null,
    primary key (tenant_id, rollover_id),
    foreign key (tenant_id, rollover_id) references recordkeeping.rollover_request (tenant_id, rollover_id)
);
create index rollover_invalid_of_plan on recordkeeping.rollover_invalid (tenant_id, plan_id);

-- What was paid back of it, once: the journal entry, each source's cents with earnings, what was withheld.
create table recordkeeping.rollover_taken_back (
    tenant_id      uuid        not null,
    rollover_id    uuid        not null,
    plan_id        uuid        not null,
    employee_id    uuid        not null,
    entry_id       uuid        not null,
    event_on       date        not null,
    parts          jsonb       not null,
    withheld_cents bigint      not null check (withheld_cents >= 0),
    recorded_at    timestamptz not null,
    recorded_by    text        not null,
    primary key (tenant_id, rollover_id),
    unique (tenant_id, entry_id),
    foreign key (tenant_id, rollover_id) references recordkeeping.rollover_invalid (tenant_id, rollover_id)
);
create index rollover_taken_back_of_plan on recordkeeping.rollover_taken_back (tenant_id, plan_id);

alter table recordkeeping.rollover_invalid enable row level security;
alter table recordkeeping.rollover_invalid force row level security;
create policy tenant on recordkeeping.rollover_invalid
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table recordkeeping.rollover_taken_back enable row level security;
alter table recordkeeping.rollover_taken_back force row level security;
create policy tenant on recordkeeping.rollover_taken_back
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.rollover_invalid, recordkeeping.rollover_taken_back to open401k_app;
