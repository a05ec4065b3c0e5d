-- Reason: a sponsor whose payroll works by files is told what to withhold in its vendor's feedback file; which layout it
-- takes, each file as it was handed over and the instruction of each row are kept, so that nothing is told twice.

-- In which layout payroll takes instructions, and by which number it knows the plan; the newest counts, empty is none.
create table payroll.feedback_terms (
    tenant_id   uuid        not null,
    plan_id     uuid        not null,
    terms_no    bigint      not null generated always as identity,
    layout      text        not null,
    plan_number text        not null check (char_length(plan_number) <= 40),
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, plan_id, terms_no),
    check ((layout = '') = (plan_number = ''))
);

-- A file as it was made; sealed, since it names people by their Social Security numbers.
create table payroll.feedback_file (
    tenant_id        uuid        not null,
    feedback_file_id uuid        not null,
    plan_id          uuid        not null,
    file_no          integer     not null check (file_no > 0),
    layout           text        not null,
    name             text        not null check (char_length(name) between 1 and 200),
    sha256           bytea       not null check (octet_length(sha256) = 32),
    sealed           bytea       not null,
    recorded_at      timestamptz not null,
    recorded_by      text        not null,
    primary key (tenant_id, feedback_file_id),
    unique (tenant_id, plan_id, file_no)
);

-- Which instruction each row of a file is.
create table payroll.feedback_line (
    tenant_id        uuid    not null,
    feedback_file_id uuid    not null,
    line_no          integer not null check (line_no > 0),
    instruction_id   uuid    not null,
    primary key (tenant_id, feedback_file_id, line_no),
    foreign key (tenant_id, feedback_file_id) references payroll.feedback_file (tenant_id, feedback_file_id),
    foreign key (tenant_id, instruction_id) references payroll.instruction (tenant_id, instruction_id)
);

alter table payroll.feedback_terms enable row level security;
alter table payroll.feedback_terms force row level security;
create policy tenant on payroll.feedback_terms
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table payroll.feedback_file enable row level security;
alter table payroll.feedback_file force row level security;
create policy tenant on payroll.feedback_file
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
alter table payroll.feedback_line enable row level security;
alter table payroll.feedback_line force row level security;
create policy tenant on payroll.feedback_line
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.feedback_terms, payroll.feedback_file, payroll.feedback_line to open401k_app;
