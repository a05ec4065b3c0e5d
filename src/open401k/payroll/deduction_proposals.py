"""What a deduction code seems to be for: words, provider, FICA wages, elections, loans. Pure; a person confirms."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from open401k.census import DeductionKind

from .code_asked import by_wording
from .code_proposals import spread, verdict
from .code_words import ALIKE
from .deduction_words import KIND_OF_DEDUCTION_TYPE, alike_deduction

_REDUCTIONS: Final = frozenset({DeductionKind.CAFETERIA_REDUCTION, DeductionKind.TRANSPORTATION_REDUCTION})
#: Money of a plan: it belongs into the columns of the row, which reach accounts.
PLAN_MONEY: Final = frozenset(DeductionKind) - _REDUCTIONS - {DeductionKind.OTHER_AFTER_TAX}
#: The columns of a row by kind, and the elections that fill them: a catch-up is elected with its source.
COLUMNS: Final = {
    DeductionKind.PRE_TAX_DEFERRAL: "pre_tax",
    DeductionKind.ROTH_DEFERRAL: "roth",
    DeductionKind.AFTER_TAX: "after_tax",
    DeductionKind.PRE_TAX_CATCH_UP: "pre_tax_catch_up",
    DeductionKind.ROTH_CATCH_UP: "roth_catch_up",
}
ELECTED: Final = ("pre_tax", "roth", "after_tax")


@dataclass(slots=True)
class SeenDeduction:
    """How one code behaved in one file. Counts are of rows that have it; ``as_elected`` and ``as_told`` by column."""

    code: str
    name: str = ""
    provider_type: str = ""
    why: str = "new"
    rows: int = 0
    cents: int = 0
    most_cents: int = 0
    off_fica: int = 0  # gross pay less the FICA wages that the row tells holds the amount
    on_fica: int = 0
    with_elections: int = 0  # of people of whom elections are on file
    as_elected: dict[str, int] = field(default_factory=dict)  # the amount is what they elected
    as_told: dict[str, int] = field(default_factory=dict)  # a column of the row has the same amount
    with_loans: int = 0  # of people who owe on a loan of the plan
    as_installment: int = 0
    of_rows: int = 0  # rows of the file so far: how many people do not have the code

    def as_json(self) -> dict[str, Any]:
        """For keeping as evidence; :func:`seen_deduction_from` reads it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def off_fica_seen(self) -> bool | None:
        """Whether FICA wages are without it; None where the rows do not tell."""
        return verdict(self.off_fica, self.on_fica)


def seen_deduction_from(data: Mapping[str, Any]) -> SeenDeduction:
    """What :meth:`SeenDeduction.as_json` wrote."""
    return SeenDeduction(**{name: data[name] for name in SeenDeduction.__slots__ if name in data})


@dataclass(frozen=True, slots=True)
class DeductionProposal:
    """What a code seems to be for, how sure that is (0 to 100), and every reason in words."""

    kind: DeductionKind | None
    confidence: int
    by_words: bool
    backed: bool
    evidence: tuple[str, ...] = ()
    in_gross: bool = True  # gross pay is before every deduction

    @property
    def certain(self) -> bool:
        """Its wording and something else say the same, and nothing says otherwise."""
        return self.kind is not None and self.by_words and self.backed


@dataclass(frozen=True, slots=True)
class _Sign:
    """Something that the rows show: the kinds it goes with, those it speaks for, and how much where it is all."""

    told: str
    fits: frozenset[DeductionKind]
    backs: frozenset[DeductionKind]
    alone: tuple[DeductionKind, int] | None = None


def propose_deduction(seen: SeenDeduction) -> DeductionProposal:
    """The nearest wording of its name or code, its provider's type, and whether amounts behave like that."""
    evidence: list[str] = []
    found = [each for each in (alike_deduction(seen.name), alike_deduction(seen.code)) if each is not None]
    kind, confidence = by_wording(found, seen.name, evidence)
    by_words, backed = confidence >= ALIKE, False
    of_provider = KIND_OF_DEDUCTION_TYPE.get(seen.provider_type)
    if of_provider is not None:
        evidence.append(f'The provider types it "{seen.provider_type}".')
        backed = kind is of_provider
        if kind is None:
            kind, confidence = of_provider, 80
        elif not backed:
            evidence.append("Its name and its provider's type say different things.")
            confidence = min(confidence, 50)
    opposed = of_provider is not None and kind is not of_provider
    signs = list(_signs(seen))
    if kind is None:
        kind, confidence = max(
            (sign.alone for sign in signs if sign.alone), key=lambda each: each[1], default=(None, 0)
        )
    for sign in signs:
        evidence.append(sign.told)
        backed = backed or kind in sign.backs
        if kind is not None and kind not in sign.fits:
            opposed, confidence = True, min(confidence, 40)
    if kind in COLUMNS and COLUMNS[kind] not in _columns(seen.as_told, seen.rows):
        evidence.append(f"No {COLUMNS[kind]} of the rows has its amounts: under this code they reach no account.")
    evidence.append(spread(seen.rows, seen.of_rows, seen.cents, seen.most_cents))
    return DeductionProposal(kind, confidence, by_words, backed and not opposed, tuple(evidence))


def _signs(seen: SeenDeduction) -> Iterator[_Sign]:
    """What FICA wages, elections, columns and loans show, as far as nearly all rows agree."""
    everything = frozenset(DeductionKind)
    off = seen.off_fica_seen
    if off:
        told = "FICA wages are without its amounts, to the cent: of a cafeteria plan, or for transportation."
        yield _Sign(told, _REDUCTIONS, _REDUCTIONS, (DeductionKind.CAFETERIA_REDUCTION, 60))
    elif off is False:
        taxed = frozenset({DeductionKind.OTHER_AFTER_TAX, DeductionKind.AFTER_TAX})
        yield _Sign("FICA wages hold its amounts, to the cent.", everything - _REDUCTIONS, taxed)
    for column in _columns(seen.as_elected, seen.with_elections):
        kinds = frozenset(kind for kind, of in COLUMNS.items() if of.startswith(column))
        told = f"Its amounts are what people elected as {column.replace('_', '-')}, to the cent."
        yield _Sign(told, kinds, kinds, (next(kind for kind, of in COLUMNS.items() if of == column), 75))
    for column in _columns(seen.as_told, seen.rows):
        kind = next(kind for kind, of in COLUMNS.items() if of == column)
        told = f"The rows have the same amounts as {column}: it is that money told again."
        yield _Sign(told, frozenset({kind}), frozenset({kind}), (kind, 75))
    if verdict(seen.as_installment, seen.with_loans - seen.as_installment):
        loan = frozenset({DeductionKind.LOAN_PAYMENT})
        told = "Its amounts are the installments of these people's loans, to the cent."
        yield _Sign(told, loan, loan, (DeductionKind.LOAN_PAYMENT, 75))


def _columns(counted: Mapping[str, int], of: int) -> list[str]:
    return [column for column, rows in counted.items() if verdict(rows, of - rows)]
