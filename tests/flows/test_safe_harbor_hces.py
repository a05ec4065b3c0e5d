"""A safe harbor contribution for those who are not highly compensated, through the real flows."""

from dataclasses import replace
from datetime import date

from tests.flows.test_accounts_above_zero import TERMS, with_terms
from tests.flows.test_conditions import employer_money, learn
from tests.flows.test_match_forms import DAYS, SAVED
from tests.support.database import TESTER

from open401k import census, compliance, plan
from open401k.base.db import Database
from open401k.flows import verify
from open401k.kernel import Source

BASIC = (plan.MatchTier(10_000, 300), plan.MatchTier(5_000, 500))
OTHERS_ALONE = replace(
    TERMS,
    safe_harbor=plan.SafeHarbor.BASIC_MATCH,
    match=plan.Match(BASIC, Source.SAFE_HARBOR_MATCH),
    safe_harbor_hces=False,
)


def test_a_share_of_a_parent_takes_the_safe_harbor_match_of_the_year_from_the_child(db: Database) -> None:
    made, child = with_terms(db, OTHERS_ALONE, DAYS)
    others = sorted(
        (each for each in made.world.people.values() if each.employee_id != child), key=lambda each: each.hired
    )
    other, parent = others[0].employee_id, others[1].employee_id
    for who in (child, other, parent):
        made.at(DAYS[0])  # what is learned at the same instant was known to the tests of that instant
        learn(made, who, census.PayOfYear(2024, census.AnnualPay(50_000_00, 50_000_00, 50_000_00, 0)), DAYS[0])
    made.send(DAYS[0], {child: SAVED, other: SAVED}, told="payroll")
    of_both = {(who, Source.SAFE_HARBOR_MATCH, DAYS[0]): 400_00 for who in (child, other)}
    assert employer_money(made) == of_both
    made.at(date(2025, 3, 1))
    learn(made, parent, census.Ownership(600), date(2025, 2, 20))
    assert employer_money(made) == of_both
    made.at(date(2025, 3, 2))
    learn(made, child, census.Family(parent, census.Relation.PARENT), date(2025, 2, 21))
    assert employer_money(made) == {(other, Source.SAFE_HARBOR_MATCH, DAYS[0]): 400_00}
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        facts = compliance.gather(tx, tenant_id=made.sponsor, plan_id=made.plan_id, as_of=date(2025, 3, 2))
    people = compliance.people_of(facts)
    hce = {who for who, is_hce in zip(facts.employee_ids, people.is_hce, strict=True) if is_hce}
    assert hce == {child, parent}
    assert verify.verify(made.db, actor=TESTER, tenants=[made.sponsor]).problems == []


def test_who_was_paid_more_than_the_threshold_gets_none(db: Database) -> None:
    made, paid_more = with_terms(db, OTHERS_ALONE, DAYS)
    before = census.AnnualPay(155_000_01, 155_000_01, 155_000_01, 0)  # over the 155,000.00 of 2024
    learn(made, paid_more, census.PayOfYear(2024, before), DAYS[0])
    made.send(DAYS[0], {paid_more: SAVED}, told="payroll")
    assert employer_money(made) == {}
