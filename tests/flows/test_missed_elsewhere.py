"""What was missed before a plan came here counts where its pay was brought over; where it was not, it is named."""

from datetime import date
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan
from tests.flows.test_year_to_date import ENTRY, TIERED
from tests.flows.year_to_date import brought, handed_over, payroll_file, since_january, since_july
from tests.support.database import TESTER

from open401k import compliance
from open401k.base.db import Actor, Database
from open401k.compliance import Affected, Failure, FailureKind, KnownPay, needed_for
from open401k.flows import heal, heal_approved
from open401k.flows.verify import verify
from open401k.kernel import FailureId, FixedClock, FlowId, Refused

SPONSOR = Actor(kind="user", id="usr_of_the_sponsor", why="a test")
WHO = "1009"  # defers nothing
FIRST = date(2026, 1, 5)  # after the pay date of January 2


def left_behind(here: Plan, found_on: date) -> compliance.Proposal:
    """An election of 4 % that nobody followed from January to the middle of July; found, put right, told."""
    failure = Failure(
        FailureId(here.db.ids.new(FlowId).uuid), here.plan, FailureKind.ELECTION_NOT_FOLLOWED,
        (Affected(here.employee(WHO), 400),), found_on, "Somebody found the form.",
        first_on=FIRST, begin_on=found_on, notice_on=found_on,
    )  # fmt: skip
    here.at(found_on)
    told = heal.heal(here.db, actor=SPONSOR, found=heal.Found(here.sponsor, here.db.ids.new(FlowId), failure))
    assert not isinstance(told, Refused), told
    return newest(here)


def newest(here: Plan) -> compliance.Proposal:
    with here.db.begin(TESTER, tenants=[here.sponsor]) as tx:
        return compliance.proposals(tx, tenant_id=here.sponsor, plan_id=here.plan)[-1]


def year_of(proposal: compliance.Proposal) -> dict[str, Any]:
    (found,) = proposal.content.working["people"]
    return {name: found[name] for name in ("missed_cents", "qnec_cents", "match_cents", "compensation_cents", "relief")}


def test_what_was_missed_elsewhere_counts_as_it_would_have_here_once_its_pay_is_brought_over(
    db: Database, clock: FixedClock
) -> None:
    twin = since_january(db, clock, TIERED)
    for period in (1, 4, 9):
        twin.pay(period, payroll_file(twin, period))
    there = since_july(twin, TIERED)
    file = handed_over(twin, year_start=date(2026, 1, 1), cuts={"1098": [ENTRY], WHO: [FIRST]}).csv()
    for here in (twin, there):
        here.pay(13, payroll_file(here, 13))
    at_home = left_behind(twin, date(2026, 7, 6))
    assert at_home.content.needed == ()
    unknown = left_behind(there, date(2026, 7, 6))
    (said,) = unknown.content.needed
    assert "2026-01-05 to 2026-06-19" in said
    assert year_of(unknown)["missed_cents"] * 4 == year_of(at_home)["missed_cents"]  # one pay date of four
    approve(there, unknown)  # what is known is paid; what is not on file goes on being asked for
    assert newest(there).content.not_ready == said
    there.at(date(2026, 7, 6))  # a minute later: what is learned is behind what was approved
    brought(there, file)
    assert newest(there).content.needed == ()
    assert year_of(newest(there)) == year_of(at_home)
    more = {each.source: each.cents for each in newest(there).content.credits}
    before = {each.source: each.cents for each in unknown.content.credits}
    whole = {each.source: each.cents for each in at_home.content.credits}
    assert {source: more[source] + before[source] for source in whole} == whole
    there.at(date(2026, 7, 7))
    assert verify(there.db, actor=TESTER, tenants=[there.sponsor]).problems == []


def approve(here: Plan, proposal: compliance.Proposal) -> None:
    here.at(here.clock.now().date())
    done = heal_approved.approve(
        here.db, actor=SPONSOR, tenant_id=here.sponsor, proposal_id=proposal.proposal_id, why="owed"
    )
    assert not isinstance(done, Refused), done


HERE = KnownPay(date(2026, 7, 10), (date(2026, 6, 20), date(2026, 7, 3)), (), date(2019, 1, 1))


@pytest.mark.parametrize(
    ("periods", "first", "days"),
    [
        ((), date(2026, 7, 1), []),  # paid every 14 days: nothing between June 26 and July 10
        ((), date(2026, 6, 26), ["2026-06-26 to 2026-06-26"]),
        ((), date(2025, 11, 3), ["2025-11-03 to 2025-12-31", "2026-01-01 to 2026-06-26"]),
        ([(date(2026, 1, 1), date(2026, 6, 30))], date(2026, 1, 1), []),
        ([(date(2026, 1, 1), date(2026, 6, 30))], date(2025, 12, 1), ["2025-12-01 to 2025-12-31"]),
        ([(date(2026, 3, 1), date(2026, 6, 30))], date(2026, 2, 1), ["2026-02-01 to 2026-02-28"]),
        # One row over the day on which it began: its sums cannot be parted.
        ([(date(2026, 1, 1), date(2026, 6, 30))], date(2026, 3, 2), ["2026-01-01 to 2026-06-30 hold 2026-03-02"]),
    ],
)
def test_what_is_not_on_file_is_named_by_days_and_plan_year(
    periods: list[tuple[date, date]], first: date, days: list[str]
) -> None:
    known = KnownPay(HERE.first_pay_date, HERE.first_period, tuple(periods), HERE.terms_from)
    told = needed_for(known, own=known.brought, first=first, until=date(2026, 9, 1), terms=TIERED)
    assert len(told) == len(days)
    for said, wanted in zip(told, days, strict=True):
        assert wanted in said


def test_figures_of_days_without_terms_are_named_and_what_was_right_again_before_asks_for_nothing() -> None:
    known = KnownPay(HERE.first_pay_date, HERE.first_period, ((date(2026, 1, 1), date(2026, 6, 30)),), date(2026, 7, 1))
    (said,) = needed_for(known, own=known.brought, first=date(2026, 1, 1), until=date(2026, 9, 1), terms=TIERED)
    assert said.startswith("No terms of the plan are on file for 2026-01-01")
    assert needed_for(HERE, own=(), first=date(2026, 1, 1), until=date(2026, 1, 1), terms=TIERED) == ()
