-- Who may come in: users, what they are to which sponsor, sessions, one-time links, passkeys, API keys. Secrets as hashes only.
-- Users, sessions, links, passkeys and challenges are global: they are read before any tenant is known.

create table base.app_user (
    user_id uuid not null primary key,
    email text not null unique check (email = lower(email)),
    name text not null,
    created_at timestamptz not null
);
grant select, insert on base.app_user to open401k_app;

-- Operations staff and what disables a user: the newest point not after the instant asked about holds.
create table base.operator (
    user_id uuid not null references base.app_user (user_id),
    change_no bigint not null check (change_no > 0),
    effective_at timestamptz not null,
    recorded_at timestamptz not null,
    granted boolean not null,
    primary key (user_id, change_no)
);
grant select, insert on base.operator to open401k_app;

-- What a user is to a sponsor, as appended points: granted or taken away from an instant on.
create table base.membership (
    tenant_id uuid not null references base.head (tenant_id),
    user_id uuid not null references base.app_user (user_id),
    role text not null check (
        role in ('advisor', 'sponsor', 'participant', 'auditor', 'custodian', 'payroll_provider')
    ),
    change_no bigint not null check (change_no > 0),
    effective_at timestamptz not null,
    recorded_at timestamptz not null,
    granted boolean not null,
    recorded_by text not null,
    primary key (tenant_id, user_id, role, change_no)
);
create index membership_of_user on base.membership (user_id);
alter table base.membership enable row level security;
alter table base.membership force row level security;
-- Signing in asks before a tenant is known, with every tenant signed; the first half spares it the list of them all.
create policy tenant on base.membership
    using ((select base.allows_every_tenant()) or tenant_id = any (array(select base.allowed_tenants())))
    with check ((select base.allows_every_tenant()) or tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on base.membership to open401k_app;

create table base.session (
    session_id uuid not null primary key,
    user_id uuid not null references base.app_user (user_id),
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    strength text not null check (strength in ('link', 'passkey')),
    created_at timestamptz not null,
    used_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz
);
create index session_of_user on base.session (user_id);
grant select, insert on base.session to open401k_app;
grant update (token_hash, used_at, ended_at) on base.session to open401k_app;

create table base.sign_in_link (
    token_hash bytea not null primary key check (octet_length(token_hash) = 32),
    user_id uuid not null references base.app_user (user_id),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
grant select, insert on base.sign_in_link to open401k_app;
grant update (used_at) on base.sign_in_link to open401k_app;

create table base.passkey (
    credential_id bytea not null primary key,
    user_id uuid not null references base.app_user (user_id),
    public_key bytea not null,
    sign_count bigint not null check (sign_count >= 0),
    label text not null,
    created_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz
);
create index passkey_of_user on base.passkey (user_id);
grant select, insert on base.passkey to open401k_app;
grant update (sign_count, used_at, revoked_at) on base.passkey to open401k_app;

create table base.challenge (
    challenge bytea not null primary key,
    purpose text not null check (purpose in ('register', 'authenticate')),
    user_id uuid references base.app_user (user_id),
    expires_at timestamptz not null,
    used_at timestamptz
);
grant select, insert on base.challenge to open401k_app;
grant update (used_at) on base.challenge to open401k_app;

create table base.api_key (
    tenant_id uuid not null references base.head (tenant_id),
    key_id uuid not null,
    secret_hash bytea not null unique check (octet_length(secret_hash) = 32),
    prefix text not null,
    label text not null,
    scopes text[] not null check (cardinality(scopes) > 0),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    primary key (tenant_id, key_id)
);
alter table base.api_key enable row level security;
alter table base.api_key force row level security;
create policy tenant on base.api_key
    using ((select base.allows_every_tenant()) or tenant_id = any (array(select base.allowed_tenants())))
    with check ((select base.allows_every_tenant()) or tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on base.api_key to open401k_app;
grant update (revoked_at) on base.api_key to open401k_app;
