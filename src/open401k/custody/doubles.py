"""Lines that were booked as money though another file had told them: probably booked twice. Pure. Not here: undoing it.

Since lines know what was told before (repeats.py) none comes to be by itself; what was booked earlier may be, and is
for a person to look at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from open401k.kernel import EntryId, RunId

from .repeats import OF_ITS_OWN, of_their_own, repeated, same_words
from .statements import Finding, Kind, Line, Name

#: The rule by which a person takes back what was booked a second time.
BOOKED_TWICE = "booked twice"
#: The same of a line that paid a payroll by its sum, and is overpaid money that came again.
OVERPAID = "overpaid money, not the payroll's"
_MONEY = frozenset({Kind.DEPOSIT, Kind.EMPLOYER_MONEY})


@dataclass(frozen=True, slots=True)
class Twice:
    """A line that was booked, and the one of another file that had told the same money; what each was booked as."""

    line: Line
    first: Line
    parts: tuple[Finding, ...]
    first_parts: tuple[Finding, ...]

    @property
    def entries(self) -> tuple[EntryId, ...]:
        """What the second one posted."""
        return tuple(each.entry_id for each in self.parts if each.entry_id is not None)


def booked_twice(lines: Iterable[Line], findings: Iterable[Finding], pay_dates: Mapping[RunId, date]) -> list[Twice]:
    """Lines booked as money of which another file told the same day, sum and words before, and no person said more.

    Equal payrolls are no doubles: their deposits come on other days; and where two of one pay date were paid in full on
    one day, each owed its own.
    """
    every = list(findings)
    told_own = {each.key for each in every if each.rule == OF_ITS_OWN}
    standing, set_aside = of_their_own(every)
    parts: dict[Name, list[Finding]] = {}
    for each in standing:
        parts.setdefault(each.key, []).append(each)
    known = {each.key: each for each in lines}
    booked = [
        known[key] for key, of in parts.items() if key not in set_aside and any(each.kind in _MONEY for each in of)
    ]
    alike: dict[tuple[date, int], list[Line]] = {}
    for line in booked:
        alike.setdefault((line.line.booked_on, line.line.cents), []).append(line)
    found = []
    for group in alike.values():
        names = set(repeated(group, {each.key for each in group} - told_own, set_aside))
        for at, line in enumerate(group):
            first = next((each for each in group[:at] if _tells_the_same(each, line)), None)
            if line.key in names and first is not None:
                twice = Twice(line, first, tuple(parts[line.key]), tuple(parts[first.key]))
                found += [] if _each_owed(twice, pay_dates) or _by_a_person(twice) else [twice]
    return found


def _tells_the_same(first: Line, line: Line) -> bool:
    return first.file_id != line.file_id and same_words(first.line, line.line)


def _each_owed(twice: Twice, pay_dates: Mapping[RunId, date]) -> bool:
    """Whether both paid payrolls of one pay date, and nothing of either was over."""
    runs = [each.run_id for each in (*twice.first_parts, *twice.parts)]
    whole = all(each.kind is Kind.DEPOSIT for each in (*twice.first_parts, *twice.parts))
    days = {pay_dates.get(run_id) for run_id in runs if run_id is not None}
    return whole and len(set(runs)) == len(runs) and len(days) == 1


def _by_a_person(twice: Twice) -> bool:
    return any(each.rule.startswith("a person") for each in twice.parts)
