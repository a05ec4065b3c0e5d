-- Reason: the people of a tenant rarely change from payroll to payroll. Each change gives them a new edition, so that a
-- process that has folded a roster can tell in one row whether it still is the one on file.

create table census.edition (
    tenant_id uuid   not null primary key,
    edition   bigint not null
);
-- A sequence: a rollback does not give a number back, so that no number ever stands for other facts.
create sequence census.edition_number;
grant usage on sequence census.edition_number to open401k_app;
alter table census.edition enable row level security;
alter table census.edition force row level security;
create policy tenant on census.edition
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert, update (edition) on census.edition to open401k_app;

create function census.new_edition() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    insert into census.edition (tenant_id, edition)
    select fresh.tenant_id, nextval('census.edition_number')
    from fresh
    group by fresh.tenant_id
    on conflict (tenant_id) do update set edition = excluded.edition;
    return null;
end
$$;

create trigger edition after insert on census.employee
    referencing new table as fresh for each statement execute function census.new_edition();
create trigger edition after insert on census.ssn
    referencing new table as fresh for each statement execute function census.new_edition();
create trigger edition after insert on census.fact
    referencing new table as fresh for each statement execute function census.new_edition();
create trigger edition after insert on census.family
    referencing new table as fresh for each statement execute function census.new_edition();
create trigger edition after insert on census.annual_pay
    referencing new table as fresh for each statement execute function census.new_edition();

insert into census.edition (tenant_id, edition)
select tenant_id, nextval('census.edition_number')
from census.employee
group by tenant_id;
