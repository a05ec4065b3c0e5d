-- Reason: a corrected payroll may lower what its first file withheld for a loan: see 0080.
alter table payroll.remittance drop constraint remittance_loan_cents_check;
