-- Reason: a statement may show that money came back before the bank's file says why, and the reason decides whether the
-- debit may be sent again. What was recorded stays; the reason is told beside it.

create table custody.ach_return_reason (
    tenant_id   uuid        not null,
    ach_file_id uuid        not null,
    trace       text        not null,
    code        text        not null check (char_length(code) <= 10),
    recorded_at timestamptz not null,
    recorded_by text        not null,
    primary key (tenant_id, ach_file_id, trace),
    foreign key (tenant_id, ach_file_id, trace) references custody.ach_entry (tenant_id, ach_file_id, trace)
);

alter table custody.ach_return_reason enable row level security;
alter table custody.ach_return_reason force row level security;
create policy tenant on custody.ach_return_reason
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on custody.ach_return_reason to open401k_app;

-- The first statement of the file that it came in: what one file tells twice are two payments. Null in what is from
-- before this was kept; there each statement counts as a file of its own.
alter table custody.statement add column file_id uuid;
