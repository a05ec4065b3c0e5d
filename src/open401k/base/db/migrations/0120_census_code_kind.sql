-- Reason: what a payroll code is for (overtime, bonus, reimbursement, a deferral) is a fact of the sponsor's payroll; whether
-- its pay counts for the plan, for section 415 and as FICA wages follows from it and from the provisions. Money of rows
-- with a code that nobody has said that of waits until somebody does.

-- For each code what a person confirmed, from a day on; nothing is changed, a later word goes before an earlier one.
create table census.code_kind (
    tenant_id   uuid        not null,
    side        text        not null check (side in ('earning', 'deduction')),
    code        text        not null check (code <> ''),
    event_on    date        not null,
    recorded_at timestamptz not null,
    ordinal     integer     not null check (ordinal >= 0),
    kind        text        not null check (kind <> ''),
    in_gross    boolean     not null, -- whether the gross pay of a row holds the amount
    evidence    jsonb       not null, -- what it was confirmed on: see payroll/pay_codes.py
    recorded_by text        not null,
    primary key (tenant_id, side, code, event_on, recorded_at, ordinal)
);
alter table census.code_kind enable row level security;
alter table census.code_kind force row level security;
create policy tenant on census.code_kind
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.code_kind to open401k_app;

-- Lines that were posted while nobody had said what a code of theirs means, or while it did not behave as what was said:
-- they are in doubt until a word about the code is recorded later. No foreign key, as with pay lines.
create table census.code_doubt (
    tenant_id   uuid        not null,
    run_id      uuid        not null,
    line_no     integer     not null,
    code        text        not null check (code <> ''),
    why         text        not null check (why <> ''),
    recorded_at timestamptz not null,
    primary key (tenant_id, run_id, line_no, code)
);
alter table census.code_doubt enable row level security;
alter table census.code_doubt force row level security;
create policy tenant on census.code_doubt
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.code_doubt to open401k_app;

-- When something was said of a code: a payroll that was checked before is checked again.
create view census.code_said_v with (security_invoker = true) as
select tenant_id, recorded_at
from census.pay_code
union all
select tenant_id, recorded_at
from census.code_kind;
grant select on census.code_said_v to open401k_app;
