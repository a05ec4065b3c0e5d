-- Reason: an invalid rollover of which all was lost is settled without a payment, so there is no entry to name.

alter table recordkeeping.rollover_taken_back alter column entry_id drop not null;
