-- Further voters of a rollover: what they signed lies in the outbox beside our own calls, each by its role; and their way in.

alter table node.outbox drop constraint outbox_kind_check;
alter table node.outbox add constraint outbox_kind_check check (
    kind in ('propose', 'approve', 'receipt', 'expire', 'abort', 'of_spouse', 'of_administrator', 'of_depository')
);

-- A voter's link is a capability of its own: it opens nothing of the participant's, nor theirs anything of a voter's.
create table node.voter_link (
    hash bytea primary key check (length(hash) = 32),
    case_id text not null references node.case_file (case_id),
    role text not null check (role in ('spouse', 'administrator', 'depository')),
    made_at bigint not null,
    ends_at bigint not null check (ends_at > made_at)
);
create index voter_link_of_case on node.voter_link (case_id);
