"""Facts learned in June replay the pay dates since January: what follows of each kind, and what stays as it was known.

A hire date and an election learned late are in test_heal_late_facts.py and test_late_facts.py, a missed enrolment in
test_heal.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, books
from tests.flows.test_heal import approve, assert_proved, learn, receivable
from tests.flows.test_heal_late_facts import waiting
from tests.flows.test_told_late import NORA, file, last_run, paid, raised
from tests.support.database import TESTER

from open401k import census, compliance, ledger, plan, recordkeeping
from open401k.base.db import Database
from open401k.demo.people import ACME, PAY_DATES
from open401k.demo.setup import takeover_of
from open401k.flows import amendment
from open401k.flows.plan_takeover import take_over
from open401k.kernel import FixedClock, FlowId, Refused, Source
from open401k.law.lost_earnings import lost_earnings

ROSA, WRONG = "1003", date(2025, 11, 10)
LEARNED = date(2026, 6, 2)
BASIC = plan.Match((plan.MatchTier(10_000, 300), plan.MatchTier(5_000, 500)), Source.SAFE_HARBOR_MATCH)


@dataclass(frozen=True)
class Story:
    """What was on file in January, what June learns, and the pay dates for which the employer owes more."""

    learned: Callable[[Plan], object]
    periods: tuple[int, ...]
    who: str | None = ROSA  # None: everybody whose pay is matched
    on_file: Callable[[Plan], object] = lambda _: None
    terms: Callable[[plan.Provisions], plan.Provisions] = lambda terms: terms


def amended(of: Plan) -> None:
    """All of the first 6 % of pay are matched, not half of it."""
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        terms = plan.provisions_on(tx, tenant_id=of.sponsor, plan_id=of.plan, on=LEARNED)
    more = replace(terms, match=plan.Match((plan.MatchTier(10_000, 600),)))
    flow_id = of.db.ids.new(FlowId)
    done = amendment.amend(
        of.db, actor=TESTER,
        amendment=amendment.Amendment(of.sponsor, of.plan, flow_id, date(2026, 1, 1), more, "a board resolution"),
    )  # fmt: skip
    assert not isinstance(done, Refused), done


STORIES = {
    "birth date": Story(
        lambda of: learn(of, NORA.ssn[-4:], census.BirthDate(date(2005, 2, 10)), NORA.hired_on), (5, 6), NORA.ssn[-4:]
    ),
    "termination": Story(
        lambda of: learn(of, ROSA, census.Terminated(instead_of=WRONG), date(2026, 5, 29)), (5, 6),
        on_file=lambda of: learn(of, ROSA, census.Terminated(), WRONG),
    ),
    "ownership": Story(
        lambda of: learn(of, ROSA, census.Ownership(0), date(2025, 1, 1)), (1, 5, 6),
        on_file=lambda of: learn(of, ROSA, census.Ownership(600), date(2025, 1, 1)),
        terms=lambda terms: replace(
            terms, safe_harbor=plan.SafeHarbor.BASIC_MATCH, match=BASIC, safe_harbor_hces=False
        ),
    ),
    "compensation": Story(lambda of: paid(of, raised(of), replaces=last_run(of)), (6,)),
    "amendment": Story(amended, (1, 5, 6), None),
}  # fmt: skip


def told(db: Database, clock: FixedClock, story: Story) -> Plan:
    """Taken over with what was on file, entry on the first of each month, paid three times."""
    takeover = takeover_of(ACME, db.ids)
    asked = replace(takeover.provisions.eligibility, entry=plan.EntryRule.MONTHLY)
    terms = story.terms(replace(takeover.provisions, eligibility=asked))
    takeover = replace(takeover, provisions=terms)
    take_over(db, actor=TESTER, takeover=takeover)
    made = Plan(db, clock, takeover)
    made.at(date(2026, 1, 6))
    story.on_file(made)
    for period in (1, 5, 6):
        made.pay(period, file(made, period))
    made.at(LEARNED)
    return made


def known(of: Plan, at: datetime) -> list[Any]:
    """Everything that was said from what was known at an instant: books, what they should be, the census, the tests."""
    where: dict[str, Any] = {"tenant_id": of.sponsor, "plan_id": of.plan}
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        found = ledger.balances(tx, **where, known_at=at)
        scope = recordkeeping.Scope(of.sponsor, of.plan, date(2026, 1, 1), LEARNED, known_at=at)
        should_be = [
            (each.pay_dates, {slot: int(cents.sum()) for slot, cents in each.cents.items() if cents.any()})
            for each, _ in recordkeeping.compare(tx, scope=scope)
        ]
        facts = compliance.gather(tx, **where, as_of=PAY_DATES[6], known_at=at)
        year = compliance.census_of_year(tx, **where, year=2026, known_at=at)
        return [sorted(zip(found.kind, found.employee_id, found.amount, strict=True), key=str), should_be,
                facts.pre_tax.tolist(), facts.match.tolist(), facts.eligible_on, year.sha256]  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_a_late_fact_is_replayed_and_paid_by_decision_and_what_was_known_stays(
    db: Database, clock: FixedClock, name: str
) -> None:
    story = STORIES[name]
    plan = told(db, clock, story)
    then, before, owed_before = plan.clock.now(), books(plan), receivable(plan)
    said = known(plan, then)
    plan.at(LEARNED)
    story.learned(plan)

    days, after = [PAY_DATES[each] for each in story.periods], books(plan)
    moved = {key: after.by_date[key] - before.by_date[key] for key in {*before.by_date, *after.by_date}}
    more = {key: cents for key, cents in moved.items() if cents and key[1].endswith("match")}
    assert sorted({day for _, _, day in more}) == days
    assert all(cents > 0 for cents in more.values())
    assert story.who is None or {who for who, _, _ in more} == {story.who}
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        entries = recordkeeping.corrections(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    assert {each.pay_date for each in entries if each.origin} >= set(days)

    (found,) = waiting(plan)
    content = found.content
    assert content.principal_cents == sum(more.values())
    assert content.earnings_cents == sum(
        lost_earnings(principal_cents=cents, loss_on=day, recovered_on=content.on).total_cents
        for (_, _, day), cents in more.items()
    )
    assert {each.employee_id for each in content.notices} == {plan.employee(who) for who, _, _ in more}
    assert all("were not made in time" in each.text and "with earnings" in each.text for each in content.notices)
    # The end of the 18th month after it was learned (Notice 2023-43); Rev. Proc. 2021-30 section 6.02(4)(a).
    assert (content.decide_by, "6.02(4)(a)" in content.paragraph) == (date(2027, 12, 31), True)
    assert known(plan, then) == said

    approved = approve(plan, found)
    assert not isinstance(approved, Refused), approved
    withheld = sum(after.pay[key] - before.pay[key] for key in {*before.pay, *after.pay} if key[2] == "pre_tax_cents")
    due = compliance.due_of(approved).cents
    assert due == sum(more.values()) + approved.told.earnings_cents == receivable(plan) - owed_before - withheld
    assert waiting(plan) == []
    assert known(plan, then) == said
    assert_proved(plan)
