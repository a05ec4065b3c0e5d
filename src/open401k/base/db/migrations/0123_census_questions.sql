-- Reason: a row that may be somebody on file, or somebody new, is asked about once, with the evidence for each; the
-- answer may also be "somebody new", and what a provider calls a person is remembered by employer.

alter table census.match_answer add column is_new boolean not null default false;
alter table census.match_answer add constraint one_answer check (not (is_new and employee_id is not null));

-- One for each evidence; asked again with other candidates it is another row, and the newest counts. The plan and the
-- run are named without foreign keys, as in census.pay_run. ``said`` holds four digits of the number at most.
create table census.match_question (
    tenant_id     uuid        not null,
    question_id   uuid        not null,
    recorded_at   timestamptz not null,
    ordinal       integer     not null check (ordinal >= 0),
    evidence_hash bytea       not null check (octet_length(evidence_hash) = 32),
    plan_id       uuid        not null,
    run_id        uuid        not null,
    row_no        integer     not null check (row_no >= 0),
    said          jsonb       not null check (jsonb_typeof(said) = 'object'),
    why           text        not null check (why <> ''),
    candidates    jsonb       not null check (jsonb_typeof(candidates) = 'array'),
    recorded_by   text        not null,
    primary key (tenant_id, question_id, recorded_at, ordinal)
);

-- What a provider's system calls a person at one employer (EIN) of the sponsor; the newest row of a number counts.
create table census.employee_number (
    tenant_id   uuid        not null,
    system      text        not null,
    number      text        not null check (number <> ''),
    recorded_at timestamptz not null,
    ordinal     integer     not null check (ordinal >= 0),
    employee_id uuid        not null,
    recorded_by text        not null,
    primary key (tenant_id, system, number, recorded_at, ordinal),
    foreign key (tenant_id, employee_id) references census.employee (tenant_id, employee_id)
);

alter table census.match_question enable row level security;
alter table census.match_question force row level security;
create policy tenant on census.match_question
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.match_question to open401k_app;
alter table census.employee_number enable row level security;
alter table census.employee_number force row level security;
create policy tenant on census.employee_number
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.employee_number to open401k_app;
