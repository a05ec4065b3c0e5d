"""What plan pay is without, where payroll does not tell it: said, never guessed. Not here: deductions off FICA wages.

Asked only of plans whose pay, for whichever money, is without cafeteria or transportation amounts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from .findings import Code, Finding, Severity
from .pay_codes import CodesOfPlan
from .rows import PayrollRow


@dataclass
class ToldOrNot:
    """Whether a payroll tells any deduction by code; one that nobody spoke of is asked about (deduction_watch.py)."""

    told: bool = False
    rows: int = 0

    def look(self, rows: Sequence[PayrollRow], codes: CodesOfPlan) -> None:
        """Take some rows in."""
        if codes.without_deductions:
            self.rows += len(rows)
            self.told = self.told or any(row.deductions for row in rows)

    def findings(self, codes: CodesOfPlan) -> Iterator[Finding]:
        """A note where there are none at all, here or in payrolls before."""
        if not codes.without_deductions:
            return
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
