"""What of a payment was taxed before: pro rata recovery, sharing it out among destinations, employer securities.

One account or separate contract, before the annuity starting date. Not here: annuity payments (IRC 72(d)), Roth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from ..kernel import Refused, half_up
from . import given
from .given import check_facts, check_fields
from .rollover_matrix import Account


@dataclass(frozen=True, slots=True)
class BasisRecovery:
    """A payment as basis and taxable money, and what is left in the account; gross = basis + taxable."""

    gross_cents: int
    pre_1987_basis_cents: int
    pro_rata_basis_cents: int
    taxable_cents: int
    remaining_account_cents: int
    remaining_basis_cents: int
    remaining_pre_1987_basis_cents: int
    cite: str

    @property
    def basis_cents(self) -> int:
        return self.pre_1987_basis_cents + self.pro_rata_basis_cents


@dataclass(frozen=True, slots=True)
class Disbursement:
    """A part of one distribution on its way to one place.

    ``pre_tax_chosen_cents``: how much pre-tax money the recipient assigns to it, where there is a choice.
    """

    destination: Account
    cents: int
    pre_tax_chosen_cents: int | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class Allocated:
    """One disbursement split into pre-tax and after-tax money; cents = pre-tax + after-tax."""

    destination: Account | None
    cents: int
    pre_tax_cents: int
    after_tax_cents: int

    @property
    def taxed_now_cents(self) -> int:
        """Pre-tax money that is paid out, or goes to a Roth account (Reg. 1.402(c)-2(b)(1)(i))."""
        return self.pre_tax_cents if self.destination in (None, Account.ROTH_IRA, Account.PLAN_ROTH) else 0


@dataclass(frozen=True, slots=True)
class Allocation:
    """All disbursements of one distribution; the last one, to nobody, is what was paid and kept."""

    direct: tuple[Allocated, ...]
    sixty_day: tuple[Allocated, ...]
    kept: Allocated
    cite: str = "Notice 2014-54; IRC 402(c)(2); Reg. 1.402(c)-2(b)(3)(iv)"

    @property
    def taxed_now_cents(self) -> int:
        return sum(each.taxed_now_cents for each in (*self.direct, *self.sixty_day, self.kept))


class AllocationRefusal(StrEnum):
    """Why pre-tax money is not shared out. Checked, and listed, in order of precedence."""

    CHOICE_NEEDED = "choice_needed"
    CHOICE_IS_MORE_THAN_THE_PART = "choice_is_more_than_the_part"
    CHOICE_DOES_NOT_ADD_UP = "choice_does_not_add_up"


class LumpSumEvent(StrEnum):
    """What makes a distribution of the whole balance in one taxable year a lump sum (IRC 402(e)(4)(D)(i))."""

    DEATH = "death"
    AGE_59_AND_A_HALF = "age_59_and_a_half"
    #: Of an employee, not of a self-employed person.
    SEVERANCE = "severance"
    #: Of a self-employed person.
    DISABILITY = "disability"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class EmployerSecurities:
    """Employer securities paid in kind: value = taxed now + basis recovered + appreciation not taxed yet."""

    value_cents: int
    cost_cents: int
    lump_sum: bool
    appreciation_untaxed_cents: int
    basis_recovered_cents: int
    taxable_cents: int
    cite: str = "IRC 402(e)(4); Reg. 1.402(a)-1(b)"


def recover_basis(
    *,
    gross_cents: int,
    account_cents: int,
    basis_cents: int,
    pre_1987_basis_cents: int = 0,
    plan_allowed_withdrawals_on_may_5_1986: bool = False,
) -> BasisRecovery:
    """The part of a payment that is basis: in the ratio of basis to value (IRC 72(e)(8)(A)-(B)).

    The account is the whole one, or the separate contract of employee contributions and their earnings, if the plan
    keeps it (72(d)(2)). ``basis_cents`` includes ``pre_1987_basis_cents``, which comes out first where the plan allowed
    contributions to be withdrawn in service on May 5, 1986 (72(e)(8)(D)). Half-up to the cent. A basis above the value
    makes the payment tax-free; the loss is not deducted.
    """
    check_facts(locals())
    given.amounts(
        gross_cents=gross_cents,
        account_cents=account_cents,
        basis_cents=basis_cents,
        pre_1987_basis_cents=pre_1987_basis_cents,
    )
    given.within("gross_cents", gross_cents, "account_cents", account_cents)
    given.within("pre_1987_basis_cents", pre_1987_basis_cents, "basis_cents", basis_cents)
    first = min(gross_cents, pre_1987_basis_cents) if plan_allowed_withdrawals_on_may_5_1986 else 0
    rest, value, basis = gross_cents - first, account_cents - first, basis_cents - first
    recovered = min(half_up(rest * Fraction(min(basis, value), value)), basis) if value else 0
    left = basis - recovered
    return BasisRecovery(
        gross_cents=gross_cents,
        pre_1987_basis_cents=first,
        pro_rata_basis_cents=recovered,
        taxable_cents=rest - recovered,
        remaining_account_cents=value - rest,
        remaining_basis_cents=left,
        remaining_pre_1987_basis_cents=min(pre_1987_basis_cents - first, left),
        cite="IRC 72(e)(8)(D)" if first else "IRC 72(e)(8)(B)",
    )


def allocate_pre_tax(
    *,
    pre_tax_cents: int,
    after_tax_cents: int,
    direct: Sequence[Disbursement] = (),
    sixty_day: Sequence[Disbursement] = (),
) -> Allocation | Refused[AllocationRefusal]:
    """Share the pre-tax money of one distribution out among its destinations (Notice 2014-54 section III).

    All disbursements scheduled for one time are one distribution. Pre-tax money goes to direct rollovers first, then to
    60-day rollovers, and what is left to what was paid. Where several places of a kind could take more than there is,
    the recipient chooses, for direct rollovers before they are made.
    """
    check_facts(locals())
    given.amounts(pre_tax_cents=pre_tax_cents, after_tax_cents=after_tax_cents)
    for each in (*direct, *sixty_day):
        given.amounts(cents=each.cents, pre_tax_chosen_cents=each.pre_tax_chosen_cents or 0)
    rolled = sum(each.cents for each in (*direct, *sixty_day))
    total = pre_tax_cents + after_tax_cents
    given.within("direct + sixty_day", rolled, "pre_tax_cents + after_tax_cents", total)
    shared_direct = _share(direct, pre_tax_cents)
    if isinstance(shared_direct, Refused):
        return shared_direct
    left = pre_tax_cents - sum(each.pre_tax_cents for each in shared_direct)
    shared_later = _share(sixty_day, left)
    if isinstance(shared_later, Refused):
        return shared_later
    left -= sum(each.pre_tax_cents for each in shared_later)
    kept = total - rolled
    return Allocation(tuple(shared_direct), tuple(shared_later), Allocated(None, kept, left, kept - left))


def employer_securities(
    *,
    value_cents: int,
    cost_cents: int,
    event: LumpSumEvent,
    whole_balance_in_one_year: bool,
    self_employed: bool = False,
    taxed_in_full_elected: bool = False,
    basis_cents: int = 0,
    appreciation_on_employee_contributions_cents: int = 0,
) -> EmployerSecurities:
    """How much of employer securities paid in kind is taxed now: their cost, not their appreciation (IRC 402(e)(4)).

    All appreciation is left out in a lump sum, unless the payee elects otherwise (402(e)(4)(B)); otherwise only that on
    employee contributions other than deductible ones (402(e)(4)(A)). ``cost_cents`` is the trust's cost or other basis;
    ``basis_cents`` is the payee's own basis in this payment. Nothing of this holds for what is rolled over.
    """
    check_facts(locals())
    given.amounts(
        value_cents=value_cents,
        cost_cents=cost_cents,
        basis_cents=basis_cents,
        appreciation_on_employee_contributions_cents=appreciation_on_employee_contributions_cents,
    )
    appreciation = max(value_cents - cost_cents, 0)
    own = appreciation_on_employee_contributions_cents
    given.within("appreciation_on_employee_contributions_cents", own, "the appreciation", appreciation)
    counts = event is not LumpSumEvent.NONE and not (event is LumpSumEvent.SEVERANCE and self_employed)
    counts = counts and not (event is LumpSumEvent.DISABILITY and not self_employed)
    lump_sum = counts and whole_balance_in_one_year
    untaxed = (0 if taxed_in_full_elected else appreciation) if lump_sum else own
    recovered = min(basis_cents, value_cents - untaxed)
    return EmployerSecurities(
        value_cents=value_cents,
        cost_cents=cost_cents,
        lump_sum=lump_sum,
        appreciation_untaxed_cents=untaxed,
        basis_recovered_cents=recovered,
        taxable_cents=value_cents - untaxed - recovered,
    )


def _share(parts: Sequence[Disbursement], pre_tax_cents: int) -> list[Allocated] | Refused[AllocationRefusal]:
    """Pre-tax money to parts of one kind: all of each part, as chosen, or what there is to the only one."""
    total = sum(each.cents for each in parts)
    if total <= pre_tax_cents:
        return [Allocated(each.destination, each.cents, each.cents, 0) for each in parts]
    if len(parts) == 1 or not pre_tax_cents:
        return [Allocated(each.destination, each.cents, pre_tax_cents, each.cents - pre_tax_cents) for each in parts]
    chosen = [each.pre_tax_chosen_cents for each in parts]
    if any(each is None for each in chosen):
        return Refused(
            AllocationRefusal.CHOICE_NEEDED,
            f"{total} cents go to several places and only {pre_tax_cents} of them are pre-tax (Notice 2014-54).",
            "Say for each place how much of the pre-tax money goes there, before the rollovers are made.",
        )
    amounts = [each or 0 for each in chosen]
    if any(amount > part.cents for amount, part in zip(amounts, parts, strict=True)):
        return Refused(AllocationRefusal.CHOICE_IS_MORE_THAN_THE_PART, "More pre-tax money is chosen than goes there.")
    if sum(amounts) != pre_tax_cents:
        return Refused(
            AllocationRefusal.CHOICE_DOES_NOT_ADD_UP,
            f"{sum(amounts)} cents of pre-tax money are assigned, and {pre_tax_cents} are there (Notice 2014-54).",
        )
    return [
        Allocated(part.destination, part.cents, amount, part.cents - amount)
        for amount, part in zip(amounts, parts, strict=True)
    ]
