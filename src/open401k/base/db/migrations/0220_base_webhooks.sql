-- Reason: who builds on us wants to be told of events without asking; where to, what is signed with, and how far each
-- endpoint has come in the outbox is kept, so that nothing is lost over a crash or an outage.

-- The state of an endpoint and of the event that it is told next. ``cursor``: every event up to it is told or not
-- wanted. No ``kinds`` are all kinds. Secrets are sealed; the one before holds for a day after it was replaced.
create table base.webhook_endpoint (
    tenant_id              uuid        not null references base.head (tenant_id),
    endpoint_id            uuid        not null,
    url                    text        not null,
    kinds                  text[]      not null,
    state                  text        not null check (state in ('active', 'paused', 'failed', 'gone', 'removed')),
    cursor                 bigint      not null check (cursor >= 0),
    failures               integer     not null default 0 check (failures >= 0),
    first_failed_at        timestamptz,
    next_at                timestamptz,
    problem                text        not null default '',
    delivered_at           timestamptz,
    sealed_secret          bytea       not null,
    sealed_previous_secret bytea,
    previous_until         timestamptz,
    created_at             timestamptz not null,
    primary key (tenant_id, endpoint_id),
    check ((failures = 0) = (first_failed_at is null)),
    check ((sealed_previous_secret is null) = (previous_until is null))
);
create index webhook_endpoint_active on base.webhook_endpoint (tenant_id) where state = 'active';

alter table base.webhook_endpoint enable row level security;
alter table base.webhook_endpoint force row level security;
create policy tenant on base.webhook_endpoint
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on base.webhook_endpoint to open401k_app;
grant update (
    state, cursor, failures, first_failed_at, next_at, problem, delivered_at,
    sealed_secret, sealed_previous_secret, previous_until
) on base.webhook_endpoint to open401k_app;
