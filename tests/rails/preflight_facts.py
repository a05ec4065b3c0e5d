"""A rollover with nothing in its way, to be changed in one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from open401k.kernel import Source
from open401k.law.distribution_events import Event
from open401k.law.rollover_acceptance import SourceEvidence
from open401k.law.rollovers import Distributee, PaidBecause
from open401k.law.spousal_consent import SpouseStanding
from open401k.law.withholding import EarlierThisYear
from open401k.rails.kinds import Into, Kind
from open401k.rails.preflight.facts import (
    ContactChanges,
    Explanation,
    Facts,
    Held,
    Holds,
    Identity,
    Letter,
    Loan,
    Minimum,
    Opened,
    Part,
    PayingPlan,
    Proof,
    Receiver,
    Roth,
    Screening,
    Spouse,
    Tax,
    Timing,
)

TODAY, PAID, DEADLINE = date(2026, 6, 1), date(2026, 6, 5), date(2026, 6, 12)
PERSON = Identity("Maria Garcia-Lopez", "900-70-0001", date(1980, 3, 15))
EVERYTHING = frozenset((kind, into) for kind in Kind for into in Into)


def receiver(name: str = "the new plan", takes: frozenset[tuple[Kind, Into]] = EVERYTHING) -> Receiver:
    letter = Letter(takes, date(2026, 12, 31), f"Trustee of {name} FBO Maria Garcia-Lopez")
    return Receiver(name, letter, True, date(2027, 6, 1), Screening(date(2026, 5, 20), clear=True))


def lawful(*parts: Part) -> Facts:
    """$30,000 pre-tax and $10,000 Roth, of which $8,000 basis, from a former employer's plan to a new one."""
    moved = parts or (Part(Kind.PRE_TAX, Into.PLAN, 0, 30_000_00), Part(Kind.ROTH, Into.PLAN, 0, 10_000_00))
    return Facts(
        timing=Timing(TODAY, PAID, DEADLINE),
        payment_cents=sum(part.cents for part in moved),
        parts=moved,
        receivers=(receiver(), receiver("the bank")),
        held=held(moved),
        releasing=PERSON,
        receiving=replace(PERSON, legal_name="GARCÍA LÓPEZ, MARIA", former_names=("maria  garcia lopez",)),
        proof=Proof(2, date(2026, 12, 31)),
        contact=ContactChanges(None),
        screening=Screening(date(2026, 5, 20), clear=True),
        distributee=Distributee.EMPLOYEE,
        because=PaidBecause.ORDINARY,
        opened=Opened(Event.SEVERANCE, date(2026, 4, 30)),
        spouse=Spouse(SpouseStanding.MARRIED, is_full_death_beneficiary=True, transferred_from_annuity_plan=False),
        explanation=Explanation(date(2026, 5, 28), told_of_thirty_days=True, of_roth_money=True, of_other_money=True),
        holds=Holds(False, False, False, False),
        roth=Roth(2024, 8_000_00, 10_000_00, stated_qualified=False),
        after_tax_basis_cents=sum(part.cents for part in moved if part.kind is Kind.AFTER_TAX),
        minimum=Minimum(0, None),
        loan=Loan(0),
        paying=PayingPlan(SourceEvidence.ANNUAL_REPORT, payment_names_source=True, kinds_certified=True),
        releasing_member_until=date(2027, 6, 1),
        tax=Tax(nonresident_alien=False, earlier=EarlierThisYear()),
        approved_by_administrator=True,
        e_sign_consent=True,
    )


_SOURCES = {Kind.ROTH: Source.ROTH, Kind.AFTER_TAX: Source.AFTER_TAX}


def held(parts: tuple[Part, ...]) -> tuple[Held, ...]:
    """One source for each kind, holding and paying just what the parts move."""
    told = []
    for kind in sorted({part.kind for part in parts}):
        cents = sum(part.cents for part in parts if part.kind is kind)
        told.append(Held(_SOURCES.get(kind, Source.PRE_TAX), kind, cents, cents, cents))
    return tuple(told)
