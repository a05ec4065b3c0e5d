-- Which runs are of a pay date is asked in every payroll: without this, of every run that the plan ever had. The date
-- comes first: of an index that begins with the tenant the planner, while it has no statistics, thinks as well as of the
-- key, and reads all checks of the tenant to find those of one run.

create index run_check_by_pay_date on payroll.run_check (pay_date, tenant_id);
