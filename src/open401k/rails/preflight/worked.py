"""Each part of a payment worked out: what is taxed, what is withheld, what Form 1099-R will say. Pure arithmetic.

Withheld is what the contract withholds; where the law asks for another amount, that is a reason (checks_amount.py).
Not here: forms of IRAs, tax of states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from ...kernel import Refused, half_up
from ...law.distribution_events import Event as Opening
from ...law.early_distribution_tax import SEPARATION_AGE
from ...law.form_1099r import EarlyException, Event, Form1099R, FormRefusal, Payee, Reported, form_1099r
from ...law.rollovers import Distributee
from ...law.roth import five_year_period, qualified_distribution, roth_payment
from ...law.withholding import EarlierThisYear, Paid, PaymentClass, Withholding, WithholdingRefusal, withholding
from ..kinds import OF_PLANS, UNTAXED, Into, Kind
from .facts import Facts, Part
from .rule_version import RuleVersion


@dataclass(frozen=True, slots=True)
class WorkedPart:
    """One part in cents: amount = taxed now + basis + not taxed now; ``paid_cents`` is what arrives."""

    part: Part
    taxable_cents: int
    basis_cents: int
    withheld_cents: int

    @property
    def untaxed_cents(self) -> int:
        return self.part.cents - self.taxable_cents - self.basis_cents

    @property
    def arrives_cents(self) -> int:
        return self.part.cents - self.withheld_cents

    @property
    def on_chain_taxable_cents(self) -> int:
        """``taxable`` of the leg: a direct rollover withholds nothing, so its leg says zero."""
        return self.taxable_cents if self.part.into is Into.PERSON else 0


@dataclass(frozen=True, slots=True)
class RothJudged:
    """Whether the Roth payment is qualified, from its dates."""

    qualified: bool


def roth_judged(facts: Facts) -> RothJudged | None:
    """Whether Roth money is paid as a qualified distribution; None where its clock or the birth date is not known.

    The employee's age or death decides for a beneficiary or an alternate payee too (Reg. 1.402A-1 A-4(d)): these facts
    have the death, after which only the five years are asked for, and not the age.
    """
    died_on = facts.opened.on if facts.opened and facts.opened.event is Opening.DEATH else None
    if facts.distributee is not Distributee.EMPLOYEE and died_on is None:
        return None
    born = facts.releasing.born_on if facts.releasing else None
    if facts.roth is None or facts.roth.first_year is None or born is None or facts.because is None:
        return None
    return RothJudged(
        qualified_distribution(
            on=facts.timing.payment_on,
            employee_born_on=born,
            period=five_year_period(first_contribution_year=facts.roth.first_year),
            because=facts.because,
            employee_died_on=died_on,
            employee_disabled=facts.roth.disabled,
        ).qualified
    )


def work_out(facts: Facts, rules: RuleVersion) -> tuple[WorkedPart, ...] | None:
    """Every part; None while something that it takes is not known."""
    judged = roth_judged(facts)
    done: list[WorkedPart] = []
    basis_left = facts.roth.basis_cents if facts.roth else None
    value_left = facts.roth.account_cents if facts.roth else 0
    for part in facts.parts:
        if part.kind is not Kind.ROTH:
            done.append(_plain(part, rules))
            continue
        if basis_left is None or judged is None or part.cents > value_left:
            return None
        split = roth_payment(
            gross_cents=part.cents,
            basis_cents=basis_left,
            income_cents=value_left - basis_left,
            qualified=judged.qualified,
        )
        basis_left, value_left = split.remaining_basis_cents, value_left - part.cents
        taxed = split.taxable_cents if part.into is Into.PERSON else 0
        done.append(WorkedPart(part, taxed, split.basis_cents, _withheld(part, taxed, rules)))
    return tuple(done)


def _plain(part: Part, rules: RuleVersion) -> WorkedPart:
    """Money other than Roth: after-tax money is basis alone; the rest is taxed if paid out or made Roth."""
    basis = part.cents if part.kind is Kind.AFTER_TAX else 0
    taxed = part.cents if part.kind in UNTAXED and part.into in (Into.PERSON, Into.ROTH_IRA) else 0
    return WorkedPart(part, taxed, basis, _withheld(part, taxed, rules))


def _withheld(part: Part, taxable: int, rules: RuleVersion) -> int:
    """As the contract rounds: half up to the cent, each part for itself."""
    if part.into is not Into.PERSON:
        return 0
    return half_up(Fraction(taxable * rules.rate_bps(part.kind), 10_000))


def lawful_withholding(
    facts: Facts, parts: Sequence[WorkedPart]
) -> list[tuple[WorkedPart, Withholding | Refused[WithholdingRefusal]]]:
    """What the law withholds of each part that is paid to the person, all of them and earlier ones being one year's."""
    cash = [each for each in parts if each.part.into is Into.PERSON and each.part.kind in OF_PLANS]
    tax = facts.tax
    earlier = tax.earlier or EarlierThisYear() if tax else EarlierThisYear()
    offset = facts.loan.offset.cents if facts.loan and facts.loan.offset else 0
    told = []
    for place, each in enumerate(cash):
        others = sum(other.taxable_cents for other in cash) - each.taxable_cents
        withheld = sum(other.withheld_cents for other in cash) - each.withheld_cents
        told.append(
            (
                each,
                withholding(
                    on=facts.timing.payment_on,
                    payment_class=PaymentClass.ELIGIBLE_ROLLOVER,
                    # a loan offset counts in the amount, and all of its tax is taken from the first cash there is
                    paid=Paid(
                        cash_cents=each.part.cents,
                        loan_offset_cents=0 if place else offset,
                        not_taxable_cents=each.part.cents - each.taxable_cents,
                    ),
                    chosen_rate_bps=tax.chosen_rate_bps if tax else None,
                    earlier=replace(
                        earlier,
                        taxable_cents=earlier.taxable_cents + others,
                        withheld_cents=min(earlier.withheld_cents + withheld, earlier.taxable_cents + others),
                    ),
                    nonresident_alien=bool(tax and tax.nonresident_alien),
                ),
            )
        )
    return told


def forms(facts: Facts, parts: Sequence[WorkedPart]) -> tuple[Form1099R | Refused[FormRefusal], ...]:
    """Form 1099-R of what plans pay: one for each event, Roth money apart (two forms if two kinds)."""
    groups: dict[tuple[bool, Event], list[WorkedPart]] = {}
    for each in parts:
        if (paid := facts.plan_pays(each.part.kind)) is not None:
            groups.setdefault((paid is Kind.ROTH, _event(each.part)), []).append(each)
    payee = {
        Distributee.EMPLOYEE: Payee.PARTICIPANT,
        Distributee.ALTERNATE_PAYEE_SPOUSE: Payee.ALTERNATE_PAYEE_SPOUSE,
        Distributee.ALTERNATE_PAYEE_OTHER: Payee.ALTERNATE_PAYEE_OTHER,
    }.get(facts.distributee or Distributee.EMPLOYEE, Payee.BENEFICIARY)
    told: list[Form1099R | Refused[FormRefusal]] = []
    for (roth, event), members in groups.items():
        answer = form_1099r(
            reported=Reported(
                event=event,
                on=facts.timing.payment_on,
                gross_cents=sum(each.part.cents for each in members),
                taxable_cents=sum(each.taxable_cents for each in members),
                basis_cents=sum(each.basis_cents for each in members),
                untaxed_cents=sum(each.untaxed_cents for each in members),
                withheld_cents=sum(each.withheld_cents for each in members),
                roth=roth,
                roth_first_year=facts.roth.first_year if roth and facts.roth else None,
                payee=payee,
                taxpayer_born_on=facts.releasing.born_on if facts.releasing else None,
                early_exception=_early(facts),
            )
        )
        told += [answer] if isinstance(answer, Refused) else answer
    return tuple(told)


def early_exception(opened: Opening, opened_on: date, *, born_on: date | None) -> EarlyException:
    """What the payer knows of 72(t) by what opened the account of a living employee.

    Disability (72(t)(2)(A)(iii)); severance in or after the year in which age 55 is reached ((A)(v); Notice 87-13, as
    the Guide to Distribution Codes has it under code 2).
    """
    if opened is Opening.DISABILITY:
        return EarlyException.DISABILITY
    if opened is Opening.SEVERANCE and born_on is not None and opened_on.year >= born_on.year + SEPARATION_AGE:
        return EarlyException.SEVERANCE_AT_55
    return EarlyException.NONE


def _early(facts: Facts) -> EarlyException:
    if facts.opened is None or facts.distributee is not Distributee.EMPLOYEE:
        return EarlyException.NONE
    born_on = facts.releasing.born_on if facts.releasing else None
    return early_exception(facts.opened.event, facts.opened.on, born_on=born_on)


def _event(part: Part) -> Event:
    if part.into is Into.PERSON:
        return Event.PAID
    return Event.DIRECT_ROLLOVER_TO_ROTH_IRA if part.into is Into.ROTH_IRA else Event.DIRECT_ROLLOVER
