"""Plan pay that is without what a cafeteria plan takes: what is posted, and what is said where nothing is on file."""

import json
from dataclasses import replace
from datetime import timedelta

from tests.flows.bookkeeping import Plan, assert_sound, books
from tests.flows.test_deduction_codes import say
from tests.support.database import TESTER

from open401k import census
from open401k import plan as plans
from open401k.base.db import Database
from open401k.census import DeductionKind
from open401k.demo.people import ACME, PAY_DATES
from open401k.demo.setup import takeover_of
from open401k.flows.payroll_intake import Upload, say_yes, take_in
from open401k.flows.plan_takeover import take_over
from open401k.kernel import FixedClock, Refused
from open401k.law.pay_items import ELECTIVE_CONTRIBUTIONS, PayDefinition
from open401k.payroll import API_PROVIDER, Code, Finding, runs

SSN, GROSS, DEFERRED, PREMIUM = "219-11-1003", 4_000_00, 1_000_00, 200_00
WAGES = plans.Compensation(
    definition=PayDefinition.SECTION_3121A,
    nonelective=plans.PayTerms(excluded_kinds=tuple(ELECTIVE_CONTRIBUTIONS)),
)


def plan_of(db: Database, clock: FixedClock) -> Plan:
    """Acme: half of 6 % of wages under 3121(a), and 3 % of pay without any elective contribution."""
    takeover = takeover_of(ACME, db.ids)
    terms = replace(
        takeover.provisions,
        compensation=WAGES,
        match=plans.Match((plans.MatchTier(5_000, 600),)),
        nonelective=plans.Nonelective(300),
    )
    wanted = replace(takeover, provisions=terms)
    take_over(db, actor=TESTER, takeover=wanted)
    return Plan(db, clock, wanted)


def pay(plan: Plan, period: int, *deductions: tuple[str, int]) -> list[Finding]:
    """One person, as our own JSON; what the check said, and posted."""
    day = PAY_DATES[period]
    line = {
        "ssn": SSN, "hours": "80.00", "gross_cents": GROSS, "pre_tax_cents": DEFERRED,
        "deductions": [{"code": code, "cents": cents} for code, cents in deductions],
    }  # fmt: skip
    start = day - timedelta(days=13)
    body = {"pay_date": str(day), "period_start": str(start), "period_end": str(day), "lines": [line]}
    plan.at(day)
    upload = Upload(plan.sponsor, plan.plan, "payroll.json", json.dumps(body).encode(), API_PROVIDER, day)
    taken = take_in(plan.db, actor=TESTER, upload=upload)
    assert not isinstance(taken, Refused), taken
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = list(runs.findings_of_run(tx, tenant_id=plan.sponsor, run_id=taken.run.run_id))
    say_yes(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    result = plan.post(taken.run.run_id)
    assert result.halted is None, (result.halted, found)
    return found


def given(plan: Plan, period: int) -> tuple[int, int, int]:
    """Plan pay, match and nonelective of the person on a pay date."""
    now, day = books(plan), PAY_DATES[period]
    return (
        now.pay["1003", day, "plan_cents"], now.by_date["1003", "match", day], now.by_date["1003", "nonelective", day]
    )  # fmt: skip


def test_wages_are_without_premiums_once_somebody_said_what_they_are(db: Database, clock: FixedClock) -> None:
    """IRC 3121(a)(5)(G): 4,000.00 less 200.00; the nonelective is without the deferral, too (414(s)(2))."""
    plan = plan_of(db, clock)
    (missing,) = [each for each in pay(plan, 1) if str(each.code).startswith("deduction")]
    assert missing.code is Code.DEDUCTIONS_NOT_TOLD
    assert "all of gross pay counts" in missing.reason
    assert given(plan, 1) == (GROSS, 120_00, 90_00)

    asked = {each.code: each for each in pay(plan, 2, ("MED125", PREMIUM)) if str(each.code).startswith("deduction")}
    assert set(asked) == {Code.DEDUCTIONS_NOT_TOLD}
    assert f"The payrolls of {PAY_DATES[1]} of this plan year" in asked[Code.DEDUCTIONS_NOT_TOLD].reason
    assert given(plan, 2) == (GROSS, 0, 0)  # the money waits for a word about the code

    say(plan, "MED125", DeductionKind.CAFETERIA_REDUCTION)
    assert given(plan, 2) == (GROSS - PREMIUM, 114_00, 84_00)
    assert given(plan, 1) == (GROSS, 120_00, 90_00)  # nothing was told of it, and nothing is guessed

    codes = {each.code for each in pay(plan, 3, ("MED125", PREMIUM))}
    assert Code.PAY_CODE_UNCONFIRMED not in codes
    assert given(plan, 3) == (GROSS - PREMIUM, 114_00, 84_00)
    assert_sound(plan)
    with db.begin(TESTER, tenants=[plan.sponsor]) as tx:  # sums that a process keeps are those that are read anew
        for kind, cents in ((plans.Kind.DEFERRALS, GROSS * 3 - PREMIUM * 2), (plans.Kind.NONELECTIVE, 8_600_00)):
            for _ in range(2):
                totals = census.pay_totals(
                    tx,
                    tenant_id=plan.sponsor,
                    plan_id=plan.plan,
                    start=PAY_DATES[1],
                    end=PAY_DATES[4],
                    kind=kind,
                )
                assert totals.plan_cents.tolist() == [cents]
