-- Reason: what is due for a payroll is told by source as it was posted (pre-tax, Roth, match ...; "held" waits in suspense),
-- so that short money can be said to be whose. Cents by name; rows of before say nothing.

alter table payroll.remittance add column sources jsonb not null default '{}' check (jsonb_typeof(sources) = 'object');

create or replace view payroll.remittance_v with (security_invoker = true) as
select
    tenant_id, run_id, plan_id, pay_date, employee_cents, employer_cents, loan_cents, due_on, outer_limit_on, recorded_at,
    sources
from payroll.remittance;
