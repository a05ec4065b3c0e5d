"""Deferrals that payroll did not withhold as elected, or by default, become failures by themselves. Pure.

One person's case is one failure for as long as its pay dates overlap: facts that change it make a version more of the
same; facts that take it away leave it with nothing missed. What people recorded with it stays. Pay dates of a failure
that a person recorded before are that failure's: nothing is owed twice. Not here: the cases
(recordkeeping.missed_cases), their cost (failure_correction.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from open401k.kernel import EmployeeId, FailureId, Money, PlanId, named_uuid
from open401k.recordkeeping import Case, Told, ToldOf

from .failures import Affected, Failure, FailureKind, MissedOn

_WHOLE = 10_000


def failures_withheld(
    cases: Sequence[Case], *, known: Sequence[Failure], plan_id: PlanId, today: date
) -> list[Failure]:
    """What is to be recorded: cases of missed deferrals that are new or have changed, and those that are gone.

    What was too much, or went into another source, is no failure of this kind.
    """
    ours = {each.failure_id: each for each in known if each.from_payroll}
    free, found = dict(ours), []
    for whole in sorted(cases, key=lambda each: each.first):
        case = _not_by_hand(whole, known)
        if case is None or case.missed is None:
            continue
        before = _before(case, free, plan_id)
        if before is not None:
            del free[before.failure_id]
        found.append(_version(case, case.missed.automatic, before, plan_id, today))
    found += [_gone(each) for each in free.values()]
    return [each for each in found if ours.get(each.failure_id) != each]


def recorded_with(known: Sequence[Failure], *, plan_id: PlanId) -> ToldOf:
    """What people recorded with the failure that a case is; nothing where it is none yet."""
    ours = {each.failure_id: each for each in known if each.from_payroll}

    def told(who: EmployeeId, first: date, last: date) -> Told:
        found = ours.get(_id(plan_id, who, first)) or next(
            (each for each in ours.values() if _overlaps(each, who, first, last)),
            next((each for each in known if each.by_hand_on(who, first)), None),
        )
        if found is None:
            return Told()
        return Told(found.told_on, found.begin_on, found.notice_on, found.uniform)

    return told


def _not_by_hand(case: Case, known: Sequence[Failure]) -> Case | None:
    """Without the pay dates of what a person recorded first; None: that is all of it.

    A pay date that is payroll's own failure already stays in it: what was recorded for it holds.
    """
    who = case.employee_id
    own = {one.on for each in known if each.from_payroll for one in each.missed_of(who) or ()}
    by_hand = [each for each in known if not each.from_payroll]
    left = tuple(
        each
        for each in case.differences
        if each.pay_date in own or not any(one.by_hand_on(who, each.pay_date) for one in by_hand)
    )
    return replace(case, differences=left) if left else None


def _before(case: Case, free: dict[FailureId, Failure], plan_id: PlanId) -> Failure | None:
    """The failure that this case was before, however it looked then: begun on the same day, else overlapping."""
    same = free.get(_id(plan_id, case.employee_id, case.first))
    if same is not None:
        return same
    return next((each for each in free.values() if _overlaps(each, case.employee_id, case.first, case.last)), None)


def _overlaps(failure: Failure, who: EmployeeId, first: date, last: date) -> bool:
    (person,) = failure.people
    days = [one.on for one in person.missed or ()] or [failure.first_on or date.max]
    return person.employee_id == who and days[0] <= last and first <= days[-1]


def _id(plan_id: PlanId, who: EmployeeId, first: date) -> FailureId:
    return FailureId(named_uuid("withheld", str(plan_id), str(who), first.isoformat()))


def _version(case: Case, automatic: bool, before: Failure | None, plan_id: PlanId, today: date) -> Failure:
    by_default = case.differences[0].by_default
    missed = _missed(case)
    told = Failure(
        failure_id=_id(plan_id, case.employee_id, case.first) if before is None else before.failure_id,
        plan_id=plan_id,
        kind=FailureKind.AUTOMATIC_NOT_APPLIED if by_default else FailureKind.ELECTION_NOT_FOLLOWED,
        people=(Affected(case.employee_id, _rate(case), missed),),
        found_on=today if before is None else before.found_on,
        how_found=_how_found(case),
        first_on=case.first,
        begin_on=case.right_again_on,
        automatic=automatic,
    )
    if before is None:
        return told
    planned = before.begin_on if before.begin_on is not None and before.begin_on > case.last else None
    return replace(
        told,
        begin_on=case.right_again_on or planned,
        told_on=before.told_on,
        notice_on=before.notice_on,
        uniform=before.uniform,
    )


def _missed(case: Case) -> tuple[MissedOn, ...]:
    """By pay date, what could have been deferred within the limit of the year."""
    within = {} if case.missed is None else case.missed.by_date
    return tuple(
        MissedOn(each.pay_date, within.get(each.pay_date, each.missed_cents), each.missed_after_tax_cents)
        for each in case.differences
    )


def _rate(case: Case) -> int:
    """Of these pay dates together, what should have been withheld of pay; an amount in dollars as the rate it was."""
    wanted = sum(cents for each in case.differences for source, cents in each.expected.items() if source.is_deferral)
    pay = sum(each.compensation_cents for each in case.differences)
    rate = (wanted * _WHOLE * 2 + pay) // (2 * pay) if pay > 0 else 0
    return min(max(rate, 1), _WHOLE)


def _how_found(case: Case) -> str:
    less = sum(each.missed_cents + each.missed_after_tax_cents for each in case.differences)
    dates = f"{len(case.differences)} pay date{'s' if len(case.differences) > 1 else ''}"
    asked = "the plan's default" if case.differences[0].by_default else "the election on file"
    return f"Payroll withheld {Money(less)} less than {asked}, on {dates} from {case.first} to {case.last}."


def _gone(known: Failure) -> Failure:
    """By what is now known nothing was missed; who was concerned and when it was thought to begin stays."""
    (person,) = known.people
    if person.missed == ():
        return known
    how = "As elections, pay and entry are now known, payroll withheld what was to be withheld."
    return replace(known, people=(replace(person, missed=()),), how_found=how)
