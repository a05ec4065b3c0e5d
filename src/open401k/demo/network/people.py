"""People of the network for trying, as their custodians' systems tell of them: halves of the facts, nothing real.

Not here: accounts and their money (companies.py), what becomes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from open401k.kernel import Source
from open401k.law.distribution_events import Event
from open401k.law.rollover_acceptance import SourceEvidence
from open401k.law.rollovers import Distributee, PaidBecause
from open401k.law.spousal_consent import SpouseStanding
from open401k.law.withholding import EarlierThisYear
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf, Wanted
from open401k.rails.node.papers import Media, Paper
from open401k.rails.preflight.facts import (
    ContactChanges,
    Explanation,
    Held,
    Holds,
    Identity,
    Letter,
    Loan,
    Minimum,
    Opened,
    PayingPlan,
    Proof,
    Roth,
    Screening,
    Spouse,
    Tax,
)

from .companies import Company

#: Stands where a real plan's explanation of section 402(f) stands; the words of that are the plan's to supply.
EXPLANATION = Paper(
    "Sample in place of your rollover options",
    "a sample",
    Media.TEXT,
    b"This is a sample for trying. It is not the explanation that the law asks for.\n\n"
    b"In a real rollover the company that pays puts its own document here, such as the safe harbor explanation of the "
    b"IRS that fits your kinds of money. You read it before you sign, and what you sign is for that very document.\n",
)
_DAYS = 8
_YEAR = timedelta(days=300)


@dataclass(frozen=True, slots=True)
class Mover:
    """Somebody who moves everything of an account at one company into an account at another, both in plans."""

    name: str
    tax_number: str
    born_on: date
    account: str
    into: str
    pre_tax_cents: int
    roth_cents: int = 0
    roth_basis_cents: int = 0
    roth_since: int | None = None
    order_pending: bool = False
    takes_roth: bool = True

    @property
    def identity(self) -> Identity:
        return Identity(self.name, self.tax_number, self.born_on)

    @property
    def amounts(self) -> tuple[tuple[Kind, Source, int], ...]:
        """What is moved, by kind."""
        told = ((Kind.PRE_TAX, Source.PRE_TAX, self.pre_tax_cents), (Kind.ROTH, Source.ROTH, self.roth_cents))
        return tuple(each for each in told if each[2])


def releasing(mover: Mover, source: Company, *, on: date) -> ReleasingHalf:
    """What the company that pays knows, as of a day."""
    cents = sum(each for _, _, each in mover.amounts)
    return ReleasingHalf(
        custodian=source.name,
        account=mover.account,
        payment_on=on + timedelta(days=1),
        payment_cents=cents,
        held=tuple(Held(origin, kind, each, each, each) for kind, origin, each in mover.amounts),
        identity=mover.identity,
        contact=ContactChanges(None),
        distributee=Distributee.EMPLOYEE,
        because=PaidBecause.ORDINARY,
        opened=Opened(Event.SEVERANCE, on - timedelta(days=60)),
        spouse=Spouse(SpouseStanding.MARRIED, is_full_death_beneficiary=True, transferred_from_annuity_plan=False),
        explanation=Explanation(
            on - timedelta(days=5), told_of_thirty_days=True, of_roth_money=bool(mover.roth_cents), of_other_money=True
        ),
        explanation_hash=EXPLANATION.fingerprint,
        holds=Holds(order_pending=mover.order_pending, levy=False, bankruptcy=False, other_legal=False),
        roth=Roth(mover.roth_since, mover.roth_basis_cents, mover.roth_cents, stated_qualified=False)
        if mover.roth_cents
        else None,
        after_tax_basis_cents=0,
        minimum=Minimum(0, None),
        loan=Loan(0),
        paying=PayingPlan(SourceEvidence.ANNUAL_REPORT, payment_names_source=True, kinds_certified=True),
        member_until=on + _YEAR,
        tax=Tax(nonresident_alien=False, earlier=EarlierThisYear()),
        approved_by_administrator=True,
        file={
            "participant.address": "1 Main Street, Springfield",
            "participant.w9_status": "on file",
            "participant.email": "participant@example.com",
            "participant.phone": "+1 555 0100",
            "participant.marital_status": "married",
            "distributing.plan_name": f"A plan at {source.name}",
            "distributing.plan_type": "401(k)",
            "distributing.payer_name": f"{source.name}, trustee",
            "distributing.payer_tin": "00-0000001",
            "distributing.recordkeeper": source.name,
            "distributing.contact": f"rollovers@{source.slug}.example",
            "event.last_contribution_on": str(on - timedelta(days=60)),
            "amounts[pre_tax].earnings_cents": "0",
            "authority.explanation_version": EXPLANATION.version,
            "institution.releasing_lei": f"SANDBOX0{source.slug.upper():0<12}"[:20],
            "settlement.fees_cents": "0",
        },
    )


def receiving(
    mover: Mover, receiver: Company, *, member: bytes, on: date, key: bytes | None = None, days: int = _DAYS
) -> ReceivingHalf:
    """What the company that receives knows; ``key`` is the participant's, once they have chosen one."""
    kinds = [kind for kind in (Kind.PRE_TAX, Kind.ROTH) if mover.takes_roth or kind is not Kind.ROTH]
    screened = Screening(on - timedelta(days=2), clear=True)
    return ReceivingHalf(
        custodian=receiver.name,
        member=member,
        account=mover.into,
        source_account=mover.account,
        mode=Mode.FIXED,
        wanted=tuple(Wanted(kind, Into.PLAN, cents) for kind, _, cents in mover.amounts),
        deadline=on + timedelta(days=days),
        key=key,
        identity=mover.identity,
        proof=Proof(2, on + timedelta(days=90)),
        screening=screened,
        e_sign_consent=True,
        paying=PayingPlan(SourceEvidence.ANNUAL_REPORT, payment_names_source=True, kinds_certified=True),
        letter=Letter(
            frozenset((kind, Into.PLAN) for kind in kinds), on + timedelta(days=60), f"Trustee FBO {mover.name}"
        ),
        delivery_confirmed=True,
        member_until=on + _YEAR,
        own_screening=screened,
        file=file_of_receiver(on)
        | {
            "receiving[0].plan_name": f"A plan at {receiver.name}",
            "receiving[0].plan_type": "401(k)",
            "receiving[0].trustee": f"{receiver.name}, trustee",
            "receiving[0].letter_on": str(on - timedelta(days=10)),
            "receiving[0].money_types": "pre-tax rollover, Roth rollover",
        },
    )


def file_of_receiver(on: date) -> dict[str, str]:
    """Items of the transfer file that no record of a plan has."""
    return {
        "receiving[0].letter_id": "LOA 1",
        "receiving[0].letter_signer": "plan administrator",
        "receiving[0].investment": "as elected",
        "authority.esign_consent_at": f"{on}T12:00:00Z",
        "authority.proofing_method": "documents",
        "authority.proofed_at": f"{on - timedelta(days=3)}T12:00:00Z",
        "authority.receiving_administrator_approval": "approved",
        "institution.receiving_lei": "SANDBOX0RECEIVER0000",
    }


#: Roth and pre-tax money from the overnight core into the plan.
NINA = Mover(
    "Nina Alvarez", "900-70-1001", date(1984, 2, 11), "W-3001", "N-1001", 61_500_25, 18_220_40, 15_000_00, 2019
)
#: A court's order waits, and the letter of acceptance does not take Roth money.
OMAR = Mover(
    "Omar Haddad", "900-70-1002", date(1979, 7, 30), "W-3003", "N-1003", 4_400_00, 600_00, 500_00, 2021,
    order_pending=True, takes_roth=False,
)  # fmt: skip
#: The company that should receive is dead when it should vote.
PIA = Mover("Pia Lindqvist", "900-70-1003", date(1990, 11, 5), "W-3002", "E-2003", 27_115_90)
