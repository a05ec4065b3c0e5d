"""Vesting and forfeitures in plain words with their citation. Not here: any calculation."""

from ..kernel import Money
from .explain import explain, percent
from .forfeitures import BuyBack, CashOut, ForfeitedBy, ForfeitureDeadline, PartialTermination, VestedAfterWithdrawal
from .vesting import AmendedVesting
from .vesting_years import VestingService


@explain.register
def _service(service: VestingService) -> str:
    told = f"{service.years} years of service count for vesting (IRC 411(a)(4), (5))."
    left_out = sum(period.left_out is not None for period in service.periods)
    if left_out:
        told += f" {left_out} more are left out (IRC 411(a)(4), (6))."
    if service.years_for_money_before_long_break is not None:
        told += (
            f" For money from before the five breaks that ended on {service.long_break_ended} only "
            f"{service.years_for_money_before_long_break} count (IRC 411(a)(6)(C))."
        )
    return told


@explain.register
def _amended(vesting: AmendedVesting) -> str:
    told = (
        f"{percent(vesting.vested_bps)} are vested under the amended schedule, never less than the "
        f"{percent(vesting.protected_bps)} of before (IRC 411(a)(10)(A)); of money from before the amendment "
        f"{percent(vesting.vested_bps_of_earlier_money)} (IRC 411(d)(6))."
    )
    if vesting.may_elect_former:
        told += " The participant may keep the former schedule (IRC 411(a)(10)(B))."
    return told


@explain.register
def _cash_out(result: CashOut) -> str:
    paid = f"{Money(result.paid_cents)} of {Money(result.vested_cents)} vested are paid"
    kept = f", {Money(result.kept_unvested_cents)} stay" if result.kept_unvested_cents else ""
    match result.forfeited_by:
        case ForfeitedBy.CASH_OUT:
            rule = "IRC 411(a)(7)(B)"
        case ForfeitedBy.DEEMED_CASH_OUT:
            rule = "IRC 411(a)(7)(B), nothing being vested"
        case ForfeitedBy.FIVE_BREAKS:
            rule = "IRC 411(a)(6)(C)"
        case ForfeitedBy.NOT_YET:
            return f"{paid}; nothing is forfeited before five breaks in service{kept} (IRC 411(a)(6)(C))."
    return f"{paid}; {Money(result.forfeited_cents)} are forfeited{kept} ({rule})."


@explain.register
def _buy_back(result: BuyBack) -> str:
    if not result.in_time:
        return f"The repayment came after {result.last_day}: nothing is restored (IRC 411(a)(7)(C))."
    if not result.restored_cents:
        return f"Only a repayment of the whole distribution by {result.last_day} restores it (IRC 411(a)(7)(C))."
    return (
        f"{Money(result.restored_cents)} are restored, so the account is at least "
        f"{Money(result.account_at_least_cents)} (IRC 411(a)(7)(C); Reg. 1.411(a)-7(d)(4)(v))."
    )


@explain.register
def _after_withdrawal(result: VestedAfterWithdrawal) -> str:
    return (
        f"{Money(result.vested_cents)} are vested: {percent(result.vested_bps)} of the account with what was paid "
        "before, less that (Reg. 1.411(a)-7(d)(5))."
    )


@explain.register
def _partial(result: PartialTermination) -> str:
    counts = (
        f"{result.employer_initiated} of {result.participants} participants were let go, {percent(result.turnover_bps)}"
    )
    if result.presumed:
        return (
            f"{counts}: a partial termination is presumed, which vests every participant who left (IRC 411(d)(3); "
            "Rev. Rul. 2007-43)."
        )
    return f"{counts}: no partial termination is presumed (Rev. Rul. 2007-43)."


@explain.register
def _use_by(deadline: ForfeitureDeadline) -> str:
    how = ", as proposed and not yet final" if deadline.proposed_only else ""
    return (
        f"Forfeitures of the plan year {deadline.incurred_in} are used or allocated by {deadline.last_day}{how} (Prop. "
        "Reg. 1.401-7(b)(2))."
    )
