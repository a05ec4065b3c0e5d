-- Reason: a day on which our node did not answer for open rollovers has to be seen, and by whom it is mended.

-- Each look at where a plan's open rollovers stand: the first good one of a day, and every one that came to nothing.
-- Problems name the rollover (or none: the node as a whole), what it said, what mends it, and whose desk it is.
create table recordkeeping.rollover_followed (
    tenant_id   uuid        not null,
    plan_id     uuid        not null,
    follow_no   integer     not null check (follow_no > 0),
    event_on    date        not null,
    open_count  integer     not null check (open_count >= 0),
    ok          boolean     not null,
    problems    jsonb       not null,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, plan_id, follow_no)
);

alter table recordkeeping.rollover_followed enable row level security;
alter table recordkeeping.rollover_followed force row level security;
create policy tenant on recordkeeping.rollover_followed
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.rollover_followed to open401k_app;
