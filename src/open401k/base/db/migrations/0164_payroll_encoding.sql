-- Reason: a file that is not UTF-8 is read by the encoding that its sender declared, each time that it is opened again.

alter table payroll.run add column encoding text not null default '' check (encoding in ('', 'cp1252'));

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
    run.encoding
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
