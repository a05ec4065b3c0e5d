"""What becomes of money that left before it was taken back: it came again, or it is left. Not here: finding it.

Rev. Proc. 2021-30 section 6.06: what was overpaid comes back from the person, or is made up by the employer or somebody
else. IRC 414(aa)(1): a plan stays qualified that does not ask for an inadvertent one, unless it is above 401(a)(17) or
415 ((4)). What comes back was the employer's contribution: it waits as such, and pays what the employer owes next; it
is not given back to the employer (our cautious reading of 6.06, which has it reduce later contributions).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
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
from .deposits import ever_waited, record_employer_money, take_back, waiting

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
    LINE_NOT_SAID = "line_not_said"
    NOT_POSTED = "not_posted"
    NO_SUCH_DECISION = "no_such_decision"
    MONEY_USED = "money_used"


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
    line: str = ""
    """Of a line of the bank that paid a payroll by this sum: `same` money, `other` money, or nothing said."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The same on file, with the entry of the money that came; ``undone_on``: it was wrong, and was taken back."""

    decision_id: UUID
    employee_id: EmployeeId
    source: Source
    became: Became
    cents: int
    on: date
    entry_id: EntryId | None
    reason: str
    undone_on: date | None = None
    undone_because: str = ""

    @property
    def made_entry(self) -> str:
        """How the journal calls money that was recorded by this decision, where no bank had told it."""
        return f"{CAME_AGAIN}{self.decision_id}"

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


def ever_decided(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Decided]:
    """Everything that was decided, in order, also what was taken back."""
    rows = _store.decisions(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [
        Decided(r[0], EmployeeId(r[1]), Source(r[2]), Became(r[3]), r[4], r[5], EntryId(r[6]) if r[6] else None, *r[7:])
        for r in rows
    ]


def decided(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Decided]:
    """What stands of it."""
    return [each for each in ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id) if each.undone_on is None]


@dataclass(frozen=True, slots=True)
class Beyond:
    """Money that came again of one person's source beyond what is overpaid by now: a later fact made it due."""

    employee_id: EmployeeId
    source: Source
    cents: int


def beyond(found: Iterable[overpaid.Overpaid], known: Iterable[Decided]) -> list[Beyond]:
    """What came again though it was due after all, of the decisions that stand; what is left moved nothing. Pure."""
    over: dict[tuple[EmployeeId, Source], int] = {}
    for each in known:
        if each.became is not Became.LEFT:
            over[each.employee_id, each.source] = over.get((each.employee_id, each.source), 0) + each.cents
    for one in found:
        if (key := (one.employee_id, one.source)) in over:
            over[key] -= one.cents
    return [Beyond(*key, cents) for key, cents in over.items() if cents > 0]


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


def may_be(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, decision: Decision, today: date
) -> Refused[DecisionRefusal] | None:
    """Why a decision that is not on file cannot be; what is on file is answered by :func:`decide`."""
    ever = ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id)
    if any(each.decision_id == decision.decision_id for each in ever):
        return None
    known = [each for each in ever if each.undone_on is None]
    found = overpaid.outstanding(tx, tenant_id=tenant_id, plan_id=plan_id)
    mine = (decision.employee_id, decision.source)
    open_cents = sum(each.cents for each in found if (each.employee_id, each.source) == mine)
    open_cents -= sum(each.cents for each in known if (each.employee_id, each.source) == mine)
    return refusal(decision, open_cents=open_cents, today=today)


def decide(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, decision: Decision, today: date
) -> Decided | Refused[DecisionRefusal]:
    """Record what becomes of an amount, once for its id; money that came is posted, or is what waits of that sum."""
    ever = {each.decision_id: each for each in ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id)}
    if (before := ever.get(decision.decision_id)) is not None:
        return _again(before, decision)
    known = {key: each for key, each in ever.items() if each.undone_on is None}
    mine = (decision.employee_id, decision.source)
    refused = may_be(tx, tenant_id=tenant_id, plan_id=plan_id, decision=decision, today=today)
    if refused is not None:
        return refused
    entry_id = None
    if decision.became is not Became.LEFT:
        posted = _money(tx, tenant_id, plan_id, decision, {each.entry_id for each in known.values()})
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


def came_again(known: Iterable[Decided], *, cents: int, on: date, seen: Collection[EntryId | None]) -> EntryId | None:
    """The money of a decision that a line of this sum and day may show, where none of those ``seen`` is it. Pure."""
    fitting = (each.entry_id for each in known if each.cents == cents and abs(each.on - on) <= SAME_MONEY)
    return next((each for each in fitting if each is not None and each not in seen), None)


def _again(before: Decided, decision: Decision) -> Decided | Refused[DecisionRefusal]:
    if before.undone_on is not None:
        message = f"That was recorded, and taken back on {before.undone_on}."
        return Refused(DecisionRefusal.KEY_REUSED, message, "If it is right after all, record it with a fresh key.")
    same = (before.employee_id, before.source, before.became, before.cents, before.on, before.reason)
    if same == (
        decision.employee_id, decision.source, decision.became, decision.cents, decision.on, decision.reason
    ):  # fmt: skip
        return before
    message = "This was sent before, with something else in it; nothing was recorded."
    return Refused(DecisionRefusal.KEY_REUSED, message, "Begin again with a fresh key.")


def undo(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, decision_id: UUID, reason: str, shown: bool, today: date
) -> Decided | Refused[DecisionRefusal]:
    """A decision was wrong: what was overpaid is open again. Once for a decision.

    ``shown``: a bank's statement shows the money. It is the plan's then, and waits on as any money of the employer;
    what nobody but the decision told of leaves the books again.
    """
    ever = {each.decision_id: each for each in ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id)}
    wrong = ever.get(decision_id)
    if wrong is None:
        fix = "See Corrections for what was decided."
        return Refused(DecisionRefusal.NO_SUCH_DECISION, "Nothing of that id was decided here.", fix)
    if wrong.undone_on is not None:
        return wrong
    mine = [each for each in ever_waited(tx, tenant_id=tenant_id, plan_id=plan_id) if each.entry_id == wrong.entry_id]
    back: EntryId | None = None
    if mine and mine[0].reference == wrong.made_entry and not shown:
        if mine[0].taken_back is not None:
            message = "The money that it recorded has paid since what the employer owed."
            fix = "Read the bank's statement: where it shows the money, this can be taken back; else ask for the money."
            return Refused(DecisionRefusal.MONEY_USED, message, fix)
        on = max(today, mine[0].on)
        posted = take_back(tx, tenant_id=tenant_id, entry_id=mine[0].entry_id, on=on, reason="overpaid_undone")
        if isinstance(posted, Refused):
            return Refused(DecisionRefusal.NOT_POSTED, posted.message, posted.fix)
        back = posted.entry_id
    undone_by = None if back is None else back.uuid
    _store.add_undone(
        tx, tenant_id=tenant_id, decision_id=decision_id, undone_on=today, entry_id=undone_by, reason=reason
    )
    told = {"reason": reason, "cents": wrong.cents, "entry_id": str(back) if back else None}
    audit.record(tx, tenant_id=tenant_id, action="overpaid.undone", subject=str(decision_id), after=told)
    return replace(wrong, undone_on=today, undone_because=reason)


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
    """What waits of that sum since about that day, as a statement told it; else a new entry.

    What is left of money that another decision told of keeps its reference, and is that one's.
    """
    every = ever_waited(tx, tenant_id=tenant_id, plan_id=plan_id)
    others = {each.reference for each in every if each.entry_id in taken}
    for each in waiting(tx, tenant_id=tenant_id, plan_id=plan_id):
        near = abs(each.on - decision.on) <= SAME_MONEY
        if near and each.cents == decision.cents and each.reference not in others:
            return each.entry_id
    posted = record_employer_money(
        tx, tenant_id=tenant_id, plan_id=plan_id, on=decision.on, amount=Money(decision.cents),
        key=f"overpaid/decided/{decision.decision_id}", reference=f"{CAME_AGAIN}{decision.decision_id}",
    )  # fmt: skip
    return posted if isinstance(posted, Refused) else posted.entry_id
