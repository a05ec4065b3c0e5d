-- Reason: a participant asks for a rollover themselves, on a page that a link of their own opens (ADR-0065).

-- A link is a capability: kept as a hash, for one person of one plan, ending. It is read before any tenant is known.
create table base.participant_link (
    tenant_id   uuid        not null references base.head (tenant_id),
    token_hash  bytea       not null check (octet_length(token_hash) = 32),
    plan_id     uuid        not null,
    employee_id uuid        not null,
    created_at  timestamptz not null,
    expires_at  timestamptz not null check (expires_at > created_at),
    ended_at    timestamptz,
    recorded_by text        not null,
    primary key (tenant_id, token_hash),
    unique (token_hash)
);
create index participant_link_of_person on base.participant_link (tenant_id, plan_id, employee_id);
alter table base.participant_link enable row level security;
alter table base.participant_link force row level security;
create policy tenant on base.participant_link
    using ((select base.allows_every_tenant()) or tenant_id = any (array(select base.allowed_tenants())))
    with check ((select base.allows_every_tenant()) or tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on base.participant_link to open401k_app;
grant update (ended_at) on base.participant_link to open401k_app;
