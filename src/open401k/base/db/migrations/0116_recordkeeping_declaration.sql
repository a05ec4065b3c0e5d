-- Reason: a discretionary match or profit-sharing contribution is what the employer declares for a plan year, often when the
-- year is over. Who declared how much and when is a fact; the newest one of a year and source counts.
create table recordkeeping.declaration (
    tenant_id   uuid        not null,
    plan_id     uuid        not null,
    last_day    date        not null,
    source      text        not null,
    recorded_at timestamptz not null,
    declared_on date        not null,
    formula     jsonb       not null,
    primary key (tenant_id, plan_id, last_day, source, recorded_at)
);
alter table recordkeeping.declaration enable row level security;
alter table recordkeeping.declaration force row level security;
create policy tenant on recordkeeping.declaration
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.declaration to open401k_app;
