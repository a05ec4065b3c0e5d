-- Reason: what should have been withheld and was not, and what the employer owes for it. A failure is a fact that is known
-- better over time; a proposal is what its correction comes to, told before it costs money; what happened to a proposal is a
-- list of events. Nothing here is ever updated: what was approved stays as it was approved.

create table compliance.failure (
    tenant_id    uuid        not null,
    failure_id   uuid        not null,
    place        integer     not null check (place > 0),
    plan_id      uuid        not null,
    event_on     date        not null,
    recorded_at  timestamptz not null,
    recorded_by  text        not null,
    content      jsonb       not null,
    primary key (tenant_id, failure_id, place)
);

create index failure_by_plan on compliance.failure (tenant_id, plan_id, recorded_at);

-- About: the failure, or the payroll whose money came late.
create table compliance.proposal (
    tenant_id    uuid        not null,
    proposal_id  uuid        not null,
    plan_id      uuid        not null,
    about        text        not null check (about <> ''),
    place        integer     not null check (place > 0),
    recorded_at  timestamptz not null,
    content      jsonb       not null,
    primary key (tenant_id, proposal_id),
    -- two at once meet here: what is proposed about a matter has one order
    unique (tenant_id, plan_id, about, place)
);

create table compliance.proposal_event (
    tenant_id    uuid        not null,
    proposal_id  uuid        not null,
    place        integer     not null check (place > 0),
    kind         text        not null check (kind in ('proposed', 'replaced', 'approved', 'declined')),
    recorded_at  timestamptz not null,
    recorded_by  text        not null,
    content      jsonb       not null,
    primary key (tenant_id, proposal_id, place),
    foreign key (tenant_id, proposal_id) references compliance.proposal (tenant_id, proposal_id)
);

-- A proposal ends once: replaced, approved or declined.
create unique index proposal_ends_once on compliance.proposal_event (tenant_id, proposal_id) where kind <> 'proposed';

alter table compliance.failure enable row level security;
alter table compliance.failure force row level security;
create policy tenant on compliance.failure using (tenant_id = any (array(select base.allowed_tenants())));
alter table compliance.proposal enable row level security;
alter table compliance.proposal force row level security;
create policy tenant on compliance.proposal using (tenant_id = any (array(select base.allowed_tenants())));
alter table compliance.proposal_event enable row level security;
alter table compliance.proposal_event force row level security;
create policy tenant on compliance.proposal_event using (tenant_id = any (array(select base.allowed_tenants())));

grant select, insert on compliance.failure to open401k_app;
grant select, insert on compliance.proposal to open401k_app;
grant select, insert on compliance.proposal_event to open401k_app;
