-- Reason: qualified student loan payments count for a match (IRC 401(m)(4)(D)). What an employee certified to have paid, on which
-- day and on which loan, is a fact; the newest one of a person, day and loan counts, one of nothing takes it back.
create table recordkeeping.student_loan_payment (
    tenant_id    uuid        not null,
    plan_id      uuid        not null,
    employee_id  uuid        not null,
    paid_on      date        not null,
    loan         text        not null,
    recorded_at  timestamptz not null,
    certified_on date        not null,
    cents        bigint      not null check (cents >= 0),
    primary key (tenant_id, plan_id, employee_id, paid_on, loan, recorded_at)
);
alter table recordkeeping.student_loan_payment enable row level security;
alter table recordkeeping.student_loan_payment force row level security;
create policy tenant on recordkeeping.student_loan_payment
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on recordkeeping.student_loan_payment to open401k_app;
