-- The explanation of section 402(f) that a participant is shown before they sign. The same document of many cases is
-- kept once, by the hash that is signed of it; what is bound to a case is which one, and when it was first shown.

create table node.paper (
    fingerprint bytea primary key check (length(fingerprint) = 32),
    kek_id text not null,
    sealed bytea not null
);

create table node.case_paper (
    case_id text primary key references node.case_file (case_id),
    fingerprint bytea not null references node.paper (fingerprint),
    kek_id text not null,
    -- its title, version and kind, as the source calls them
    sealed bytea not null,
    shown_at bigint
);
