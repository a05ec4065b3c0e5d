-- What a node's process keeps for itself: secrets that are no signing keys, each sealed under the operator's master key
-- and bound to its name.

create table node.secret (
    name text primary key check (name <> ''),
    kek_id text not null,
    sealed bytea not null,
    made_at bigint not null
);
