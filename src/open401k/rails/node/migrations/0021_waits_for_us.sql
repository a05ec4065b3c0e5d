-- The console's lists are filters over all cases: whether a case waits for us, and its newest event, stand beside it and
-- are written with whatever changes them. An open case of before that is not looked at yet (null) counts as ours.

alter table node.case_file add column newest_seq bigint not null default 0;
alter table node.case_file add column ours boolean;

update node.case_file
set newest_seq = coalesce((select max(seq) from node.event where event.case_id = case_file.case_id), 0),
    ours = case
        when state in ('posted', 'released', 'off_rail')
        then exists (select 1 from node.raised where raised.case_id = case_file.case_id and is_open)
    end;

create index case_ours on node.case_file (newest_seq desc) where ours is not false;
create index case_of_others on node.case_file (newest_seq desc)
    where ours is false and state not in ('posted', 'released', 'off_rail');
create index case_over on node.case_file (newest_seq desc)
    where ours is false and state in ('posted', 'released', 'off_rail');
