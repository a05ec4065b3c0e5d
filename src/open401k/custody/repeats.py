"""Money that two statements tell of: an early notice and the statement after it, or two exports that overlap.

Pure decisions. Not here: which payroll a line pays (matching.py).
"""

import re
from collections.abc import Collection, Iterable
from datetime import date

from open401k.wire import BankLine

from .matching import Part
from .statements import Finding, Kind, Line, Name

_WORDS = re.compile(r"[A-Z0-9]{3,}")


#: The rule by which a line is set aside, and that of the person who says it is money of its own after all.
TOLD_BEFORE, OF_ITS_OWN = "told before", "of its own, by a person"


def told_before(
    lines: Iterable[Line],
    waiting: Iterable[Line],
    set_aside: Collection[Name] = frozenset(),
    dismissed: Collection[Name] = frozenset(),
) -> frozenset[Name]:
    """Those of ``waiting`` that another file has told; ``lines`` are all of the plan, ``set_aside`` told before.

    One that a person ``dismissed`` and that repeats another is no payment more: the next telling may be one.

    The same money has the same day, the same sum, and words of which one line has all that the other has. A file tells
    a payment once: the second such line of a file repeats only the second such payment of others, and never another
    line of its own file. What has its place comes first, then what was dismissed, then what waits, in the order of
    its statements.
    """
    alike: dict[tuple[date, int], list[Line]] = {}
    names = frozenset(each.key for each in waiting)
    for each in sorted(lines, key=lambda each: (each.key in names, each.key in dismissed)):
        alike.setdefault((each.line.booked_on, each.line.cents), []).append(each)
    several = (group for group in alike.values() if len(group) > 1)
    judged = names | frozenset(dismissed)
    return names & frozenset(name for group in several for name in repeated(group, judged, set_aside))


def repeated(group: list[Line], waiting: Collection[Name], set_aside: Collection[Name]) -> Iterable[Name]:
    """Those that wait, of lines of one day and sum, which repeat what another file told before them."""
    repeats = set(set_aside)
    for at, line in enumerate(group):
        if line.key not in waiting:
            continue
        same = [other for other in group[:at] if same_words(other.line, line.line)]
        mine = sum(other.file_id == line.file_id for other in same)
        payments = sum(other.key not in repeats for other in same)
        if payments > mine:
            repeats.add(line.key)
            yield line.key


def of_its_own(line: Line) -> Part:
    """What takes a line out of those set aside, since a person says so."""
    return Part(Kind.SEEN_BEFORE, -line.line.cents, OF_ITS_OWN)


def of_their_own(findings: Iterable[Finding]) -> tuple[list[Finding], frozenset[Name]]:
    """What stands, where a person said of a line set aside that it is of its own; and which lines are set aside."""
    found = list(findings)
    own = {each.key for each in found if each.rule == OF_ITS_OWN}
    standing = [each for each in found if not (each.key in own and each.rule in (TOLD_BEFORE, OF_ITS_OWN))]
    return standing, frozenset(each.key for each in standing if each.rule == TOLD_BEFORE)


def same_words(one: BankLine, other: BankLine) -> bool:
    """Whether one says all that the other says, and both say something."""
    first, second = _words(one), _words(other)
    return bool(first and second) and (first <= second or second <= first)


def _words(line: BankLine) -> frozenset[str]:
    return frozenset(_WORDS.findall(" ".join((*line.references, line.counterparty, line.text)).upper()))
