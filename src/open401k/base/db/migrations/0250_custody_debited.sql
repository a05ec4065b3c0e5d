-- Reason: after a debit came back it matters which account it was taken from: a closed one is not debited again.

-- The employer's account of the file; null in files from before this was kept.
alter table custody.ach_file add column bank_account_id uuid;
