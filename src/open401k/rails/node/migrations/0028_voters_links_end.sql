-- A voter's link may be ended before its time: it went to somebody else, or another address is asked.

alter table node.voter_link add column ended_at bigint check (ended_at >= made_at);
