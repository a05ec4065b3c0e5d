-- Reason: a provider tells of news only where its application has subscribed and proven that the address is its own;
-- what was asked for and the token that came of it are kept, so that nobody has to subscribe by hand.

-- How far a subscription is; one that is verified counts, else the newest. It is of the application, not of a sponsor:
-- ``tenant_id`` is the installation itself. The token signs every webhook, so it is sealed.
create table payroll.webhook_subscription (
    tenant_id        uuid        not null,
    subscription_no  bigint      not null generated always as identity,
    provider         text        not null,
    url              text        not null,
    state            text        not null check (state in ('asked', 'verified', 'failed')),
    subscription_id  text        not null default '',
    sealed           bytea,
    detail           text        not null default '',
    recorded_at      timestamptz not null,
    recorded_by      text        not null,
    primary key (tenant_id, subscription_no),
    check ((state = 'verified') = (sealed is not null))
);
create index webhook_subscription_newest on payroll.webhook_subscription (tenant_id, provider, url, subscription_no);

alter table payroll.webhook_subscription enable row level security;
alter table payroll.webhook_subscription force row level security;
create policy tenant on payroll.webhook_subscription
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.webhook_subscription to open401k_app;
