-- A further voter's own no lies in the outbox, signed, as their approval would.

alter table node.outbox drop constraint outbox_kind_check;
alter table node.outbox add constraint outbox_kind_check check (
    kind in ('propose', 'approve', 'receipt', 'expire', 'abort', 'of_spouse', 'of_administrator', 'of_depository',
             'no_of_voter')
);
