-- Reason: whatever is allocated stands until a person approves its correction, not only what was allocated before the
-- limit held (ADR-0083): nothing asks any more which entries are from then.

drop table recordkeeping.allocated_before;
