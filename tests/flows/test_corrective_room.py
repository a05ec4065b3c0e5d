"""Corrective contributions and 415(c): they fill the year they correct, and are not contributed above its limit."""

from datetime import date

import pytest
from tests.flows.test_additions_limit import DAYS, PAID, a_year, given
from tests.flows.test_declaration import put
from tests.flows.test_match_forms import assert_proven
from tests.flows.test_random_years import Machine
from tests.support.database import TESTER

from open401k import compliance, recordkeeping
from open401k.base.db import Actor, Database
from open401k.compliance import Affected, Failure, FailureKind
from open401k.compliance.corrective_room import HELD_TO_415, within_additions
from open401k.compliance.proposal_content import Content, Credit
from open401k.flows import heal
from open401k.flows.heal_approved import approve
from open401k.kernel import EmployeeId, FailureId, FlowId, Refused, Source

PERSON = Actor(kind="user", id="usr_sponsor", why="decides")
WHO, YEAR = EmployeeId.parse("emp_" + "0" * 32), date(2025, 1, 1)


def recorded(made: Machine, who: EmployeeId, on: date) -> Failure:
    """In February 10 % of 35,000.00 was elected, 2,350.00 withheld: 1,150.00 were missed, and half of it is owed."""
    made.at(on)
    failure = Failure(
        FailureId(made.db.ids.new(FlowId).uuid),
        made.plan_id,
        FailureKind.ELECTION_NOT_FOLLOWED,
        (Affected(who, 1_000),),
        date(2025, 8, 30),
        "Found by the auditor.",
        first_on=DAYS[1],
        until=DAYS[2],
        told_on=date(2025, 2, 20),
    )
    found = heal.Found(made.sponsor, made.db.ids.new(FlowId), failure)
    assert not isinstance(heal.heal(made.db, actor=PERSON, found=found), Refused)
    return failure


def proposals(made: Machine) -> list[compliance.Proposal]:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        return compliance.proposals(tx, tenant_id=made.sponsor, plan_id=made.plan_id)


def test_what_was_contributed_for_the_year_leaves_less_of_it_to_later_pay_dates(db: Database) -> None:
    made, who = a_year(db, 8)
    recorded(made, who, date(2025, 9, 1))
    (waiting,) = proposals(made)
    (credit,) = waiting.content.credits
    assert (credit.source, credit.cents) == (Source.QNEC, 575_00)
    made.at(date(2025, 9, 2))
    told = approve(made.db, actor=PERSON, tenant_id=made.sponsor, proposal_id=waiting.proposal_id)
    assert not isinstance(told, Refused), told
    for day in DAYS[8:10]:
        made.send(day, {who: PAID}, told="payroll")
    assert given(made, Source.PRE_TAX)[8:10] == [2_350_00, 1_600_00 - 575_00]
    assert_proven(made)
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        of_year = compliance.census_of_year(tx, tenant_id=made.sponsor, plan_id=made.plan_id, year=2025)
    told_of = [(row.qnec_cents, row.corrective_cents) for row in of_year.rows if row.employee_id == str(who)]
    assert told_of == [(0, 575_00)]
    made.at(date(2026, 2, 1))
    put(made, recordkeeping.Declared(Source.PROFIT_SHARING, flat_cents=500_00))
    assert given(made, Source.PROFIT_SHARING)[-1] == 0  # what is posted on a day before the approval finds it too
    made.at(date(2026, 2, 2))
    made.send(DAYS[0], {who: PAID}, told="corrected", replaces=made.world.runs[0].run_id)
    assert given(made, Source.PRE_TAX)[8:10] == [2_350_00, 1_600_00 - 575_00]
    assert_proven(made)


def test_what_the_year_has_no_room_for_is_not_proposed(db: Database) -> None:
    made, who = a_year(db, 10)
    failure = recorded(made, who, date(2025, 10, 20))
    assert proposals(made) == []
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        content = compliance.failure_content(tx, tenant_id=made.sponsor, failure=failure, on=date(2025, 10, 20))
    assert content.credits == ()
    assert content.working[HELD_TO_415] == [[str(who), YEAR, 375_00]]  # half of what 402(g) leaves of it
    assert "375.00 of it is not contributed" in content.text
    assert_proven(made)


@pytest.mark.parametrize(
    ("room", "left"),
    [
        (600_00, [(Source.MATCH, 100_00, 10_00), (Source.QNEC, 500_00, 50_00)]),
        (550_00, [(Source.MATCH, 50_00, 5_00), (Source.QNEC, 500_00, 50_00)]),
        (200_00, [(Source.QNEC, 200_00, 20_00)]),
        (0, []),
    ],
)
def test_a_match_gives_way_before_what_is_owed_for_deferrals(room: int, left: list[tuple[Source, int, int]]) -> None:
    owed = (Credit(WHO, Source.MATCH, YEAR, 100_00, 10_00), Credit(WHO, Source.QNEC, YEAR, 500_00, 50_00))
    content = Content("election_not_followed", YEAR, "Owed", "Text.", "", None, owed)
    found = within_additions(content, {(WHO, YEAR): room})
    assert [(each.source, each.cents, each.earnings_cents) for each in found.credits] == left
