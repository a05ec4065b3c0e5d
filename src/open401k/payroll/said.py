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
#: What a file can be declared to be, besides the UTF-8 that is expected: Windows-1252, as older programs export.
ENCODINGS = ("cp1252",)
#: What people call it, and what they may say that changes nothing.
_NAMES: Mapping[str, str] = {"windows-1252": "cp1252", "utf-8": "", "utf8": ""}
#: What a control total can be given of: cents, but for the number of rows.
CONTROL_TOTALS = (ROWS, *SUMS, *AMOUNTS)


@dataclass(frozen=True, slots=True)
class Said:
    """Control totals by name, whether it was said expressly that nothing is contributed this period, and the encoding.

    ``encoding`` is one of ``ENCODINGS``; empty, where the file is UTF-8 or says by its first bytes what it is.
    """

    control_totals: Mapping[str, int] = field(default_factory=dict)
    no_contributions: bool = False
    encoding: str = ""

    def __bool__(self) -> bool:
        return bool(self.control_totals) or self.no_contributions or bool(self.encoding)

    @property
    def text(self) -> str:
        """The same for the same statements, and empty where nothing was said: what a key stands for."""
        if not self:
            return ""
        said = {"control_totals": dict(self.control_totals), "no_contributions": self.no_contributions}
        # A key of before an encoding could be said still stands for the same.
        return json.dumps(said | ({"encoding": self.encoding} if self.encoding else {}), sort_keys=True)


NOTHING_SAID = Said()


def control_totals(given: Mapping[str, str]) -> dict[str, int]:
    """Control totals from text, such as ``{"rows": "3", "pre_tax": "600.00"}``; ValueError says what is not one."""
    return {name: _total(name, text.strip()) for name, text in given.items()}


def encoding_of(given: str) -> str:
    """The encoding that somebody declares, ``""`` for UTF-8; ValueError says what can be declared."""
    name = given.strip().lower()
    found = _NAMES.get(name, name)
    if found and found not in ENCODINGS:
        raise ValueError(f"There is no encoding {given.strip()!r} here; there are utf-8, {', '.join(ENCODINGS)}")
    return found


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
