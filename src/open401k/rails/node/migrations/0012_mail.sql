-- E-mail to participants and desks: whom of a case, and what waits. Addresses lie sealed among the node's secrets.

create table node.mail_to (
    case_id text primary key references node.case_file (case_id),
    -- on; stopped by the participant; refused by the mail server, or it came back
    state text not null check (state in ('on', 'stopped', 'refused')),
    changed_at bigint not null
);

create table node.mail (
    case_id text not null references node.case_file (case_id),
    -- the event that it tells of
    seq bigint not null check (seq > 0),
    recipient text not null check (recipient in ('participant', 'desk')),
    state text not null check (state in ('waiting', 'sent', 'superseded', 'refused', 'given_up', 'withheld')),
    tries integer not null default 0 check (tries >= 0),
    made_at bigint not null,
    next_at bigint not null,
    problem text not null default '',
    primary key (case_id, seq, recipient)
);
create index mail_waiting on node.mail (next_at) where state = 'waiting';

-- How far events were turned into mail; one row.
create table node.mail_cursor (
    only_one boolean primary key default true check (only_one),
    seq bigint not null check (seq >= 0)
);
