-- Which batches name a rollover is asked before it is posted, wherever they stand: an index over the settled ones alone
-- does not answer that.

create index batch_names on node.batch using gin (ids);
drop index node.batch_of_rollover;
