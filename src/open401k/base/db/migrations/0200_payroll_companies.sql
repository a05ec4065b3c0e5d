-- Reason: several companies of one plan are paid at one provider, each by its own connection. A connection knows its EIN;
-- a run knows whose telling it came from (no value: nobody told it, or it is of before), so that two companies that pay
-- one person on one day are not taken for one payroll sent twice, and a payroll that is canceled at the provider closes
-- every run of it that is not posted.

alter table payroll.connection
    add column employer_ein text not null default '' check (employer_ein ~ '^([0-9]{9})?$');
grant update (employer_ein) on payroll.connection to open401k_app;

alter table payroll.run
    add column connection_id uuid,
    add column told_id text,
    add column told_version bigint check (told_version >= 1),
    add foreign key (tenant_id, connection_id) references payroll.connection (tenant_id, connection_id),
    add check ((connection_id is null) = (told_id is null) and (told_id is null) = (told_version is null));
create index run_of_telling on payroll.run (tenant_id, connection_id, told_id) where connection_id is not null;

alter table payroll.run_event drop constraint run_event_status_check;
alter table payroll.run_event add constraint run_event_status_check check (
    status in ('received', 'needs_mapping', 'needs_confirmation', 'confirmed', 'rejected', 'posted', 'canceled')
);

create or replace view payroll.run_v with (security_invoker = true) as
select
    run.tenant_id,
    run.run_id,
    run.plan_id,
    run.file_id,
    run.attempt,
    run.provider,
    run.replaces,
    run.reason,
    run.announced,
    run.recorded_at,
    run.recorded_by,
    file.name as file_name,
    file.size as file_size,
    file.sha256,
    last_event.status,
    last_event.recorded_at as status_at,
    last_event.event_no,
    last_check.check_no,
    last_check.pay_date,
    last_check.period_start,
    last_check.period_end,
    last_check.row_count,
    last_check.content_index,
    last_check.counts,
    last_check.totals,
    (
        select successor.run_id
        from payroll.run as successor
        join payroll.run_event as done
            on done.tenant_id = successor.tenant_id and done.run_id = successor.run_id and done.status = 'posted'
        where successor.tenant_id = run.tenant_id and successor.replaces = run.run_id
        limit 1
    ) as replaced_by,
    run.control_totals,
    run.no_contributions,
    run.encoding,
    run.connection_id,
    run.told_id,
    run.told_version
from payroll.run as run
join payroll.file as file on file.tenant_id = run.tenant_id and file.file_id = run.file_id
join lateral (
    select event.status, event.recorded_at, event.event_no
    from payroll.run_event as event
    where event.tenant_id = run.tenant_id and event.run_id = run.run_id
    order by event.event_no desc
    limit 1
) as last_event on true
left join lateral (
    select *
    from payroll.run_check as checked
    where checked.tenant_id = run.tenant_id and checked.run_id = run.run_id
    order by checked.check_no desc
    limit 1
) as last_check on true;
