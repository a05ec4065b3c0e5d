-- A member's own wallet signs statements of its books and blocks, too, and batches that it offers: those are drawn up, and
-- told to nobody until it has signed.

alter table node.wanted_signature drop constraint wanted_signature_says_check;
alter table node.wanted_signature add constraint wanted_signature_says_check
    check (says in ('approval', 'abort', 'receipt', 'batch', 'statement', 'head'));
-- Of each case one statement and one block.
create unique index wanted_signature_lasting on node.wanted_signature (case_id, says) where says in ('statement', 'head');

alter table node.batch drop constraint batch_stage_check;
alter table node.batch add constraint batch_stage_check
    check (stage in ('drawn_up', 'offered', 'asked', 'signed', 'settled', 'over'));
drop index node.batch_live;
create index batch_live on node.batch (stage) where stage in ('drawn_up', 'offered', 'asked', 'signed');
