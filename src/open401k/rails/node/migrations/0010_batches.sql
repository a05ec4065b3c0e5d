-- Several rollovers with one peer in one transaction: what was offered, by whom, and what became of it. Only ids and
-- signatures stand here, which the chain shows, too. A batch decides nothing: each case follows the chain by itself.

create table node.batch (
    peer bytea not null check (length(peer) = 20),
    reference bytea not null check (length(reference) = 32),
    first bytea not null check (length(first) = 20),
    second bytea not null check (length(second) = 20),
    token bytea not null check (length(token) = 20),
    deadline bigint not null,
    ids bytea[] not null check (cardinality(ids) between 1 and 32),
    stage text not null check (stage in ('offered', 'asked', 'signed', 'settled', 'over')),
    signed_first bytea,
    signed_second bytea,
    primary key (peer, reference),
    check (stage <> 'signed' or num_nulls(signed_first, signed_second) = 0)
);
create index batch_live on node.batch (stage) where stage in ('offered', 'asked', 'signed');
create index batch_of_rollover on node.batch using gin (ids) where stage = 'settled';

-- Until when, by the chain's time, the source sends no vote of its own: a batch may settle it.
alter table node.case_file add column batch_until bigint;

-- What a case moved and goes back is asked for by its children.
create index case_child on node.case_file (parent) where parent is not null;
