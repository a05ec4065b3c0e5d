-- Reason: an employer may want the match told to the provider, so that paychecks show it; off unless somebody says so (ADR-0039).
alter table payroll.connection add column tells_match boolean not null default false;
grant update (tells_match) on payroll.connection to open401k_app;
