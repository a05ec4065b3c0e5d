-- What pays instead of a payment that the bank returned: if the bank pays that again, it is paid twice (ADR-0082).

alter table node.raised add column paid_by text not null default '' check (paid_by = '' or not is_open);
