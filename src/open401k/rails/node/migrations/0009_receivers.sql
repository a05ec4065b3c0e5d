-- Other receivers of one election, beside the one that leads and stands in node.deal: by which reference each may join,
-- and whether it did. Who joined is written to.

create table node.deal_desk (
    case_id text not null references node.deal (case_id),
    peer bytea not null check (length(peer) = 20),
    reference bytea not null check (length(reference) = 32),
    is_joined boolean not null,
    primary key (peer, reference)
);
create index deal_desk_of_case on node.deal_desk (case_id);
