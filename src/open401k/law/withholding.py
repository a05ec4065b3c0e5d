"""Federal income tax withheld from one payment out of a plan. Not here: state withholding (none is computed anywhere).

Not here either: periodic payments (withheld from like wages), nonresident aliens; both are refused.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from ..kernel import CalendarYear, Refused, half_up
from . import figures, given
from .given import check_facts, check_fields

_WHOLE = 10_000


class PaymentClass(StrEnum):
    """How section 3405 sees a payment."""

    #: Including one to a non-spouse beneficiary that could have gone to an inherited IRA (Reg. 1.402(c)-2(j)(2)(iv)).
    ELIGIBLE_ROLLOVER = "eligible_rollover"
    DIRECT_ROLLOVER = "direct_rollover"
    NONPERIODIC = "nonperiodic"
    PERIODIC = "periodic"
    #: A dividend under IRC 404(k) (3405(e)(1)(B)(iv)).
    DIVIDEND_404K = "dividend_404k"


class WithholdingPath(StrEnum):
    """What decided on the amount. Checked, and listed, in order of precedence."""

    NOT_A_DESIGNATED_DISTRIBUTION = "not_a_designated_distribution"
    ONLY_SECURITIES_AND_FRACTIONAL_SHARES = "only_securities_and_fractional_shares"
    BELOW_THE_SMALL_AMOUNT = "below_the_small_amount"
    MANDATORY_RATE = "mandatory_rate"
    DEFAULT_RATE = "default_rate"
    CHOSEN_RATE = "chosen_rate"


class WithholdingRefusal(StrEnum):
    """Why nothing is told. Checked, and listed, in order of precedence."""

    NONRESIDENT_ALIEN = "nonresident_alien"
    PERIODIC_PAYMENT = "periodic_payment"
    RATE_NOT_WHOLE_PERCENT = "rate_not_whole_percent"
    RATE_BELOW_MANDATORY = "rate_below_mandatory"
    RATE_BELOW_DEFAULT_NOT_OPEN = "rate_below_default_not_open"


@dataclass(frozen=True, slots=True)
class Paid:
    """What a payment consists of. ``not_taxable_cents``: basis, qualified Roth money, untaxed appreciation in it."""

    cash_cents: int = 0
    other_property_cents: int = 0
    employer_securities_cents: int = 0
    loan_offset_cents: int = 0
    not_taxable_cents: int = 0

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def gross_cents(self) -> int:
        return self.cash_cents + self.other_property_cents + self.employer_securities_cents + self.loan_offset_cents

    @property
    def within_reach_cents(self) -> int:
        """What tax can be taken from (IRC 3405(e)(8); Reg. 31.3405(c)-1 A-11)."""
        return self.cash_cents + self.other_property_cents


@dataclass(frozen=True, slots=True)
class EarlierThisYear:
    """Eligible rollover distributions of the same plan and year that were paid before, and what was withheld."""

    taxable_cents: int = 0
    withheld_cents: int = 0

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class Withholding:
    """What is withheld, from what, at what rate, and what the payee receives in cash.

    ``from_property_cents`` is the part that the cash does not cover: property is sold or the payee pays it in.
    """

    path: WithholdingPath
    base_cents: int
    rate_bps: int
    required_cents: int
    withheld_cents: int
    gross_cents: int
    cash_paid_cents: int
    from_property_cents: int
    cite: str

    @property
    def limited(self) -> bool:
        """Less than the rate asks for, since only cash and other property can be taken from."""
        return self.withheld_cents < self.required_cents

    @property
    def net_cents(self) -> int:
        return self.gross_cents - self.withheld_cents


def withholding(
    *,
    on: date,
    payment_class: PaymentClass,
    paid: Paid,
    chosen_rate_bps: int | None = None,
    earlier: EarlierThisYear | None = None,
    delivered_outside_us: bool = False,
    tin_given: bool = True,
    nonresident_alien: bool = False,
) -> Withholding | Refused[WithholdingRefusal]:
    """Federal tax to withhold from one payment (IRC 3405(b), (c), (e); Reg. 31.3405(c)-1).

    An eligible rollover distribution that is not rolled over directly: 20 % of what is taxable, or more by Form W-4R,
    none while the year's payments of the plan stay below $200 (A-14). Others: 10 %, or any whole percent by Form W-4R,
    but not less without a TIN or for delivery outside the United States (3405(e)(12)-(13)). Employer securities and
    loan offsets count in the amount, and nothing can be taken from them (A-11).
    """
    check_facts(locals(), signed=("chosen_rate_bps",))
    _check(paid, earlier)
    if refused := _refused(
        payment_class, chosen_rate_bps, on, delivered_outside_us or not tin_given, nonresident_alien
    ):
        return refused
    base = paid.gross_cents - paid.not_taxable_cents
    path, rate, required, cite = _required(on, payment_class, paid, base, chosen_rate_bps, earlier or EarlierThisYear())
    withheld = min(required, paid.within_reach_cents)
    from_property = max(withheld - paid.cash_cents, 0)
    return Withholding(
        path=path,
        base_cents=base,
        rate_bps=rate,
        required_cents=required,
        withheld_cents=withheld,
        gross_cents=paid.gross_cents,
        cash_paid_cents=paid.cash_cents - withheld + from_property,
        from_property_cents=from_property,
        cite=cite,
    )


def _check(paid: Paid, earlier: EarlierThisYear | None) -> None:
    given.amounts(
        cash_cents=paid.cash_cents,
        other_property_cents=paid.other_property_cents,
        employer_securities_cents=paid.employer_securities_cents,
        loan_offset_cents=paid.loan_offset_cents,
        not_taxable_cents=paid.not_taxable_cents,
    )
    given.within("not_taxable_cents", paid.not_taxable_cents, "the payment", paid.gross_cents)
    if earlier is not None:
        given.amounts(taxable_cents=earlier.taxable_cents, withheld_cents=earlier.withheld_cents)
        given.within("withheld_cents", earlier.withheld_cents, "taxable_cents", earlier.taxable_cents)


def _required(
    on: date,
    payment_class: PaymentClass,
    paid: Paid,
    base: int,
    chosen_bps: int | None,
    earlier: EarlierThisYear,
) -> tuple[WithholdingPath, int, int, str]:
    year = CalendarYear(on.year)
    if payment_class in (PaymentClass.DIRECT_ROLLOVER, PaymentClass.DIVIDEND_404K):
        return WithholdingPath.NOT_A_DESIGNATED_DISTRIBUTION, 0, 0, "IRC 3405(c)(2), (e)(1)(B)"
    only_securities = 0 < paid.employer_securities_cents == paid.gross_cents - paid.cash_cents
    if only_securities and paid.cash_cents <= figures.cents("fractional_share_cash", year):
        return WithholdingPath.ONLY_SECURITIES_AND_FRACTIONAL_SHARES, 0, 0, "IRC 3405(e)(8)"
    if payment_class is PaymentClass.NONPERIODIC:
        rate = figures.bps("nonperiodic_withholding", year) if chosen_bps is None else chosen_bps
        path = WithholdingPath.DEFAULT_RATE if chosen_bps is None else WithholdingPath.CHOSEN_RATE
        return path, rate, half_up(Fraction(base * rate, _WHOLE)), "IRC 3405(b)"
    mandatory = figures.bps("eligible_rollover_withholding", year)
    rate = mandatory if chosen_bps is None else chosen_bps
    if earlier.taxable_cents + base < figures.cents("small_rollover_distribution", year):
        return WithholdingPath.BELOW_THE_SMALL_AMOUNT, 0, 0, "Reg. 31.3405(c)-1 A-14"
    # Small payments that were let pass before are made up for by the one that reaches the floor.
    missing = max(half_up(Fraction(earlier.taxable_cents * mandatory, _WHOLE)) - earlier.withheld_cents, 0)
    path = WithholdingPath.MANDATORY_RATE if rate == mandatory else WithholdingPath.CHOSEN_RATE
    return path, rate, half_up(Fraction(base * rate, _WHOLE)) + missing, "IRC 3405(c)(1)(B); Reg. 31.3405(c)-1"


def _refused(
    payment_class: PaymentClass, chosen_bps: int | None, on: date, no_choice: bool, nonresident_alien: bool
) -> Refused[WithholdingRefusal] | None:
    if nonresident_alien:
        return Refused(
            WithholdingRefusal.NONRESIDENT_ALIEN,
            "A nonresident alien is withheld from under IRC 1441, at 30 % or a treaty's rate, on Form 1042-S.",
        )
    if payment_class is PaymentClass.PERIODIC:
        return Refused(
            WithholdingRefusal.PERIODIC_PAYMENT,
            "Periodic payments are withheld from like wages by Form W-4P (IRC 3405(a)); its tables are not on file.",
        )
    if chosen_bps is None:
        return None
    if not 0 <= chosen_bps <= _WHOLE or chosen_bps % 100:
        return Refused(
            WithholdingRefusal.RATE_NOT_WHOLE_PERCENT,
            f"chosen_rate_bps: {chosen_bps} is not a whole percent from 0 to 100 (Form W-4R).",
        )
    year = CalendarYear(on.year)
    mandatory = figures.bps("eligible_rollover_withholding", year)
    if payment_class is PaymentClass.ELIGIBLE_ROLLOVER and chosen_bps < mandatory:
        return Refused(
            WithholdingRefusal.RATE_BELOW_MANDATORY,
            f"chosen_rate_bps: {chosen_bps} is less than the {mandatory} that no payee can choose to lower "
            "(IRC 3405(c); Reg. 31.3405(c)-1 A-2). Only a direct rollover avoids it.",
        )
    default = figures.bps("nonperiodic_withholding", year)
    if payment_class is PaymentClass.NONPERIODIC and no_choice and chosen_bps < default:
        return Refused(
            WithholdingRefusal.RATE_BELOW_DEFAULT_NOT_OPEN,
            f"chosen_rate_bps: less than {default} cannot be chosen without a TIN, or for delivery outside the United "
            "States (IRC 3405(e)(12)-(13)).",
        )
    return None
