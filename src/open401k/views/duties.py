"""What is due for a plan, by day: files to settle, deposits, decisions, the next payroll. Not here: the rules of it."""

from collections.abc import Sequence
from datetime import date, timedelta

from open401k import compliance, fiduciary, recordkeeping
from open401k.base.db import Tx
from open401k.compliance import Cure, CureKind, TestId
from open401k.kernel import ComplianceRunId, Money, PlanId, SponsorId, day_of
from open401k.payroll import runs
from open401k.recordkeeping.rollover_withheld import differently_withheld
from open401k.recordkeeping.rollovers import WITHHELD

from . import rollovers_invalid
from .deposits import Deposit, owed_for_corrections, state_on
from .deposits import duties as deposit_duties
from .shown import DutyLine, DutyState

#: A file nobody settled for so long was given up.
_GIVEN_UP_AFTER = timedelta(days=30)
_WAITING = (runs.Status.NEEDS_MAPPING, runs.Status.NEEDS_CONFIRMATION, runs.Status.RECEIVED, runs.Status.CONFIRMED)
#: Ways out that have a day of their own in the law; the others hang on the payroll calendar.
_DATED = {
    CureKind.SAFE_HARBOR_3: "Last day to amend for a 3 % safe harbor",
    CureKind.SAFE_HARBOR_4: "Last day to amend for a 4 % safe harbor",
    CureKind.QNEC: "Last day to amend for a QNEC",
    CureKind.REFUND: "Last day to refund without excise tax",
    CureKind.RETURN_EXCESS: "Last day to pay back what is over the limit",
    CureKind.COVER_AFTERWARDS: "Last day to amend who is covered",
    CureKind.TOP_HEAVY_MINIMUM: "Who is employed today is owed the top-heavy minimum",
}
_ANSWERS = {
    TestId.DEFERRAL_LIMIT: "deferrals over the limit of the year",
    TestId.ADDITIONS_LIMIT: "annual additions over the limit of the year",
    TestId.COMPENSATION_LIMIT: "money given on pay that does not count",
    TestId.COVERAGE_DEFERRAL: "one way to pass the coverage test",
    TestId.COVERAGE_MATCH: "one way to pass the coverage test of the match",
    TestId.TOP_HEAVY: "one answer to the plan being top-heavy",
}
_QUESTIONS = {
    TestId.DEFERRAL_LIMIT: "Decide how to stay within the deferral limit",
    TestId.ADDITIONS_LIMIT: "Decide how to stay within the limit of annual additions",
    TestId.COMPENSATION_LIMIT: "Take back money given on pay that does not count",
    TestId.COVERAGE_DEFERRAL: "Decide whom else the plan covers",
    TestId.COVERAGE_MATCH: "Decide whom else the match covers",
    TestId.TOP_HEAVY: "Decide how to meet the top-heavy minimum",
}


def duties(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    alerts: Sequence[fiduciary.Alert],
    owed: Sequence[Deposit],
    history: Sequence[runs.Run],
    expected: date | None,
) -> tuple[DutyLine, ...]:
    """Everything due, what is open first, each by its day."""
    today = day_of(tx.now)
    found = [*_files(history, today), *deposit_duties(tx, tuple(owed))]
    corrections = owed_for_corrections(tx, tenant_id=tenant_id, plan_id=plan_id)
    if corrections:
        detail = "approved; its earnings were counted to that day, so send it as soon as you can"
        found.append(DutyLine(today, "Send the money of corrections", detail, DutyState.SOON, amount=corrections))
    found += [
        _correction(each, today) for each in fiduciary.waiting_corrections(tx, tenant_id=tenant_id, plan_id=plan_id)
    ]
    found += _forfeitures(tx, tenant_id, plan_id, today)
    found += _turnover(tx, tenant_id, plan_id, today)
    found += _overpaid(tx, tenant_id, plan_id, today)
    found += _rollovers(tx, tenant_id, plan_id, today)
    found += rollovers_invalid.duties(tx, tenant_id=tenant_id, plan_id=plan_id)
    for alert in alerts:
        told = compliance.read_forecast(tx, tenant_id=tenant_id, run_id=ComplianceRunId.parse(alert.run_id))
        found += _decisions(alert, () if told is None else told.cures_of(TestId(alert.test)), today)
    if expected is not None:
        detail = "expected, from the usual days between payrolls"
        found.append(DutyLine(expected, "Next payroll", detail, state_on(expected, today)))
    return tuple(sorted(found, key=lambda line: (line.state is DutyState.DONE, line.due_on)))


def _forfeitures(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, today: date) -> list[DutyLine]:
    """Forfeitures of a plan year are used by the end of the next one."""
    if not recordkeeping.keeps_forfeitures(tx, tenant_id=tenant_id, plan_id=plan_id):
        return []
    account = recordkeeping.forfeiture_account(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [
        DutyLine(
            each.use_by,
            f"Use the forfeitures of the plan year {each.year}",
            f"see Forfeitures: approve what they are used for ({each.cite})",
            state_on(each.use_by, today),
            amount=Money(each.cents),
        )
        for each in fiduciary.forfeitures_due(account, today=today)
    ]


def _turnover(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, today: date) -> list[DutyLine]:
    """A turnover that lets a partial termination be presumed asks for a decision; the law names no day."""
    return [
        DutyLine(
            today,
            f"Decide whether the turnover of {each.start} to {each.last_day} ended a part of the plan",
            f"see Vesting: {each.severed} of {each.participants} participants were let go ({each.cite})",
            DutyState.SOON,
        )
        for each in fiduciary.turnover_open(tx, tenant_id=tenant_id, plan_id=plan_id)
    ]


def _overpaid(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, today: date) -> list[DutyLine]:
    """Money that left an account before it was taken back is decided on by a person."""
    return [
        DutyLine(
            each.act_by or today,
            "Decide what becomes of money that was paid out beyond what the person should have had",
            f"see Corrections; {each.acts} ({each.cite})",
            state_on(each.act_by or today, today),
            amount=Money(each.cents),
        )
        for each in fiduciary.overpaid_open(tx, tenant_id=tenant_id, plan_id=plan_id)
    ] + [
        DutyLine(
            today,
            "Decide about money that came again though it was due",
            "a later fact shows it; see Corrections",
            DutyState.SOON,
            amount=Money(each.cents),
        )
        for each in fiduciary.overpaid_beyond(tx, tenant_id=tenant_id, plan_id=plan_id)
    ]


def _rollovers(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, today: date) -> list[DutyLine]:
    """What our node does not answer is due on the day on which it began; it is tried again until it does.

    Where the network withheld other cents than the books say, since the day on which that was read.
    """
    looked = recordkeeping.following_of(tx, tenant_id=tenant_id, plan_id=plan_id)
    if looked is None:
        return []
    found = [
        DutyLine(
            read.event_on, "Find out what tax was withheld of a rollover",
            f"by the plan administrator: {Money(both[1])} by the network, {Money(both[0])} by the books",
            state_on(read.event_on, today),
        )
        for request, both in differently_withheld(tx, tenant_id=tenant_id, plan_id=plan_id)
        if (read := request.told.get(WITHHELD)) is not None
    ]  # fmt: skip
    if looked.since is None:
        return found
    since, problem = day_of(looked.since), looked.problems[0]
    title = "Find out why our node does not say where rollovers stand"
    return [*found, DutyLine(since, title, f"by {problem.owner}: {problem.message}", state_on(since, today))]


def _files(history: Sequence[runs.Run], today: date) -> list[DutyLine]:
    """Files that wait for somebody to confirm columns or rows, unless another file of the pay date was posted."""
    found = []
    for run in unsettled(history, today):
        came_on = day_of(run.received_at)
        due_on = max(run.pay_date or came_on, came_on)
        detail = "nothing of it is posted until then"
        found.append(
            DutyLine(due_on, f"Settle the file {run.file_name}", detail, state_on(due_on, today), run_id=run.run_id)
        )
    return found


def _correction(each: fiduciary.WaitingCorrection, today: date) -> DutyLine:
    """A correction that waits for the employer; without a day of its own, today."""
    later = "" if each.later_cents is None else f"; {Money(each.later_cents)} and earnings if it waits too long"
    due_on, detail = each.decide_by or today, f"by {each.decided_by}{later}"
    title = f"Decide on a correction: {each.title}"
    return DutyLine(due_on, title, detail, state_on(due_on, today), amount=Money(each.cents))


def unsettled(history: Sequence[runs.Run], today: date) -> list[runs.Run]:
    """Files of the last days that neither were posted nor refused, and whose pay date no other file settled."""
    posted = {run.pay_date for run in history if run.status == runs.Status.POSTED}
    return [
        run
        for run in history
        if runs.Status(run.status) in _WAITING
        and not (run.pay_date in posted and run.replaces is None)
        and day_of(run.received_at) + _GIVEN_UP_AFTER >= today
    ]


def _decisions(alert: fiduciary.Alert, cures: Sequence[Cure], today: date) -> list[DutyLine]:
    """The next day by which an alert can still be answered, and the later days that the law sets."""
    question = _QUESTIONS.get(TestId(alert.test), f"Decide how to pass the {alert.test.upper()} test")
    offers = [cure for cure in cures if cure.standing is not compliance.Standing.NOT_AVAILABLE and cure.decide_by]
    days = {cure.decide_by: cure.decided_by for cure in reversed(offers) if cure.decide_by and cure.decide_by >= today}
    first = min(days, default=alert.decide_by)
    if first is None:
        return []
    state, who = state_on(first, today), days.get(first, alert.decided_by)
    found = [DutyLine(first, question, f"by {who}", state, alert_id=alert.alert_id)]
    for cure in offers:
        if cure.kind in _DATED and cure.decide_by and cure.decide_by > first:
            state = state_on(cure.decide_by, today)
            detail = _ANSWERS.get(TestId(alert.test), f"one way to pass the {alert.test.upper()} test")
            found.append(DutyLine(cure.decide_by, _DATED[cure.kind], detail, state, alert_id=alert.alert_id))
    return found
