-- What waits for the signature of this member's wallet, a contract or a passkey, and what it signed. Nothing secret: each
-- is what goes on chain, by its hashes.
create table node.wanted_signature (
    digest bytea primary key check (length(digest) = 32),
    -- The wallet that the network named when it was asked for; another one is asked anew.
    wallet bytea not null check (length(wallet) = 20),
    says text not null check (says in ('approval', 'abort', 'receipt', 'batch')),
    case_id text not null references node.case_file (case_id),
    -- The fields of the message as it is signed, beside the terms, which the case file has.
    told jsonb not null,
    until bigint,
    asked_at bigint not null,
    signature bytea check (length(signature) between 1 and 512),
    put_by text not null default '',
    signed_at bigint,
    -- When the node went on with it.
    taken_at bigint,
    check ((signature is null) = (signed_at is null))
);
create index wanted_signature_open on node.wanted_signature (asked_at) where signature is null;
create index wanted_signature_new on node.wanted_signature (case_id) where signature is not null and taken_at is null;

-- What single owners of a wallet with several signed of it, until there are enough.
create table node.owner_signature (
    digest bytea not null references node.wanted_signature (digest),
    owner bytea not null check (length(owner) = 20),
    signature bytea not null check (length(signature) = 65),
    put_by text not null,
    signed_at bigint not null,
    primary key (digest, owner)
);
