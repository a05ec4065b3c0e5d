"""A cafeteria plan's deductions are no FICA wages: whose catch-up must be Roth follows from a code's kind."""

from datetime import date

from tests.flows.bookkeeping import Plan, acme, assert_sound
from tests.support.database import TESTER

from open401k import census
from open401k.base.db import Database
from open401k.census import DeductionKind, Side
from open401k.flows.pay_codes import Choice, Confirming, confirm
from open401k.kernel import FixedClock, FlowId, RunId
from open401k.views import census_year, pay_codes

WHO, DAY = "1004", date(2025, 12, 19)


def paid(plan: Plan, cents: int, *deductions: tuple[str, int]) -> None:
    """All that the person was paid in 2025, before deductions."""
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        census.record_run(
            tx, tenant_id=plan.sponsor, plan_id=plan.plan, run_id=tx.ids.new(RunId), pay_date=DAY, period_start=DAY,
            period_end=DAY, replaces=None,
            lines=census.PayLines(
                employee_id=[plan.employee(WHO)], line_no=[2], gross_cents=[cents], fica_cents=[cents],
                hours_hundredths=[0], pre_tax_cents=[0], roth_cents=[0], after_tax_cents=[0],
                catch_up_pre_tax_cents=[0], catch_up_roth_cents=[0],
                deductions=[(2, code, taken) for code, taken in deductions],
            ),
        )  # fmt: skip


def wages_and_roth(plan: Plan) -> tuple[int, bool | None]:
    """FICA wages of 2025 of the person, and whether they make catch-up of 2026 Roth."""
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = census_year.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan, year=2026)
    (line,) = [each for each in found.lines if each.ssn_masked.endswith(WHO)]
    return line.row.wages_before_cents, line.row.roth_catch_up


def say(plan: Plan, code: str, kind: DeductionKind) -> None:
    plan.at(plan.clock.now().date())
    choice = Choice(code, str(kind), side=Side.DEDUCTION)
    confirm(plan.db, actor=TESTER, asked=Confirming(plan.sponsor, plan.plan, plan.db.ids.new(FlowId), [choice]))
    plan.at(plan.clock.now().date())


def test_cafeteria_deductions_keep_somebody_below_the_roth_catch_up_threshold(db: Database, clock: FixedClock) -> None:
    """155,000.00 less 4,000.00 of premiums and 2,000.00 to an HSA through the plan are 149,000.00, not above the
    150,000.00 of Notice 2025-67 (IRC 3121(a)(5)(G), 414(v)(7)(A)); 401(k) deferrals stay wages (3121(v)(1)(A))."""
    plan = acme(db, clock)
    paid(plan, 155_000_00, ("MED125", 4_000_00), ("HSA", 2_000_00), ("OTHER401K", 9_000_00))
    plan.pay(1)
    assert wages_and_roth(plan) == (155_000_00, True)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        shown = pay_codes.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    lines = {each.code: each for each in shown.codes if each.side == Side.DEDUCTION}
    assert {code: (line.state, str(line.paid), line.people) for code, line in lines.items()} == {
        "MED125": (pay_codes.CodeState.UNSAID, "$4,000.00", 1),
        "HSA": (pay_codes.CodeState.UNSAID, "$2,000.00", 1),
        "OTHER401K": (pay_codes.CodeState.UNSAID, "$9,000.00", 1),
    }
    say(plan, "OTHER401K", DeductionKind.PRE_TAX_DEFERRAL)
    say(plan, "MED125", DeductionKind.CAFETERIA_REDUCTION)
    assert wages_and_roth(plan) == (151_000_00, True)
    say(plan, "HSA", DeductionKind.CAFETERIA_REDUCTION)
    assert wages_and_roth(plan) == (149_000_00, False)
    say(plan, "HSA", DeductionKind.OTHER_AFTER_TAX)  # paid into it from taxed pay: said right, the year follows
    assert wages_and_roth(plan) == (151_000_00, True)
    assert_sound(plan)
