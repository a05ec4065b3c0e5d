"""4xx: sums, basis, the required minimum, loans, withholding. Not here: which kinds go where (checks_plan.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from ...kernel import Refused, Source, half_up
from ...law import given
from ...law.after_tax_basis import Disbursement, allocate_pre_tax, recover_basis
from ...law.minimum_distributions import minimum_still_due
from ...law.rollovers import loan_offset
from ..kinds import OF_PLANS, UNTAXED, Into, Kind, destination
from .facts import Facts
from .reasons import Code, Reason, found, unknown
from .rule_version import RuleVersion
from .wording import INTO, KINDS, dollars
from .worked import WorkedPart, lawful_withholding, roth_judged

#: Where what was contributed after tax is, with what it earned.
AFTER_TAX_SOURCES: Final = (Source.AFTER_TAX_ROLLOVER, Source.AFTER_TAX)


def sums(facts: Facts, rules: RuleVersion) -> Iterator[Reason]:
    """The parts are the payment, by kind and altogether (I15), and within what the rules let move at once."""
    for field, cents in (("payment_cents", facts.payment_cents), *(("part.cents", part.cents) for part in facts.parts)):
        if not 0 <= cents <= given.MOST_CENTS:
            yield found(Code.IMPOSSIBLE_FACT, f"{field}: {dollars(cents)} is no amount of a rollover")
    for part in facts.parts:
        if not part.cents:
            yield found(Code.EMPTY_PART, f"{KINDS[part.kind]} into {INTO[part.into]} is empty")
        if not 0 <= part.to < len(facts.receivers):
            yield found(Code.IMPOSSIBLE_FACT, f"part.to: {part.to} is none of {len(facts.receivers)} receivers")
    total = sum(part.cents for part in facts.parts)
    if not facts.parts or not facts.payment_cents:
        yield found(Code.NOTHING_MOVES, "no part, or a payment of nothing")
    if total != facts.payment_cents:
        told = f"the parts are {dollars(total)}, the payment {dollars(facts.payment_cents)}"
        yield found(Code.PARTS_DO_NOT_ADD_UP, told)
    for kind in Kind:
        paid = sum(each.paid_cents for each in facts.held if each.kind is kind)
        parts = sum(part.cents for part in facts.parts if part.kind is kind)
        if paid != parts:
            told = f"the sources pay {dollars(paid)}, the parts are {dollars(parts)}"
            yield found(Code.KINDS_DO_NOT_ADD_UP, f"{KINDS[kind]}: {told}")
    if total > rules.most_total_cents:
        told = f"{dollars(total)}, and at most {dollars(rules.most_total_cents)} at once"
        yield found(Code.MORE_THAN_THE_RULES_ALLOW, told)


def basis(facts: Facts) -> Iterator[Reason]:
    """What was taxed before is told: Roth basis and clock (Reg. 1.402A-2), after-tax basis (Notice 2014-54)."""
    kinds = {part.kind for part in facts.parts}
    if Kind.ROTH in kinds:
        yield from _roth(facts)
    if kinds & {Kind.AFTER_TAX} or facts.after_tax_basis_cents:
        yield from _after_tax(facts)


def _roth(facts: Facts) -> Iterator[Reason]:
    told = facts.roth
    if told is None or told.basis_cents is None:
        yield unknown(Code.ROTH_BASIS_NOT_TOLD, "the investment in the contract (Reg. 1.402A-2 A-2)")
    elif told.basis_cents < 0 or sum(p.cents for p in facts.parts if p.kind is Kind.ROTH) > told.account_cents:
        yield found(Code.ROTH_BASIS_NOT_TOLD, "more is paid than the Roth account holds, or its basis is below zero")
    if told is None or told.first_year is None:
        yield unknown(Code.ROTH_CLOCK_NOT_TOLD, "the first year of the five (IRC 402A(d)(2)(B); Reg. 1.402A-2 A-2)")
    judged = roth_judged(facts)
    stated = told.stated_qualified if told is not None else None
    if judged is not None and stated is not None and stated is not judged.qualified:
        said = "qualified" if stated else "not qualified"
        yield found(Code.ROTH_STATED_OTHERWISE, f"stated as {said}; its dates say otherwise (IRC 402A(d)(2))")
    to_person = {part.into is Into.PERSON for part in facts.parts if part.kind is Kind.ROTH}
    if len(to_person) > 1 and not (judged is not None and judged.qualified):
        detail = "how Roth income is shared between a direct rollover and cash of one payment is not settled here"
        yield found(Code.WITHHOLDING_NOT_SETTLED, detail)


def _after_tax(facts: Facts) -> Iterator[Reason]:
    moved = sum(part.cents for part in facts.parts if part.kind is Kind.AFTER_TAX)
    if facts.after_tax_basis_cents is None:
        yield unknown(Code.AFTER_TAX_BASIS, "the basis of after-tax money (IRC 72(d), 402(c)(2))")
        return
    if moved > facts.after_tax_basis_cents:
        detail = f"{dollars(moved)} goes as after-tax money, and the basis is {dollars(facts.after_tax_basis_cents)}"
        yield found(Code.AFTER_TAX_BASIS, f"{detail}: earnings are pre-tax (IRC 402(c)(2))")
    else:
        yield from _earnings_along(facts, moved, facts.after_tax_basis_cents)
    of_plan = [part for part in facts.parts if part.kind in OF_PLANS and part.kind is not Kind.ROTH]
    pre_tax = sum(part.cents for part in of_plan if part.kind in UNTAXED)
    direct: dict[tuple[int, Into], list[int]] = {}
    for part in of_plan:
        if part.into is not Into.PERSON:
            both = direct.setdefault((part.to, part.into), [0, 0])
            both[0] += part.cents
            both[1] += part.cents if part.kind in UNTAXED else 0
    disbursed = [
        Disbursement(to, cents, chosen)
        for (_, into), (cents, chosen) in direct.items()
        if (to := destination(Kind.PRE_TAX, into)) is not None
    ]
    shared = allocate_pre_tax(
        pre_tax_cents=pre_tax,
        after_tax_cents=sum(part.cents for part in of_plan) - pre_tax,
        direct=disbursed,
    )
    if isinstance(shared, Refused):
        yield found(Code.PRE_TAX_GOES_FIRST, f"{shared.message}")
        return
    chosen_cents = [chosen for _, chosen in direct.values()]
    if [each.pre_tax_cents for each in shared.direct] != chosen_cents:
        wanted = sum(each.pre_tax_cents for each in shared.direct)
        detail = f"{dollars(wanted)} of pre-tax money goes to the direct rollovers, not {dollars(sum(chosen_cents))}"
        yield found(Code.PRE_TAX_GOES_FIRST, f"{detail} ({shared.cite})")


def _earnings_along(facts: Facts, moved: int, basis_cents: int) -> Iterator[Reason]:
    """Basis leaves with its share of the earnings, which are pre-tax money: the ratio of the separate contract that
    after-tax contributions and their earnings are (IRC 72(d)(2), 72(e)(8)(B)).

    Contributions made before 1987 may come out first (72(e)(8)(D)): nobody tells of those here, so they go otherwise.
    """
    lines = [each for each in facts.held if each.kind is Kind.AFTER_TAX or each.source in AFTER_TAX_SOURCES]
    account = sum(each.balance_cents for each in lines)
    earned = sum(each.paid_cents for each in lines if each.kind in UNTAXED)
    if facts.is_return or basis_cents >= account or moved + earned > account:
        return
    split = recover_basis(gross_cents=moved + earned, account_cents=account, basis_cents=basis_cents)
    if split.basis_cents != moved:
        along = half_up(Fraction(moved * (account - basis_cents), basis_cents)) if basis_cents else 0
        detail = f"{dollars(moved)} of basis goes with {dollars(along)} of its earnings, as pre-tax money"
        yield found(Code.AFTER_TAX_BASIS, f"{detail}; {dollars(earned)} of them goes ({split.cite})")


def minimum(facts: Facts) -> Iterator[Reason]:
    """The required minimum of the year was paid before (IRC 402(c)(4)(B))."""
    told = facts.minimum
    if told is None or told.required_cents is None or (told.required_cents and told.paid_cents is None):
        yield unknown(Code.MINIMUM_NOT_PAID, "whether a minimum is required for the year, and paid (IRC 401(a)(9))")
        return
    account = sum(each.balance_cents for each in facts.held if each.kind not in (Kind.ROTH, Kind.ROTH_IRA))
    due = minimum_still_due(required_cents=told.required_cents, paid_cents=told.paid_cents or 0, account_cents=account)
    if due:
        yield found(Code.MINIMUM_NOT_PAID, f"{dollars(due)} of the minimum is still due (IRC 402(c)(4)(B))")


def loan(facts: Facts) -> Iterator[Reason]:
    """A plan loan was repaid, set off, or its note goes along."""
    if not facts.plan_kinds:
        return
    told = facts.loan
    if told is None:
        yield unknown(Code.LOAN_OPEN, "whether a plan loan is outstanding (IRC 72(p))")
        return
    if told.offset is not None:
        if told.offset.on > facts.timing.payment_on:
            yield found(Code.LOAN_OPEN, f"the offset is of {told.offset.on}, after the payment")
        offset = loan_offset(
            offset_cents=told.offset.cents,
            offset_on=told.offset.on,
            severed_on=told.offset.severed_on,
            plan_terminated=told.offset.plan_terminated,
            loan_met_72p=told.offset.met_72p,
        )
        left = told.outstanding_cents - offset.offset_cents
    else:
        left = told.outstanding_cents
    if left and not told.note_goes_along:
        yield found(Code.LOAN_OPEN, f"{dollars(left)} is neither repaid nor set off (Reg. 1.72(p)-1 A-13)")


def tax(facts: Facts, parts: Sequence[WorkedPart] | None) -> Iterator[Reason]:
    """What the contract withholds is what the law withholds, to the cent (IRC 3405(c))."""
    if not any(part.into is Into.PERSON for part in facts.parts):
        return
    if facts.tax is None or facts.tax.nonresident_alien is None or facts.tax.earlier is None:
        yield unknown(Code.WITHHOLDING_NOT_SETTLED, "tax residence, or what the plan paid before this year (IRC 3405)")
        return
    if parts is None:
        yield unknown(Code.WITHHOLDING_NOT_SETTLED, "what of the payment is taxed")
        return
    for each, lawful in lawful_withholding(facts, parts):
        about = f"{KINDS[each.part.kind]} to the person"
        if isinstance(lawful, Refused):
            yield found(Code.WITHHELD_OTHERWISE, f"{about}: {lawful.message}")
        elif lawful.withheld_cents != each.withheld_cents:
            told = f"the law withholds {dollars(lawful.withheld_cents)}, the contract {dollars(each.withheld_cents)}"
            yield found(Code.WITHHELD_OTHERWISE, f"{about}: {told} ({lawful.path}, {lawful.cite})")
