-- The files of one custodian's node, in a database of its own: nothing here is a plan's, and there is one custodian.
-- What goes together before a vote is sent or a receipt is given is one transaction over these tables.

create table node.case_file (
    case_id text primary key check (case_id <> ''),
    side text not null check (side in ('source', 'receiver')),
    account text not null,
    state text not null check (state in (
        'draft', 'data_requested', 'prevalidated', 'nigo', 'liquidating', 'held', 'voted', 'posted', 'released', 'off_rail'
    )),
    parent text references node.case_file (case_id),
    -- why we want it ended: a code of the work queues
    stop_code integer check (stop_code between 100 and 699),
    -- the exact terms, once they are agreed
    rollover bytea check (length(rollover) = 32),
    chain_key bytea check (length(chain_key) = 32),
    us bytea check (length(us) = 20),
    place integer check (place between 0 and 8),
    deadline bigint,
    encoded bytea,
    evidence bytea check (length(evidence) = 32),
    unique (rollover, side),
    check (num_nulls(rollover, chain_key, us, place, deadline, encoded, evidence) in (0, 7)),
    check (state not in ('held', 'voted', 'posted') or rollover is not null)
);

-- the legs of the terms that are ours
create table node.case_leg (
    case_id text not null references node.case_file (case_id),
    leg integer not null check (leg between 0 and 255),
    kind integer not null check (kind between 0 and 15),
    cents bigint not null check (cents > 0),
    basis bigint not null check (basis between 0 and cents),
    roth_since integer check (roth_since between 2006 and 2200),
    primary key (case_id, leg)
);

create table node.hold (
    rollover bytea not null check (length(rollover) = 32),
    side text not null,
    reference text not null,
    primary key (rollover, side),
    foreign key (rollover, side) references node.case_file (rollover, side)
);

create table node.outbox (
    case_id text not null references node.case_file (case_id),
    kind text not null check (kind in ('propose', 'approve', 'receipt', 'expire', 'abort')),
    data bytea not null,
    is_done boolean not null,
    refused integer,
    primary key (case_id, kind)
);
create index outbox_waiting on node.outbox (case_id) where not is_done;
create index case_open on node.case_file (case_id) where state in ('liquidating', 'held', 'voted');

-- Lines that the core booked for us, each once; never changed.
create table node.posting (
    rollover bytea not null check (length(rollover) = 32),
    account text not null,
    leg integer not null,
    side text not null,
    cents bigint not null check (cents > 0),
    reference text not null check (reference <> ''),
    primary key (rollover, account, leg),
    foreign key (rollover, side) references node.case_file (rollover, side)
);

create function node.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'lines that were booked are never changed';
end $$;
create trigger posting_is_final before update or delete or truncate on node.posting
    for each statement execute function node.refuse_change();

-- Work queues. raised_at is the chain's time.
create table node.raised (
    raised_no bigint generated always as identity primary key,
    case_id text not null references node.case_file (case_id),
    code integer not null check (code between 100 and 699),
    words text not null,
    raised_at bigint not null,
    is_open boolean not null
);
create unique index raised_once on node.raised (case_id, code) where is_open;

-- The newest final block that was acted on.
create table node.cursor (
    is_it boolean primary key check (is_it),
    number bigint not null check (number >= 0),
    hash bytea not null check (length(hash) = 32),
    time bigint not null
);
