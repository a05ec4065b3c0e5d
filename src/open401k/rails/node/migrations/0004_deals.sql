-- Deals beside their case files, letters to and from other custodians, and what happened to cases, for live pages.
-- What is of a person stands here sealed under the operator's master key, each bound to its row; in clear is only what
-- is looked for. One transaction holds a case's change with its letters and events.

create table node.deal (
    case_id text primary key references node.case_file (case_id),
    peer bytea not null check (length(peer) = 20),
    reference bytea not null check (length(reference) = 32),
    kek_id text not null,
    sealed bytea not null,
    unique (peer, reference)
);

create table node.letter_out (
    recipient bytea not null check (length(recipient) = 20),
    reference bytea not null check (length(reference) = 32),
    number integer not null check (number > 0),
    kek_id text not null,
    sealed bytea not null,
    is_sent boolean not null,
    primary key (recipient, reference, number)
);
create index letter_waiting on node.letter_out (number, recipient, reference) where not is_sent;

-- What came and was taken: a keyed hash tells a repeat from another letter under the same number.
create table node.letter_in (
    peer bytea not null check (length(peer) = 20),
    reference bytea not null check (length(reference) = 32),
    number integer not null check (number > 0),
    keyed_hash bytea not null check (length(keyed_hash) = 32),
    primary key (peer, reference, number)
);

-- Changes of state (no words), and what else happened. It names no person. at is the node's clock.
create table node.event (
    seq bigint generated always as identity primary key,
    case_id text not null references node.case_file (case_id),
    state text not null,
    at bigint not null,
    words text not null
);
create index event_of_case on node.event (case_id, seq);
