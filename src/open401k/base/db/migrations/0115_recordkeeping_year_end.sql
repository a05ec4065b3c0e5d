-- Reason: what an employer gives at the end of a plan year (a true-up, a match with a last-day condition) is due once the
-- year is over. That it is over is a fact with a day on which it was recorded: what should be in the books follows from
-- facts alone, and not from the hour at which somebody asks.
create table recordkeeping.year_end (
    tenant_id   uuid        not null,
    plan_id     uuid        not null,
    last_day    date        not null,
    recorded_at timestamptz not null,
    primary key (tenant_id, plan_id, last_day)
);
alter table recordkeeping.year_end enable row level security;
alter table recordkeeping.year_end force row level security;
create policy tenant on recordkeeping.year_end
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.year_end to open401k_app;
