"""What a sender says of a payroll besides its rows. Not here: holding the rows against it (checks.py)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from open401k.kernel import Money

from .rows import AMOUNTS, DEFERRALS, EMPLOYER_MONEY

#: Totals that are sums of several fields, beside that of each field.
SUMS: Mapping[str, tuple[str, ...]] = {
    "employee_money": tuple(map(str, DEFERRALS)),
    "employer_money": tuple(map(str, EMPLOYER_MONEY)),
}
ROWS = "rows"
#: What a control total can be given of: cents, but for the number of rows.
CONTROL_TOTALS = (ROWS, *SUMS, *AMOUNTS)


@dataclass(frozen=True, slots=True)
class Said:
    """Control totals by name, and whether it was said expressly that nothing is contributed this period."""

    control_totals: Mapping[str, int] = field(default_factory=dict)
    no_contributions: bool = False

    def __bool__(self) -> bool:
        return bool(self.control_totals) or self.no_contributions

    @property
    def text(self) -> str:
        """The same for the same statements, and empty where nothing was said: what a key stands for."""
        if not self:
            return ""
        said = {"control_totals": dict(self.control_totals), "no_contributions": self.no_contributions}
        return json.dumps(said, sort_keys=True)


NOTHING_SAID = Said()


def control_totals(given: Mapping[str, str]) -> dict[str, int]:
    """Control totals from text, such as ``{"rows": "3", "pre_tax": "600.00"}``; ValueError says what is not one."""
    return {name: _total(name, text.strip()) for name, text in given.items()}


def summed(totals: Mapping[str, int], rows: int, name: str) -> int | None:
    """What the rows add up to, of one control total; None where there is nothing of that name."""
    if name == ROWS:
        return rows
    return sum(totals.get(each, 0) for each in SUMS[name]) if name in SUMS else totals.get(name)


def _total(name: str, text: str) -> int:
    if name not in CONTROL_TOTALS:
        raise ValueError(f"There is no control total {name!r}; there are {', '.join(CONTROL_TOTALS)}")
    if name == ROWS:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ValueError("The number of rows is a whole number, such as 120")
        return int(text)
    whole, _, cents = text.partition(".")
    if not (text.isascii() and whole.isdigit() and len(whole) <= 12 and cents.isdigit() and len(cents) == 2):
        raise ValueError(f"The control total {name} is dollars and cents, such as 1234.50")
    return Money.usd(text).cents
