"""What plan pay is without, where payroll does not tell it: said, never guessed. Not here: deductions off FICA wages.

Asked only of plans whose pay, for whichever money, is without cafeteria or transportation amounts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from open401k.kernel import Money

from .cells import shown
from .findings import Code, Finding, Severity
from .pay_codes import CodesOfPlan
from .rows import PayrollRow


@dataclass
class DeductionWatch:
    """The deductions of a payroll by code: how many have each that nobody spoke of, and how much."""

    told: bool = False
    rows: int = 0
    unknown: dict[str, tuple[int, int]] = field(default_factory=dict)

    def look(self, rows: Sequence[PayrollRow], codes: CodesOfPlan) -> None:
        """Take some rows in."""
        if codes.taken is None:
            return
        self.rows += len(rows)
        for row in rows:
            self.told |= bool(row.deductions)
            for code, cents in row.deductions:
                if code not in codes.taken:
                    people, sum_of = self.unknown.get(code, (0, 0))
                    self.unknown[code] = (people + 1, sum_of + cents)

    def findings(self, codes: CodesOfPlan) -> Iterator[Finding]:
        """A note for each code that nobody spoke of; one where there are none at all, here or in payrolls before."""
        if codes.taken is None:
            return
        for code, (people, cents) in sorted(self.unknown.items()):
            yield _note(
                Code.DEDUCTION_UNCONFIRMED,
                f"Deduction {shown(code)}: nobody has said what it is for, and plan compensation is without what a "
                f"cafeteria plan takes. {people} have {Money(cents)} of it, which counts until somebody says it.",
                "Say what it is for under Pay codes: what is posted by then is corrected.",
                (("code", code), ("people", str(people)), ("cents", str(cents))),
            )
        if self.rows and not self.told:
            yield _note(
                Code.DEDUCTIONS_NOT_TOLD,
                "The payroll tells no deductions by code, and plan compensation is without what a cafeteria plan "
                "takes: all of gross pay counts.",
                "Send deductions by code, if there are any.",
                (),
            )
        if codes.runs_without:
            yield _note(
                Code.DEDUCTIONS_NOT_TOLD,
                f"{_payrolls(codes.runs_without)} of this plan year have no deductions on file: gross pay counts there "
                "without anything taken off, in what is given over the year and in the tests.",
                "Send these payrolls again with their deductions by code, if there were any.",
                (("first", codes.runs_without[0].isoformat()), ("payrolls", str(len(codes.runs_without)))),
            )


def _payrolls(days: Sequence[date]) -> str:
    return f"The payrolls of {days[0]} to {days[-1]}, {len(days)}," if len(days) > 1 else f"The payrolls of {days[0]}"


def _note(code: Code, reason: str, fix: str, detail: tuple[tuple[str, str], ...]) -> Finding:
    return Finding(Severity.NOTE, code, reason, fix, column="deductions", detail=detail)
