"""Taking default contributions back within 90 days (EACA, IRC 414(w)). Not here: the default rates, withholding."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..kernel import PlanYear, Refused
from . import figures, given
from .given import check_facts, check_fields

#: A first pay date at least so many days after the election is the latest effective date (Reg.
#: 1.414(w)-1(c)(2)(iii)(B)).
_EFFECTIVE_DAYS = 30


class WithdrawalBar(StrEnum):
    """Why default contributions cannot be withdrawn; the first that holds."""

    NONE_MADE = "no_default_contributions"
    WINDOW_TOO_SHORT = "plan_leaves_less_than_30_days"
    WINDOW_TOO_LONG = "plan_leaves_more_than_90_days"
    BEFORE_THE_FIRST = "elected_before_the_first_contribution"
    TOO_LATE = "elected_too_late"
    EFFECTIVE_TOO_LATE = "effective_too_late"


@dataclass(frozen=True, slots=True)
class DefaultPayroll:
    """One pay date: when its period began, and what was withheld by default and matched, in cents."""

    period_begins: date
    pay_date: date
    pre_tax_cents: int
    roth_cents: int = 0
    match_cents: int = 0

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class PermissibleWithdrawal:
    """What is paid back: default contributions through the effective date, with gains or losses, less a fee."""

    elect_by: date
    effective_on: date
    contributions_cents: int
    income_cents: int
    fee_cents: int
    distributed_cents: int
    taxable_cents: int
    forfeited_match_cents: int
    cite: str = "IRC 414(w)(1), (2), (6); Reg. 1.414(w)-1(c), (d)"


def election_deadline(*, first_contribution_on: date, plan_days: int = 90) -> date:
    """The last day for electing: 90 days after the first default contribution, or the plan's earlier day.

    IRC 414(w)(2)(B); Reg. 1.414(w)-1(c)(2)(i), (ii): the first contribution is made when the pay would have been
    income.

    >>> election_deadline(first_contribution_on=date(2026, 1, 15))
    datetime.date(2026, 4, 15)
    """
    check_facts(locals())
    given.days(first_contribution_on=first_contribution_on)
    given.counts(90, plan_days=plan_days)
    return first_contribution_on + timedelta(days=plan_days)


def latest_effective_date(*, elected_on: date, payrolls: tuple[DefaultPayroll, ...]) -> date:
    """The latest day on which the election must stop contributions (Reg. 1.414(w)-1(c)(2)(iii)).

    The earlier of the pay date of the second payroll period that begins after the election and the first pay date at
    least 30 days after it; ``payrolls`` must reach that far.
    """
    check_facts(locals())
    second = [each.pay_date for each in payrolls if each.period_begins > elected_on][1:2]
    thirty = [each.pay_date for each in payrolls if each.pay_date >= elected_on + timedelta(days=_EFFECTIVE_DAYS)][:1]
    if not second and not thirty:
        raise given.ImpossibleInput("payrolls", f"they end before the election of {elected_on} has to be effective.")
    return min(second + thirty)


def permissible_withdrawal(
    *,
    payrolls: tuple[DefaultPayroll, ...],
    elected_on: date,
    effective_on: date,
    income_cents: int = 0,
    roth_income_cents: int = 0,
    fee_cents: int = 0,
    plan_days: int = 90,
) -> PermissibleWithdrawal | Refused[WithdrawalBar]:
    """The amount of a permissible withdrawal, what of it is taxed, and the match that is forfeited (IRC 414(w)).

    Contributions through the effective date, with the gains and losses (``income_cents``, negative for a loss) of
    exactly those contributions to the day of the distribution (Reg. 1.414(w)-1(c)(3)(i)), less a fee as for any other
    payment in cash (ii). Roth contributions are not taxed again (d)(1)(i); no tax under 72(t); not counted in 402(g)
    or the ADP test (414(w)(6)).
    """
    check_facts(locals())
    _check(payrolls, elected_on, effective_on, fee_cents)
    made = [each for each in payrolls if each.pre_tax_cents or each.roth_cents]
    bar = _bar(payrolls, made, elected_on, effective_on, plan_days)
    if bar is not None:
        return bar
    taken = [each for each in made if each.pay_date <= effective_on]
    pre_tax, roth = sum(each.pre_tax_cents for each in taken), sum(each.roth_cents for each in taken)
    gross = pre_tax + roth + income_cents + roth_income_cents
    distributed = max(gross - fee_cents, 0)
    return PermissibleWithdrawal(
        elect_by=election_deadline(first_contribution_on=made[0].pay_date, plan_days=plan_days),
        effective_on=effective_on,
        contributions_cents=pre_tax + roth,
        income_cents=income_cents + roth_income_cents,
        fee_cents=min(fee_cents, max(gross, 0)),
        distributed_cents=distributed,
        taxable_cents=min(max(pre_tax + income_cents, 0) + max(roth_income_cents, 0), distributed),
        forfeited_match_cents=sum(each.match_cents for each in taken),
    )


def _check(payrolls: tuple[DefaultPayroll, ...], elected_on: date, effective_on: date, fee_cents: int) -> None:
    given.amounts(fee_cents=fee_cents)
    given.days(elected_on=elected_on, effective_on=effective_on)
    for each in payrolls:
        given.amounts(pre_tax_cents=each.pre_tax_cents, roth_cents=each.roth_cents, match_cents=each.match_cents)
        given.days(period_begins=each.period_begins, pay_date=each.pay_date)
    if [each.pay_date for each in payrolls] != sorted({each.pay_date for each in payrolls}):
        raise given.ImpossibleInput("payrolls", "pay dates go upward, each once.")


def _bar(
    payrolls: tuple[DefaultPayroll, ...],
    made: list[DefaultPayroll],
    elected_on: date,
    effective_on: date,
    plan_days: int,
) -> Refused[WithdrawalBar] | None:
    if not made:
        return Refused(WithdrawalBar.NONE_MADE, "Nothing was withheld by default, so there is nothing to withdraw.")
    first = made[0].pay_date
    year = PlanYear.starting(date(first.year, 1, 1))
    least = figures.count("permissible_withdrawal_least_days", year)
    most = figures.count("permissible_withdrawal_days", year)
    if plan_days < least:
        return Refused(
            WithdrawalBar.WINDOW_TOO_SHORT, f"A plan leaves at least {least} days (Reg. 1.414(w)-1(c)(2)(i))."
        )
    if plan_days > most:
        return Refused(WithdrawalBar.WINDOW_TOO_LONG, f"A plan leaves at most {most} days (IRC 414(w)(2)(B)).")
    if elected_on < first:
        return Refused(
            WithdrawalBar.BEFORE_THE_FIRST, f"The first default contribution is of {first}: opt out instead."
        )
    last = election_deadline(first_contribution_on=first, plan_days=plan_days)
    if elected_on > last:
        return Refused(WithdrawalBar.TOO_LATE, f"The last day was {last}, {plan_days} days after {first}.")
    stop = latest_effective_date(elected_on=elected_on, payrolls=payrolls)
    if effective_on > stop:
        return Refused(
            WithdrawalBar.EFFECTIVE_TOO_LATE, f"It must be effective by {stop} (Reg. 1.414(w)-1(c)(2)(iii))."
        )
    return None
