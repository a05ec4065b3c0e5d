"""Money of a payroll that was sent, and that a corrected file does not ask for any more: whose it is, how it goes back.

What was withheld though nobody elected it is no elective contribution (26 CFR 1.401(k)-1(a)(3)(iii)). Once it is in the
plan there is one way back for each case, and only a person knows the case:

- it never was withheld, or payroll gives it back as wages: money that the employer paid in by a mistake of fact, which
  may return to it within one year of the payment, without earnings (ERISA 403(c)(2)(A)(i); Rev. Rul. 91-4);
- else it is distributed to the employee with its earnings (Rev. Proc. 2021-30 section 6.06(2)): taxable when it is
  paid, no eligible rollover distribution (6.06(1)), and it counts in neither 402(g), 415 nor the ADP and ACP tests;
- the employer's own part (the match on it) reduces what the employer owes next, and is not given back (6.06(2)).

Not here: the corrected payroll itself (payroll), who is concerned (posting.corrections).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from open401k import ledger
from open401k.base import audit
from open401k.base.db import Tx
from open401k.kernel import EntryId, Money, PlanId, Refused, RunId, SponsorId, anniversary

from . import _over_store as _store
from .deposits import Deposited, ever_waited, leave_payroll, left_payrolls, record_employer_money, take_back

#: With what the reference of such money begins where it waits; that of the employer's own part is not given back.
LEFT_OVER, EMPLOYERS_PART = "over ", "over employers "


class Way(StrEnum):
    """What becomes of it."""

    NEVER_WITHHELD = "never_withheld"
    AS_WAGES = "as_wages"
    TO_EMPLOYEE = "to_employee"
    EMPLOYERS = "employers"


CITES = {
    Way.NEVER_WITHHELD: "ERISA 403(c)(2)(A)(i); Rev. Rul. 91-4",
    Way.AS_WAGES: "26 CFR 1.401(k)-1(a)(3)(iii); ERISA 403(c)(2)(A)(i); Rev. Rul. 91-4",
    Way.TO_EMPLOYEE: "Rev. Proc. 2021-30 section 6.06(1), (2)",
    Way.EMPLOYERS: "Rev. Proc. 2021-30 section 6.06(2)",
}
_WORDS = {
    Way.NEVER_WITHHELD: "was never withheld: the employer's, sent by mistake",
    Way.AS_WAGES: "goes back through payroll as wages",
    Way.TO_EMPLOYEE: "was distributed to the employees",
    Way.EMPLOYERS: "is the employer's part, and pays what it owes next",
}


class OverRefusal(StrEnum):
    """Why nothing was recorded. Looked at in this order."""

    KEY_REUSED = "key_reused"
    NOTHING_OVER = "nothing_over"
    MORE_THAN_OVER = "more_than_over"
    YEAR_IS_OVER = "year_is_over"
    EARNINGS_NOT_SAID = "earnings_not_said"
    DAY_IN_FUTURE = "day_in_future"
    NOT_POSTED = "not_posted"
    NO_SUCH_DECISION = "no_such_decision"
    MONEY_USED = "money_used"


@dataclass(frozen=True, slots=True)
class Over:
    """What came for a payroll beyond what it owes by now, by whose it is; ``paid_on``: its first and last day."""

    run_id: RunId
    withheld_cents: int
    employer_cents: int
    paid_on: tuple[date, date]

    @property
    def cents(self) -> int:
        return self.withheld_cents + self.employer_cents

    @property
    def return_until(self) -> date:
        """The last day on which what was withheld, or never was, may go back to the employer."""
        return anniversary(self.paid_on[0], 1)

    def open_cents(self, way: Way) -> int:
        """What of it a way is for."""
        return self.employer_cents if way is Way.EMPLOYERS else self.withheld_cents

    def ways(self, today: date) -> tuple[Way, ...]:
        """What is open for it by its day."""
        withheld = (Way.TO_EMPLOYEE,) if today > self.return_until else (Way.AS_WAGES, Way.TO_EMPLOYEE)
        if today <= self.return_until:
            withheld = (*withheld, Way.NEVER_WITHHELD)
        return (*(withheld if self.withheld_cents else ()), *((Way.EMPLOYERS,) if self.employer_cents else ()))


@dataclass(frozen=True, slots=True)
class OverDecision:
    """What a person says of an amount; ``earnings_cents``: what it earned where the plan's money is invested."""

    decision_id: UUID
    run_id: RunId
    way: Way
    cents: int
    on: date
    reason: str
    earnings_cents: int | None = None


@dataclass(frozen=True, slots=True)
class OverDecided:
    """The same on file, with the entry that takes it off the payroll, and the money that waits since.

    ``undone_on``: it was wrong, and was taken back.
    """

    decision_id: UUID
    run_id: RunId
    way: Way
    cents: int
    earnings_cents: int | None
    on: date
    entry_id: EntryId
    waits_entry_id: EntryId | None
    reason: str
    undone_on: date | None = None
    undone_because: str = ""

    @property
    def words(self) -> str:
        """In words, with its rule."""
        earned = f", with {Money(self.earnings_cents)} of earnings" if self.earnings_cents else ""
        back = f"; taken back on {self.undone_on}: {self.undone_because}" if self.undone_on else ""
        return f"{Money(self.cents)} {_WORDS[self.way]}{earned}, on {self.on} ({CITES[self.way]}){back}"


def over_of(
    run_id: RunId,
    *,
    owed_cents: int,
    withheld_less_cents: int,
    came: Iterable[tuple[date, int]],
    known: Iterable[OverDecided],
) -> Over | None:
    """What is over of a payroll, None where nothing is; what was withheld first. ``known``: what was decided. Pure."""
    taken = sum(each.cents for each in known if each.run_id == run_id and each.way is not Way.EMPLOYERS)
    parts = sorted(came)
    over = sum(cents for _, cents in parts) - owed_cents
    days = [on for on, cents in parts if cents > 0]
    if over <= 0 or not days:
        return None
    withheld = min(over, max(0, withheld_less_cents - taken))
    return Over(run_id, withheld, over - withheld, (days[0], days[-1]))


def decided(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[OverDecided]:
    """Everything that was decided and stands, in order."""
    return [each for each in ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id) if each.undone_on is None]


def ever_decided(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[OverDecided]:
    """The same, also what was taken back since."""
    return [
        OverDecided(
            row[0], RunId(row[1]), Way(row[2]), row[3], row[4], row[5], EntryId(row[6]),
            EntryId(row[7]) if row[7] else None, *row[8:],
        )
        for row in _store.decisions(tx, tenant_id=tenant_id, plan_id=plan_id)
    ]  # fmt: skip


def refusal(decision: OverDecision, over: Over | None, *, today: date) -> Refused[OverRefusal] | None:
    """Why a decision cannot be. Pure."""
    open_cents = 0 if over is None else over.open_cents(decision.way)
    if over is None or not open_cents:
        return Refused(OverRefusal.NOTHING_OVER, "Nothing of that kind is over.", "See Deposits for what is.")
    if not 0 < decision.cents <= open_cents:
        message = f"{Money(decision.cents)} are not within the {Money(open_cents)} that are over."
        return Refused(OverRefusal.MORE_THAN_OVER, message, f"Say {Money(open_cents)}, or less.")
    if decision.way not in over.ways(today):
        message = f"It was paid on {over.paid_on[0]}: it could return to the employer until {over.return_until}."
        fix = "Have it distributed to the employee, with its earnings."
        return Refused(OverRefusal.YEAR_IS_OVER, f"{message} ({CITES[decision.way]})", fix)
    if (decision.way is Way.TO_EMPLOYEE) is (decision.earnings_cents is None):
        fix = "Say what the money earned where it is invested, 0.00 if nothing; for no other way say any."
        return Refused(OverRefusal.EARNINGS_NOT_SAID, "What is distributed is paid with its earnings.", fix)
    if decision.on > today:
        return Refused(OverRefusal.DAY_IN_FUTURE, "The day is still to come.", "Record it on that day.")
    return None


def decide(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, decision: OverDecision, over: Over | None, today: date
) -> OverDecided | Refused[OverRefusal]:
    """Record what becomes of an amount, once for its id.

    It leaves what came for the payroll. What goes back to the employer, or is its own, waits as the employer's money
    since the day it came; what is distributed leaves the plan.
    """
    before = {each.decision_id: each for each in ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id)}
    if (known := before.get(decision.decision_id)) is not None:
        return _again(known, decision)
    refused = refusal(decision, over, today=today)
    if refused is not None or over is None:
        return refused or Refused(OverRefusal.NOTHING_OVER, "Nothing is over.", "")
    last, name = over.paid_on[1], str(decision.decision_id)
    leaves = decision.way is Way.TO_EMPLOYEE
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "amount": Money(decision.cents)}
    on = max(decision.on, last) if leaves else last
    gone = leave_payroll(tx, **of, on=on, key=f"over/{name}", reference=str(decision.run_id))
    if isinstance(gone, Refused):
        return Refused(OverRefusal.NOT_POSTED, gone.message, gone.fix)
    waits: ledger.Posted | None = None
    if not leaves:
        begins = EMPLOYERS_PART if decision.way is Way.EMPLOYERS else LEFT_OVER
        put = record_employer_money(tx, **of, on=last, key=f"over/{name}/waits", reference=f"{begins}{name}")
        if isinstance(put, Refused):
            return Refused(OverRefusal.NOT_POSTED, put.message, put.fix)
        waits = put
    found = OverDecided(
        decision.decision_id, decision.run_id, decision.way, decision.cents, decision.earnings_cents, decision.on,
        gone.entry_id, waits.entry_id if waits else None, decision.reason,
    )  # fmt: skip
    _record(tx, tenant_id, plan_id, found)
    return found


def _record(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, found: OverDecided) -> None:
    columns = (
        found.run_id, str(found.way), found.cents, found.earnings_cents, found.on, found.entry_id,
        found.waits_entry_id, found.reason,
    )  # fmt: skip
    _store.add_decision(tx, tenant_id=tenant_id, decision_id=found.decision_id, plan_id=plan_id, columns=columns)
    told = {
        "run_id": str(found.run_id), "way": str(found.way), "cents": found.cents, "on": found.on.isoformat(),
        "earnings_cents": found.earnings_cents, "cite": CITES[found.way], "reason": found.reason,
    }  # fmt: skip
    audit.record(tx, tenant_id=tenant_id, action="over_sent.decided", subject=str(found.decision_id), after=told)


def undo(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, decision_id: UUID, reason: str, today: date
) -> OverDecided | Refused[OverRefusal]:
    """A decision was wrong: what was over is open again, as what came for the payroll. Once for a decision.

    Money that waits as the employer's by it waits no more; where it was used or given back, that stands.
    """
    known = {each.decision_id: each for each in ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id)}
    wrong = known.get(decision_id)
    if wrong is None:
        fix = "See Deposits for what was decided."
        return Refused(OverRefusal.NO_SUCH_DECISION, "Nothing of that id was decided here.", fix)
    if wrong.undone_on is not None:
        return wrong
    waits = {each.entry_id: each for each in ever_waited(tx, tenant_id=tenant_id, plan_id=plan_id)}
    money = waits.get(wrong.waits_entry_id) if wrong.waits_entry_id else None
    if money is not None and money.taken_back is not None:
        message = "Its money has paid since what the employer owed, or went back to the employer."
        return Refused(OverRefusal.MONEY_USED, message, "What was done with it stands; ask whoever has the money.")
    left = left_payrolls(tx, tenant_id=tenant_id, plan_id=plan_id)
    # A bank may have booked a day ahead of our clock: nothing is undone before it was there.
    on = max([today, *(each.on for each in left if each.entry_id == wrong.entry_id)])
    for entry_id in (wrong.waits_entry_id, wrong.entry_id):
        if entry_id is None:
            continue
        posted = take_back(tx, tenant_id=tenant_id, entry_id=entry_id, on=on, reason="over_undone")
        if isinstance(posted, Refused):
            return Refused(OverRefusal.NOT_POSTED, posted.message, posted.fix)
    _store.add_undone(tx, tenant_id=tenant_id, decision_id=decision_id, undone_on=today, reason=reason)
    told = {"reason": reason, "cents": wrong.cents, "way": str(wrong.way)}
    audit.record(tx, tenant_id=tenant_id, action="over_sent.undone", subject=str(decision_id), after=told)
    return replace(wrong, undone_on=today, undone_because=reason)


def _again(before: OverDecided, decision: OverDecision) -> OverDecided | Refused[OverRefusal]:
    if before.undone_on is not None:
        message = f"That was recorded, and taken back on {before.undone_on}."
        return Refused(OverRefusal.KEY_REUSED, message, "If it is right after all, record it with a fresh key.")
    told = (before.run_id, before.way, before.cents, before.earnings_cents, before.on, before.reason)
    if told == (
        decision.run_id, decision.way, decision.cents, decision.earnings_cents, decision.on, decision.reason
    ):  # fmt: skip
        return before
    message = "This was sent before, with something else in it; nothing was recorded."
    return Refused(OverRefusal.KEY_REUSED, message, "Begin again with a fresh key.")


def may_not_return(money: Deposited, today: date) -> str:
    """Why such money, where it waits, may not be given back to the employer; empty where it may. Pure."""
    if money.reference.startswith(EMPLOYERS_PART):
        return f"It was the employer's contribution, and pays what the employer owes next ({CITES[Way.EMPLOYERS]})."
    until = anniversary(money.on, 1)
    if money.reference.startswith(LEFT_OVER) and today > until:
        return f"It could return to the employer until {until} ({CITES[Way.NEVER_WITHHELD]})."
    return ""


def damage(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, left: Iterable[Deposited]) -> list[tuple[str, str]]:
    """Decisions whose money is not in the journal by their amount, and entries of none; for verification."""
    gone = {each.entry_id: each for each in left}
    moved = {entry_id: -each.cents for entry_id, each in gone.items()}
    known = {each.entry_id: each for each in ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id)}
    found = [
        (str(each.decision_id), f"{each.cents} cents left a payroll by it, the journal has {moved.get(entry_id)}")
        for entry_id, each in known.items()
        if moved.get(entry_id) != each.cents
    ]
    found += [
        (str(each.decision_id), "it was taken back, and its entry stands or the other way round")
        for entry_id, each in known.items()
        if entry_id in gone and (gone[entry_id].taken_back is None) is (each.undone_on is not None)
    ]
    return found + [(str(each), "money left a payroll, and nobody decided it") for each in moved.keys() - known.keys()]
