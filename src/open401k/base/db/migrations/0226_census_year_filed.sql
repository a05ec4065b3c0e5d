-- Reason: with 80 to 120 participants a plan may be reported in the category of the year before (29 CFR 2520.103-1(d)). Which that was is
-- a fact that the sponsor states; nothing here files a report, so nothing here could know it. The newest one of a plan year counts.
create table census.year_filed (
    tenant_id   uuid        not null,
    plan_id     uuid        not null,
    year_start  date        not null,
    recorded_at timestamptz not null,
    ordinal     integer     not null check (ordinal >= 0),
    small       boolean     not null,
    recorded_by text        not null,
    primary key (tenant_id, plan_id, year_start, recorded_at, ordinal)
);
alter table census.year_filed enable row level security;
alter table census.year_filed force row level security;
create policy tenant on census.year_filed
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.year_filed to open401k_app;
