-- Reason: loans are facts: what was asked, what was decided, what payrolls withheld; and what of it is posted (ADR-0033).

-- What somebody asked for; the reference is what payroll calls the loan.
create table recordkeeping.loan_request (
    tenant_id    uuid        not null,
    loan_id      uuid        not null,
    plan_id      uuid        not null,
    employee_id  uuid        not null,
    reference    text        not null check (length(reference) between 1 and 17),
    amount_cents bigint      not null check (amount_cents > 0),
    installments integer     not null check (installments > 0),
    frequency    text        not null,
    residence    boolean     not null,
    recorded_at  timestamptz not null,
    recorded_by  text        not null,
    primary key (tenant_id, loan_id),
    unique (tenant_id, plan_id, reference)
);

-- The one answer to it: declined with the reason, or lent on a day at a rate, out of these sources by this journal entry.
create table recordkeeping.loan_decision (
    tenant_id   uuid        not null,
    loan_id     uuid        not null,
    approved    boolean     not null,
    reason      text        not null,
    loan_on     date,
    prime_bps   integer     check (prime_bps >= 0),
    rate_bps    integer     check (rate_bps >= 0),
    sources     jsonb,
    entry_id    uuid,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, loan_id),
    foreign key (tenant_id, loan_id) references recordkeeping.loan_request (tenant_id, loan_id),
    check (approved = (loan_on is not null and prime_bps is not null and rate_bps is not null and sources is not null
        and entry_id is not null))
);

-- What a payroll withheld for a loan; of a run that another one replaced, it counts no more.
create table recordkeeping.loan_payment (
    tenant_id   uuid        not null,
    run_id      uuid        not null,
    row_no      integer     not null,
    place_no    integer     not null,
    plan_id     uuid        not null,
    loan_id     uuid        not null,
    pay_date    date        not null,
    cents       bigint      not null check (cents > 0),
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, run_id, row_no, place_no),
    foreign key (tenant_id, loan_id) references recordkeeping.loan_request (tenant_id, loan_id)
);
create index loan_payment_of_loan on recordkeeping.loan_payment (tenant_id, loan_id);

-- What of that is in the books: principal and interest by source, as each journal entry moved them (negative: taken back).
create table recordkeeping.loan_posting (
    tenant_id       uuid        not null,
    entry_id        uuid        not null,
    loan_id         uuid        not null,
    plan_id         uuid        not null,
    pay_date        date        not null,
    source          text        not null,
    principal_cents bigint      not null,
    interest_cents  bigint      not null,
    recorded_at     timestamptz not null,
    primary key (tenant_id, entry_id, loan_id, source),
    foreign key (tenant_id, loan_id) references recordkeeping.loan_request (tenant_id, loan_id)
);
create index loan_posting_of_loan on recordkeeping.loan_posting (tenant_id, loan_id);

alter table recordkeeping.loan_request enable row level security;
alter table recordkeeping.loan_request force row level security;
create policy tenant on recordkeeping.loan_request
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table recordkeeping.loan_decision enable row level security;
alter table recordkeeping.loan_decision force row level security;
create policy tenant on recordkeeping.loan_decision
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table recordkeeping.loan_payment enable row level security;
alter table recordkeeping.loan_payment force row level security;
create policy tenant on recordkeeping.loan_payment
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table recordkeeping.loan_posting enable row level security;
alter table recordkeeping.loan_posting force row level security;
create policy tenant on recordkeeping.loan_posting
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.loan_request, recordkeeping.loan_decision, recordkeeping.loan_payment,
    recordkeeping.loan_posting to open401k_app;
