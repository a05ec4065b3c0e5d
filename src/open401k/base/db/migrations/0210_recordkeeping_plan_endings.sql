-- Reason: the end of a plan, of a part of it, or of contributions vests people in full (IRC 411(d)(3)). Each is a fact that a person
-- states, with its days and the reason; the newest one of a kind and its days counts, one that does not stand takes it back; a clock may
-- stand still, so they are numbered. That a
-- turnover was no partial termination is a decision of the same kind: it keeps the counts it was made on.
create table recordkeeping.plan_ending (
    tenant_id    uuid        not null,
    ending_id    uuid        not null,
    plan_id      uuid        not null,
    number       integer     not null check (number > 0),
    kind         text        not null check (
        kind in ('plan_termination', 'partial_termination', 'no_partial_termination', 'contributions_discontinued')
    ),
    starts_on    date        not null,
    ends_on      date        not null check (ends_on >= starts_on),
    stands       boolean     not null,
    reason       text        not null check (reason <> ''),
    severed      integer     check (severed >= 0),
    participants integer     check (participants >= 0),
    recorded_at  timestamptz not null,
    recorded_by  text        not null,
    primary key (tenant_id, ending_id),
    unique (tenant_id, plan_id, number)
);

-- What a day found of the turnover of a plan year, each time it found something else at or above the presumption, or no longer.
create table recordkeeping.turnover_found (
    tenant_id    uuid        not null,
    plan_id      uuid        not null,
    number       integer     not null check (number > 0),
    starts_on    date        not null,
    ends_on      date        not null,
    as_of        date        not null,
    severed      integer     not null check (severed >= 0),
    participants integer     not null check (participants >= severed),
    presumed     boolean     not null,
    recorded_at  timestamptz not null,
    primary key (tenant_id, plan_id, number)
);

alter table recordkeeping.plan_ending enable row level security;
alter table recordkeeping.plan_ending force row level security;
create policy tenant on recordkeeping.plan_ending
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table recordkeeping.turnover_found enable row level security;
alter table recordkeeping.turnover_found force row level security;
create policy tenant on recordkeeping.turnover_found
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.plan_ending to open401k_app;
grant select, insert on recordkeeping.turnover_found to open401k_app;
