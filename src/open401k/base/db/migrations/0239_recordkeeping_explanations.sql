-- Reason: the explanation of section 402(f) is the plan's to give, and travels with each rollover that it pays (ADR-0057).

-- Documents of a plan, numbered as they were put; the newest is the one that is given. Nothing of a person stands in one.
create table recordkeeping.rollover_explanation (
    tenant_id   uuid        not null,
    plan_id     uuid        not null,
    put_no      integer     not null check (put_no > 0),
    fingerprint bytea       not null check (octet_length(fingerprint) = 32),
    title       text        not null,
    version     text        not null,
    media       text        not null check (media in ('text/plain', 'application/pdf')),
    content     bytea       not null check (octet_length(content) between 1 and 1000000),
    of_roth     boolean     not null,
    of_other    boolean     not null,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, plan_id, put_no),
    check (of_roth or of_other)
);

alter table recordkeeping.rollover_explanation enable row level security;
alter table recordkeeping.rollover_explanation force row level security;
create policy tenant on recordkeeping.rollover_explanation
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.rollover_explanation to open401k_app;
