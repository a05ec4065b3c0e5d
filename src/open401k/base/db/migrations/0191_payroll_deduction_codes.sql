-- Reason: as census.code_doubt, what was seen of a code names its side; what is on file so far is of earnings.

alter table payroll.code_seen
    add column side text not null default 'earning' check (side in ('earning', 'deduction'));
alter table payroll.code_seen drop constraint code_seen_pkey;
alter table payroll.code_seen add primary key (tenant_id, run_id, side, code, recorded_at);
