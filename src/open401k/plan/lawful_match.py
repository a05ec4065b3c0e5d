"""What the law or the engine does not allow in what a match counts. Not here: its tiers and periods (lawful.py)."""

from collections.abc import Iterator

from open401k.kernel import Source

from .problem import ProvisionProblem
from .provisions import NEW_YEARS_DAY, Match, MatchPeriod, Provisions, SafeHarbor, TestingMethod

#: Months after the plan year within which student loan payments are certified.
_REASONABLE, _IN_TIME = 3, 9


def receiving(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """A safe harbor that leaves the highly compensated out, where there is none or it cannot be told who they are."""
    if provisions.safe_harbor_hces:
        return
    if provisions.safe_harbor is SafeHarbor.NONE:
        yield ProvisionProblem(
            "safe_harbor_hces",
            "There is no safe harbor contribution to leave anybody out of.",
            "IRC 401(k)(12)(B), (C)",
            "Choose a safe harbor, or take this out.",
        )
    if provisions.testing.top_paid_group:
        yield ProvisionProblem(
            "safe_harbor_hces",
            "Who is among the best paid is counted when a year is tested, and payrolls post this contribution before.",
            "IRC 414(q)(3)",
            "Take the top-paid group out, or give the contribution to everybody.",
        )


def counted(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """Catch-up that is not matched, where that cannot be told or cannot be."""
    match = provisions.match
    if match is None or match.matches_catch_up:
        return
    if match.source is Source.SAFE_HARBOR_MATCH:
        yield ProvisionProblem(
            "match.matches_catch_up",
            "A safe harbor match is one of elective contributions, and catch-up is one.",
            "IRC 401(k)(12)(B); Reg. 1.401(k)-3(c)(1)",
            "Match catch-up, too, or give the rest as another match.",
        )
    over_periods = match.true_up or match.period is not MatchPeriod.PAY_PERIOD
    if over_periods and provisions.plan_year_start != NEW_YEARS_DAY:
        yield ProvisionProblem(
            "match.matches_catch_up",
            "Catch-up is told by the calendar year; over a longer period of another plan year it would be two amounts.",
            "Reg. 1.414(v)-1(b)(1), (c)(3)",
            "Match each pay period by itself, without a true-up, or match catch-up.",
        )


def student_loans(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """A match of student loan payments where what it counts cannot be told."""
    match = provisions.match
    yield from _tested_apart(provisions)
    if match is not None and not _REASONABLE <= match.student_loan_months <= _IN_TIME:
        yield ProvisionProblem(
            "match.student_loan_months",
            f"{match.student_loan_months} months after the plan year are no deadline to certify payments: three are "
            "reasonable, and after nine the match on them is hardly in time to be one of that year.",
            "Notice 2024-63; Reg. 1.415(c)-1(b)(6)(i)(B)",
            f"Set it from {_REASONABLE} to {_IN_TIME}.",
        )
    if match is None or not match.student_loans:
        return
    yield from _student_loan_period(match)
    if provisions.plan_year_start != NEW_YEARS_DAY:
        yield ProvisionProblem(
            "match.student_loans",
            "The most that counts is told by the calendar year; in another plan year it would be parts of two limits.",
            "IRC 401(m)(4)(D)(i), 402(g)(1)",
            "Take student_loans out, or let the plan year be the calendar year.",
        )
    if match.cap_per_period_cents is not None:
        yield ProvisionProblem(
            "match.student_loans",
            "They are matched when a period of theirs is over, and a cap of other periods says nothing of it.",
            "IRC 401(m)(13)(A)(i)",
            "Set a cap of the year, or take student_loans out.",
        )


def _student_loan_period(match: Match) -> Iterator[ProvisionProblem]:
    """Periods of their own, at least as long as those of the match; the year where something is counted over it."""
    period, field = match.student_loan_period, "match.student_loan_period"
    if period is MatchPeriod.PLAN_YEAR:
        return
    if not period.months:
        yield ProvisionProblem(
            field,
            "Loans are paid by the month, and a pay date is no end of anything that was certified.",
            "Notice 2024-63",
            "Match them by month, quarter or plan_year.",
        )
    elif period.months < match.period.months:
        yield ProvisionProblem(
            field,
            f"Deferrals are matched over each {match.period.value.replace('_', ' ')}: payments matched within it would "
            "take from what deferrals after them are given.",
            "IRC 401(m)(13)(A)(i)",
            "Match them over the same period or a longer one.",
        )
    if match.true_up or match.conditions.asks:
        yield ProvisionProblem(
            field,
            "What is trued up, or given on conditions, is counted over the whole year, and payments are matched at the "
            "rate of deferrals.",
            "IRC 401(m)(13)(A)(i)",
            "Match them over the plan_year, or take the true-up and the conditions out.",
        )


def _tested_apart(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """An ADP test of its own where nobody receives such a match, or of a year before that had another group."""
    if not provisions.testing.student_loans_apart:
        return
    match, field, law = provisions.match, "testing.student_loans_apart", "IRC 401(m)(13)(B)(iv)"
    if match is None or not match.student_loans:
        yield ProvisionProblem(field, "Nobody receives a match of student loan payments.", law, "Take it out.")
    if provisions.testing.method is TestingMethod.PRIOR_YEAR:
        yield ProvisionProblem(
            field,
            "Who receives such a match is another group each year: no average of theirs is of the year before.",
            law,
            "Test by the current year, or everybody together.",
        )
