"""A few thousand rows as columns beside the standing of their people: what the checks compute on. Not here: checks."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np

from .findings import Code, Finding, Severity
from .mapping import Mapping
from .rows import Field, PayrollRow, masked_ssn
from .standing import Cents, Standing


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows, their amounts as arrays by field name (nothing reported is 0), and each row's place in the standing."""

    rows: Sequence[PayrollRow]
    standing: Standing
    places: Cents  # -1: nobody known
    amounts: dict[str, Cents]
    mapping: Mapping | None
    in_doubt: Container[int] = ()  # numbers of the rows with a pay code that waits for a person

    @classmethod
    def of(
        cls, rows: Sequence[PayrollRow], standing: Standing, mapping: Mapping | None, in_doubt: Container[int] = ()
    ) -> "Chunk":
        """Lay rows out as columns."""
        place, size = standing.place, len(rows)
        amounts = {
            "gross": _column([row.gross_cents for row in rows]),
            "plan_compensation": _column([row.plan_compensation_cents or 0 for row in rows]),
            "pre_tax": _column([row.pre_tax_cents for row in rows]),
            "roth": _column([row.roth_cents for row in rows]),
            "after_tax": _column([row.after_tax_cents for row in rows]),
            "pre_tax_catch_up": _column([row.pre_tax_catch_up_cents for row in rows]),
            "roth_catch_up": _column([row.roth_catch_up_cents for row in rows]),
            "match": _column([row.match_cents or 0 for row in rows]),
            "safe_harbor_match": _column([row.safe_harbor_match_cents or 0 for row in rows]),
            "nonelective": _column([row.nonelective_cents or 0 for row in rows]),
            "safe_harbor_nonelective": _column([row.safe_harbor_nonelective_cents or 0 for row in rows]),
            "profit_sharing": _column([row.profit_sharing_cents or 0 for row in rows]),
            "loan_payment": _column([sum(cents for _, cents in row.loan_payments) for row in rows]),
        }
        places = np.fromiter((place.get(row.key, -1) for row in rows), dtype=np.int64, count=size)
        if again := standing.again:
            places = np.array([again.get(row.row, at) for row, at in zip(rows, places.tolist(), strict=True)])
        return cls(rows, standing, places, amounts, mapping, in_doubt)

    def of_standing(self, column: Cents, *, default: int = 0) -> Cents:
        """A column of the standing, row by row."""
        return self.standing.at(column, self.places, default=default)

    def carries(self, field: Field) -> bool:
        """Whether the file has the column at all; an API body may carry any."""
        return self.mapping is None or field in self.mapping.fields

    def finding(
        self,
        row: PayrollRow,
        severity: Severity,
        code: Code,
        reason: str,
        fix: str,
        field: Field,
        *,
        value: str = "",
        confirm: bool = False,
        detail: tuple[tuple[str, str], ...] = (),
    ) -> Finding:
        """A finding at one cell of one row, with an SSN already masked."""
        return Finding(
            severity,
            code,
            reason,
            fix,
            row=row.row,
            line=row.line,
            column=self.mapping.label(field) if self.mapping else row.place(field),
            value_masked=masked_ssn(row.ssn) if field is Field.SSN and row.ssn else value,
            detail=detail,
            confirm=confirm,
        )


def _column(values: list[int]) -> Cents:
    return np.array(values, dtype=np.int64)
