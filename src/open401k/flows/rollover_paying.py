"""The half of a plan that pays a rollover, from its own records and what people told. Pure.

Not here: what the records say (recordkeeping/rollover_release.py), what follows from both halves (rails/preflight).
"""

from collections.abc import Mapping
from datetime import date

from open401k import plan, recordkeeping
from open401k.law.distribution_events import Event
from open401k.law.rollover_acceptance import SourceEvidence
from open401k.law.rollovers import PaidBecause
from open401k.rails.node.halves import ReleasingHalf
from open401k.rails.preflight.facts import Identity, Loan, Minimum, Offset, Opened, PayingPlan, Roth, Spouse
from open401k.recordkeeping import Releasable

from .rollover_halves import OurPlan
from .rollover_held import going_back, held_of
from .rollover_taxed import who_is_paid
from .rollover_told import OutTold


def releasing_half(
    ours: OurPlan, told: OutTold, *, account: str, releasable: Releasable, identity: Identity | None,
    file: Mapping[str, str],
) -> ReleasingHalf:  # fmt: skip
    """What we know as the plan that pays: vested money by source, what opened it, Roth clock, loan, minimum, spouse."""
    basis = _first_known(releasable.after_tax.basis_cents, told.after_tax_basis_cents)
    goes_back = recordkeeping.came_by(account) is not None
    held = going_back(releasable, told.wanted, account) if goes_back else held_of(releasable, told.wanted, basis)
    opened = releasable.opened
    died = opened is not None and opened.event is Event.DEATH
    return ReleasingHalf(
        custodian=ours.name,
        account=account,
        payment_on=told.payment_on,
        payment_cents=sum(each.paid_cents for each in held),
        held=held,
        identity=told.payee if died else identity,
        contact=told.contact,
        distributee=who_is_paid(opened, told.distributee),
        because=PaidBecause.ORDINARY,
        opened=None if opened is None else Opened(opened.event, opened.on),
        spouse=_spouse(ours.terms, told),
        explanation=told.explanation,
        explanation_hash=told.explanation_hash,
        holds=told.holds,
        roth=_roth(releasable, told),
        after_tax_basis_cents=basis,
        minimum=told.minimum if died or releasable.minimum_cents is None else Minimum(releasable.minimum_cents, None),
        loan=_loan(releasable),
        paying=_paying(ours.terms),
        member_until=ours.member_until,
        tax=told.tax,
        approved_by_administrator=told.approved,
        file=dict(told.file) | dict(file),
    )


def _spouse(terms: plan.Rollovers, told: OutTold) -> Spouse:
    """A 401(k) plan is a profit-sharing or stock bonus plan: no minimum funding; this engine pays no annuities."""
    return Spouse(
        standing=told.spouse_standing,
        is_full_death_beneficiary=terms.spouse_takes_all_on_death,
        transferred_from_annuity_plan=terms.holds_annuity_money,
        consent=told.spouse_consent,
    )


def _roth(releasable: Releasable, told: OutTold) -> Roth | None:
    found = releasable.roth
    if not found.account_cents:
        return None
    first_year = _first_known(found.first_year, told.roth_first_year)
    return Roth(first_year, _first_known(found.basis_cents, told.roth_basis_cents), found.account_cents)


def _loan(releasable: Releasable) -> Loan:
    """What is owed; what the account was offset by is owed no more, and is told with its day."""
    offset = releasable.offset
    opened, told = releasable.opened, None
    if offset is not None:
        severed = _severed_on(releasable)
        told = Offset(
            offset.cents,
            offset.on,
            severed if severed is not None and severed <= offset.on else None,  # reduced before work ended: not for it
            plan_terminated=opened is not None and opened.event is Event.PLAN_TERMINATION and opened.on <= offset.on,
            met_72p=not offset.deemed_before_cents,
        )
    owed = releasable.loan_cents + (offset.cents if offset is not None else 0)
    return Loan(owed, told)


def _severed_on(releasable: Releasable) -> date | None:
    opened = releasable.opened
    return opened.on if opened is not None and opened.event is Event.SEVERANCE else None


def _paying(terms: plan.Rollovers) -> PayingPlan:
    """Every kind of money has its own source in these books; a payment on the rails names who pays it."""
    evidence = SourceEvidence.NONE if terms.qualified_by is None else SourceEvidence(terms.qualified_by.value)
    return PayingPlan(evidence, payment_names_source=True, kinds_certified=True)


def _first_known(books: int | None, told: int | None) -> int | None:
    """What the books know counts; what is told is for what they do not."""
    return told if books is None else books
