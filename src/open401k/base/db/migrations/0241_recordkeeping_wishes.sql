-- Reason: what a participant wishes of a rollover waits until staff take it up or decline it (ADR-0065).

-- What a participant wishes, sealed as they said it; and how it ended, once. Taken up, it is a request of the same id.
create table recordkeeping.rollover_wish (
    tenant_id   uuid        not null,
    rollover_id uuid        not null,
    plan_id     uuid        not null,
    employee_id uuid        not null,
    way         text        not null check (way in ('into', 'out')),
    sealed      bytea       not null,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, rollover_id)
);
create index rollover_wish_of_plan on recordkeeping.rollover_wish (tenant_id, plan_id, employee_id);
create table recordkeeping.rollover_wish_end (
    tenant_id   uuid        not null,
    rollover_id uuid        not null,
    how         text        not null check (how in ('taken_up', 'declined', 'withdrawn')),
    words       text        not null,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, rollover_id),
    foreign key (tenant_id, rollover_id) references recordkeeping.rollover_wish (tenant_id, rollover_id)
);

alter table recordkeeping.rollover_wish enable row level security;
alter table recordkeeping.rollover_wish force row level security;
create policy tenant on recordkeeping.rollover_wish
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table recordkeeping.rollover_wish_end enable row level security;
alter table recordkeeping.rollover_wish_end force row level security;
create policy tenant on recordkeeping.rollover_wish_end
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.rollover_wish, recordkeeping.rollover_wish_end to open401k_app;
