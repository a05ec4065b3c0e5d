"""What is declared by groups or points, against how the plan allocates. Not here: sharing it out (shared_out.py)."""

from open401k import plan
from open401k.kernel import EmployeeId, Money, Source

from .allocating import Declared

MOST_CENTS = 10**12


def wrong_shares(formula: Declared, terms: plan.ProfitSharing | None) -> str:
    """Why a formula is not the one by which the plan allocates profit sharing, or nothing.

    The plan says by what it is allocated, the employer how much (Reg. 1.401-1(b)(1)(ii)).
    """
    if formula.source is not Source.PROFIT_SHARING:
        return "A match is declared as tiers, not by groups or points." if formula.is_shared else ""
    if terms is None:
        by = "groups" if formula.shares else "points"
        told = f"The plan does not allocate profit sharing by {by} (Reg. 1.401-1(b)(1)(ii))."
        return told if formula.is_shared else ""
    if formula.tiers or formula.rate_bps or formula.flat_cents or formula.excess_bps or formula.cap_cents is not None:
        return f"The plan allocates profit sharing {in_words(terms)} (Reg. 1.401-1(b)(1)(ii)), and nothing else."
    if terms.points is not None:
        return _wrong_total(formula)
    return _wrong_groups(formula, terms)


def in_words(terms: plan.ProfitSharing) -> str:
    """How a plan allocates, in the words of a page."""
    if terms.points is not None:
        return "by points"
    return "to each participant as a group" if terms.each_alone else "by groups"


def _wrong_total(formula: Declared) -> str:
    if formula.shares or not 0 < formula.total_cents <= MOST_CENTS:
        return "By points one amount is declared for everybody, above zero."
    return ""


def _wrong_groups(formula: Declared, terms: plan.ProfitSharing) -> str:
    named = [each.group for each in formula.shares]
    if formula.total_cents or not named or len(set(named)) < len(named):
        return "By groups each has its own share, named once."
    known = {each.name for each in terms.groups}
    for each in formula.shares:
        if not (each.group in known if terms.groups else _is_person(each.group)):
            return f"{each.group!r} is no {'group of the plan' if terms.groups else 'id of a participant'}."
        if (each.rate_bps and each.cents) or not 0 <= each.rate_bps <= 10_000 or not 0 <= each.cents <= MOST_CENTS:
            of_pay = f"{each.rate_bps} basis points and {Money(each.cents)}"
            return f"{of_pay} are no share of {each.group}: it has a share of pay, or an amount."
    return ""


def _is_person(text: str) -> bool:
    try:
        return str(EmployeeId.parse(text)) == text
    except ValueError:
        return False
