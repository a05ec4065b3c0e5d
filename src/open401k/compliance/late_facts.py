"""Late facts that made the employer owe more: what is to be paid, with earnings, until when. ADR-0035.

The contributions are in the accounts already, by settlement; what waits for a person is the payment, and the earnings.
Not here: settling (recordkeeping), the arithmetic (law.lost_earnings), what becomes of a proposal (proposals.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from open401k import plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, PlanId, PlanYear, Source, SponsorId, day_of
from open401k.law import NotEnacted
from open401k.law.deadlines import business_day_after
from open401k.law.lost_earnings import lost_earnings
from open401k.law.self_correction import SelfCorrectionPeriod, self_correction_period
from open401k.recordkeeping import LateOwed
from open401k.recordkeeping import late_owed as read_late_owed

from .proposal_content import Content, Credit, Notice, Waiting
from .proposals import Proposal

#: What such a proposal is called.
LATE_FACT = "late_fact"
PARAGRAPH = (
    "What the plan's terms give was not contributed in time: an operational failure, corrected by the contribution "
    "with earnings (Rev. Proc. 2021-30 section 6.02(4)(a))"
)
IN_TIME = (
    "What a pay date's contribution is, was learned by its day: nothing failed, and it is sent with the other money of "
    "the payroll. Later it would be an operational failure (Rev. Proc. 2021-30 section 6.02(4)(a))"
)
#: Business days after a pay date in which what was learned by then is in time, as a small plan's deposits are
#: (29 CFR 2510.3-102(a)(2)).
DAYS_TO_SEND = 7
_TOLD = 5
_Key = tuple[EmployeeId, Source, date]


@dataclass(frozen=True, slots=True)
class LatePaid:
    """What is owed, or no longer owed, for one pay date, with earnings until paid (negative with it)."""

    employee_id: EmployeeId
    source: Source
    on: date
    cents: int
    earnings_cents: int


def late_fact_content(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    known: Sequence[Proposal],
    on: date,
    known_at: datetime | None = None,
) -> Content | None:
    """What late facts made the employer owe, less what was approved of it before; None: no late fact moved its money.

    ``known`` are the proposals about this matter.
    """
    moved = read_late_owed(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    if not moved:
        return None
    first, last = min(each.pay_date for each in moved), max(each.pay_date for each in moved)
    spans = plan.provisions_between(
        tx, tenant_id=tenant_id, plan_id=plan_id, start=first, end=date.fromordinal(last.toordinal() + 1)
    )

    def year_of(day: date) -> PlanYear:
        return next(span.provisions.plan_year_of(day) for span in spans if span.start <= day < span.end)

    return content_of_late_facts(moved, approved=_approved(known, known_at), on=on, year_of=year_of)


def about_late_facts(plan_id: PlanId) -> str:
    """All late facts of a plan are one matter: what one of them undoes of another is owed no longer."""
    return str(plan_id)


def _approved(known: Sequence[Proposal], known_at: datetime | None) -> dict[_Key, int]:
    found: dict[_Key, int] = {}
    for each in known:
        content = each.as_approved
        if content is None or (known_at is not None and each.ended_at >= known_at):
            continue
        for one in content.working["dates"]:
            key = EmployeeId.parse(one["employee_id"]), Source(one["source"]), date.fromisoformat(one["on"])
            found[key] = found.get(key, 0) + one["cents"]
    return found


def content_of_late_facts(
    moved: Sequence[LateOwed], *, approved: dict[_Key, int], on: date, year_of: Callable[[date], PlanYear]
) -> Content:
    """Pure: what is open of every pay date, its earnings, in words. Nothing, where all in all nothing more is owed."""
    open_cents = {key: -cents for key, cents in approved.items()}
    for each in moved:
        key = each.employee_id, each.source, each.pay_date
        open_cents[key] = open_cents.get(key, 0) + each.cents
    open_cents = {key: cents for key, cents in sorted(open_cents.items()) if cents}
    total = sum(open_cents.values())
    early = _in_time(moved, on) & open_cents.keys()
    concerned = [each for each in moved if (each.employee_id, each.source, each.pay_date) in open_cents]
    if total <= 0 or not concerned:
        return _nothing(on)
    why_not = ""
    try:
        dates = [
            LatePaid(*key, cents, 0 if key in early else _earnings(cents, key[2], on))
            for key, cents in open_cents.items()
        ]
    except NotEnacted as missing:
        why_not = f"Earnings cannot be counted: {missing}"
        dates = [LatePaid(*key, cents, 0) for key, cents in open_cents.items()]
    gained = _credits(dates, year_of)
    if early == open_cents.keys():
        return _not_late(dates, concerned, gained, total, on)
    found_on = day_of(min(each.learned_at for each in concerned))
    period = self_correction_period(plan_year=year_of(dates[0].on), identified_on=found_on, corrected_on=on)
    learned = list(dict.fromkeys(each.origin for each in concerned))
    earnings = sum(each.earnings_cents for each in gained)
    return Content(
        kind=LATE_FACT,
        on=on,
        title=f"Learned late: the employer owes {Money(total)} more, and {Money(earnings)} of earnings",
        text=_text(learned, dates, gained, on, period),
        paragraph=PARAGRAPH,
        decide_by=period.last_day,
        credits=gained,
        waiting=(_waiting(period, total),),
        notices=_notices(_credits([each for each in dates if _key(each) not in early], year_of), period.last_day or on),
        not_ready=why_not,
        working=_working(dates, learned, found_on),
    )


def _key(paid: LatePaid) -> _Key:
    return paid.employee_id, paid.source, paid.on


def _send_by(pay_date: date) -> date:
    return business_day_after(pay_date, DAYS_TO_SEND)


def _in_time(moved: Sequence[LateOwed], on: date) -> set[_Key]:
    """The pay dates of which all was learned by their own day, and whose money may still be sent with theirs."""
    found = {(each.employee_id, each.source, each.pay_date): True for each in moved}
    for each in moved:
        key = each.employee_id, each.source, each.pay_date
        found[key] = found[key] and day_of(each.learned_at) <= each.pay_date and on <= _send_by(each.pay_date)
    return {key for key, in_time in found.items() if in_time}


def _not_late(
    dates: Sequence[LatePaid], concerned: Sequence[LateOwed], gained: tuple[Credit, ...], total: int, on: date
) -> Content:
    """All of it was learned by its pay date: more to send with those payrolls, with no earnings and no failure."""
    send_by = min(_send_by(each.on) for each in dates)
    learned = list(dict.fromkeys(each.origin for each in concerned))
    pay_dates = ", ".join(str(each) for each in sorted({each.on for each in dates}))
    words = f"sent with the payroll's own money; not sent until {send_by}, it is late and earns since the pay date"
    return Content(
        kind=LATE_FACT,
        on=on,
        title=f"The employer owes {Money(total)} more for pay dates whose money is not late yet",
        text=f"{_learned_text(learned)} It was learned by the pay date: {pay_dates}. The contributions are in the "
        f"accounts already. Approve and send them with the payroll's money, by {send_by}: then they earn nothing more.",
        paragraph=IN_TIME,
        decide_by=send_by,
        credits=gained,
        waiting=(Waiting(send_by, total, f"{Money(total)} {words}"),),
        working=_working(dates, learned, day_of(min(each.learned_at for each in concerned))),
    )


def _learned_text(learned: Sequence[str]) -> str:
    more = f" And {len(learned) - _TOLD} more." if len(learned) > _TOLD else ""
    return " ".join(learned[:_TOLD]) + more


def _nothing(on: date) -> Content:
    words = "As the facts now stand, late facts make the employer owe nothing more."
    return Content(LATE_FACT, on, words, words, PARAGRAPH, None, (), working={"dates": []})


def _earnings(cents: int, pay_date: date, on: date) -> int:
    """From the pay date until paid; on what is owed no longer they are not earned either."""
    if on <= pay_date:
        return 0
    found = lost_earnings(principal_cents=abs(cents), loss_on=pay_date, recovered_on=on).total_cents
    return found if cents > 0 else -found


def _credits(dates: Sequence[LatePaid], year_of: Callable[[date], PlanYear]) -> tuple[Credit, ...]:
    """By person, source and plan year; earnings only where more is owed in all."""
    found: dict[_Key, tuple[int, int]] = {}
    for each in dates:
        key = each.employee_id, each.source, year_of(each.on).start
        cents, earnings = found.get(key, (0, 0))
        found[key] = cents + each.cents, earnings + each.earnings_cents
    return tuple(
        Credit(*key, 0, max(earnings, 0) if cents > 0 else 0, settled_cents=cents)
        for key, (cents, earnings) in sorted(found.items())
        if cents
    )


def _text(
    learned: Sequence[str], dates: Sequence[LatePaid], gained: Sequence[Credit], on: date, period: SelfCorrectionPeriod
) -> str:
    who = len({each.employee_id for each in gained})
    by_source: dict[Source, int] = {}
    by_date: dict[date, int] = {}
    for each in dates:
        by_source[each.source] = by_source.get(each.source, 0) + each.cents
        by_date[each.on] = by_date.get(each.on, 0) + each.cents
    sources = ", ".join(f"{source.value.replace('_', ' ')} {Money(cents)}" for source, cents in by_source.items())
    told = [
        _learned_text(learned),
        f"Under the plan's terms the employer owes {'1 person' if who == 1 else f'{who} people'} more for "
        f"{len(by_date)} pay {'date' if len(by_date) == 1 else 'dates'} from {min(by_date)} to {max(by_date)}: "
        f"{sources}. It is in the accounts already and waits to be paid.",
        f"Earnings from each pay date if paid on {on} (more each day): "
        f"{Money(sum(each.earnings_cents for each in gained))}, by the DOL's online calculator (IRC 6621(a)(2)), as a "
        "reasonable estimate: no investment results of the plan are on file (Rev. Proc. 2021-30 section 6.02(5)(a)).",
    ]
    less = -sum(each.settled_cents for each in gained if each.settled_cents < 0)
    if less:
        told.append(f"{Money(less)} that others' accounts lost by late facts is taken off the payment.")
    if period.available:
        told.append(f"The sponsor may correct this without asking the IRS until {period.last_day} ({period.cite}).")
    else:
        told.append(
            "More than 18 months have passed since it was learned: whether that is still a reasonable period is for a "
            f"lawyer to say, or the IRS is asked ({period.cite})."
        )
    return " ".join(told)


def _waiting(period: SelfCorrectionPeriod, cents: int) -> Waiting:
    words = "and earnings, which go on with each day until it is paid; later the IRS may have to be asked (VCP)"
    return Waiting(period.last_day, cents, f"{Money(cents)} {words}")


def _notices(gained: Sequence[Credit], give_by: date) -> tuple[Notice, ...]:
    by_person: dict[EmployeeId, int] = {}
    for each in gained:
        by_person[each.employee_id] = by_person.get(each.employee_id, 0) + each.settled_cents
    return tuple(
        Notice(
            who,
            give_by,
            f"Employer contributions of {Money(cents)} that the plan gives you for past pay dates were not made in "
            "time. They are in your account now; the employer pays them with earnings from each pay date on.",
        )
        for who, cents in by_person.items()
        if cents > 0
    )


def _working(dates: Sequence[LatePaid], learned: Sequence[str], found_on: date) -> dict[str, Any]:
    return {
        "dates": [{name: getattr(each, name) for name in LatePaid.__slots__} for each in dates],
        "learned": list(learned),
        "found_on": found_on,
    }
