-- Reason: who the people are and what they were paid, as points in time that are never changed: a late hire date or a
-- corrected file becomes another point, so that every past answer can be given again as it was then known.

create schema census;

grant usage on schema census to open401k_app;

create table census.employee (
    tenant_id   uuid        not null,
    employee_id uuid        not null,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, employee_id)
);

-- A social security number: sealed, found by its blind index, shown by its last four digits.
create table census.ssn (
    tenant_id   uuid        not null,
    employee_id uuid        not null,
    recorded_at timestamptz not null,
    ordinal     integer     not null check (ordinal >= 0),
    sealed      bytea       not null,
    blind_index bytea       not null check (octet_length(blind_index) = 32),
    last4       text        not null check (last4 ~ '^[0-9]{4}$'),
    recorded_by text        not null,
    primary key (tenant_id, employee_id, recorded_at, ordinal),
    foreign key (tenant_id, employee_id) references census.employee (tenant_id, employee_id)
);
create index ssn_by_blind_index on census.ssn (tenant_id, blind_index);

-- Points of a person's life at work. For one kind and day the newest counts; one that does not stand takes that day back.
create table census.fact (
    tenant_id   uuid        not null,
    employee_id uuid        not null,
    kind        text        not null
        check (kind in ('hired', 'terminated', 'birth_date', 'name', 'class', 'ownership', 'officer')),
    event_on    date        not null,
    recorded_at timestamptz not null,
    ordinal     integer     not null check (ordinal >= 0),
    stands      boolean     not null default true,
    value       jsonb       not null,
    recorded_by text        not null,
    primary key (tenant_id, employee_id, kind, event_on, recorded_at, ordinal),
    check (stands or kind in ('hired', 'terminated')),
    foreign key (tenant_id, employee_id) references census.employee (tenant_id, employee_id)
);

-- Told once for a pair, from the older side, or for spouses from the lower id; read from both sides.
create table census.family (
    tenant_id   uuid        not null,
    employee_id uuid        not null,
    relative_id uuid        not null,
    event_on    date        not null,
    recorded_at timestamptz not null,
    ordinal     integer     not null check (ordinal >= 0),
    relation    text        not null check (relation in ('spouse', 'child', 'grandchild')),
    ended       boolean     not null,
    recorded_by text        not null,
    primary key (tenant_id, employee_id, relative_id, event_on, recorded_at, ordinal),
    check (employee_id <> relative_id),
    check (relation <> 'spouse' or employee_id < relative_id),
    foreign key (tenant_id, employee_id) references census.employee (tenant_id, employee_id),
    foreign key (tenant_id, relative_id) references census.employee (tenant_id, employee_id)
);

-- Years from before the first payroll here; later years are the sum of their pay lines.
create table census.annual_pay (
    tenant_id         uuid        not null,
    employee_id       uuid        not null,
    year              integer     not null check (year between 1900 and 9999),
    recorded_at       timestamptz not null,
    ordinal           integer     not null check (ordinal >= 0),
    section_415_cents bigint      not null check (section_415_cents >= 0),
    plan_cents        bigint      not null check (plan_cents >= 0),
    fica_cents        bigint      not null check (fica_cents >= 0),
    hours_hundredths  bigint      not null check (hours_hundredths >= 0),
    recorded_by       text        not null,
    primary key (tenant_id, employee_id, year, recorded_at, ordinal),
    foreign key (tenant_id, employee_id) references census.employee (tenant_id, employee_id)
);

-- One row per payroll run; the plan is named without a foreign key, because rooms meet in their views, not in each other's keys.
create table census.pay_run (
    tenant_id    uuid        not null,
    run_id       uuid        not null,
    plan_id      uuid        not null,
    pay_date     date        not null,
    period_start date        not null,
    period_end   date        not null check (period_end >= period_start),
    replaces     uuid        check (replaces <> run_id),
    recorded_at  timestamptz not null,
    recorded_by  text        not null,
    primary key (tenant_id, run_id),
    -- a run has one successor: of two corrections at once the second must name the first
    unique (tenant_id, replaces),
    foreign key (tenant_id, replaces) references census.pay_run (tenant_id, run_id)
);
create index pay_run_by_date on census.pay_run (tenant_id, plan_id, pay_date);

-- No foreign keys on this table and the next: they are a third of the price of a payroll. The one statement that writes
-- lines joins the run and the employees and counts what it wrote.
create table census.pay_line (
    tenant_id              uuid        not null,
    run_id                 uuid        not null,
    line_no                integer     not null check (line_no >= 0),
    employee_id            uuid        not null,
    gross_cents            bigint      not null,
    section_415_cents      bigint      not null,
    fica_cents             bigint      not null,
    hours_hundredths       bigint      not null,
    pre_tax_cents          bigint      not null,
    roth_cents             bigint      not null,
    after_tax_cents        bigint      not null,
    catch_up_pre_tax_cents bigint      not null,
    catch_up_roth_cents    bigint      not null,
    match_cents            bigint,
    nonelective_cents      bigint,
    recorded_at            timestamptz not null,
    primary key (tenant_id, run_id, line_no)
);

create table census.pay_earning (
    tenant_id uuid   not null,
    run_id    uuid   not null,
    line_no   integer not null,
    code      text   not null check (code <> ''),
    cents     bigint not null,
    primary key (tenant_id, run_id, line_no, code)
);

-- What an earnings code means for the plan, from a pay date on.
create table census.pay_code (
    tenant_id   uuid        not null,
    plan_id     uuid        not null,
    code        text        not null check (code <> ''),
    event_on    date        not null,
    recorded_at timestamptz not null,
    ordinal     integer     not null check (ordinal >= 0),
    counts      boolean     not null,
    recorded_by text        not null,
    primary key (tenant_id, plan_id, code, event_on, recorded_at, ordinal)
);

-- Answers to "who is this row?", by a keyed hash of the evidence. Taking an answer back is another row with no employee.
create table census.match_answer (
    tenant_id     uuid        not null,
    evidence_hash bytea       not null check (octet_length(evidence_hash) = 32),
    recorded_at   timestamptz not null,
    ordinal       integer     not null check (ordinal >= 0),
    employee_id   uuid,
    recorded_by   text        not null,
    primary key (tenant_id, evidence_hash, recorded_at, ordinal),
    foreign key (tenant_id, employee_id) references census.employee (tenant_id, employee_id)
);

alter table census.employee enable row level security;
alter table census.employee force row level security;
create policy tenant on census.employee
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.employee to open401k_app;
alter table census.ssn enable row level security;
alter table census.ssn force row level security;
create policy tenant on census.ssn
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.ssn to open401k_app;
alter table census.fact enable row level security;
alter table census.fact force row level security;
create policy tenant on census.fact
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.fact to open401k_app;
alter table census.family enable row level security;
alter table census.family force row level security;
create policy tenant on census.family
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.family to open401k_app;
alter table census.annual_pay enable row level security;
alter table census.annual_pay force row level security;
create policy tenant on census.annual_pay
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.annual_pay to open401k_app;
alter table census.pay_run enable row level security;
alter table census.pay_run force row level security;
create policy tenant on census.pay_run
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.pay_run to open401k_app;
alter table census.pay_line enable row level security;
alter table census.pay_line force row level security;
create policy tenant on census.pay_line
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.pay_line to open401k_app;
alter table census.pay_earning enable row level security;
alter table census.pay_earning force row level security;
create policy tenant on census.pay_earning
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.pay_earning to open401k_app;
alter table census.pay_code enable row level security;
alter table census.pay_code force row level security;
create policy tenant on census.pay_code
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.pay_code to open401k_app;
alter table census.match_answer enable row level security;
alter table census.match_answer force row level security;
create policy tenant on census.match_answer
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.match_answer to open401k_app;

-- What rooms above may read: people as known now, with four digits of the number; every pay line, current or replaced.
create view census.employee_v with (security_invoker = true) as
select
    employee.tenant_id,
    employee.employee_id,
    name.value ->> 'first_name' as first_name,
    name.value ->> 'last_name' as last_name,
    ssn.last4 as ssn_last4,
    (born.value ->> 'birth_date')::date as birth_date,
    coalesce(class.value ->> 'employee_class', '') as employee_class
from census.employee
left join lateral (
    select fact.value
    from census.fact
    where fact.tenant_id = employee.tenant_id and fact.employee_id = employee.employee_id and fact.kind = 'name'
    order by fact.event_on desc, fact.recorded_at desc, fact.ordinal desc
    limit 1
) as name on true
left join lateral (
    select fact.value
    from census.fact
    where fact.tenant_id = employee.tenant_id and fact.employee_id = employee.employee_id and fact.kind = 'birth_date'
    order by fact.recorded_at desc, fact.ordinal desc
    limit 1
) as born on true
left join lateral (
    select fact.value
    from census.fact
    where fact.tenant_id = employee.tenant_id and fact.employee_id = employee.employee_id and fact.kind = 'class'
    order by fact.event_on desc, fact.recorded_at desc, fact.ordinal desc
    limit 1
) as class on true
left join lateral (
    select ssn.last4
    from census.ssn
    where ssn.tenant_id = employee.tenant_id and ssn.employee_id = employee.employee_id
    order by ssn.recorded_at desc, ssn.ordinal desc
    limit 1
) as ssn on true;

create view census.pay_line_v with (security_invoker = true) as
select
    line.tenant_id,
    run.plan_id,
    line.run_id,
    line.line_no,
    line.employee_id,
    run.pay_date,
    run.period_start,
    run.period_end,
    line.gross_cents,
    line.section_415_cents,
    line.fica_cents,
    line.hours_hundredths,
    line.pre_tax_cents,
    line.roth_cents,
    line.after_tax_cents,
    line.catch_up_pre_tax_cents,
    line.catch_up_roth_cents,
    line.match_cents,
    line.nonelective_cents,
    line.recorded_at,
    -- when another run took this one's place; null while it is current
    successor.recorded_at as replaced_at
from census.pay_line as line
join census.pay_run as run
    on run.tenant_id = line.tenant_id and run.run_id = line.run_id
left join census.pay_run as successor
    on successor.tenant_id = line.tenant_id and successor.replaces = line.run_id;

grant select on census.employee_v to open401k_app;
grant select on census.pay_line_v to open401k_app;
