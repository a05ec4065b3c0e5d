-- Reason: a projected failure is told once per plan, plan year and test, and what happened to it afterwards must be
-- provable: the alert row never changes, its events are appended, its state is its newest event.

create schema fiduciary;

grant usage on schema fiduciary to open401k_app;

create table fiduciary.alert (
    tenant_id   uuid        not null,
    alert_id    uuid        not null,
    plan_id     uuid        not null,
    year_start  date        not null,
    test        text        not null,
    -- a failure that came back after it was resolved is a new alert; two at once are impossible
    round       integer     not null check (round > 0),
    raised_at   timestamptz not null,
    primary key (tenant_id, alert_id),
    unique (tenant_id, plan_id, year_start, test, round)
);

create table fiduciary.alert_event (
    tenant_id   uuid        not null,
    alert_id    uuid        not null,
    place       integer     not null check (place > 0),
    kind        text        not null check (kind in ('raised', 'updated', 'acknowledged', 'resolved')),
    recorded_at timestamptz not null,
    recorded_by text        not null,
    content     jsonb       not null,
    primary key (tenant_id, alert_id, place),
    foreign key (tenant_id, alert_id) references fiduciary.alert (tenant_id, alert_id),
    check ((place = 1) = (kind = 'raised'))
);

alter table fiduciary.alert enable row level security;
alter table fiduciary.alert force row level security;
create policy tenant on fiduciary.alert using (tenant_id = any (array(select base.allowed_tenants())));
alter table fiduciary.alert_event enable row level security;
alter table fiduciary.alert_event force row level security;
create policy tenant on fiduciary.alert_event using (tenant_id = any (array(select base.allowed_tenants())));

grant select, insert on fiduciary.alert to open401k_app;
grant select, insert on fiduciary.alert_event to open401k_app;

create view fiduciary.alert_v with (security_invoker = true) as
select alert.tenant_id, alert.alert_id, alert.plan_id, alert.year_start, alert.test, alert.round, alert.raised_at
from fiduciary.alert;

create view fiduciary.alert_event_v with (security_invoker = true) as
select tenant_id, alert_id, place, kind, recorded_at, recorded_by, content
from fiduciary.alert_event;

grant select on fiduciary.alert_v to open401k_app;
grant select on fiduciary.alert_event_v to open401k_app;
