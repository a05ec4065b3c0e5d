"""What a code seems to be for, from its words, its provider and how a file adds up. Pure; a person confirms, always."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from open401k import plan
from open401k.kernel import Money
from open401k.law.pay_items import PayKind

from .code_asked import by_wording
from .code_words import ALIKE, KIND_OF_TYPE, alike

#: Of a row with more codes than this it is not tried which of them add up.
MOST_CODES: Final = 8
#: So many times the most that anybody had when a code was confirmed is of another order, if it is this much more, too.
_OTHER_ORDER: Final = 10
_MUCH_MORE_CENTS: Final = 1_000_00
#: So many of a hundred rows have to agree.
_MOST_OF: Final = 95


@dataclass(slots=True)
class Seen:
    """How one code behaved in one file. Votes count rows: for and against that gross, or plan, pay holds it."""

    code: str
    name: str = ""
    provider_type: str = ""
    why: str = "new"
    rows: int = 0
    cents: int = 0
    most_cents: int = 0
    in_gross: int = 0
    out_of_gross: int = 0
    in_plan: int = 0
    out_of_plan: int = 0
    of_rows: int = 0  # rows of the file so far: how many people do not have the code

    def as_json(self) -> dict[str, Any]:
        """For keeping as evidence; :func:`seen_from` reads it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def gross_holds_it(self) -> bool | None:
        """Whether gross pay has its amounts in it; None where the rows do not tell."""
        return verdict(self.in_gross, self.out_of_gross)

    @property
    def plan_pay_holds_it(self) -> bool | None:
        """Whether what payroll calls plan compensation has its amounts in it; None where the file does not tell."""
        return verdict(self.in_plan, self.out_of_plan)


def seen_from(data: Mapping[str, Any]) -> Seen:
    """What :meth:`Seen.as_json` wrote."""
    return Seen(**{name: data[name] for name in Seen.__slots__ if name in data})


def verdict(yes: int, no: int) -> bool | None:
    """What nearly all of the rows say; None where too few of them agree, or none says anything."""
    if not yes + no or max(yes, no) * 100 < _MOST_OF * (yes + no):
        return None
    return yes > no


def most_of(then: Mapping[str, Any]) -> int | None:
    """Up to here an amount is of the order that it was of when the code was confirmed on this; None is any."""
    most = then.get("most_cents")
    return None if most is None else max(most * _OTHER_ORDER, most + _MUCH_MORE_CENTS)


def parts_in(parts: Sequence[int], whole: int) -> tuple[bool, ...] | None:
    """Which of the parts add up to the whole: all of them, or else the only choice that does; None if it is unclear."""
    if sum(parts) == whole:
        return (True,) * len(parts)
    if not 0 < len(parts) <= MOST_CODES:
        return None
    found = [
        chosen
        for count in range(len(parts))
        for chosen in combinations(range(len(parts)), count)
        if sum(parts[place] for place in chosen) == whole
    ]
    if len(found) != 1:
        return None
    return tuple(place in found[0] for place in range(len(parts)))


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a code seems to be for, how sure that is (0 to 100), and every reason in words."""

    kind: PayKind | None
    in_gross: bool
    confidence: int
    by_words: bool
    adds_up: bool
    evidence: tuple[str, ...] = field(default=())

    @property
    def certain(self) -> bool:
        """Its wording and the arithmetic of the file say the same: many such may be confirmed with one click."""
        return self.kind is not None and self.by_words and self.adds_up


def propose_kind(seen: Seen, terms: plan.Compensation) -> Proposal:
    """The nearest wording of its name or code, what its provider calls it, and whether the file adds up with that."""
    evidence: list[str] = []
    found = [each for each in (alike(seen.name), alike(seen.code)) if each is not None]
    kind, confidence = by_wording(found, seen.name, evidence)
    of_provider = KIND_OF_TYPE.get(seen.provider_type)
    if of_provider is not None:
        evidence.append(f'The provider types it "{seen.provider_type}".')
        if kind is None:
            kind, confidence = of_provider, 80
        elif kind is not of_provider:
            evidence.append("Its name and its provider's type say different things.")
            confidence = min(confidence, 50)
    by_words = confidence >= ALIKE
    agrees = _adds_up(seen, kind, terms, evidence)
    if agrees is False:
        confidence = min(confidence, 40)
    evidence.append(spread(seen.rows, seen.of_rows, seen.cents, seen.most_cents))
    in_gross = seen.gross_holds_it is not False
    return Proposal(kind, in_gross, confidence, by_words, agrees is True, tuple(evidence))


def _adds_up(seen: Seen, kind: PayKind | None, terms: plan.Compensation, evidence: list[str]) -> bool | None:
    """Whether the file's own totals agree with the kind; None where they say nothing."""
    gross, plan_pay = seen.gross_holds_it, seen.plan_pay_holds_it
    if gross is None:
        evidence.append("Gross pay does not show whether it holds the amounts.")
    else:
        evidence.append(f"Gross pay {'holds' if gross else 'does not hold'} its amounts, to the cent.")
    if plan_pay is not None:
        evidence.append(f"Payroll {'counts' if plan_pay else 'does not count'} it as plan compensation.")
    if kind is None:
        return None
    counts = plan.meaning_of(kind, terms)[plan.Purpose.PLAN].counts
    if plan_pay is not None and plan_pay is not counts:
        evidence.append(f"Under the plan {kind} {'counts' if counts else 'does not count'}: payroll does otherwise.")
        return False
    return None if gross is None else True


def spread(rows: int, of_rows: int, cents: int, most_cents: int) -> str:
    """How many people have a code, and how much of it."""
    people = f"{rows} of {of_rows} people have it" if of_rows else f"{rows} people have it"
    return f"{people}, {Money(cents)} together, {Money(most_cents)} at most."
