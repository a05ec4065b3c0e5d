-- Reason: two true checks alike, and a roster whose ids changed whole, waited for ever: nothing told that they are real. A
-- person's yes is kept, to one telling alone.

create table payroll.connection_word (
    tenant_id     uuid        not null,
    connection_id uuid        not null,
    asked         text        not null check (char_length(asked) between 1 and 300),
    recorded_at   timestamptz not null,
    recorded_by   text        not null,
    primary key (tenant_id, connection_id, asked),
    foreign key (tenant_id, connection_id) references payroll.connection (tenant_id, connection_id)
);

alter table payroll.connection_word enable row level security;
alter table payroll.connection_word force row level security;
create policy tenant on payroll.connection_word
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on payroll.connection_word to open401k_app;
