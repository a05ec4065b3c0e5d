"""The match missed with deferrals is what the entitlement engine would have given: two people alike, one left behind.

The one has the correct deferrals withheld, the other not; what the books gave the other, and what a correction adds,
is what the one has, whatever the form of the match (Rev. Proc. 2021-30 App. A .05(2)(c)).
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.flows.test_accounts_above_zero import TERMS
from tests.flows.test_match_forms import DAYS, HALF_OF_SIX, assert_proven, day_begins
from tests.flows.test_random_years import Machine, Person, Row, World, _takeover
from tests.support.database import TESTER

from open401k import compliance, ledger, plan
from open401k.base.db import Actor, Database
from open401k.compliance import Affected, Failure, FailureKind, ProposalState
from open401k.flows import amendment, heal, heal_approved
from open401k.flows.plan_takeover import take_over
from open401k.kernel import EmployeeId, FailureId, FixedClock, FlowId, PlanId, Refused, Source, SponsorId

SPONSOR = Actor(kind="user", id="usr_of_the_sponsor", why="a test")
OVER = date(2026, 1, 2)


@dataclass(frozen=True)
class Twins:
    """Who was paid right, and who was paid without deferrals on one pay date."""

    made: Machine
    right: EmployeeId
    wrong: EmployeeId


def twins(db: Database, terms: plan.Provisions) -> Twins:
    """Both of 55 years, hired on 1 March 2024."""
    clock = FixedClock(datetime(2025, 1, 5, 15, tzinfo=UTC))
    db.clock = clock
    world = World([(terms.adopted_on, terms)])
    made = Machine(db, clock, random.Random(1), world, db.ids.new(SponsorId), db.ids.new(PlanId), DAYS, lambda _: None)  # noqa: S311
    who = [db.ids.new(EmployeeId), db.ids.new(EmployeeId)]
    world.people.update((each, Person(each, date(1970, 3, 15), date(2024, 3, 1))) for each in who)
    take_over(db, actor=TESTER, takeover=_takeover(made, terms))
    return Twins(made, *who)


def paid(pair: Twins, saved: tuple[int, ...], missed: tuple[int, ...], gross: int = 10_000_00) -> None:
    """``saved`` by pay date from the one; from the other nothing on the pay dates ``missed``."""
    for place, (day, cents) in enumerate(zip(DAYS, saved, strict=False)):
        rows = {pair.right: Row(gross, cents), pair.wrong: Row(gross, 0 if place in missed else cents)}
        pair.made.send(day, rows, told="payroll")


def found_out(pair: Twins, rate_bps: int, missed: tuple[int, ...], **known: Any) -> None:
    """Somebody sees that the election was not followed; correct deferrals have begun, the notice was given."""
    right_again = DAYS[missed[-1] + 1]
    failure = Failure(
        FailureId(pair.made.db.ids.new(FlowId).uuid), pair.made.plan_id, FailureKind.ELECTION_NOT_FOLLOWED,
        (Affected(pair.wrong, rate_bps),), right_again, "Payroll was compared with the elections.",
        first_on=DAYS[missed[0]], begin_on=right_again, notice_on=right_again,
    )  # fmt: skip
    found = heal.Found(pair.made.sponsor, pair.made.db.ids.new(FlowId), replace(failure, **known))
    told = heal.heal(pair.made.db, actor=SPONSOR, found=found)
    assert not isinstance(told, Refused), told


def given(pair: Twins, who: EmployeeId) -> int:
    with pair.made.db.begin(TESTER, tenants=[pair.made.sponsor]) as tx:
        found = ledger.contributions(
            tx, tenant_id=pair.made.sponsor, plan_id=pair.made.plan_id, start=date(2025, 1, 1), end=OVER
        )
    return sum(each.cents for each in found if each.employee_id == who and each.source is Source.MATCH)


def proposals(pair: Twins) -> list[compliance.Proposal]:
    with pair.made.db.begin(TESTER, tenants=[pair.made.sponsor]) as tx:
        return compliance.proposals(tx, tenant_id=pair.made.sponsor, plan_id=pair.made.plan_id)


def owed(pair: Twins) -> int:
    """The match of the proposal that waits; none where nothing was missed but deferrals that are forgiven."""
    waiting = [each.content for each in proposals(pair) if each.state is ProposalState.PROPOSED]
    return sum(each.cents for content in waiting for each in content.credits if each.source is Source.MATCH)


def matched(**form: Any) -> plan.Provisions:
    return replace(TERMS, match=plan.Match(HALF_OF_SIX, **form))


MET, UNMET = plan.Conditions(last_day=True, hours=160), plan.Conditions(hours=1_000)
A_YEAR_LATER = plan.EntryTerms(service_months=12, hours_in_year=None, entry=plan.EntryRule.IMMEDIATE)


@pytest.mark.parametrize(
    ("terms", "saved", "missed", "expected"),
    [
        (matched(), (600_00,) * 4, (0, 1), 600_00),
        # Half of 300.00 is left under the cap on the second date, and whoever misses the first has it on the third.
        (matched(cap_cents=450_00), (600_00,) * 4, (0,), 0),
        (matched(cap_cents=450_00), (600_00, 600_00), (0,), 150_00),
        (matched(cap_per_period_cents=100_00), (600_00,) * 4, (0, 1), 200_00),
        # Of a quarter: 12 % of the first pay is 6 % of both, and both dates gave.
        (matched(period=plan.MatchPeriod.QUARTER), (1_200_00, 0, 600_00), (0,), 600_00),
        (matched(true_up=True), (600_00, 600_00, 600_00, 600_00), (0, 1), 600_00),
        # 9 % afterwards: the true-up of what was deferred gives a part of what was missed.
        (matched(true_up=True), (600_00, 900_00, 900_00, 900_00), (0,), 0),
        (matched(period=plan.MatchPeriod.PLAN_YEAR, conditions=MET), (600_00,) * 4, (0, 1), 600_00),
        (matched(period=plan.MatchPeriod.PLAN_YEAR, conditions=UNMET), (600_00,) * 4, (0, 1), 0),
        # In the match from 1 March 2025: the two dates before it have none for either.
        (replace(matched(), match_eligibility=A_YEAR_LATER), (600_00,) * 4, (0, 1, 2), 300_00),
    ],
)
def test_what_was_missed_is_what_the_twin_has_more(
    db: Database, terms: plan.Provisions, saved: tuple[int, ...], missed: tuple[int, ...], expected: int
) -> None:
    pair = twins(db, terms)
    paid(pair, saved, missed)
    found_out(pair, saved[0] // 100, missed)
    day_begins(pair.made, OVER)
    assert owed(pair) == max(given(pair, pair.right) - given(pair, pair.wrong), 0) == expected
    assert_proven(pair.made)


def test_catch_up_that_is_not_matched_brings_none_when_it_was_missed(db: Database) -> None:
    """What is deferred above 23,500.00 is catch-up."""
    terms = matched(matches_catch_up=False)
    pair = twins(db, terms)
    # 12,000.00, then 11,400.00: 100.00 are left of 23,500.00 on the third date, of which half is matched. Without the
    # second date the third is below the limit: 6 % of 20,000.00, half of it, 600.00.
    paid(pair, (12_000_00, 11_400_00, 7_000_00), (1,), gross=20_000_00)
    assert (given(pair, pair.right), given(pair, pair.wrong)) == (1_250_00, 1_200_00)
    found_out(pair, 5_700, (1,))
    assert owed(pair) == 50_00
    offered = {"kind": FailureKind.CATCH_UP_NOT_OFFERED, "failure_id": FailureId(pair.made.db.ids.new(FlowId).uuid)}
    found_out(pair, 1, (1,), begin_on=DAYS[3], notice_on=None, **offered)
    assert proposals(pair)[-1].content.working["people"][0]["missed_cents"] == 375_000
    assert proposals(pair)[-1].content.working["people"][0]["match_cents"] == 0
    assert_proven(pair.made)


def test_a_match_with_conditions_is_missed_when_the_year_is_over_and_as_known_before_it_stays(db: Database) -> None:
    """What is proposed within the year has no match in it; an amendment and the end of the year change later ones."""
    pair = twins(db, matched(period=plan.MatchPeriod.PLAN_YEAR, conditions=MET))
    paid(pair, (600_00,) * 4, (0, 1))
    found_out(pair, 600, (0, 1), begin_on=DAYS[3], notice_on=DAYS[3])  # too late for no QNEC at all: 25 %
    (first,) = proposals(pair)
    assert [(each.source, each.cents) for each in first.content.credits] == [(Source.QNEC, 300_00)]
    approve(pair, first)
    day_begins(pair.made, OVER)
    assert [(each.source, each.cents) for each in proposals(pair)[-1].content.credits] == [(Source.MATCH, 600_00)]
    approve(pair, proposals(pair)[-1])
    assert given(pair, pair.right) - given(pair, pair.wrong) == 600_00  # what settles by itself does not see it
    richer = matched(period=plan.MatchPeriod.PLAN_YEAR, conditions=MET, cap_cents=5_000_00)
    asked = amendment.Amendment(
        pair.made.sponsor, pair.made.plan_id, pair.made.db.ids.new(FlowId), date(2026, 2, 1), richer, "a test"
    )
    assert not isinstance(amendment.amend(pair.made.db, actor=TESTER, amendment=asked), Refused)
    day_begins(pair.made, date(2026, 2, 3))
    assert [each.state for each in proposals(pair)] == [ProposalState.APPROVED] * 2
    assert_proven(pair.made)


def approve(pair: Twins, proposal: compliance.Proposal) -> None:
    pair.made.at(pair.made.clock.now().date())
    done = heal_approved.approve(
        pair.made.db, actor=SPONSOR, tenant_id=pair.made.sponsor, proposal_id=proposal.proposal_id, why="owed"
    )
    assert not isinstance(done, Refused), done
