-- Who may come in by a node's doors, what was answered to a key, and who is told of what happens.

-- Staff and systems of the custodian; of a token its hash alone.
create table node.staff_token (
    token_id text primary key check (token_id <> ''),
    name text not null check (name <> ''),
    role text not null check (role in ('operator', 'system', 'auditor')),
    hash bytea not null unique check (length(hash) = 32),
    made_at bigint not null,
    ends_at bigint not null check (ends_at > made_at),
    revoked_at bigint
);

-- A participant's link is a capability; of it, too, the hash alone.
create table node.link (
    hash bytea primary key check (length(hash) = 32),
    case_id text not null references node.case_file (case_id),
    made_at bigint not null,
    ends_at bigint not null check (ends_at > made_at)
);
create index link_of_case on node.link (case_id);

-- The first answer to an Idempotency-Key, given again to the same request; body is a keyed hash of what was asked.
-- Who asked is a token, or a person at the console.
create table node.answered (
    asked_by text not null check (asked_by <> ''),
    key text not null check (key <> ''),
    body bytea not null check (length(body) = 32),
    status integer not null,
    answer jsonb not null,
    answered_at bigint not null,
    primary key (asked_by, key)
);

-- Whom a node tells of its events; their secrets lie sealed among the node's secrets.
create table node.webhook (
    webhook_id text primary key check (webhook_id <> ''),
    url text not null,
    state text not null check (state in ('active', 'paused', 'failed', 'gone', 'removed')),
    cursor bigint not null check (cursor >= 0),
    failures integer not null check (failures >= 0),
    first_failed_at timestamptz,
    next_at timestamptz,
    problem text not null,
    delivered_at timestamptz,
    made_at bigint not null
);
