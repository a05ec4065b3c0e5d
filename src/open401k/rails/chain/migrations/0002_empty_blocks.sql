-- A block may hold no transaction: it tells that time has passed, for deadlines that nobody's transaction would meet.
alter table chain.block drop constraint block_check;
alter table chain.block add constraint the_first_has_no_transaction check (number > 0 or tx_hash is null);
