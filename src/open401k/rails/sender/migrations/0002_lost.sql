-- A final block gave the number to a transaction that no form here is: none of its forms can ever happen. An older
-- backup forgot the form that did, or somebody else signs with the key; the purpose goes on under a number of its own.

alter table sender.task add column is_lost boolean not null default false check (not is_lost or done_hash is null);
drop index sender.task_open;
create index task_open on sender.task (address, nonce) where done_hash is null and not is_lost;
