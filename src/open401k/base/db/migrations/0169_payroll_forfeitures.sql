-- Reason: forfeitures that lower what the employer sends for a payroll; what its people receive is the same.

alter table payroll.remittance
    add column forfeiture_cents bigint not null default 0 check (forfeiture_cents >= 0);
