-- Reason: what employers sent, how it was read, what was found, and what became of it, as rows that only append: the same
-- file twice is one run, a corrected file names the run it replaces, and every status is derived from what happened.

create schema payroll;

grant usage on schema payroll to open401k_app;

-- An upload, sealed: what was sent can be shown and read again, and nobody with the table alone can.
create table payroll.file (
    tenant_id   uuid        not null,
    file_id     uuid        not null,
    plan_id     uuid        not null,
    sha256      bytea       not null check (octet_length(sha256) = 32),
    name        text        not null check (char_length(name) <= 200),
    size        bigint      not null check (size >= 0),
    sealed      bytea       not null,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, file_id),
    unique (tenant_id, plan_id, sha256)
);

-- One payroll as sent. The same bytes are the same run: `attempt` counts up only when a person says that bytes
-- seen before are meant again (a second run, or after the first was replaced).
create table payroll.run (
    tenant_id   uuid        not null,
    run_id      uuid        not null,
    plan_id     uuid        not null,
    file_id     uuid        not null,
    attempt     integer     not null check (attempt >= 1),
    provider    text        not null,
    replaces    uuid,
    reason      text        not null,
    announced   date,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, run_id),
    unique (tenant_id, plan_id, file_id, attempt),
    check (replaces <> run_id),
    foreign key (tenant_id, file_id) references payroll.file (tenant_id, file_id),
    foreign key (tenant_id, replaces) references payroll.run (tenant_id, run_id)
);

-- What happened to a run, in order; its status is the last one. Nothing is updated.
create table payroll.run_event (
    tenant_id   uuid        not null,
    run_id      uuid        not null,
    event_no    bigint      not null check (event_no >= 1),
    status      text        not null
        check (status in ('received', 'needs_mapping', 'needs_confirmation', 'confirmed', 'rejected', 'posted')),
    detail      jsonb       not null,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, run_id, event_no),
    foreign key (tenant_id, run_id) references payroll.run (tenant_id, run_id)
);

-- One reading and checking of a run: again after a mapping was settled or the census changed.
create table payroll.run_check (
    tenant_id     uuid        not null,
    run_id        uuid        not null,
    check_no      bigint      not null check (check_no >= 1),
    pay_date      date,
    period_start  date,
    period_end    date,
    row_count     bigint      not null check (row_count >= 0),
    content_index bytea       check (octet_length(content_index) = 32),
    counts        jsonb       not null,
    totals        jsonb       not null,
    recorded_at   timestamptz not null,
    recorded_by   text        not null,
    primary key (tenant_id, run_id, check_no),
    foreign key (tenant_id, run_id) references payroll.run (tenant_id, run_id)
);

-- What a check found; the first thousand of it, values masked.
create table payroll.finding (
    tenant_id    uuid    not null,
    run_id       uuid    not null,
    check_no     bigint  not null,
    finding_no   bigint  not null check (finding_no >= 1),
    severity     text    not null check (severity in ('note', 'hold', 'reject')),
    code         text    not null,
    row_no       bigint,
    line_no      bigint,
    place        text    not null,
    value_masked text    not null,
    reason       text    not null,
    fix          text    not null,
    detail       jsonb   not null,
    confirm      boolean not null,
    primary key (tenant_id, run_id, check_no, finding_no),
    foreign key (tenant_id, run_id, check_no) references payroll.run_check (tenant_id, run_id, check_no)
);

-- A settled reading of a provider's columns; the newest of a fingerprint counts.
create table payroll.mapping (
    tenant_id   uuid        not null,
    plan_id     uuid        not null,
    provider    text        not null,
    fingerprint text        not null check (char_length(fingerprint) = 64),
    recorded_at timestamptz not null,
    body        jsonb       not null,
    recorded_by text        not null,
    primary key (tenant_id, plan_id, provider, fingerprint, recorded_at)
);

-- What the employer owes the plan for a posted run, and by when. The money's arrival is in the ledger.
create table payroll.remittance (
    tenant_id      uuid        not null,
    run_id         uuid        not null,
    plan_id        uuid        not null,
    pay_date       date        not null,
    employee_cents bigint      not null check (employee_cents >= 0),
    employer_cents bigint      not null check (employer_cents >= 0),
    loan_cents     bigint      not null check (loan_cents >= 0),
    due_on         date        not null,
    outer_limit_on date        not null,
    recorded_at    timestamptz not null,
    recorded_by    text        not null,
    primary key (tenant_id, run_id),
    check (due_on <= outer_limit_on),
    foreign key (tenant_id, run_id) references payroll.run (tenant_id, run_id)
);
create index run_by_replaced on payroll.run (tenant_id, replaces);
create index run_check_by_content on payroll.run_check (tenant_id, content_index);
create index run_by_plan on payroll.run (tenant_id, plan_id, recorded_at);

alter table payroll.file enable row level security;
alter table payroll.file force row level security;
create policy tenant on payroll.file
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.file to open401k_app;

alter table payroll.run enable row level security;
alter table payroll.run force row level security;
create policy tenant on payroll.run
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.run to open401k_app;

alter table payroll.run_event enable row level security;
alter table payroll.run_event force row level security;
create policy tenant on payroll.run_event
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.run_event to open401k_app;

alter table payroll.run_check enable row level security;
alter table payroll.run_check force row level security;
create policy tenant on payroll.run_check
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.run_check to open401k_app;

alter table payroll.finding enable row level security;
alter table payroll.finding force row level security;
create policy tenant on payroll.finding
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.finding to open401k_app;

alter table payroll.mapping enable row level security;
alter table payroll.mapping force row level security;
create policy tenant on payroll.mapping
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.mapping to open401k_app;

alter table payroll.remittance enable row level security;
alter table payroll.remittance force row level security;
create policy tenant on payroll.remittance
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.remittance to open401k_app;

-- Each run with its status, its last check and, once another run took its place and was posted, which one.
create view payroll.run_v with (security_invoker = true) as
select
    run.tenant_id,
    run.run_id,
    run.plan_id,
    run.file_id,
    run.attempt,
    run.provider,
    run.replaces,
    run.reason,
    run.announced,
    run.recorded_at,
    run.recorded_by,
    file.name as file_name,
    file.size as file_size,
    file.sha256,
    last_event.status,
    last_event.recorded_at as status_at,
    last_event.event_no,
    last_check.check_no,
    last_check.pay_date,
    last_check.period_start,
    last_check.period_end,
    last_check.row_count,
    last_check.content_index,
    last_check.counts,
    last_check.totals,
    (
        select successor.run_id
        from payroll.run as successor
        join payroll.run_event as done
            on done.tenant_id = successor.tenant_id and done.run_id = successor.run_id and done.status = 'posted'
        where successor.tenant_id = run.tenant_id and successor.replaces = run.run_id
        limit 1
    ) as replaced_by
from payroll.run as run
join payroll.file as file on file.tenant_id = run.tenant_id and file.file_id = run.file_id
join lateral (
    select event.status, event.recorded_at, event.event_no
    from payroll.run_event as event
    where event.tenant_id = run.tenant_id and event.run_id = run.run_id
    order by event.event_no desc
    limit 1
) as last_event on true
left join lateral (
    select *
    from payroll.run_check as checked
    where checked.tenant_id = run.tenant_id and checked.run_id = run.run_id
    order by checked.check_no desc
    limit 1
) as last_check on true;

create view payroll.remittance_v with (security_invoker = true) as
select
    tenant_id, run_id, plan_id, pay_date, employee_cents, employer_cents, loan_cents, due_on, outer_limit_on, recorded_at
from payroll.remittance;

grant select on payroll.run_v to open401k_app;
grant select on payroll.remittance_v to open401k_app;
