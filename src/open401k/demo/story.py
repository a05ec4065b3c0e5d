"""Playing the sandbox: the clock moves, files come in, people settle what is asked. Says what happens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from open401k import compliance, fiduciary, plan
from open401k.base.db import ALL_TENANTS, Actor, Database
from open401k.base.sandbox import SandboxClock
from open401k.flows.day import begin_day
from open401k.flows.deposit import deposit_run
from open401k.flows.payroll_intake import Taken, Upload, post_run, settle_columns, take_in
from open401k.flows.plan_takeover import take_over
from open401k.kernel import Money, Open401kError, PlanId, Refused, RunId, SponsorId, day_of
from open401k.law.deadlines import business_day_after
from open401k.payroll import Severity, runs

from .files import NO_MISTAKES, Mistakes, file_name, payroll_csv
from .people import ACME, BIRCH, PAY_DATES, Company
from .script import SCENES, mistakes_of
from .setup import STARTS_ON, WorldIds, takeover_of

PROVIDER = "Summit Payroll"
COMPANIES = (ACME, BIRCH)
ENDS_AT = datetime(2026, 8, 14, 15, 0, tzinfo=UTC)
STARTS_AT = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)

#: Pay comes in in the morning, New York; the employer's money follows on the next day on which banks settle.
_PAID_AT = time(13, 0, tzinfo=UTC)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The database and the clock of a sandbox, and who acts in it."""

    db: Database
    clock: SandboxClock
    actor: Actor
    world: str = "sandbox"


@dataclass(frozen=True, slots=True)
class Seat:
    """One sandbox plan."""

    company: Company
    tenant_id: SponsorId
    plan_id: PlanId


def set_up(sandbox: Sandbox, say: Say) -> list[Seat]:
    """Bring both plans in; one that was stopped half way goes on where it stood, one that is here is left alone."""
    seats = []
    for company in COMPANIES:
        takeover = takeover_of(company, WorldIds(sandbox.world, company))
        seat = Seat(company, takeover.sponsor_id, takeover.plan_id)
        if seat not in seats_of(sandbox):
            held = sum(each.amount.cents for each in takeover.balances)
            say(f"{company.plan_name}: {len(takeover.people)} people, {Money(held)} brought in as of {STARTS_ON}.")
        take_over(sandbox.db, actor=sandbox.actor, takeover=takeover)
        seats.append(seat)
    return seats


def seats_of(sandbox: Sandbox) -> list[Seat]:
    """The sandbox plans that are here."""
    with sandbox.db.begin(sandbox.actor, tenants=ALL_TENANTS) as tx:
        known = {sponsor.sponsor_id for sponsor in plan.list_sponsors(tx)}
    seats = []
    for company in COMPANIES:
        takeover = takeover_of(company, WorldIds(sandbox.world, company))
        if takeover.sponsor_id in known:
            seats.append(Seat(company, takeover.sponsor_id, takeover.plan_id))
    return seats


def advance(sandbox: Sandbox, to: datetime, say: Say) -> None:
    """Move the clock, and let everything happen that falls due on the way."""
    seats = seats_of(sandbox)
    for period, pay_date in enumerate(PAY_DATES):
        at = datetime.combine(pay_date, _PAID_AT)
        if at > to:
            break
        due = [seat for seat in seats if not _is_posted(sandbox, seat, pay_date)]
        if due and at > sandbox.clock.now():
            sandbox.clock.advance_to(at)
        for seat in due:
            _deposit_what_is_due(sandbox, seat)
            deliver(sandbox, seat, period, say)
    if to > sandbox.clock.now():
        sandbox.clock.advance_to(to)
    for seat in seats:
        _deposit_what_is_due(sandbox, seat)
        for tested in begin_day(sandbox.db, actor=sandbox.actor, tenant_id=seat.tenant_id):
            for sentence in tested.refused[:1]:
                say(f"{tested.on} {seat.company.name}: not tested. {sentence}")


def deliver(sandbox: Sandbox, seat: Seat, period: int, say: Say) -> None:
    """One pay date's file, with what goes wrong in it and how it is set right."""
    mistakes, corrected = mistakes_of(period) if seat.company is ACME else (NO_MISTAKES, None)
    scene = SCENES.get(period) if seat.company is ACME else None
    if scene is not None:
        say(f"{PAY_DATES[period]} {seat.company.name}: {scene.told}.")
    taken = _send(sandbox, seat, period, mistakes, say)
    if corrected is not None and taken is not None and taken.run.status == runs.Status.REJECTED:
        taken = _send(sandbox, seat, period, corrected, say)
    if taken is not None and taken.run.status != runs.Status.REJECTED:
        _post(sandbox, seat, taken.run.run_id, say)


def _send(sandbox: Sandbox, seat: Seat, period: int, mistakes: Mistakes, say: Say) -> Taken | None:
    content = payroll_csv(seat.company, period, mistakes)
    upload = Upload(seat.tenant_id, seat.plan_id, file_name(seat.company, period), content, PROVIDER)
    taken = take_in(sandbox.db, actor=sandbox.actor, upload=upload)
    if isinstance(taken, Refused):
        say(f"    refused: {taken.message}")
        return None
    if taken.run.status == runs.Status.NEEDS_MAPPING:
        say("    columns proposed; a person confirms them, and they are remembered")
        settled = settle_columns(
            sandbox.db, actor=sandbox.actor, tenant_id=seat.tenant_id, run_id=taken.run.run_id, fields={}
        )
        if isinstance(settled, Refused):
            raise Open401kError(settled.message, fix=settled.fix)
        taken = settled
    with sandbox.db.begin(sandbox.actor, tenants=[seat.tenant_id]) as tx:
        for finding in runs.findings_of_run(tx, tenant_id=seat.tenant_id, run_id=taken.run.run_id):
            if finding.severity is not Severity.NOTE:
                place = f"row {finding.row}, {finding.column}" if finding.row else finding.column
                say(f"    {finding.severity}: {place}: {finding.reason} {finding.fix}")
    return taken


def _post(sandbox: Sandbox, seat: Seat, run_id: RunId, say: Say) -> None:
    result = post_run(sandbox.db, actor=sandbox.actor, tenant_id=seat.tenant_id, run_id=run_id)
    if result.halted is not None:
        say(f"    stopped: {result.halted}")
        return
    posted = result["post"]
    with sandbox.db.begin(sandbox.actor, tenants=[seat.tenant_id]) as tx:
        run = runs.get(tx, tenant_id=seat.tenant_id, run_id=run_id)
        tested = compliance.latest(tx, tenant_id=seat.tenant_id, plan_id=seat.plan_id)
        alerts = fiduciary.open_alerts(tx, tenant_id=seat.tenant_id, plan_id=seat.plan_id)
    adp = tested.of(compliance.TestId.ADP) if tested else None
    stands = f"ADP {_percent(adp.measured)} of {_percent(adp.limit)}" if adp else "not tested"
    held = f", {Money(posted['held_cents'])} held" if posted["held_cents"] else ""
    money = f"{Money(posted['employee_cents'])} + {Money(posted['employer_cents'])}"
    say(f"{run.pay_date} {seat.company.name}: {posted['rows']} rows, {money} posted{held}. {stands}.")
    for alert in alerts:
        # An alert is told once: that its figures moved with a payroll is on its page.
        if alert.run_id == result["retest"] and alert.raised_at == alert.updated_at:
            say(f"    ALERT: {alert.title}. {alert.text}")


def _percent(bps: int | None) -> str:
    return "-" if bps is None else f"{bps // 100}.{bps % 100:02d}%"


def _is_posted(sandbox: Sandbox, seat: Seat, pay_date: date) -> bool:
    with sandbox.db.begin(sandbox.actor, tenants=[seat.tenant_id]) as tx:
        history = runs.history(tx, tenant_id=seat.tenant_id, plan_id=seat.plan_id)
    return any(run.pay_date == pay_date and run.status == runs.Status.POSTED for run in history)


def _deposit_what_is_due(sandbox: Sandbox, seat: Seat) -> None:
    """The employer's transfers have arrived of payrolls since whose pay date banks have settled."""
    today = day_of(sandbox.clock.now())
    with sandbox.db.begin(sandbox.actor, tenants=[seat.tenant_id]) as tx:
        history = runs.history(tx, tenant_id=seat.tenant_id, plan_id=seat.plan_id)
    for run in history:
        if run.status != runs.Status.POSTED or run.pay_date is None:
            continue
        arrives_on = business_day_after(run.pay_date, 1)
        if arrives_on > today:
            continue
        deposit_run(
            sandbox.db,
            actor=sandbox.actor,
            tenant_id=seat.tenant_id,
            plan_id=seat.plan_id,
            run_id=run.run_id,
            on=arrives_on,
        )
