-- Reason: the driver keeps room, for as long as its connection lives, for the longest statement that it ever sent. A file
-- of 15 MB or the working of a test of 100,000 people is sent in pieces, which the statement that stores it puts together.

-- Unlogged: rows live within one transaction.
create unlogged table base.laid_by (
    tenant_id uuid    not null,
    name      text    not null,
    place     integer not null,
    piece     bytea   not null,
    primary key (tenant_id, name, place)
);

alter table base.laid_by alter column piece set storage external;
alter table base.laid_by enable row level security;
alter table base.laid_by force row level security;
create policy tenant on base.laid_by
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert, delete on base.laid_by to open401k_app;

create view base.laid_by_v with (security_invoker = true) as
select tenant_id, name, string_agg(piece, ''::bytea order by place) as whole
from base.laid_by
group by tenant_id, name;
grant select on base.laid_by_v to open401k_app;
