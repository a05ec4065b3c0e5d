"""Where several companies of a plan pay people: who is told of whom, and when each pays. Not here: what is told."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from open401k.base.db import Tx
from open401k.kernel import ConnectionId, PlanId, SponsorId, day_of
from open401k.payroll import connections, pulled, runs, write_back, write_back_companies
from open401k.payroll.write_back_companies import Where

#: Payrolls are run some days before they are paid: what takes effect so soon is told now.
LEAD_DAYS = 14
#: What was told and stands: another company that pays, too, is told of it as well.
_STANDS = (write_back.State.ACKNOWLEDGED, write_back.State.REFLECTED)


def where_told(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Where | None:
    """Who pays whom; None where there are not several companies to tell."""
    known = connections.companies(tx, tenant_id=tenant_id, plan_id=plan_id)
    if len(known) < 2:
        return None
    told = {each.connection_id: pulled.people_of(tx, of=each) for each in known}
    return write_back_companies.where(told, today=day_of(tx.now))


def where_only(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Where | None:
    """The one company that there is to tell, which may have taken the place of another."""
    known = connections.companies(tx, tenant_id=tenant_id, plan_id=plan_id)
    return Where({}, only=known[0].connection_id) if len(known) == 1 else None


def told_anew(on_file: Iterable[write_back.Instruction], at: Where | None) -> frozenset[write_back.Slot]:
    """What stands, and a company that pays the person now did not hear of; a job of one that pays them no more.

    What went out in a file was told to a payroll that was connected by nothing: a company connected since has to hear
    of it, unless it said already what it makes of it (one that takes no change has it entered by hand).
    """
    if at is None:
        return frozenset()
    last = {each.slot: each for each in on_file if each.state is not write_back.State.REPLACED}
    return frozenset(
        slot
        for slot, each in last.items()
        if (each.state in _STANDS and each.taken_by and set(at.of(slot, each.rate)) - each.taken_by)
        or (each.awaits_job and each.at is not None and each.at not in at.of(slot, each.rate))
        or (each.filed and _went_out(each) and set(at.of(slot, each.rate)) - each.tried_at)
    )


def _went_out(each: write_back.Instruction) -> bool:
    return each.state in _STANDS or (each.state is write_back.State.SENT and not each.job)


def histories(history: Sequence[runs.Run], at: Where | None) -> dict[ConnectionId | None, Sequence[runs.Run]]:
    """The payrolls of each company that pays somebody, as far as it told them; of a plan with one, all."""
    if at is None:
        return {None: history}
    paying = sorted({company for found in at.paid_by.values() for company in found})
    return {company: [run for run in history if run.told and run.told.connection_id == company] for company in paying}


def by_company(
    make: Callable[[Sequence[runs.Run]], list[write_back.Wanted]], history: Sequence[runs.Run], at: Where | None
) -> list[write_back.Wanted]:
    """What ``make`` wants by a history of payrolls: for each person by that of the company that is told of it."""
    found = {each.slot: each for each in make(history)}
    for company, mine in histories(history, at).items() if at is not None else ():
        found |= {each.slot: each for each in make(mine) if at and at.of(each.slot, each.rate)[:1] == (company,)}
    return list(found.values())


def judged(at: Where | None, by: runs.Telling | None, each: write_back.Instruction) -> bool:
    """Whether a payroll of this company shows anything of an instruction; what came otherwise always does."""
    return at is None or by is None or by.connection_id in at.of(each.slot, each.rate)


def ahead(histories: Iterable[Sequence[runs.Run]], today: date) -> date:
    """Until which day payroll is told of what takes effect: the next pay date, and not beyond the lead.

    A provider keeps one rate at a time: told of a later one before the next payroll is run, it withholds that payroll
    by neither. Of several companies the one that pays next decides.
    """
    lead = today + timedelta(days=LEAD_DAYS)
    for history in histories:
        following = write_back.next_regular(all_paid(history))
        lead = lead if following is None else min(lead, max(following, today))
    return lead


def all_paid(history: Sequence[runs.Run]) -> set[date]:
    """The pay dates of payrolls that are posted."""
    return {run.pay_date for run in history if run.status == runs.Status.POSTED and run.pay_date}
