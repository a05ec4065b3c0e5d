"""What becomes of money that left before it was taken back: it came again, or it is left. Not here: finding it.

Rev. Proc. 2021-30 section 6.06: what was overpaid comes back from the person, or is made up by the employer or somebody
else. IRC 414(aa)(1): a plan stays qualified that does not ask for an inadvertent one, unless it is above 401(a)(17) or
415 ((4)). What comes back was the employer's contribution: it waits as such, and pays what the employer owes next; it
is not given back to the employer (our cautious reading of 6.06, which has it reduce later contributions).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from open401k import ledger
from open401k.base import audit
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, EntryId, Money, PlanId, Refused, Source, SponsorId
from open401k.law.self_correction import overpayment_choices

from . import _overpaid_store as _store
from . import overpaid
from .deposits import ever_waited, record_employer_money, waiting

#: Money of this sum that waits since so many days before or after is the same money.
SAME_MONEY = timedelta(days=5)
#: With what the reference of such money begins.
CAME_AGAIN = "overpaid "


class Became(StrEnum):
    """What became of it."""

    PAID_BACK = "paid_back"
    RESTORED = "restored"
    LEFT = "left"


class DecisionRefusal(StrEnum):
    """Why nothing was recorded."""

    KEY_REUSED = "key_reused"
    NOTHING_OVERPAID = "nothing_overpaid"
    MORE_THAN_OVERPAID = "more_than_overpaid"
    DAY_IN_FUTURE = "day_in_future"
    NOT_LEFT = "may_not_be_left"
    NOT_POSTED = "not_posted"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says of one amount; ``within_limits``: inadvertent, and not above 401(a)(17) or 415."""

    decision_id: UUID
    employee_id: EmployeeId
    source: Source
    became: Became
    cents: int
    on: date
    reason: str
    within_limits: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """The same on file, with the entry of the money that came."""

    decision_id: UUID
    employee_id: EmployeeId
    source: Source
    became: Became
    cents: int
    on: date
    entry_id: EntryId | None
    reason: str

    @property
    def words(self) -> str:
        """In words, with its rule."""
        return f"{Money(self.cents)} {_WORDS[self.became]} on {self.on} ({CITES[self.became]})"


_WORDS = {
    Became.PAID_BACK: "came back from the person",
    Became.RESTORED: "was made up by the employer or somebody else",
    Became.LEFT: "is left with the person, and the employer's contribution bears it",
}
CITES = {
    Became.PAID_BACK: "Rev. Proc. 2021-30 section 6.06",
    Became.RESTORED: "Rev. Proc. 2021-30 section 6.06",
    Became.LEFT: overpayment_choices(inadvertent=True, over_401a17_or_415=False).cite,
}


def decided(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Decided]:
    """Everything that was decided, in order."""
    rows = _store.decisions(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [
        Decided(r[0], EmployeeId(r[1]), Source(r[2]), Became(r[3]), r[4], r[5], EntryId(r[6]) if r[6] else None, r[7])
        for r in rows
    ]


def refusal(decision: Decision, *, open_cents: int, today: date) -> Refused[DecisionRefusal] | None:
    """Why a decision cannot be, where ``open_cents`` of that person and source are overpaid and not decided on."""
    if open_cents <= 0:
        fix = "See Corrections for what is."
        return Refused(DecisionRefusal.NOTHING_OVERPAID, "Nothing of that person and source is overpaid.", fix)
    if not 0 < decision.cents <= open_cents:
        message = f"{Money(decision.cents)} are not within the {Money(open_cents)} that are overpaid."
        return Refused(DecisionRefusal.MORE_THAN_OVERPAID, message, f"Say {Money(open_cents)}, or less.")
    if decision.on > today:
        return Refused(DecisionRefusal.DAY_IN_FUTURE, "The day is still to come.", "Record it on that day.")
    leaves = overpayment_choices(inadvertent=True, over_401a17_or_415=not decision.within_limits)
    if decision.became is Became.LEFT and not leaves.may_leave_it:
        message = f"Only what is inadvertent, and not above 401(a)(17) or 415, may be left: {leaves.cite}."
        return Refused(DecisionRefusal.NOT_LEFT, message, "Say that it is, or have it paid back or made up.")
    return None


def decide(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, decision: Decision, today: date
) -> Decided | Refused[DecisionRefusal]:
    """Record what becomes of an amount, once for its id; money that came is posted, or is what waits of that sum."""
    known = {each.decision_id: each for each in decided(tx, tenant_id=tenant_id, plan_id=plan_id)}
    if (before := known.get(decision.decision_id)) is not None:
        same = (before.employee_id, before.source, before.became, before.cents, before.on)
        if same == (decision.employee_id, decision.source, decision.became, decision.cents, decision.on):
            return before
        message = "This was sent before, with something else in it; nothing was recorded."
        return Refused(DecisionRefusal.KEY_REUSED, message, "Begin again with a fresh key.")
    found = overpaid.outstanding(tx, tenant_id=tenant_id, plan_id=plan_id)
    mine = (decision.employee_id, decision.source)
    open_cents = sum(each.cents for each in found if (each.employee_id, each.source) == mine)
    open_cents -= sum(each.cents for each in known.values() if (each.employee_id, each.source) == mine)
    refused = refusal(decision, open_cents=open_cents, today=today)
    if refused is not None:
        return refused
    entry_id = None
    if decision.became is not Became.LEFT:
        taken = {each.entry_id for each in known.values()}
        posted = _money(tx, tenant_id, plan_id, decision, taken)
        if isinstance(posted, Refused):
            return Refused(DecisionRefusal.NOT_POSTED, posted.message, posted.fix)
        entry_id = posted
    columns = (
        decision.employee_id, str(decision.source), str(decision.became), decision.cents, decision.on, entry_id,
        decision.reason,
    )  # fmt: skip
    _store.add_decision(tx, tenant_id=tenant_id, decision_id=decision.decision_id, plan_id=plan_id, columns=columns)
    told = {
        "employee_id": str(decision.employee_id), "source": str(decision.source), "became": str(decision.became),
        "cents": decision.cents, "on": decision.on.isoformat(), "cite": CITES[decision.became],
        "reason": decision.reason,
    }  # fmt: skip
    audit.record(tx, tenant_id=tenant_id, action="overpaid.decided", subject=str(decision.decision_id), after=told)
    return Decided(decision.decision_id, *mine, decision.became, decision.cents, decision.on, entry_id, decision.reason)


def damage(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[str, str]]:
    """Decisions whose money is not in the journal by their amount; for verification."""
    known = decided(tx, tenant_id=tenant_id, plan_id=plan_id)
    came = {each.entry_id: each.cents for each in ever_waited(tx, tenant_id=tenant_id, plan_id=plan_id)}
    found = [(each, came.get(each.entry_id)) for each in known if each.entry_id is not None]
    return [
        (str(each.decision_id), f"{each.cents} cents came by it, the journal has {cents}")
        for each, cents in found
        if cents != each.cents
    ]


def _money(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, decision: Decision, taken: set[EntryId | None]
) -> EntryId | Refused[ledger.Refusal]:
    """What waits of that sum since about that day, as a statement told it; else a new entry."""
    for each in waiting(tx, tenant_id=tenant_id, plan_id=plan_id):
        near = abs(each.on - decision.on) <= SAME_MONEY
        if near and each.cents == decision.cents and each.entry_id not in taken:
            return each.entry_id
    posted = record_employer_money(
        tx, tenant_id=tenant_id, plan_id=plan_id, on=decision.on, amount=Money(decision.cents),
        key=f"overpaid/decided/{decision.decision_id}", reference=f"{CAME_AGAIN}{decision.decision_id}",
    )  # fmt: skip
    return posted if isinstance(posted, Refused) else posted.entry_id
