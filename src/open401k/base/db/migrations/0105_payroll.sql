-- Reason: a sponsor's payroll provider is asked by itself. Whose company it is, how far it was asked, and its tokens are
-- one row each; what came is kept, sealed, before anything is done with it, so that a crash asks for nothing twice; every
-- webhook is kept for ever by its id, so that one sent again is no news.

create table payroll.connection (
    tenant_id       uuid        not null,
    connection_id   uuid        not null,
    plan_id         uuid        not null,
    provider        text        not null,
    company_id      text        not null check (char_length(company_id) between 1 and 200),
    company_name    text        not null,
    since           date        not null,
    recorded_at     timestamptz not null,
    recorded_by     text        not null,
    -- What changes: where it stands, and how far it was asked.
    state           text        not null check (state in ('connected', 'needs_a_person', 'paused')),
    cursor          text        not null,
    news            boolean     not null,
    tried_at        timestamptz,
    succeeded_at    timestamptz,
    problem         jsonb       not null check (jsonb_typeof(problem) = 'object'),
    waits           jsonb       not null check (jsonb_typeof(waits) = 'array'),
    primary key (tenant_id, connection_id),
    unique (tenant_id, plan_id, provider, company_id)
);
create index connection_by_company on payroll.connection (provider, company_id);

-- Sealed, and replaced when renewed: a used refresh token proves nothing, and an old one kept is only a danger. The row
-- is locked while a token is renewed, since each works once.
create table payroll.connection_token (
    tenant_id     uuid  not null,
    connection_id uuid  not null,
    sealed        bytea not null,
    primary key (tenant_id, connection_id),
    foreign key (tenant_id, connection_id) references payroll.connection (tenant_id, connection_id)
);

-- A person or a payroll as the provider told it, each time that it told something new.
create table payroll.pulled (
    tenant_id     uuid        not null,
    connection_id uuid        not null,
    kind          text        not null check (kind in ('person', 'payroll')),
    provider_id   text        not null check (char_length(provider_id) between 1 and 200),
    version_no    bigint      not null check (version_no >= 1),
    content_index bytea       not null check (octet_length(content_index) = 32),
    sealed        bytea       not null,
    recorded_at   timestamptz not null,
    primary key (tenant_id, connection_id, kind, provider_id, version_no),
    foreign key (tenant_id, connection_id) references payroll.connection (tenant_id, connection_id)
);

-- What became of a version: whose facts it told, or which run it went into. Employees are census's, hence no key.
create table payroll.pulled_done (
    tenant_id     uuid        not null,
    connection_id uuid        not null,
    kind          text        not null,
    provider_id   text        not null,
    version_no    bigint      not null,
    employee_id   uuid,
    run_id        uuid,
    recorded_at   timestamptz not null,
    primary key (tenant_id, connection_id, kind, provider_id, version_no),
    foreign key (tenant_id, connection_id, kind, provider_id, version_no)
        references payroll.pulled (tenant_id, connection_id, kind, provider_id, version_no),
    foreign key (tenant_id, run_id) references payroll.run (tenant_id, run_id)
);

-- A person's word for who somebody at the provider is; the newest counts. No employee: somebody new.
create table payroll.connection_link (
    tenant_id     uuid        not null,
    connection_id uuid        not null,
    provider_id   text        not null,
    link_no       bigint      not null check (link_no >= 1),
    employee_id   uuid,
    recorded_at   timestamptz not null,
    recorded_by   text        not null,
    primary key (tenant_id, connection_id, provider_id, link_no),
    foreign key (tenant_id, connection_id) references payroll.connection (tenant_id, connection_id)
);

create table payroll.webhook (
    tenant_id     uuid        not null,
    connection_id uuid        not null,
    event_id      text        not null check (char_length(event_id) between 1 and 200),
    kind          text        not null,
    entity_id     text        not null,
    recorded_at   timestamptz not null,
    primary key (tenant_id, connection_id, event_id),
    foreign key (tenant_id, connection_id) references payroll.connection (tenant_id, connection_id)
);

alter table payroll.connection enable row level security;
alter table payroll.connection force row level security;
create policy tenant on payroll.connection
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert, update (state, cursor, news, tried_at, succeeded_at, problem, waits)
    on payroll.connection to open401k_app;

alter table payroll.connection_token enable row level security;
alter table payroll.connection_token force row level security;
create policy tenant on payroll.connection_token
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert, update (sealed) on payroll.connection_token to open401k_app;

alter table payroll.pulled enable row level security;
alter table payroll.pulled force row level security;
create policy tenant on payroll.pulled
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.pulled to open401k_app;

alter table payroll.pulled_done enable row level security;
alter table payroll.pulled_done force row level security;
create policy tenant on payroll.pulled_done
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.pulled_done to open401k_app;

alter table payroll.connection_link enable row level security;
alter table payroll.connection_link force row level security;
create policy tenant on payroll.connection_link
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.connection_link to open401k_app;

alter table payroll.webhook enable row level security;
alter table payroll.webhook force row level security;
create policy tenant on payroll.webhook
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.webhook to open401k_app;
