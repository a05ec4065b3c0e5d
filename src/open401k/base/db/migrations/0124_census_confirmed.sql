-- Reason: the year-end census is derived, never stored; that a sponsor looked at it and said that it is right is a fact,
-- with a hash of what was shown. What was shown is derived again from what was known at ``known_at``.

create table census.year_confirmed (
    tenant_id    uuid        not null,
    plan_id      uuid        not null,
    year_start   date        not null,
    recorded_at  timestamptz not null,
    ordinal      integer     not null check (ordinal >= 0),
    known_at     timestamptz not null check (known_at <= recorded_at),
    sha256       text        not null check (sha256 ~ '^[0-9a-f]{64}$'),
    people       integer     not null check (people >= 0),
    recorded_by  text        not null,
    signed_as    text        not null check (signed_as <> ''),
    primary key (tenant_id, plan_id, year_start, recorded_at, ordinal)
);

alter table census.year_confirmed enable row level security;
alter table census.year_confirmed force row level security;
create policy tenant on census.year_confirmed
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.year_confirmed to open401k_app;
