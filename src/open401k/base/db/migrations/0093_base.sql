-- Reason: a plan whose daily round fails must be seen by operations with its cause, and what signing in leaves behind
-- (challenges, links, sessions that no longer hold) must not pile up.

-- Appended: each time that something nobody waits for could not be done. What was done is a flow that ended.
create table base.failure (
    tenant_id uuid not null references base.head (tenant_id),
    flow_id uuid not null,
    failure_no integer not null check (failure_no > 0),
    flow text not null,
    failed_at timestamptz not null,
    reason text not null,
    primary key (tenant_id, flow_id, failure_no)
);
alter table base.failure enable row level security;
alter table base.failure force row level security;
create policy tenant on base.failure
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on base.failure to open401k_app;

grant delete on base.challenge, base.sign_in_link, base.session to open401k_app;

-- Sessions say who came in: a transaction that acts for sponsors cannot delete one, only the round, which sees every
-- tenant. Everything else stays as it was: sessions are read before any tenant is known.
alter table base.session enable row level security;
alter table base.session force row level security;
create policy reading on base.session for select using (true);
create policy beginning on base.session for insert with check (true);
create policy using_and_ending on base.session for update using (true);
create policy pruning on base.session for delete using ((select base.allows_every_tenant()));
