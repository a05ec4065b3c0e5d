-- Reason: deduction codes are asked about as codes of earnings are. One code may stand on both sides of a pay line, so a
-- doubt names its side; what is on file so far is of earnings.

alter table census.code_doubt
    add column side text not null default 'earning' check (side in ('earning', 'deduction'));
alter table census.code_doubt drop constraint code_doubt_pkey;
alter table census.code_doubt add primary key (tenant_id, run_id, line_no, side, code);
