-- What is of a person in an ended case is erased after the time that the law has its records kept (ADR-0066). What
-- proves the rollover stays: exact terms, signatures, amounts, references of the books, what was said with receipts.

alter table node.case_file add column erased_at bigint;
create index case_ended on node.case_file (case_id)
    where state in ('posted', 'released', 'off_rail') and erased_at is null;

-- Who held a case back from erasure, who let it go, what was erased. Only added to. case_id '': every case.
create table node.retention_act (
    seq bigint generated always as identity primary key,
    case_id text not null,
    act text not null check (act in ('held', 'let_go', 'erased')),
    by_whom text not null check (by_whom <> ''),
    why text not null check (why <> ''),
    at bigint not null
);
create index retention_act_of_case on node.retention_act (case_id, seq);

create function node.refuse_forgetting() returns trigger language plpgsql as $$
begin
    raise exception 'what was held, let go or erased stays on file';
end $$;
create trigger retention_act_is_final before update or delete or truncate on node.retention_act
    for each statement execute function node.refuse_forgetting();

-- Of an erased case's references a keyed hash stays: a late letter is kept out, and opens no new case.
create table node.erased_reference (
    keyed_hash bytea primary key check (length(keyed_hash) = 32),
    case_id text not null references node.case_file (case_id)
);

-- A line that was booked still never changes, but for the account in it when its case is erased.
drop trigger posting_is_final on node.posting;
create trigger posting_is_final before delete or truncate on node.posting
    for each statement execute function node.refuse_change();

create function node.refuse_other_than_erasure() returns trigger language plpgsql as $$
begin
    if new.account not like 'erased %'
        or (new.rollover, new.leg, new.side, new.cents, new.reference)
            is distinct from (old.rollover, old.leg, old.side, old.cents, old.reference)
        or not exists (
            select 1
            from node.case_file
            where rollover = old.rollover and side = old.side and erased_at is not null
        )
    then
        raise exception 'lines that were booked are never changed';
    end if;
    return new;
end $$;
create trigger posting_stays before update on node.posting
    for each row execute function node.refuse_other_than_erasure();
