-- Reason: what happens to a loan after it was made, beside payments: leaves that pause it, an offset of the account, a deemed distribution
-- that was reported (ADR-0039). Of leaves that begin on the same day the newest counts; without an end it was taken back.
create table recordkeeping.loan_event (
    tenant_id   uuid        not null,
    event_id    uuid        not null,
    plan_id     uuid        not null,
    loan_id     uuid        not null,
    kind        text        not null check (kind in ('leave', 'offset', 'reported')),
    event_on    date        not null,
    until       date,
    military    boolean     not null,
    details     jsonb       not null,
    entry_id    uuid,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, event_id),
    foreign key (tenant_id, loan_id) references recordkeeping.loan_request (tenant_id, loan_id),
    check (until is null or until >= event_on),
    check (kind = 'leave' or (until is null and not military)),
    check ((kind = 'offset') = (entry_id is not null))
);
create index loan_event_of_loan on recordkeeping.loan_event (tenant_id, loan_id);
create unique index loan_event_offset_once on recordkeeping.loan_event (tenant_id, loan_id) where kind = 'offset';

alter table recordkeeping.loan_event enable row level security;
alter table recordkeeping.loan_event force row level security;
create policy tenant on recordkeeping.loan_event
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.loan_event to open401k_app;
