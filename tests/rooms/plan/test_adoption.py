"""Plans adopted and amended in a real database: terms by day and by what was known."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.support.database import TESTER, Begin

from open401k import plan
from open401k.base import audit
from open401k.base.db import ALL_TENANTS, Database, Tx
from open401k.kernel import FixedClock, Open401kError, PlanId, Refused, Source, SponsorId
from open401k.plan import (
    AmendmentRefusal,
    Eligibility,
    Match,
    MatchTier,
    Nonelective,
    Provisions,
    Vesting,
)

FIRST = Provisions(date(2019, 1, 1), match=Match((MatchTier(5_000, 600),)))
GENEROUS = replace(FIRST, match=Match((MatchTier(10_000, 400),)))


def adopted(tx: Tx, tenant: SponsorId, provisions: Provisions = FIRST) -> PlanId:
    """A registered sponsor with one plan."""
    plan.register_sponsor(tx, name="Sponsor Inc.", ein="12-3456789", established_on=date(2005, 3, 1), sponsor_id=tenant)
    return plan.adopt(tx, tenant_id=tenant, provisions=provisions, name="Sponsor 401(k) Plan")


def test_a_sponsor_is_its_own_tenant(db: Database) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        sponsor_id = plan.register_sponsor(tx, name="Sponsor Inc.", ein="123456789", established_on=date(2005, 3, 1))
    with db.begin(TESTER, tenants=[sponsor_id]) as tx:
        plan.record_headcount(tx, tenant_id=sponsor_id, year=2025, employees=12)
        sponsor = plan.sponsor(tx, tenant_id=sponsor_id)
        listed = plan.list_sponsors(tx)

    assert (sponsor.ein_written, sponsor.employees) == ("12-3456789", {2025: 12})
    assert [each.sponsor_id for each in listed] == [sponsor_id]


@pytest.mark.parametrize("text", ["", "12-345678", "1234567890", "00-1234567", "123-45-6789", "１２3456789"])
def test_what_is_not_an_ein_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Open401kError, match="12-3456789"):
        plan.parse_ein(text)


def test_another_tenant_sees_nothing_of_a_plan(db: Database, begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        adopted(tx, tenant)
    other = db.ids.new(SponsorId)
    with db.begin(TESTER, tenants=[other]) as tx:
        assert plan.list_plans(tx, tenant_id=tenant) == []


def test_adopted_terms_come_back_as_they_were(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        plan_id = adopted(tx, tenant)
    with begin() as tx:
        assert plan.provisions_on(tx, tenant_id=tenant, plan_id=plan_id, on=date(2026, 1, 1)) == FIRST
        name_plate = plan.get(tx, tenant_id=tenant, plan_id=plan_id)
        rows = tx.rows("select plan_id, number, name from plan.plan_v")

    assert (name_plate.number, name_plate.adopted_on) == ("001", date(2019, 1, 1))
    assert rows == [(plan_id.uuid, "001", "Sponsor 401(k) Plan")]


def test_unlawful_terms_are_never_adopted(begin: Begin, tenant: SponsorId) -> None:
    with pytest.raises(Open401kError, match="410\\(a\\)"), begin() as tx:
        adopted(tx, tenant, replace(FIRST, eligibility=Eligibility(minimum_age=25)))
    with begin() as tx:
        assert plan.list_plans(tx, tenant_id=tenant) == []


def test_a_day_before_the_plan_has_no_terms(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        plan_id = adopted(tx, tenant)
        with pytest.raises(Open401kError, match="2018-12-31"):
            plan.provisions_on(tx, tenant_id=tenant, plan_id=plan_id, on=date(2018, 12, 31))


def test_an_amendment_holds_from_its_day_and_from_when_it_was_known(
    begin: Begin, tenant: SponsorId, clock: FixedClock
) -> None:
    with begin() as tx:
        plan_id = adopted(tx, tenant)
    before = clock.now()
    clock.advance(timedelta(days=1))
    with begin() as tx:
        amended = plan.amend(
            tx,
            tenant_id=tenant,
            plan_id=plan_id,
            effective_on=date(2026, 7, 1),
            provisions=GENEROUS,
            why="more match",
        )
    assert isinstance(amended, plan.Amended)
    assert [each.field for each in amended.changes] == ["match.tiers"]
    with begin() as tx:

        def on(day: date, *, then: bool = False) -> Provisions:
            return plan.provisions_on(tx, tenant_id=tenant, plan_id=plan_id, on=day, known_at=before if then else None)

        assert on(date(2026, 6, 30)) == FIRST
        assert on(date(2026, 7, 1)) == GENEROUS
        assert on(date(2026, 7, 1), then=True) == FIRST
        spans = plan.provisions_between(
            tx, tenant_id=tenant, plan_id=plan_id, start=date(2026, 1, 1), end=date(2027, 1, 1)
        )
        assert [(span.start, span.end, span.provisions) for span in spans] == [
            (date(2026, 1, 1), date(2026, 7, 1), FIRST),
            (date(2026, 7, 1), date(2027, 1, 1), GENEROUS),
        ]
        assert [version.why for version in plan.history(tx, tenant_id=tenant, plan_id=plan_id)] == [
            "adopted",
            "more match",
        ]
        assert audit.verify(tx, tenant_id=tenant) == []


def test_an_earlier_amendment_is_carried_into_terms_that_start_later(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        plan_id = adopted(tx, tenant)

        def amend(day: date, provisions: Provisions) -> object:
            return plan.amend(
                tx, tenant_id=tenant, plan_id=plan_id, effective_on=day, provisions=provisions, why="a test"
            )

        assert isinstance(amend(date(2026, 7, 1), GENEROUS), plan.Amended)
        younger = replace(FIRST, eligibility=Eligibility(minimum_age=18))
        assert isinstance(amend(date(2026, 4, 1), younger), plan.Amended)

        later = plan.provisions_on(tx, tenant_id=tenant, plan_id=plan_id, on=date(2026, 8, 1))
    assert later == replace(GENEROUS, eligibility=Eligibility(minimum_age=18))


SLOWER = replace(FIRST, vesting=Vesting(((Source.MATCH, plan.GRADED_6),)))


@pytest.mark.parametrize(
    ("provisions", "effective_on", "reason"),
    [
        (SLOWER, date(2026, 1, 4), AmendmentRefusal.CUTS_VESTING),
        (replace(FIRST, match=None), date(2026, 1, 4), AmendmentRefusal.CUTS_CONTRIBUTIONS),
        (replace(FIRST, match=Match((MatchTier(5_000, 599),))), date(2026, 1, 4), AmendmentRefusal.CUTS_CONTRIBUTIONS),
        (
            replace(FIRST, match=Match((MatchTier(5_000, 600),), cap_cents=100_000)),
            date(2026, 1, 4),
            AmendmentRefusal.CUTS_CONTRIBUTIONS,
        ),
        (FIRST, date(2026, 2, 1), AmendmentRefusal.NOTHING_CHANGES),
        (GENEROUS, date(2018, 1, 1), AmendmentRefusal.BEFORE_ADOPTION),
        (replace(GENEROUS, adopted_on=date(2020, 1, 1)), date(2026, 2, 1), AmendmentRefusal.ADOPTION_DAY_CHANGED),
        (replace(FIRST, eligibility=Eligibility(30)), date(2026, 2, 1), AmendmentRefusal.NOT_ALLOWED),
    ],
)
def test_an_amendment_that_cannot_stand_is_refused_as_a_value(
    begin: Begin, tenant: SponsorId, provisions: Provisions, effective_on: date, reason: AmendmentRefusal
) -> None:
    with begin() as tx:
        plan_id = adopted(tx, tenant)
        outcome = plan.amend(
            tx, tenant_id=tenant, plan_id=plan_id, effective_on=effective_on, provisions=provisions, why="a test"
        )
        assert isinstance(outcome, Refused)
        assert outcome.reason is reason
        assert plan.provisions_on(tx, tenant_id=tenant, plan_id=plan_id, on=date(2026, 12, 31)) == FIRST


@pytest.mark.parametrize("provisions", [SLOWER, replace(FIRST, match=None)], ids=["slower vesting", "no match"])
def test_what_was_not_earned_yet_may_be_taken_back_from_today(
    begin: Begin, tenant: SponsorId, provisions: Provisions
) -> None:
    with begin() as tx:
        plan_id = adopted(tx, tenant)
        outcome = plan.amend(
            tx, tenant_id=tenant, plan_id=plan_id, effective_on=date(2026, 1, 5), provisions=provisions, why="a test"
        )
        assert isinstance(outcome, plan.Amended)


def test_a_match_does_not_move_to_a_source_that_vests_more_slowly_from_a_day_in_the_past(
    begin: Begin, tenant: SponsorId
) -> None:
    basic = Match((MatchTier(10_000, 300), MatchTier(5_000, 500)), source=Source.SAFE_HARBOR_MATCH)
    graded = Vesting(((Source.MATCH, plan.GRADED_6),))
    first = replace(FIRST, match=basic, vesting=graded, safe_harbor=plan.SafeHarbor.BASIC_MATCH)
    moved = replace(first, match=replace(basic, source=Source.MATCH), safe_harbor=plan.SafeHarbor.NONE)
    with begin() as tx:
        plan_id = adopted(tx, tenant, first)
        of: dict[str, Any] = {"tenant_id": tenant, "plan_id": plan_id, "provisions": moved, "why": "a test"}
        outcome = plan.amend(tx, **of, effective_on=date(2026, 1, 4))
        assert isinstance(outcome, Refused)
        assert outcome.reason is AmendmentRefusal.CUTS_VESTING
        assert isinstance(plan.amend(tx, **of, effective_on=date(2026, 1, 5)), plan.Amended)


def test_a_retroactive_gift_is_allowed(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        plan_id = adopted(tx, tenant)
        outcome = plan.amend(
            tx,
            tenant_id=tenant,
            plan_id=plan_id,
            effective_on=date(2025, 1, 1),
            provisions=replace(FIRST, nonelective=Nonelective(300)),
            why="a gift",
        )
        assert isinstance(outcome, plan.Amended)
        assert outcome.changes[0].field == "nonelective.rate_bps"


def test_terms_on_file_can_be_neither_changed_nor_deleted(begin: Begin, tenant: SponsorId) -> None:
    from psycopg.errors import InsufficientPrivilege

    with begin() as tx:
        adopted(tx, tenant)
    for statement in ("update plan.provisions set why = ''", "delete from plan.plan"):
        with pytest.raises(InsufficientPrivilege), begin() as tx:
            tx.run(statement)
