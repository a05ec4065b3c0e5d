-- The ground: tenants' heads, audit chain, outbox, stored steps of flows, wrapped keys, and who may see what.

revoke all on schema public from public;
grant usage on schema base to open401k_app;
grant select on base.migration to open401k_app;

-- The key that signs a set of tenants. Only the owner reads it: the application holds the same key outside the database.
create table base.signing_key (
    key_no smallint primary key,
    inner_key bytea not null check (octet_length(inner_key) = 64),
    outer_key bytea not null check (octet_length(outer_key) = 64)
);

-- One row a tenant. Every posting locks it first; it carries the heads of the audit chain and of the outbox.
create table base.head (
    tenant_id uuid not null primary key,
    opened_at timestamptz not null,
    audit_no bigint not null default 0 check (audit_no >= 0),
    audit_hash bytea not null default '\x'::bytea,
    event_no bigint not null default 0 check (event_no >= 0)
);

-- The signed part of the setting open401k.tenants ("<set>:<hmac>"), or null when it is unset, left empty or forged.
-- ADR-0006: with the next two, the only functions that run with their owner's rights. They read a key that the
-- application's role must not read, answer with the caller's own claim, and pin their search path.
create function base.signed_tenants() returns text
    language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    select split_part(claim.setting, ':', 1)
    from (select current_setting('open401k.tenants', true) as setting) as claim
    join base.signing_key as signing on encode(
        sha256(signing.outer_key || sha256(signing.inner_key || convert_to(split_part(claim.setting, ':', 1), 'UTF8'))),
        'hex'
    ) = split_part(claim.setting, ':', 2)
$$;

create function base.allows_every_tenant() returns boolean
    language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    select coalesce(base.signed_tenants() = '*', false)
$$;

create function base.allowed_tenants() returns setof uuid
    language plpgsql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    signed constant text := base.signed_tenants();
begin
    if signed = '*' then
        return query select head.tenant_id from base.head as head;
    elsif signed <> '' then
        return query select part::uuid from unnest(string_to_array(signed, ',')) as part;
    end if;
end
$$;

revoke all on function base.signed_tenants(), base.allows_every_tenant(), base.allowed_tenants() from public;
grant execute on function base.allows_every_tenant(), base.allowed_tenants() to open401k_app;

alter table base.head enable row level security;
alter table base.head force row level security;
-- The owner's own policy lets allowed_tenants() list the tenants without asking itself.
create policy directory on base.head for select to open401k_owner using (true);
create policy tenant on base.head to open401k_app
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (base.allows_every_tenant() or tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on base.head to open401k_app;
grant update (audit_no, audit_hash, event_no) on base.head to open401k_app;

-- Who did what, when, why, before and after; each row carries the hash of the one before it.
create table base.audit (
    tenant_id uuid not null references base.head (tenant_id),
    audit_no bigint not null check (audit_no > 0),
    recorded_at timestamptz not null,
    actor_kind text not null check (actor_kind in ('user', 'api_key', 'system')),
    actor_id text not null,
    why text not null,
    action text not null,
    subject text not null,
    before jsonb,
    after jsonb,
    previous_hash bytea not null,
    hash bytea not null check (octet_length(hash) = 32),
    primary key (tenant_id, audit_no)
);
create index audit_subject on base.audit (tenant_id, subject, audit_no);
alter table base.audit enable row level security;
alter table base.audit force row level security;
create policy tenant on base.audit
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on base.audit to open401k_app;

-- Events for the outside, numbered densely in the order in which their transactions committed.
create table base.event (
    tenant_id uuid not null references base.head (tenant_id),
    event_no bigint not null check (event_no > 0),
    event_id uuid not null,
    recorded_at timestamptz not null,
    kind text not null,
    subject text not null,
    data jsonb not null,
    primary key (tenant_id, event_no)
);
alter table base.event enable row level security;
alter table base.event force row level security;
create policy tenant on base.event
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on base.event to open401k_app;

-- A flow under way or ended, and the stored result of each of its steps.
create table base.flow (
    tenant_id uuid not null references base.head (tenant_id),
    flow_id uuid not null,
    flow text not null,
    begun_at timestamptz not null,
    ended_at timestamptz,
    primary key (tenant_id, flow_id)
);
create index flow_unfinished on base.flow (tenant_id, begun_at) where ended_at is null;
alter table base.flow enable row level security;
alter table base.flow force row level security;
create policy tenant on base.flow
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on base.flow to open401k_app;
grant update (ended_at) on base.flow to open401k_app;

create table base.step (
    tenant_id uuid not null,
    flow_id uuid not null,
    step text not null,
    recorded_at timestamptz not null,
    result jsonb not null,
    halted_because text,
    primary key (tenant_id, flow_id, step),
    foreign key (tenant_id, flow_id) references base.flow (tenant_id, flow_id)
);
alter table base.step enable row level security;
alter table base.step force row level security;
create policy tenant on base.step
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on base.step to open401k_app;

-- A tenant's data keys, wrapped by the master key that lives outside the database. Rewrapping changes the wrapping only.
create table base.data_key (
    tenant_id uuid not null references base.head (tenant_id),
    key_no smallint not null check (key_no > 0),
    kek_id text not null,
    wrapped bytea not null,
    created_at timestamptz not null,
    primary key (tenant_id, key_no)
);
alter table base.data_key enable row level security;
alter table base.data_key force row level security;
create policy tenant on base.data_key
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on base.data_key to open401k_app;
grant update (kek_id, wrapped) on base.data_key to open401k_app;
