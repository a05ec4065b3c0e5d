"""The facts of one rollover, of both sides. None is "not known", never "no". Not here: what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ...kernel import Source
from ...law.distribution_events import Event
from ...law.rollover_acceptance import SourceEvidence
from ...law.rollovers import Distributee, PaidBecause
from ...law.spousal_consent import SpouseStanding, Witness
from ...law.withholding import EarlierThisYear
from ..kinds import OF_PLANS, Into, Kind


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the person is, as one custodian has it."""

    legal_name: str
    tax_number: str
    born_on: date
    former_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """How well the person behind the key was proofed, until when."""

    level: int
    valid_until: date


@dataclass(frozen=True, slots=True)
class Screening:
    """One look at the lists of sanctions."""

    on: date
    clear: bool


@dataclass(frozen=True, slots=True)
class ContactChanges:
    """The last change of address, e-mail, phone, bank or device, and when the person confirmed it by an older way."""

    last_on: date | None
    confirmed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A spouse's consent."""

    on: date
    in_writing: bool
    names_form_or_beneficiary: bool
    acknowledges_effect: bool
    witness: Witness


@dataclass(frozen=True, slots=True)
class Spouse:
    """What the paying plan established about a spouse, and its terms about annuities (IRC 401(a)(11), 417)."""

    standing: SpouseStanding | None
    minimum_funding_applies: bool = False
    is_full_death_beneficiary: bool | None = None
    life_annuity_elected: bool = False
    transferred_from_annuity_plan: bool | None = None
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The 402(f) explanation as it was given."""

    given_on: date
    told_of_thirty_days: bool
    #: Whether the person elects on their own after it, as on these rails always.
    elected_since: bool = True
    of_roth_money: bool = False
    of_other_money: bool = False


@dataclass(frozen=True, slots=True)
class Holds:
    """What may keep an account from being paid; each was looked up or is not known."""

    order_pending: bool | None = None
    levy: bool | None = None
    bankruptcy: bool | None = None
    other_legal: bool | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """One source of money of the paying plan, and what of it is paid now."""

    source: Source
    kind: Kind
    balance_cents: int
    vested_cents: int | None
    paid_cents: int


@dataclass(frozen=True, slots=True)
class Opened:
    """What opened the account."""

    event: Event
    on: date
    months_in_plan: int = 0
    months_of_participation: int = 0
    other_plan_exists: bool = False


@dataclass(frozen=True, slots=True)
class Roth:
    """The designated Roth account before the payment."""

    first_year: int | None
    basis_cents: int | None
    account_cents: int
    stated_qualified: bool | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Minimum:
    """The required minimum of the year of the payment, and what of it was paid."""

    required_cents: int | None
    paid_cents: int | None


@dataclass(frozen=True, slots=True)
class Offset:
    """A loan set off against the account."""

    cents: int
    on: date
    severed_on: date | None = None
    plan_terminated: bool = False
    met_72p: bool = True


@dataclass(frozen=True, slots=True)
class Loan:
    """A plan loan; ``outstanding_cents`` zero is "no loan"."""

    outstanding_cents: int
    offset: Offset | None = None
    note_goes_along: bool = False


@dataclass(frozen=True, slots=True)
class PayingPlan:
    """Evidence that what pays is a qualified plan or an IRA."""

    evidence: SourceEvidence
    payment_names_source: bool
    reported_code_3c: bool = False
    kinds_certified: bool = False
    evidence_to_the_contrary: bool = False
    simple_participation_began_on: date | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A receiver's letter of acceptance: what it takes, until when, under which title."""

    takes: frozenset[tuple[Kind, Into]]
    valid_until: date
    account_title: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """One place that money goes to: its letter and where it is delivered."""

    name: str
    letter: Letter | None
    delivery_confirmed: bool | None
    member_until: date | None
    screening: Screening | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One leg: money of a kind to a receiver, by its place among the receivers."""

    kind: Kind
    into: Into
    to: int
    cents: int


@dataclass(frozen=True, slots=True)
class Tax:
    """What decides on withholding beside the amounts."""

    nonresident_alien: bool | None
    chosen_rate_bps: int | None = None
    earlier: EarlierThisYear | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Days of the rollover as both sides plan it; the deadline is the last day."""

    on: date
    payment_on: date
    deadline: date


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of a rollover before anybody signs."""

    timing: Timing
    payment_cents: int
    parts: tuple[Part, ...]
    receivers: tuple[Receiver, ...]
    held: tuple[Held, ...]
    releasing: Identity | None = None
    receiving: Identity | None = None
    proof: Proof | None = None
    contact: ContactChanges | None = None
    screening: Screening | None = None
    distributee: Distributee | None = None
    because: PaidBecause | None = None
    #: Of a series of payments: its years.
    series_years: int | None = None
    opened: Opened | None = None
    spouse: Spouse | None = None
    explanation: Explanation | None = None
    holds: Holds | None = None
    roth: Roth | None = None
    after_tax_basis_cents: int | None = None
    minimum: Minimum | None = None
    loan: Loan | None = None
    paying: PayingPlan | None = None
    releasing_member_until: date | None = None
    tax: Tax | None = None
    approved_by_administrator: bool | None = None
    e_sign_consent: bool | None = None
    #: What came goes back as it came: no distribution of which earnings would go along.
    is_return: bool = False

    def plan_pays(self, kind: Kind) -> Kind | None:
        """As which kind a plan pays it; None where an IRA pays.

        What came from an IRA into a plan is the plan's money, also when it goes back as it came. Only a plan has loans
        to tell of: that it tells of them, if only that there is none, shows that a plan pays.
        """
        if kind in OF_PLANS:
            return kind
        return Kind.PRE_TAX if self.is_return and self.loan is not None else None

    @property
    def plan_kinds(self) -> frozenset[Kind]:
        """Of what a plan pays."""
        return frozenset(paid for part in self.parts if (paid := self.plan_pays(part.kind)) is not None)
