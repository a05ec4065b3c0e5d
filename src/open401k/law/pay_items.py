"""Which kinds of pay count under which definition of compensation (IRC 415(c)(3), 3401(a), 3121(a), 414(s)).

Not here: the 401(a)(17) cap (compensation.py), the 414(s) ratio test (compensation_ratio.py), earned income of the
self-employed (earned_income.py), 409A inclusions and foreign pay: these kinds are not typed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..kernel import LimitationYear
from .compensation import counts_after_severance, months_and_a_half_after
from .given import MOST_CENTS, ImpossibleInput, check_facts, check_fields


class PayDefinition(StrEnum):
    """A definition of compensation that the law itself knows."""

    #: IRC 415(c)(3); Reg. 1.415(c)-2(b), (c).
    SECTION_415 = "section_415"
    #: Current includible pay: Reg. 1.415(c)-2(d)(2).
    SECTION_415_SIMPLIFIED = "section_415_simplified"
    #: Wages for income tax withholding, with elective deferrals: Reg. 1.415(c)-2(d)(3).
    SECTION_3401A = "section_3401a"
    #: W-2 pay, with elective deferrals: Reg. 1.415(c)-2(d)(4).
    W2 = "w2"
    #: Social security wages without their yearly base, as the Roth catch-up rule reads them (IRC 3121(a), 414(v)(7)).
    SECTION_3121A = "section_3121a"
    #: 415(c)(3) pay less expenses, fringe, moving, deferred pay and welfare: Reg. 1.414(s)-1(c)(3).
    SECTION_414S_ALTERNATIVE = "section_414s_alternative"


class PayKind(StrEnum):
    """What a line of pay is for."""

    REGULAR = "regular"
    OVERTIME = "overtime"
    SHIFT_DIFFERENTIAL = "shift_differential"
    BONUS = "bonus"
    COMMISSION = "commission"
    TIPS = "tips"
    PAID_LEAVE = "paid_leave"
    PRE_TAX_DEFERRAL = "pre_tax_deferral"
    ROTH_DEFERRAL = "roth_deferral"
    CAFETERIA_REDUCTION = "cafeteria_reduction"
    TRANSPORTATION_REDUCTION = "transportation_reduction"
    TAXABLE_FRINGE = "taxable_fringe"
    EXCLUDABLE_FRINGE = "excludable_fringe"
    TAXABLE_GROUP_TERM_LIFE = "taxable_group_term_life"
    NONACCOUNTABLE_EXPENSES = "nonaccountable_expenses"
    ACCOUNTABLE_EXPENSES = "accountable_expenses"
    TAXABLE_MOVING_EXPENSES = "taxable_moving_expenses"
    NONSTATUTORY_OPTION_EXERCISE = "nonstatutory_option_exercise"
    RESTRICTED_STOCK_VESTING = "restricted_stock_vesting"
    SECTION_83B_ELECTION = "section_83b_election"
    STATUTORY_OPTION_SALE = "statutory_option_sale"
    NONQUALIFIED_PLAN_PAYMENT = "nonqualified_plan_payment"
    EMPLOYER_PLAN_CONTRIBUTION = "employer_plan_contribution"
    PLAN_DISTRIBUTION = "plan_distribution"
    DIFFERENTIAL_WAGE = "differential_wage"
    LEAVE_CASHOUT = "leave_cashout"
    SEVERANCE_PAY = "severance_pay"
    #: Of an insurer that is not the employer's agent, taxable, within six calendar months of the last one worked.
    INSURED_SICK_PAY = "insured_sick_pay"
    #: Paid to somebody who is no employee, as Form 1099-NEC reports it.
    CONTRACTOR_PAY = "contractor_pay"


class Treatment(StrEnum):
    """Whether a kind of pay counts."""

    IN = "in"
    OUT = "out"
    #: Only if the plan says so.
    PLAN = "plan"


class WhyCounted(StrEnum):
    """Why a line counts or not, the first reason that holds."""

    AFTER_WINDOW = "paid after 2 1/2 months from severance and after the limitation year of severance"
    AFTER_SEVERANCE = "not pay that would have come without the severance"
    NOT_IN_PLAN = "the plan does not say that it counts"
    EXCLUDED_BY_PLAN = "the plan leaves it out"
    OUT = "the definition leaves it out"
    IN = "the definition includes it"


@dataclass(frozen=True, slots=True)
class KindRule:
    """How each definition treats a kind, in the order of :class:`PayDefinition`, and where that is said."""

    treatments: tuple[Treatment, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class PayItem:
    """One line of pay; ``paid``: when it was paid, or would have been but for a deferral; ``earned``: until when."""

    kind: PayKind
    cents: int
    paid: date
    earned: date | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class CountedItem:
    """A line with what of it counts, why, and where the law says so."""

    item: PayItem
    counted_cents: int
    why: WhyCounted
    cite: str


@dataclass(frozen=True, slots=True)
class CountedPay:
    """Pay of a year under a definition.

    ``needs_ratio_test``: the plan leaves out more than 414(s) lets it freely; ``not_reasonable``: what no reasonable
    definition leaves out, except of HCEs (Reg. 1.414(s)-1(c)(5), (d)(2)(ii)).
    """

    definition: PayDefinition
    total_cents: int
    items: tuple[CountedItem, ...]
    needs_ratio_test: bool
    not_reasonable: frozenset[PayKind]


_I, _O, _P = Treatment.IN, Treatment.OUT, Treatment.PLAN
_WAGES = "Reg. 1.415(c)-2(b)(1)"
#: 415, simplified, 3401(a), W-2, 3121(a), 414(s) alternative.
_RULES: dict[PayKind, KindRule] = {
    **{
        kind: KindRule((_I,) * 6, _WAGES)
        for kind in (
            PayKind.REGULAR,
            PayKind.OVERTIME,
            PayKind.SHIFT_DIFFERENTIAL,
            PayKind.BONUS,
            PayKind.COMMISSION,
            PayKind.TIPS,
            PayKind.PAID_LEAVE,
        )
    },
    PayKind.PRE_TAX_DEFERRAL: KindRule((_I,) * 6, "IRC 415(c)(3)(D), 402(e)(3), 3121(v)(1)(A)"),
    PayKind.ROTH_DEFERRAL: KindRule((_I,) * 6, "IRC 402A(a)(1), 3121(v)(1)(A)"),
    PayKind.CAFETERIA_REDUCTION: KindRule((_I, _I, _I, _I, _O, _I), "IRC 415(c)(3)(D), 125, 3121(a)(5)(G)"),
    PayKind.TRANSPORTATION_REDUCTION: KindRule((_I, _I, _I, _I, _O, _I), "IRC 415(c)(3)(D), 132(f)(4), 3121(a)(20)"),
    PayKind.TAXABLE_FRINGE: KindRule((_I, _I, _I, _I, _I, _O), f"{_WAGES}; Reg. 1.414(s)-1(c)(3)"),
    PayKind.EXCLUDABLE_FRINGE: KindRule((_O,) * 6, "Reg. 1.415(c)-2(c)(4); IRC 106, 132"),
    PayKind.TAXABLE_GROUP_TERM_LIFE: KindRule(
        (_I, _I, _O, _I, _I, _O), "Reg. 1.415(c)-2(c)(4), (d)(4); IRC 3401(a)(14), 6052, 3121(a)(2)(C)"
    ),
    PayKind.NONACCOUNTABLE_EXPENSES: KindRule((_I, _I, _I, _I, _I, _O), f"{_WAGES}; Reg. 1.62-2(c), 1.414(s)-1(c)(3)"),
    PayKind.ACCOUNTABLE_EXPENSES: KindRule((_O,) * 6, "Reg. 1.62-2(c)(4)"),
    PayKind.TAXABLE_MOVING_EXPENSES: KindRule(
        (_I, _O, _I, _I, _I, _O), "Reg. 1.415(c)-2(b)(4), (d)(2); 1.414(s)-1(c)(3); IRC 3401(a)(15), 3121(a)(11)"
    ),
    PayKind.NONSTATUTORY_OPTION_EXERCISE: KindRule((_O, _O, _I, _I, _I, _O), "Reg. 1.415(c)-2(c)(2)"),
    PayKind.RESTRICTED_STOCK_VESTING: KindRule((_O, _O, _I, _I, _I, _O), "Reg. 1.415(c)-2(c)(2)"),
    PayKind.SECTION_83B_ELECTION: KindRule((_I, _O, _I, _I, _I, _I), "Reg. 1.415(c)-2(b)(6), (d)(2)"),
    PayKind.STATUTORY_OPTION_SALE: KindRule(
        (_O, _O, _O, _I, _O, _O), "Reg. 1.415(c)-2(c)(3), (d)(4); IRC 421(b), 3121(a)(22)"
    ),
    PayKind.NONQUALIFIED_PLAN_PAYMENT: KindRule(
        (_P, _O, _I, _I, _O, _O), "Reg. 1.415(c)-2(c)(1); 1.414(s)-1(c)(3); IRC 3121(v)(2)"
    ),
    PayKind.EMPLOYER_PLAN_CONTRIBUTION: KindRule((_O,) * 6, "Reg. 1.415(c)-2(c)(1)"),
    PayKind.PLAN_DISTRIBUTION: KindRule((_O,) * 6, "Reg. 1.415(c)-2(c)(1)"),
    PayKind.DIFFERENTIAL_WAGE: KindRule((_I, _I, _I, _I, _O, _I), "IRC 414(u)(12)(A)(ii), 3401(h); Rev. Rul. 2009-11"),
    PayKind.LEAVE_CASHOUT: KindRule((_I,) * 6, f"{_WAGES}, (e)(3)(iii)(A)"),
    PayKind.SEVERANCE_PAY: KindRule((_O, _O, _O, _O, _I, _O), "Reg. 1.415(c)-2(e)(3)(iv)"),
    PayKind.INSURED_SICK_PAY: KindRule(
        (_I, _O, _O, _I, _I, _O),
        "Reg. 1.415(c)-2(b)(3), (d)(2), (d)(4); 1.414(s)-1(c)(3); 31.3401(a)-1(b)(8); IRC 3121(a)(4), 6051(f)",
    ),
    PayKind.CONTRACTOR_PAY: KindRule((_O,) * 6, "IRC 3121(d), 3401(c); Reg. 1.415(c)-2(b)(1)"),
}
#: Paid after severance these still count within the window (Reg. 1.415(c)-2(e)(3)(ii)); of the next two if so planned.
_AS_IF_EMPLOYED = frozenset(PayKind) - {
    PayKind.SEVERANCE_PAY,
    PayKind.INSURED_SICK_PAY,
    PayKind.CONTRACTOR_PAY,
    PayKind.LEAVE_CASHOUT,
    PayKind.NONQUALIFIED_PLAN_PAYMENT,
    PayKind.NONSTATUTORY_OPTION_EXERCISE,
    PayKind.RESTRICTED_STOCK_VESTING,
    PayKind.STATUTORY_OPTION_SALE,
    PayKind.SECTION_83B_ELECTION,
}
_IF_PLANNED = frozenset({PayKind.LEAVE_CASHOUT, PayKind.NONQUALIFIED_PLAN_PAYMENT})
#: A plan may leave these out without a test, if it leaves out all of them (Reg. 1.414(s)-1(c)(3)).
FREELY_EXCLUDED = frozenset(
    kind for kind, rule in _RULES.items() if rule.treatments[0] is not _O and rule.treatments[5] is _O
)
#: Elective contributions: a plan may leave them out without a test, too, if it leaves out all of them (IRC 414(s)(2);
#: Reg. 1.414(s)-1(c)(4)). Roth deferrals are in gross income and not among them.
ELECTIVE_CONTRIBUTIONS = frozenset(
    {PayKind.PRE_TAX_DEFERRAL, PayKind.CAFETERIA_REDUCTION, PayKind.TRANSPORTATION_REDUCTION}
)

#: "The first few weeks of the next limitation year" (Reg. 1.415(c)-2(e)(2)(i)), of which no number is said.
MOST_WEEKS = 4
#: Pay that is neither irregular nor additional; of tips and commissions facts and circumstances decide.
NEVER_REASONABLY_EXCLUDED = frozenset({PayKind.REGULAR, PayKind.PAID_LEAVE})


def treatment(*, kind: PayKind, definition: PayDefinition) -> Treatment:
    """Whether a kind of pay counts under a definition, while the person is employed (Reg. 1.415(c)-2(b)-(d))."""
    return _RULES[kind].treatments[list(PayDefinition).index(definition)]


def citation(kind: PayKind) -> str:
    """Where the law says how a kind of pay is treated."""
    return _RULES[kind].cite


def beyond_safe_harbors(*, definition: PayDefinition, excludes: frozenset[PayKind]) -> frozenset[PayKind]:
    """What a definition leaves out that the 414(s) ratio test has to show fair (Reg. 1.414(s)-1(c), (d)(3)).

    Free is what the law's own definition leaves out, all of the fringe and expense items of (c)(3) together, and all
    elective contributions together (c)(4). Wages under 3121(a) are none of the definitions that (c)(2) offers.

    >>> sorted(beyond_safe_harbors(definition=PayDefinition.W2, excludes=frozenset({PayKind.BONUS})))
    [<PayKind.BONUS: 'bonus'>]
    """
    out = frozenset(kind for kind in PayKind if treatment(kind=kind, definition=definition) is Treatment.OUT)
    left = excludes - out
    if definition is PayDefinition.SECTION_3121A:
        return left | ELECTIVE_CONTRIBUTIONS & out
    for together in (FREELY_EXCLUDED, ELECTIVE_CONTRIBUTIONS):
        if together <= excludes | out:
            left -= together
    return left


def counted_pay(
    *,
    items: Iterable[PayItem],
    definition: PayDefinition,
    year: LimitationYear,
    severed: date | None = None,
    plan_includes: frozenset[PayKind] = frozenset(),
    plan_excludes: frozenset[PayKind] = frozenset(),
    first_weeks_of_next_year: int = 0,
) -> CountedPay:
    """Pay of a limitation year under a definition, line by line (Reg. 1.415(c)-2(b)-(e)).

    Pay counts in the year in which it is paid (e)(1)(i), and after severance only if it would have been paid without
    it, until 2 1/2 months after or the end of that limitation year (e)(3); wages under 3121(a) know no such end.
    ``plan_includes``: what the plan may include and says so; ``plan_excludes``: what it leaves out.
    ``first_weeks_of_next_year``: where the plan counts what was earned in a year and, "solely because of the timing of
    pay periods and pay dates", is paid in that many weeks of the next one; it counts in no other year then (e)(2).
    """
    check_facts(locals())
    if not 0 <= first_weeks_of_next_year <= MOST_WEEKS:
        raise ImpossibleInput(
            "first_weeks_of_next_year", f"{first_weeks_of_next_year} are not the first few weeks, at most {MOST_WEEKS}."
        )
    # Social security wages are those of the year of payment, whatever the plan says.
    weeks = 0 if definition is PayDefinition.SECTION_3121A else first_weeks_of_next_year
    counted = tuple(
        _count(item, definition, year, severed, plan_includes, plan_excludes)
        for item in _of_year(items, year, timedelta(weeks=weeks))
    )
    left = {each.item.kind for each in counted if each.why is WhyCounted.EXCLUDED_BY_PLAN}
    beyond = beyond_safe_harbors(definition=definition, excludes=plan_excludes)
    return CountedPay(
        definition=definition,
        total_cents=sum(each.counted_cents for each in counted),
        items=counted,
        needs_ratio_test=not left.isdisjoint(beyond),
        not_reasonable=plan_excludes & NEVER_REASONABLY_EXCLUDED,
    )


def _count(
    item: PayItem,
    definition: PayDefinition,
    year: LimitationYear,
    severed: date | None,
    includes: frozenset[PayKind],
    excludes: frozenset[PayKind],
) -> CountedItem:
    rule, told = _RULES[item.kind], treatment(kind=item.kind, definition=definition)
    why, cite = WhyCounted.IN, rule.cite
    late = severed is not None and item.paid > severed and definition is not PayDefinition.SECTION_3121A
    if told is Treatment.OUT:
        why = WhyCounted.OUT
    elif late and severed is not None and (after := _after_severance(item, severed, year, includes)):
        why, cite = after, "Reg. 1.415(c)-2(e)(3)"
    elif told is Treatment.PLAN and item.kind not in includes:
        why = WhyCounted.NOT_IN_PLAN
    elif item.kind in excludes:
        why, cite = WhyCounted.EXCLUDED_BY_PLAN, "Reg. 1.414(s)-1(d)(2)"
    return CountedItem(item, item.cents if why is WhyCounted.IN else 0, why, cite)


def _after_severance(
    item: PayItem, severed: date, year: LimitationYear, includes: frozenset[PayKind]
) -> WhyCounted | None:
    if item.kind is PayKind.DIFFERENTIAL_WAGE:
        # Who is on active duty with differential pay is an employee (IRC 414(u)(12)(A)(i)).
        return None
    if item.kind not in _AS_IF_EMPLOYED | _IF_PLANNED:
        return WhyCounted.AFTER_SEVERANCE
    later = item.paid >= year.end and item.paid > months_and_a_half_after(severed)
    if later or not counts_after_severance(severed=severed, paid=item.paid, year=year):
        return WhyCounted.AFTER_WINDOW
    if item.kind in _IF_PLANNED and item.kind not in includes:
        return WhyCounted.NOT_IN_PLAN
    return None


def _of_year(items: Iterable[PayItem], year: LimitationYear, weeks: timedelta) -> list[PayItem]:
    found = []
    for item in items:
        if item.cents > MOST_CENTS:
            raise ImpossibleInput("cents", f"{item.cents} of {item.kind} is not between nothing and {MOST_CENTS}.")
        if item.earned is not None and item.earned > item.paid:
            raise ImpossibleInput("earned", f"{item.earned} is after {item.paid}, on which it was paid.")
        soon_after = item.earned is not None and item.earned in year and year.end <= item.paid < year.end + weeks
        if soon_after or (item.paid in year and not _of_year_before(item, year, weeks)):
            found.append(item)
    return found


def _of_year_before(item: PayItem, year: LimitationYear, weeks: timedelta) -> bool:
    return item.earned is not None and item.earned < year.start and item.paid < year.start + weeks
