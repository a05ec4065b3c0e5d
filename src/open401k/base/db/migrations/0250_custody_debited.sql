-- Reason: after a debit came back it matters which account it was taken from, since a closed one is not debited again,
-- and which one was on file then, since who did not allow a debit has to name an account anew.

-- The employer's account of the file, and at the return; null in what is from before this was kept.
alter table custody.ach_file add column bank_account_id uuid;
alter table custody.ach_return add column bank_account_id uuid;
