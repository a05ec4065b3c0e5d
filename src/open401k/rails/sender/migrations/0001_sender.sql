-- Whose turn it is: the transactions of each of our keys by number, and every form in which each was sent.

create table sender.account (
    address bytea primary key check (length(address) = 20),
    next_nonce bigint not null check (next_nonce >= 0)
);

create table sender.task (
    address bytea not null references sender.account (address),
    nonce bigint not null check (nonce >= 0),
    -- What it is for, in the words of whoever asked: the same key is the same transaction.
    key text not null unique,
    recipient bytea check (length(recipient) = 20),
    data bytea not null,
    gas bigint not null check (gas > 0),
    -- The form that is in a final block.
    done_hash bytea,
    is_done boolean,
    primary key (address, nonce),
    check ((done_hash is null) = (is_done is null))
);
create index task_open on sender.task (address, nonce) where done_hash is null;

create table sender.form (
    address bytea not null,
    nonce bigint not null,
    place int not null check (place >= 0),
    tx_hash bytea not null unique check (length(tx_hash) = 32),
    raw bytea not null,
    gas_price numeric(78, 0) not null check (gas_price >= 0),
    sent_at bigint not null,
    primary key (address, nonce, place),
    foreign key (address, nonce) references sender.task (address, nonce)
);
