-- What a node signed with each receipt, for auditors: the final block that it acted on, and what its books say. Never
-- changed: who signed a block once cannot have meant another.

create table node.said (
    case_id text primary key references node.case_file (case_id),
    number bigint not null check (number >= 0),
    hash bytea not null check (length(hash) = 32),
    head_signature bytea not null,
    -- canonical JSON; no account, no person
    statement text not null,
    statement_signature bytea not null
);

create function node.refuse_unsaying() returns trigger language plpgsql as $$
begin
    raise exception 'what was signed is never changed';
end $$;
create trigger said_is_final before update or delete or truncate on node.said
    for each statement execute function node.refuse_unsaying();
