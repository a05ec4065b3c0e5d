-- Reason: a provider keeps beside a deduction whether it goes on as catch-up above the regular limit. What was told
-- before said no to it, and the provider holds that: so that only who makes catch-up is told anew.
alter table payroll.instruction add column catch_up boolean not null default false;
