"""What happens in the payroll year: hires, leavers, a rehire, a raise, a missed enrollment, a new pay code, a bounce.

Not here: playing it (payroll_year.py).
"""

from dataclasses import replace
from datetime import date
from typing import Any

from open401k import census, compliance, recordkeeping
from open401k.base.db import Actor
from open401k.compliance import ProposalState
from open401k.flows import heal, heal_approved
from open401k.kernel import FlowId, Money, Open401kError, Refused, Source, named_uuid

from .payroll_year import Script, Year
from .people import ACME, PAY_DATES
from .year_setup import NORA, NORA_BORN_ON

#: Who approves what costs the employer money: a person.
SPONSOR = Actor(kind="user", id="Acme's sponsor", why="approves in the payroll year")
DANA, FARAH, GORDON, IVAN, KURT, ROSA = (f"219-11-{last4}" for last4 in (1005, 1007, 1008, 1010, 1012, 1003))
MAY_22 = PAY_DATES[10]
FOUND_ON = date(2026, 5, 13)


def kurt_is_hired(year: Year) -> None:
    """Three months later automatic enrollment reaches him, on the first of June."""
    year.provider.hire(next(each for each in ACME.people if each.ssn == KURT))
    year.say("2026-02-16 Kurt is hired; nobody types him in here")


def ivan_leaves(year: Year) -> None:
    """Paid for the last time on March 27."""
    year.provider.change(IVAN, terminated_on="2026-03-20")
    year.say("2026-03-20 Ivan leaves")


def farahs_raise(year: Year) -> None:
    """4 % more: her percentage is of more pay."""
    year.provider.change(FARAH, salary_cents=5_720_000 * 104 // 100)
    year.say("2026-04-01 Farah has a raise of 4 %")


def nora_is_found(year: Year) -> None:
    """Born in 1996, not in 2006: she should have been enrolled on January 1."""
    year.provider.change(NORA.ssn, date_of_birth=NORA_BORN_ON.isoformat())
    year.say(f"{FOUND_ON} Nora is 30, not 20: her enrollment was missed since January")
    year.pull()
    proposal = noras(year)
    year.say(f"    proposed: {proposal.told.title}. {proposal.content.not_ready}")


def nora_is_healed(year: Year) -> None:
    """Deferrals have begun with this payroll, the notice is given: the employer approves and pays."""
    pay_correction(year, record_days(year, begin_on=MAY_22, notice_on=MAY_22))


def noras(year: Year) -> compliance.Proposal:
    """What was missed, as payroll's own record shows it; the proposal that stands."""
    return proposals(year, str(_noras_failure(year).failure_id))[-1]


def record_days(year: Year, *, begin_on: date, notice_on: date) -> compliance.Proposal:
    """A person records when correct deferrals began, and that the notice was given: it is counted anew."""
    sandbox, failure = year.sandbox, replace(_noras_failure(year), begin_on=begin_on, notice_on=notice_on)
    flow_id = FlowId(named_uuid(sandbox.world, "Nora left out"))
    told = heal.heal(sandbox.db, actor=SPONSOR, found=heal.Found(year.sponsor, flow_id, failure))
    if isinstance(told, Refused):
        raise Open401kError(told.message, fix=told.fix)
    return noras(year)


def _noras_failure(year: Year) -> compliance.Failure:
    who = employee(year, NORA.last_name).employee_id
    with year.sandbox.db.begin(year.sandbox.actor, tenants=[year.sponsor]) as tx:
        known = compliance.failures(tx, **year.where)
    return next(each.failure for each in known if each.failure.missed_of(who))


def proposals(year: Year, about: str | None = None) -> list[compliance.Proposal]:
    """Corrections proposed so far."""
    with year.sandbox.db.begin(year.sandbox.actor, tenants=[year.sponsor]) as tx:
        known = compliance.proposals(tx, **year.where)
    return [each for each in known if about in (None, each.about)]


def pay_correction(year: Year, proposal: compliance.Proposal) -> None:
    """A person approves; the employer's money for it comes by wire."""
    sandbox = year.sandbox
    of: dict[str, Any] = {"actor": SPONSOR, "tenant_id": year.sponsor, "proposal_id": proposal.proposal_id}
    approved = heal_approved.approve(sandbox.db, **of, why="owed")
    if isinstance(approved, Refused):
        raise Open401kError(approved.message, fix=approved.fix)
    due = compliance.due_of(approved)
    year.bank.wire_in(
        sandbox.clock.now().date(),
        due.cents,
        f"WIRE CORRECTION {compliance.correction_reference(proposal.proposal_id)}",
    )
    year.say(f"{sandbox.clock.now():%Y-%m-%d} approved and paid: {approved.told.title}: {Money(due.cents)}")


def a_new_pay_code(year: Year) -> None:
    """Nobody has said what it is for: the row is held before money moves."""
    paid = {"name": "Spot Bonus", "check_date": PAY_DATES[12].isoformat(), "cents": 100_000}
    year.provider.change(DANA, extra_pay=[paid])
    year.say("2026-06-19 a pay code that was never seen: Spot Bonus")


def a_debit_bounces(year: Year) -> None:
    """The employer's account is short in July."""
    year.bank.bounces = 1


def lost_earnings_are_paid(year: Year) -> None:
    """The bounced money came after its day: what it would have earned is proposed, approved and paid."""
    waiting = [
        each
        for each in proposals(year)
        if each.state is ProposalState.PROPOSED and each.content.kind == compliance.LATE_DEPOSIT
    ]
    for each in waiting:
        pay_correction(year, each)


def ivan_is_rehired(year: Year) -> None:
    """A participant before, and at once again; his election ended with his employment."""
    year.provider.change(IVAN, rehired_on="2026-08-03")
    year.say("2026-08-03 Ivan is back")


def ivan_elects_again(year: Year) -> None:
    """What he had elected ended with his employment, and automatic enrollment is for new entrants."""
    elect(year, "Marsh", PAY_DATES[17], 400)


def rosa_elects_six(year: Year) -> None:
    """Told to payroll before the pay date from which it holds."""
    elect(year, "Benitez", PAY_DATES[18], 600)


def elect(year: Year, last_name: str, on: date, bps: int) -> None:
    """Somebody elects a share of pay before tax, and payroll is told."""
    election = recordkeeping.NewElection(
        employee(year, last_name).employee_id,
        recordkeeping.Slot(Source.PRE_TAX),
        on,
        recordkeeping.How.PARTICIPANT,
        bps=bps,
    )
    with year.sandbox.db.begin(year.sandbox.actor, tenants=[year.sponsor]) as tx:
        done = recordkeeping.record_elections(tx, **year.where, elections=[election])
    if isinstance(done, Refused):
        raise Open401kError(done.message, fix=done.fix)
    year.say(f"{year.sandbox.clock.now():%Y-%m-%d} {last_name} elects {bps // 100} % from {on} on")
    year.pull()


def gordon_retires(year: Year) -> None:
    """Paid for the last time on October 23."""
    year.provider.change(GORDON, terminated_on="2026-10-16")
    year.say("2026-10-16 Gordon retires")


def employee(year: Year, last_name: str) -> census.Employee:
    """Somebody on file."""
    with year.sandbox.db.begin(year.sandbox.actor, tenants=[year.sponsor]) as tx:
        return next(each for each in census.roster(tx, tenant_id=year.sponsor) if each.last_name == last_name)


SCRIPT = Script(
    before={
        4: kurt_is_hired,
        6: ivan_leaves,
        7: farahs_raise,
        12: a_new_pay_code,
        16: ivan_is_rehired,
        21: gordon_retires,
    },
    after={10: nora_is_healed, 16: ivan_elects_again, 17: rosa_elects_six},
    at_the_bank={9: nora_is_found, 14: a_debit_bounces},
    behind={15: lost_earnings_are_paid},
)
