-- Reason: what was debited and came back before accounts were kept beside it would stand against every account for ever.

-- The owner of the tables sees all tenants for these two statements.
alter table custody.bank_account no force row level security;
alter table custody.ach_file no force row level security;
alter table custody.ach_return no force row level security;

-- The employer's account that was on file then.
update custody.ach_file f
   set bank_account_id = (
       select a.bank_account_id
         from custody.bank_account a
        where a.tenant_id = f.tenant_id and a.plan_id = f.plan_id and a.purpose = 'employer'
          and a.recorded_at <= f.recorded_at
        order by a.recorded_at desc
        limit 1)
 where f.bank_account_id is null;

update custody.ach_return r
   set bank_account_id = (
       select a.bank_account_id
         from custody.ach_file f
         join custody.bank_account a
           on a.tenant_id = f.tenant_id and a.plan_id = f.plan_id and a.purpose = 'employer'
        where f.tenant_id = r.tenant_id and f.ach_file_id = r.ach_file_id and a.recorded_at <= r.recorded_at
        order by a.recorded_at desc
        limit 1)
 where r.bank_account_id is null;

alter table custody.bank_account force row level security;
alter table custody.ach_file force row level security;
alter table custody.ach_return force row level security;
