-- An embedded chain that outlives its process: what py-evm keeps, and what each block did, committed together.

create table chain.identity (
    only_one boolean primary key default true check (only_one),
    chain_id bigint not null check (chain_id > 0),
    begun_at bigint not null check (begun_at >= 0)
);

-- Keys and values of the chain's own: nodes of its tries, headers, code, and where things are found.
create table chain.kv (
    k bytea primary key,
    v bytea not null
);

-- Blocks hold one transaction each, the first none.
create table chain.block (
    number bigint primary key check (number >= 0),
    hash bytea not null unique check (length(hash) = 32),
    state_root bytea not null check (length(state_root) = 32),
    time bigint not null,
    tx_hash bytea unique check (length(tx_hash) = 32),
    is_done boolean not null,
    gas bigint not null,
    contract bytea check (length(contract) = 20),
    output bytea not null,
    check ((tx_hash is null) = (number = 0))
);

create table chain.event (
    block bigint not null references chain.block (number),
    place int not null,
    address bytea not null check (length(address) = 20),
    topics bytea[] not null,
    data bytea not null,
    primary key (block, place)
);
create index event_by_contract on chain.event (address, block);

-- The contracts that the chain was begun with, by their names.
create table chain.contract (
    name text primary key,
    address bytea not null unique check (length(address) = 20)
);
