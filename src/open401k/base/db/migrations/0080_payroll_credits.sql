-- A corrected file may lower what its first file had the employer send: its remittance is then a credit, so that the
-- remittances of all runs always add up to what the employer owed for them.
alter table payroll.remittance drop constraint remittance_employee_cents_check;
alter table payroll.remittance drop constraint remittance_employer_cents_check;
