"""Pay as the match, or nonelective money, counts it where that is not what deferrals count. Not here: formulas.

Nothing is read for a plan whose terms have one definition of pay for all money.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from open401k import census, plan
from open401k.base.db import Tx
from open401k.plan import Kind, Provisions

from .entered import Cents, Flags

OutByTerms: TypeAlias = Sequence[tuple[date, frozenset[str]]]


def kinds_apart(tx: Tx, *, start: date, end: date, **where: Any) -> tuple[Kind, ...]:
    """The kinds of money that count other pay than deferrals do on any day from ``start`` up to ``end``."""
    return paid_apart(plan.provisions_between(tx, **where, start=start, end=end))


def paid_apart(terms: Sequence[plan.Span]) -> tuple[Kind, ...]:
    """The same of terms that are at hand."""
    asked = {kind for span in terms for kind in span.provisions.compensation.apart}
    return tuple(kind for kind in Kind if kind in asked)


def totals_apart(tx: Tx, kinds: Sequence[Kind], **asked: Any) -> Mapping[Kind, census.PayTotals]:
    """Sums of a span as each of these kinds counts them."""
    return {kind: census.pay_totals(tx, **asked, kind=kind) for kind in kinds}


def by_date_apart(tx: Tx, pay: census.PayByDate, **asked: Any) -> Mapping[Kind, Cents]:
    """Plan pay of a span as kinds count it that count other pay, row by row of ``pay``, which is of the same lines."""
    of_terms = ("tenant_id", "plan_id", "start", "end", "known_at")
    kinds = kinds_apart(tx, **{name: told for name, told in asked.items() if name in of_terms})
    found = {kind: census.pay_by_date(tx, **asked, kind=kind).plan_cents for kind in kinds}
    if any(len(each) != len(pay) for each in found.values()):
        raise ValueError("lines of pay came or went between two reads")
    return found


def entered_for(
    kind: Kind, entered: census.EntryDays, apart: Mapping[Kind, census.PayTotals], terms: Sequence[plan.Span]
) -> tuple[date | None, ...] | None:
    """The day each entered for a kind of money; None where that, the pay that counts, and who is out by class, is as
    for deferrals on all days of these terms."""
    own = entered.match if kind is Kind.MATCH else entered.nonelective
    by_class = any(each.provisions.classes_apart(kind) for each in terms)
    return own or (entered.deferrals if kind in apart or by_class else None)


def out_by_terms(terms: Sequence[plan.Span], kind: Kind) -> OutByTerms:
    """Which classes are out of a kind of money from which day on."""
    return [(each.start, frozenset(each.provisions.eligibility_of(kind).excluded_classes)) for each in terms]


def every_class(out: OutByTerms) -> frozenset[str]:
    """Those that are out on any day."""
    return frozenset(name for _, names in out for name in names)


def out_of(kind: Kind, terms: Provisions, employees: Sequence[census.Employee], days: Sequence[date]) -> Flags:
    """Who is in a class that is out of a kind of money, by pay date."""
    return census.kept_out(employees, terms.eligibility_of(kind).excluded_classes, days)


def out_of_kinds(terms: Provisions, employees: Sequence[census.Employee], days: Sequence[date]) -> dict[Kind, Flags]:
    """The same of each kind of money that classes are out of alone."""
    return {kind: out_of(kind, terms, employees, days) for kind in Kind if terms.classes_apart(kind)}
