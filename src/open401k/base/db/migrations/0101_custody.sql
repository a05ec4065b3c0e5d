-- Reason: bank accounts, ACH files, bank statements and what each line turned out to be, as rows that only append. The
-- money itself is in the ledger; here stands which line of which statement it was seen on, and who decided.

create schema custody;
grant usage on schema custody to open401k_app;

-- The newest of a plan and purpose counts. The number is sealed; its last four digits are shown.
create table custody.bank_account (
    tenant_id       uuid        not null,
    bank_account_id uuid        not null,
    plan_id         uuid        not null,
    purpose         text        not null check (purpose in ('employer', 'plan')),
    name            text        not null check (char_length(name) between 1 and 100),
    bank_name       text        not null check (char_length(bank_name) <= 100),
    company_id      text        not null check (char_length(company_id) <= 10),
    kind            text        not null check (kind in ('checking', 'savings')),
    routing         text        not null check (routing ~ '^[0-9]{9}$'),
    sealed          bytea       not null,
    last4           text        not null check (char_length(last4) <= 4),
    recorded_at     timestamptz not null,
    recorded_by     text        not null,
    primary key (tenant_id, bank_account_id)
);

-- A file of debits as it was made, sealed since it carries account numbers.
create table custody.ach_file (
    tenant_id    uuid        not null,
    ach_file_id  uuid        not null,
    plan_id      uuid        not null,
    key          text        not null check (char_length(key) between 1 and 255),
    sealed       bytea       not null,
    cents        bigint      not null check (cents > 0),
    effective_on date        not null,
    same_day     boolean     not null,
    recorded_at  timestamptz not null,
    recorded_by  text        not null,
    primary key (tenant_id, ach_file_id),
    unique (tenant_id, key)
);

-- One debit of a file: for which payroll. The run is payroll's, a room on the same floor, so there is no key to it.
create table custody.ach_entry (
    tenant_id   uuid   not null,
    ach_file_id uuid   not null,
    trace       text   not null check (trace ~ '^[0-9]{15}$'),
    plan_id     uuid   not null,
    run_id      uuid   not null,
    cents       bigint not null check (cents > 0),
    primary key (tenant_id, ach_file_id, trace),
    foreign key (tenant_id, ach_file_id) references custody.ach_file (tenant_id, ach_file_id)
);
create index ach_entry_by_trace on custody.ach_entry (tenant_id, trace);

-- What happened to a file after it was made.
create table custody.ach_event (
    tenant_id   uuid        not null,
    ach_file_id uuid        not null,
    status      text        not null check (status in ('sent', 'withdrawn')),
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, ach_file_id, status),
    foreign key (tenant_id, ach_file_id) references custody.ach_file (tenant_id, ach_file_id)
);

-- A debit that the employer's bank sent back.
create table custody.ach_return (
    tenant_id   uuid        not null,
    ach_file_id uuid        not null,
    trace       text        not null,
    code        text        not null check (char_length(code) <= 10),
    returned_on date        not null,
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, ach_file_id, trace),
    foreign key (tenant_id, ach_file_id, trace) references custody.ach_entry (tenant_id, ach_file_id, trace)
);

-- What a bank asks to change about the employer's account; nothing changes before a person has decided.
create table custody.account_change (
    tenant_id         uuid        not null,
    account_change_id uuid        not null,
    plan_id           uuid        not null,
    trace             text        not null,
    code              text        not null check (code ~ '^C[0-9]{2}$'),
    sealed            bytea       not null,
    shown             text        not null,
    recorded_at       timestamptz not null,
    recorded_by       text        not null,
    primary key (tenant_id, account_change_id),
    unique (tenant_id, plan_id, trace, code)
);

create table custody.account_change_decision (
    tenant_id         uuid        not null,
    account_change_id uuid        not null,
    accepted          boolean     not null,
    recorded_at       timestamptz not null,
    recorded_by       text        not null,
    primary key (tenant_id, account_change_id),
    foreign key (tenant_id, account_change_id) references custody.account_change (tenant_id, account_change_id)
);

-- A bank statement: the same bytes again are the first one.
create table custody.statement (
    tenant_id     uuid        not null,
    statement_id  uuid        not null,
    plan_id       uuid        not null,
    sha256        bytea       not null check (octet_length(sha256) = 32),
    name          text        not null check (char_length(name) <= 200),
    kind          text        not null,
    sealed        bytea       not null,
    account_last4 text        not null check (char_length(account_last4) <= 4),
    opening_cents bigint,
    closing_cents bigint,
    closed_on     date,
    recorded_at   timestamptz not null,
    recorded_by   text        not null,
    primary key (tenant_id, statement_id),
    unique (tenant_id, plan_id, sha256)
);

-- Its lines; long digits in free text are masked, references stay whole.
create table custody.statement_line (
    tenant_id    uuid   not null,
    statement_id uuid   not null,
    line_no      bigint not null check (line_no >= 1),
    place        text   not null,
    booked_on    date   not null,
    value_on     date   not null,
    cents        bigint not null,
    refs         text[] not null,
    counterparty text   not null,
    description  text   not null,
    return_code  text,
    primary key (tenant_id, statement_id, line_no),
    foreign key (tenant_id, statement_id) references custody.statement (tenant_id, statement_id)
);

-- What a line turned out to be, part by part: which payroll it paid, what is the employer's, what came back.
create table custody.finding (
    tenant_id    uuid        not null,
    statement_id uuid        not null,
    line_no      bigint      not null,
    part_no      bigint      not null check (part_no >= 1),
    plan_id      uuid        not null,
    kind         text        not null check (kind in (
        'deposit', 'seen_before', 'employer_money', 'returned', 'applied', 'given_back', 'dismissed'
    )),
    run_id       uuid,
    cents        bigint      not null,
    entry_id     uuid,
    rule         text        not null,
    recorded_at  timestamptz not null,
    recorded_by  text        not null,
    primary key (tenant_id, statement_id, line_no, part_no),
    foreign key (tenant_id, statement_id, line_no) references custody.statement_line (tenant_id, statement_id, line_no)
);
create index finding_by_plan on custody.finding (tenant_id, plan_id);

alter table custody.bank_account enable row level security;
alter table custody.bank_account force row level security;
create policy tenant on custody.bank_account
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on custody.bank_account to open401k_app;

alter table custody.ach_file enable row level security;
alter table custody.ach_file force row level security;
create policy tenant on custody.ach_file
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on custody.ach_file to open401k_app;

alter table custody.ach_entry enable row level security;
alter table custody.ach_entry force row level security;
create policy tenant on custody.ach_entry
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on custody.ach_entry to open401k_app;

alter table custody.ach_event enable row level security;
alter table custody.ach_event force row level security;
create policy tenant on custody.ach_event
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on custody.ach_event to open401k_app;

alter table custody.ach_return enable row level security;
alter table custody.ach_return force row level security;
create policy tenant on custody.ach_return
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on custody.ach_return to open401k_app;

alter table custody.account_change enable row level security;
alter table custody.account_change force row level security;
create policy tenant on custody.account_change
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on custody.account_change to open401k_app;

alter table custody.account_change_decision enable row level security;
alter table custody.account_change_decision force row level security;
create policy tenant on custody.account_change_decision
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on custody.account_change_decision to open401k_app;

alter table custody.statement enable row level security;
alter table custody.statement force row level security;
create policy tenant on custody.statement
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on custody.statement to open401k_app;

alter table custody.statement_line enable row level security;
alter table custody.statement_line force row level security;
create policy tenant on custody.statement_line
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on custody.statement_line to open401k_app;

alter table custody.finding enable row level security;
alter table custody.finding force row level security;
create policy tenant on custody.finding
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on custody.finding to open401k_app;

