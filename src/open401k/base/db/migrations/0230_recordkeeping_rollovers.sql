-- Reason: rollovers into a plan and out of it are facts: what was asked and told, and what the books followed (ADR-0050).

-- What somebody asked for. What was told of it is in rollover_told: no account of elsewhere stands here in clear.
create table recordkeeping.rollover_request (
    tenant_id   uuid        not null,
    rollover_id uuid        not null,
    plan_id     uuid        not null,
    employee_id uuid        not null,
    way         text        not null check (way in ('into', 'out')),
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, rollover_id)
);
create index rollover_request_of_plan on recordkeeping.rollover_request (tenant_id, plan_id, employee_id);

-- What was told of a request, under a name, and where it came to stand; of each name the newest counts. Sealed.
create table recordkeeping.rollover_told (
    tenant_id   uuid        not null,
    rollover_id uuid        not null,
    told_no     integer     not null check (told_no > 0),
    name        text        not null,
    event_on    date        not null,
    sealed      bytea       not null,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, rollover_id, told_no),
    foreign key (tenant_id, rollover_id) references recordkeeping.rollover_request (tenant_id, rollover_id)
);

-- What the books followed, once for a rollover and side: the journal entry, each part with its basis and Roth clock, the
-- sources that gave or took it, and of what was paid what Form 1099-R is made of. No request: it was asked for elsewhere.
create table recordkeeping.rollover_booked (
    tenant_id   uuid        not null,
    rollover    bytea       not null check (length(rollover) = 32),
    way         text        not null check (way in ('into', 'out')),
    plan_id     uuid        not null,
    employee_id uuid        not null,
    entry_id    uuid        not null,
    event_on    date        not null,
    parts       jsonb       not null,
    rollover_id uuid,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, rollover, way),
    unique (tenant_id, entry_id),
    foreign key (tenant_id, rollover_id) references recordkeeping.rollover_request (tenant_id, rollover_id)
);
create index rollover_booked_of_plan on recordkeeping.rollover_booked (tenant_id, plan_id, employee_id);
create unique index rollover_booked_once on recordkeeping.rollover_booked (tenant_id, rollover_id)
    where rollover_id is not null;

alter table recordkeeping.rollover_request enable row level security;
alter table recordkeeping.rollover_request force row level security;
create policy tenant on recordkeeping.rollover_request
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table recordkeeping.rollover_told enable row level security;
alter table recordkeeping.rollover_told force row level security;
create policy tenant on recordkeeping.rollover_told
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table recordkeeping.rollover_booked enable row level security;
alter table recordkeeping.rollover_booked force row level security;
create policy tenant on recordkeeping.rollover_booked
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.rollover_request, recordkeeping.rollover_told, recordkeeping.rollover_booked
    to open401k_app;
