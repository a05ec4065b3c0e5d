"""What the law or the engine does not allow in definitions of pay. Not here: whether they are fair (compliance)."""

from collections.abc import Iterator

from open401k.kernel import Source
from open401k.law.pay_items import NEVER_REASONABLY_EXCLUDED, PayDefinition, PayKind, Treatment, citation, treatment

from .problem import ProvisionProblem
from .provisions import Compensation, Kind, Provisions

#: What the regulation offers as 415 compensation: its own statement, and three definitions in its place.
_OF_415 = (
    PayDefinition.SECTION_415,
    PayDefinition.SECTION_415_SIMPLIFIED,
    PayDefinition.SECTION_3401A,
    PayDefinition.W2,
)


def definitions_of_pay(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """The plan's definition of pay, and those that its match and its nonelective money have for themselves."""
    terms = provisions.compensation
    if terms.section_415 not in _OF_415:
        yield ProvisionProblem(
            "compensation.section_415",
            f"{terms.section_415} is no definition of compensation for section 415.",
            "Reg. 1.415(c)-2(b), (d)",
            f"Use one of {', '.join(_OF_415)}.",
        )
    yield from _reasonable("compensation", terms.of(Kind.DEFERRALS))
    yield from _deferred_from(provisions)
    for kind in terms.apart:
        yield from _given(provisions, kind)
        yield from _reasonable(f"compensation.{kind}", terms.of(kind))


def _reasonable(where: str, terms: Compensation) -> Iterator[ProvisionProblem]:
    regular = [kind for kind in terms.excluded_kinds if kind in NEVER_REASONABLY_EXCLUDED]
    if regular:
        yield ProvisionProblem(
            f"{where}.excluded_kinds",
            f"{regular[0]} is neither irregular nor additional pay: no reasonable definition leaves it out.",
            "Reg. 1.414(s)-1(d)(2)",
            "Leave out only irregular or additional pay, such as overtime or bonus.",
        )
    if PayKind.ROTH_DEFERRAL in terms.excluded_kinds:
        yield ProvisionProblem(
            f"{where}.excluded_kinds",
            "What is deferred as Roth is in gross income: it is not among what 414(s) lets a plan leave out.",
            "IRC 414(s)(2), 402A(a)(1)",
            "Leave out pre_tax_deferral, cafeteria_reduction and transportation_reduction together, or none of them.",
        )
    for kind in terms.included_kinds:
        under = {treatment(kind=kind, definition=each) for each in (terms.definition, terms.section_415)}
        if under == {Treatment.OUT} or kind in terms.excluded_kinds:
            yield ProvisionProblem(
                f"{where}.included_kinds",
                f"{kind} cannot be taken in: the definition or the plan's own exclusions leave it out.",
                citation(kind),
                "Name only kinds that the law leaves to the plan.",
            )


def _deferred_from(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """Elections are shares of pay before anything is deferred of it; so is the pay of the tests."""
    deferred = any(source.is_deferral for source in provisions.deferrals.sources)
    if deferred and PayKind.PRE_TAX_DEFERRAL in provisions.compensation.excluded_kinds:
        yield ProvisionProblem(
            "compensation.excluded_kinds",
            "What people defer is a share of their pay before they defer: it cannot be without its own deferrals.",
            "IRC 414(s)(2)",
            "Say it of the match or of nonelective money: compensation.match, compensation.nonelective.",
        )


def _given(provisions: Provisions, kind: Kind) -> Iterator[ProvisionProblem]:
    given, source = provisions.nonelective is not None, Source.PROFIT_SHARING
    if kind is Kind.MATCH:
        given, source = provisions.match is not None, Source.MATCH
    if not given and source not in provisions.may_declare:
        yield ProvisionProblem(
            f"compensation.{kind}",
            f"The plan gives no {kind} money that could count other pay.",
            "Reg. 1.401-1(b)(1)(i)",
            "Take it out, or add the contribution.",
        )
