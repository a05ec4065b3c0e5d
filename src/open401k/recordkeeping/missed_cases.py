"""What follows from withholding that was not as elected: cases, each with its cure, its days and its paragraph. Pure.

A case is one person's unbroken run of pay dates with the same mistake. Nothing is posted here: the contribution of a
missed deferral, its match and its earnings are typed values for who does. Not here: finding the differences
(withheld.py), the law of the cure (law/missed_deferrals.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from open401k.kernel import EmployeeId, Money, PlanYear
from open401k.law.missed_deferrals import (
    Basis,
    CorrectionWindows,
    MissedDeferral,
    Relief,
    ReliefFound,
    correction_windows,
    missed_contributions,
)
from open401k.plan import Provisions

from .case_relief import Standing, ToldOf, nothing_recorded, of_automatic, open_relief
from .withheld import Difference, Kind, Withheld


class Mistake(StrEnum):
    """What a case is about; the cure hangs on it."""

    MISSED = "missed"
    OVER = "over"
    WRONG_SOURCE = "wrong_source"
    BEFORE_ENTRY = "before_entry"


_OF = {
    Kind.BEFORE_ENTRY: Mistake.BEFORE_ENTRY,
    Kind.STOPPED_LATE: Mistake.OVER,
    Kind.NOT_ELECTED: Mistake.OVER,
    Kind.NOT_WITHHELD: Mistake.MISSED,
    Kind.WRONG_SOURCE: Mistake.WRONG_SOURCE,
    Kind.TOO_LITTLE: Mistake.MISSED,
    Kind.TOO_MUCH: Mistake.OVER,
}


@dataclass(frozen=True, slots=True)
class MissedCure:
    """What the employer owes for deferrals that were not withheld; the match on them and earnings come on top.

    ``qnec_cents`` is by the cheapest relief that is open if correct deferrals begin on ``begins_on`` and the notice is
    given in time. ``by_date``: what was missed by pay date, as far as the year left room. ``automatic``: automatic
    enrollment covers it (IRC 414(cc)(2)(A)).
    """

    basis: Basis
    by_date: Mapping[date, int]
    missed_after_tax_cents: int
    compensation_cents: int
    plan_year: PlanYear
    windows: CorrectionWindows
    begins_on: date
    relief: ReliefFound
    qnec_cents: int
    after_tax_qnec_cents: int
    automatic: bool

    @property
    def missed_cents(self) -> int:
        """Elective deferrals of all pay dates."""
        return sum(self.by_date.values())


@dataclass(frozen=True, slots=True)
class Case:
    """One mistake of one person, from its first pay date to its last; ``right_again_on`` None: it goes on."""

    employee_id: EmployeeId
    mistake: Mistake
    differences: tuple[Difference, ...]
    right_again_on: date | None
    words: str
    cite: str
    missed: MissedCure | None = None

    @property
    def first(self) -> date:
        return self.differences[0].pay_date

    @property
    def last(self) -> date:
        return self.differences[-1].pay_date

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What was seen, each once."""
        return tuple(dict.fromkeys(each.kind for each in self.differences))


def cases_of(
    withheld: Withheld, *, provisions: Provisions, today: date, recorded: ToldOf = nothing_recorded
) -> list[Case]:
    """Every case of the differences, by its first pay date. ``provisions``: in force today, for the plan year."""
    found = []
    for employee_id, of_person in _by_person(withheld.differences).items():
        paid = tuple(sorted(set(withheld.pay_dates[employee_id])))
        standing = withheld.standing.get(employee_id, Standing())
        room = {year: left for (who, year), left in withheld.room.items() if who == employee_id}
        facts = _Facts(employee_id, paid, standing, room, provisions, today, recorded)
        for run, right_again_on in _runs(of_person, paid):
            found.append(_case(facts, run, right_again_on))
    return sorted(found, key=lambda each: (each.first, each.employee_id))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What each case of one person is judged by."""

    employee_id: EmployeeId
    paid: tuple[date, ...]
    standing: Standing
    room: dict[int, int]
    provisions: Provisions
    today: date
    recorded: ToldOf


def _by_person(differences: Sequence[Difference]) -> dict[EmployeeId, list[Difference]]:
    found: dict[EmployeeId, list[Difference]] = {}
    for each in differences:
        found.setdefault(each.employee_id, []).append(each)
    return found


def _runs(
    differences: Sequence[Difference], paid: Sequence[date]
) -> Iterator[tuple[tuple[Difference, ...], date | None]]:
    """Pay dates in a row with the same mistake, and the first pay date after them that has not that mistake."""
    on = {each.pay_date: each for each in differences}
    run: list[Difference] = []
    for day in paid:
        each = on.get(day)
        if run and (each is None or _OF[each.kind] is not _OF[run[-1].kind]):
            yield tuple(run), day
            run = []
        if each is not None:
            run.append(each)
    if run:
        yield tuple(run), None


def _case(facts: _Facts, run: tuple[Difference, ...], right_again_on: date | None) -> Case:
    mistake = _OF[run[0].kind]
    if mistake is Mistake.MISSED:
        cure = _missed(facts, run, right_again_on)
        return Case(facts.employee_id, mistake, run, right_again_on, _missed_words(cure), cure.relief.cite, cure)
    words, cite = _WORDS[mistake]
    return Case(facts.employee_id, mistake, run, right_again_on, words.format(over=Money(_over(run, mistake))), cite)


def _over(run: Sequence[Difference], mistake: Mistake) -> int:
    if mistake is Mistake.WRONG_SOURCE:
        return sum(max(each.withheld[source] - each.expected[source], 0) for each in run for source in each.withheld)
    return sum(each.over_cents for each in run)


def _missed(facts: _Facts, run: Sequence[Difference], right_again_on: date | None) -> MissedCure:
    began, last, standing = run[0].pay_date, run[-1].pay_date, facts.standing
    told = facts.recorded(facts.employee_id, began, last)
    year = facts.provisions.plan_year_of(began)
    notified = None if told.told_on is None else max(told.told_on, began)
    windows = correction_windows(plan_year=year, failure_began_on=began, notified_on=notified)
    planned = told.begin_on if told.begin_on is not None and told.begin_on > last else None
    begins = right_again_on or planned or max(facts.today, last)
    by_default = run[0].by_default
    automatic = of_automatic(facts.provisions, by_default=by_default, began=began, entered_on=standing.entered_on)
    found = open_relief(
        windows=windows,
        pay_dates=tuple(day for day in facts.paid if day >= began),
        begun=begins,
        left=standing.left_on is not None and standing.left_on < begins,
        automatic=automatic,
        notice_on=told.notice_on,
        uniform=told.uniform,
        on=facts.today,
    )
    basis = Basis.DEFAULT if by_default else Basis.ELECTION
    by_date, after_tax = _within_the_year(run, facts.room), sum(each.missed_after_tax_cents for each in run)
    deferrals = sum(by_date.values())
    nothing = np.zeros(1, dtype=np.int64)
    owed = missed_contributions(
        MissedDeferral(basis, nothing, nothing + deferrals, nothing),
        relief=found.relief,
        plan_year=year,
        missed_after_tax=nothing + after_tax,
    )
    return MissedCure(
        basis=basis,
        by_date=by_date,
        missed_after_tax_cents=after_tax,
        compensation_cents=sum(each.compensation_cents for each in run),
        plan_year=year,
        windows=windows,
        begins_on=begins,
        relief=found,
        qnec_cents=int(owed.qnec[0]),
        after_tax_qnec_cents=int(owed.after_tax_qnec[0]),
        automatic=automatic,
    )


def _within_the_year(run: Sequence[Difference], room: dict[int, int]) -> dict[date, int]:
    """What was missed by pay date, as far as its calendar year left room: no more could have been deferred (.05(5)).

    What it takes of ``room`` is gone for later cases of the same person.
    """
    found: dict[date, int] = {}
    for each in run:
        year = each.pay_date.year
        found[each.pay_date] = missed = min(each.missed_cents, room.get(year, each.missed_cents))
        if year in room:
            room[year] -= missed
    return found


def _missed_words(cure: MissedCure) -> str:
    share = f"{cure.relief.qnec_bps / 100:g} %"
    told = f"{Money(cure.missed_cents)} of elective deferrals were not withheld. "
    if cure.missed_after_tax_cents:
        told += f"So were {Money(cure.missed_after_tax_cents)} of after-tax contributions. "
    told += f"With correct deferrals from {cure.begins_on} on"
    told += ", " if cure.relief.relief is Relief.HALF else f" and the notice by {cure.relief.notice_by}, "
    told += f"the employer owes {share} of them, {Money(cure.qnec_cents + cure.after_tax_qnec_cents)}"
    if cure.missed_after_tax_cents:
        told += " with 40 % of the after-tax part"
    return f"{told}, the match on them in full, and earnings."


_WORDS = {
    Mistake.OVER: (
        "{over} more was withheld than was elected. Stop it in payroll, and take the money with its earnings out of the"
        " account and back to the employee; the match on it is forfeited.",
        "Rev. Proc. 2021-30 section 6.06(2)",
    ),
    Mistake.WRONG_SOURCE: (
        "{over} went into another source than was elected. Move it with its earnings, and correct Form W-2: Roth"
        " contributions are wages, pre-tax deferrals are not.",
        "Rev. Proc. 2021-30 section 6.02(2); IRC 402A(b)(1)",
    ),
    Mistake.BEFORE_ENTRY: (
        "{over} was withheld before the employee had entered the plan. Give it back through payroll, or amend the plan"
        " so that everybody in the same position had entered.",
        "Rev. Proc. 2021-30 App. B section 2.07(3); IRC 410(a)",
    ),
}
