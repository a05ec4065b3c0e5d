-- Signing keys, each sealed under the operator's master key and bound to its address; and what was approved, so that a
-- restart does not reset the signer's limits.

create table node.signing_key (
    address bytea primary key check (length(address) = 20),
    kek_id text not null,
    sealed bytea not null,
    made_at bigint not null
);

create table node.approved (
    rollover bytea primary key check (length(rollover) = 32),
    cents bigint not null check (cents > 0),
    approved_at bigint not null
);
create index approved_by_time on node.approved (approved_at);
