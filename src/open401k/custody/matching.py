"""Which payroll a line of a statement pays: pure decisions by reference, amount and day. Not here: posting (flows)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations

from open401k.kernel import EntryId, RunId
from open401k.wire import BankLine

from .statements import Kind

#: A deposit comes after its pay date and within so many days, unless its reference names it.
LONGEST_WAIT = timedelta(days=60)
#: A deposit recorded by hand and a line may differ by so many days and still be the same money.
SAME_MONEY = timedelta(days=5)
#: Among so many open payrolls, sets of up to three are tried for one sum.
MOST_TRIED, LARGEST_SET = 24, 3
#: The rules by which nothing but the sum says which payroll a line pays, or which several.
BY_SUM, BY_SUMS = "amount", "several"


@dataclass(slots=True)
class Expected:
    """A payroll and what of it is still to come; ``deposits``: what of those in the books no line has shown yet."""

    run_id: RunId
    pay_date: date
    reference: str
    outstanding_cents: int
    deposits: list["Recorded"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A deposit in the books that stands."""

    entry_id: EntryId
    run_id: RunId
    on: date
    cents: int


@dataclass(frozen=True, slots=True)
class Part:
    """What a line, or a part of it, is."""

    kind: Kind
    cents: int
    rule: str
    run_id: RunId | None = None
    entry_id: EntryId | None = None


def decide(
    line: BankLine,
    *,
    expected: Sequence[Expected],
    standing: Sequence[Recorded],
    taken_back: Sequence[Recorded] = (),
    files: Mapping[str, Sequence[RunId]] | None = None,
) -> list[Part]:
    """What a line is; nothing where only a person can tell. The parts add up to the line, to the cent.

    ``expected`` is in order of pay date; ``standing`` are the deposits in the books, ``taken_back`` those
    that were undone and that no line has shown yet, by the entry that undid them; ``files`` are debits under way by
    their total's text in cents, which a bank books as one sum.
    """
    if line.return_code or line.cents < 0:
        return _came_back(line, expected, standing, taken_back) if line.cents < 0 else []
    return _seen_before(line, expected) or _named(line, expected) or _by_amount(line, expected, files or {})


def _text(line: BankLine) -> str:
    return " ".join((*line.references, line.text)).upper()


def _seen_before(line: BankLine, expected: Sequence[Expected]) -> list[Part]:
    """The deposit was recorded by hand, or by another file, before this line showed it."""
    text = _text(line)
    owing = any(each.reference in text and each.outstanding_cents for each in expected)
    for named in (True,) if owing else (True, False):  # who names a payroll that owes pays that one
        for each in expected:
            for recorded in each.deposits:
                near = abs(recorded.on - line.booked_on) <= SAME_MONEY
                if recorded.cents == line.cents and near and (each.reference in text) is named:
                    return [Part(Kind.SEEN_BEFORE, line.cents, "same_money", each.run_id, recorded.entry_id)]
    return []


def _named(line: BankLine, expected: Sequence[Expected]) -> list[Part]:
    """The references of one or several payrolls stand in the line: the oldest is paid first, the rest waits.

    What is beyond the debt is first of all what was recorded by hand: as one sum that came in parts, or with more.
    """
    text = _text(line)
    named = [each for each in expected if each.reference in text]
    seen, left = [], line.cents - sum(each.outstanding_cents for each in named)
    for each in named:
        for recorded in each.deposits:
            shown = min(left, recorded.cents)
            if shown > 0 and abs(recorded.on - line.booked_on) <= LONGEST_WAIT:
                seen.append(Part(Kind.SEEN_BEFORE, shown, "part of same money", each.run_id, recorded.entry_id))
                left -= shown
    rest = line.cents - sum(each.cents for each in seen)
    return [*seen, *(_paid(named, rest, "reference") if rest else [])]


def _by_amount(line: BankLine, expected: Sequence[Expected], files: Mapping[str, Sequence[RunId]]) -> list[Part]:
    open_ones = [
        each
        for each in expected
        if each.outstanding_cents > 0 and each.pay_date <= line.booked_on <= each.pay_date + LONGEST_WAIT
    ]
    under_way = files.get(str(line.cents))
    if under_way is not None:
        of_file = [each for each in expected if each.run_id in under_way]
        if sum(each.outstanding_cents for each in of_file) == line.cents:
            return _paid(of_file, line.cents, "ach_file")
    exact = [each for each in open_ones if each.outstanding_cents == line.cents]
    if exact:  # equal sums are the same money: the oldest debt is paid first
        return _paid(exact[:1], line.cents, BY_SUM)
    whole = _sum_of_several(open_ones, line.cents)
    return _paid(whole, line.cents, BY_SUMS)


def _sum_of_several(open_ones: Sequence[Expected], cents: int) -> list[Expected]:
    """Payrolls that together are the sum: the oldest ones, or the only set of two or three that fits."""
    total = 0
    for count, each in enumerate(open_ones, 1):
        total += each.outstanding_cents
        if total == cents and count > 1:
            return list(open_ones[:count])
    if len(open_ones) > MOST_TRIED:
        return []
    fitting = [
        group
        for size in range(2, LARGEST_SET + 1)
        for group in combinations(open_ones, size)
        if sum(each.outstanding_cents for each in group) == cents
    ]
    return list(fitting[0]) if len(fitting) == 1 else []


def _paid(payrolls: Sequence[Expected], cents: int, rule: str) -> list[Part]:
    """The money among payrolls in their order; what is left over is the employer's and waits."""
    parts, left = [], cents
    for each in payrolls:
        taken = min(left, each.outstanding_cents)
        if taken > 0:
            short = taken < each.outstanding_cents
            parts.append(Part(Kind.DEPOSIT, taken, f"{rule}, short" if short else rule, each.run_id))
            left -= taken
    if payrolls and left:
        parts.append(Part(Kind.EMPLOYER_MONEY, left, f"{rule}, over"))
    return parts


def _came_back(
    line: BankLine, expected: Sequence[Expected], standing: Sequence[Recorded], taken_back: Sequence[Recorded]
) -> list[Part]:
    """Money that a bank took back: of the payroll that is named, or of the last deposit of that very sum."""
    text, names = _text(line), {each.run_id: each.reference for each in expected}
    for known in taken_back:  # a file of returns, or a person, was faster than the statement
        if known.cents == -line.cents and abs(known.on - line.booked_on) <= SAME_MONEY:
            return [Part(Kind.SEEN_BEFORE, line.cents, "same_return", known.run_id, known.entry_id)]
    fitting = [each for each in standing if each.cents == -line.cents and each.on <= line.booked_on]
    named = [each for each in fitting if names.get(each.run_id, "?") in text]
    if named:
        return [_returned(named[-1], line, "reference")]
    if line.return_code and fitting:
        return [_returned(fitting[-1], line, "amount")]
    return []


def _returned(of: Recorded, line: BankLine, rule: str) -> Part:
    return Part(Kind.RETURNED, line.cents, f"{rule}, {line.return_code or 'taken back'}", of.run_id, of.entry_id)
