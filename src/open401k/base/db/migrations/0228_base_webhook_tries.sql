-- Reason: what was sent to an endpoint and what came of it is seen, so that a person finds the one event that is not
-- taken there, leaves it out, or sends one again. The ids of it only, for thirty days.
create table base.webhook_try (
    tenant_id   uuid        not null,
    endpoint_id uuid        not null,
    try_no      bigint      not null check (try_no > 0),
    event_no    bigint      not null check (event_no > 0),
    event_id    uuid        not null,
    kind        text        not null,
    tried_at    timestamptz not null,
    again       boolean     not null,
    status      integer,
    problem     text        not null,
    primary key (tenant_id, endpoint_id, try_no),
    foreign key (tenant_id, endpoint_id) references base.webhook_endpoint (tenant_id, endpoint_id)
);

alter table base.webhook_try enable row level security;
alter table base.webhook_try force row level security;
create policy tenant on base.webhook_try
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert, delete on base.webhook_try to open401k_app;
