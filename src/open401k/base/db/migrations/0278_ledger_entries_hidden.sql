-- Reason: after 0277 the owner of the table sees no more tenants than anybody else again.

alter table ledger.entry force row level security;
