-- Reason: a plan that comes here within a year was paid and contributed to before it came. Tests, limits and a match over
-- the year count all of the year; none of that money may be posted again, since it comes over in the opening balances.

-- A run of these is no payroll of ours: its lines add up the payrolls of one period, its pay date is the period's last day,
-- and nothing is ever owed for it.
alter table census.pay_run add column brought boolean not null default false;
alter table census.pay_run add constraint pay_run_brought_ends check (not brought or pay_date = period_end);
create index pay_run_brought on census.pay_run (tenant_id, plan_id) where brought;

-- What such a line says beyond pay and withholding: employer money by source, and the account on the last day of the plan
-- year before. No foreign key, as with pay lines: the one statement that writes is given lines just written.
create table census.brought_amount (
    tenant_id uuid    not null,
    run_id    uuid    not null,
    line_no   integer not null,
    name      text    not null check (
        name in (
            'match', 'safe_harbor_match', 'nonelective', 'safe_harbor_nonelective', 'profit_sharing', 'qnec', 'qmac',
            'balance_before'
        )
    ),
    cents     bigint  not null check (cents > 0),
    primary key (tenant_id, run_id, line_no, name)
);

alter table census.brought_amount enable row level security;
alter table census.brought_amount force row level security;
create policy tenant on census.brought_amount
    using (tenant_id = any (array(select base.allowed_tenants())))
    with check (tenant_id = any (array(select base.allowed_tenants())));
grant select, insert on census.brought_amount to open401k_app;
