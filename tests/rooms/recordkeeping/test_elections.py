"""Elections: which holds on a pay date, what the plan refuses, and what they come to on a paycheck."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.database import Begin

from open401k import census, plan, recordkeeping
from open401k.kernel import EmployeeId, FixedClock, IdColumn, PlanId, Refused, Source, SponsorId
from open401k.plan import Deferrals, ElectionTerms, Provisions, SpillOver
from open401k.recordkeeping import (
    SLOTS,
    Columns,
    Election,
    ElectionRefusal,
    How,
    NewElection,
    Part,
    People,
    Slot,
    Withholding,
    YearToDate,
    elected_by_all,
    elected_on,
    withheld_as_elected,
)
from open401k.recordkeeping.contributions import PayOfDate
from open401k.recordkeeping.withholding import as_elected

ALL_SOURCES = (Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX)
PRE_TAX, ROTH, AFTER_TAX = (Slot(source) for source in ALL_SOURCES)
SOMEBODY = EmployeeId(UUID(int=7))
PAY_DATE = date(2026, 6, 5)


def provisions(**terms: Any) -> Provisions:
    return Provisions(
        adopted_on=date(2019, 1, 1),
        deferrals=Deferrals(sources=ALL_SOURCES),
        elections=ElectionTerms(**terms),
    )


def on_file(number: int, event_on: date, slot: Slot = PRE_TAX, **values: Any) -> Election:
    given_values: dict[str, Any] = {"bps": 0, "cents": 0, "how": How.PARTICIPANT, "stands": True} | values
    who = given_values.pop("employee_id", SOMEBODY)
    recorded = datetime(2026, 1, 1, tzinfo=UTC)
    return Election(
        number, who, slot, event_on=event_on, made_on=event_on, recorded_at=recorded, recorded_by="x", **given_values
    )


def test_a_change_takes_effect_with_the_first_pay_date_on_or_after_its_day() -> None:
    elections = [on_file(1, date(2026, 1, 1), bps=300), on_file(2, PAY_DATE, bps=600)]
    assert elected_on(elections, date(2026, 6, 4))[PRE_TAX].bps == 300
    assert elected_on(elections, PAY_DATE)[PRE_TAX].bps == 600
    assert elected_on(elections, date(2025, 12, 31)) == {}


def test_what_is_learned_late_does_not_go_before_what_took_effect_later() -> None:
    elections = [on_file(1, date(2026, 5, 1), bps=600), on_file(2, date(2026, 3, 1), bps=300)]
    assert elected_on(elections, PAY_DATE)[PRE_TAX].bps == 600
    assert elected_on(elections, date(2026, 4, 1))[PRE_TAX].bps == 300


def test_of_one_day_the_last_recorded_holds_and_one_taken_back_was_never_made() -> None:
    elections = [on_file(1, date(2026, 1, 1), bps=300), on_file(2, date(2026, 3, 1), bps=500)]
    assert elected_on([*elections, on_file(3, date(2026, 3, 1), bps=700)], PAY_DATE)[PRE_TAX].bps == 700
    assert elected_on([*elections, on_file(3, date(2026, 3, 1), stands=False)], PAY_DATE)[PRE_TAX].bps == 300
    again = [*elections, on_file(3, date(2026, 3, 1), stands=False), on_file(4, date(2026, 3, 1), bps=400)]
    assert elected_on(again, PAY_DATE)[PRE_TAX].bps == 400


WHO = [EmployeeId(UUID(int=place + 1)) for place in range(3)]
some_elections = st.lists(
    st.builds(
        lambda who, slot, day, bps, stands: (who, slot, date(2026, 1, day), bps, stands),
        st.sampled_from(WHO),
        st.sampled_from(SLOTS),
        st.integers(1, 6),
        st.integers(0, 100),
        st.booleans(),
    ),
    max_size=30,
)


@given(some_elections, st.integers(1, 7))
def test_everybody_at_once_is_each_one_alone(told: list[tuple[EmployeeId, Slot, date, int, bool]], day: int) -> None:
    elections = [
        on_file(place, event_on, slot, bps=bps, stands=stands, employee_id=who)
        for place, (who, slot, event_on, bps, stands) in enumerate(told)
    ]
    on = date(2026, 1, day)
    found = elected_by_all(Columns.of(elections), IdColumn.of(EmployeeId, WHO), on)
    for place, who in enumerate(WHO):
        alone = elected_on([each for each in elections if each.employee_id == who], on)
        for row, slot in enumerate(SLOTS):
            assert bool(found.on_file[row, place]) is (slot in alone)
            assert found.bps[row, place] == (alone[slot].bps if slot in alone else 0)


def paycheck(
    elections: Sequence[Election],
    *,
    terms: Provisions | None = None,
    cents: int = 400_000,
    bonus: int = 0,
    age: int = 40,
    roth_only: bool = False,
    entered: date | None = date(2019, 1, 1),
    deferred: int = 0,
    added: int = 0,
    employer: int = 0,
) -> Withholding:
    people = People((SOMEBODY,), (entered,), np.array([age]), np.array([roth_only]))
    none, nobody = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.bool_)
    pay = PayOfDate(PAY_DATE, np.array([cents]), none, none, none, none, none, nobody, nobody)
    before = replace(YearToDate.zero(1), deferrals=np.array([deferred]), additions=np.array([deferred + added]))
    return withheld_as_elected(
        terms or provisions(),
        people=people,
        pay=pay,
        bonus=np.array([bonus]),
        elected=elected_by_all(Columns.of(elections), IdColumn.of(EmployeeId, [SOMEBODY]), PAY_DATE),
        before=before,
        employer=np.array([employer]),
    )


def by_source(found: Withholding) -> list[int]:
    return [int(found.cents[source][0]) for source in ALL_SOURCES]


DAY = date(2026, 1, 1)


def test_percentages_and_dollars_are_taken_from_plan_pay() -> None:
    elections = [on_file(1, DAY, bps=600), on_file(2, DAY, ROTH, cents=10_000)]
    assert by_source(paycheck(elections)) == [24_000, 10_000, 0]
    assert by_source(paycheck(elections, cents=0)) == [0, 0, 0]
    assert by_source(paycheck(elections, cents=9_000)) == [540, 8_460, 0]


def test_each_source_is_rounded_once_half_up() -> None:
    assert by_source(paycheck([on_file(1, DAY, bps=350)], cents=10_100)) == [354, 0, 0]  # 353.5 cents
    terms = provisions(bonus_pay_codes=("BON",))
    split = [on_file(1, DAY, bps=350), on_file(2, DAY, Slot(Source.PRE_TAX, Part.BONUS), bps=350)]
    assert by_source(paycheck(split, terms=terms, cents=20_100, bonus=10_050)) == [704, 0, 0]  # 703.5, not 2 x 352


def test_a_bonus_has_its_own_election_or_that_of_all_pay() -> None:
    terms = provisions(bonus_pay_codes=("BON",))
    regular = on_file(1, DAY, bps=500)
    assert by_source(paycheck([regular], terms=terms, bonus=100_000)) == [20_000, 0, 0]
    half = on_file(2, DAY, Slot(Source.ROTH, Part.BONUS), bps=5_000)
    assert by_source(paycheck([regular, half], terms=terms, bonus=100_000)) == [15_000, 50_000, 0]
    nothing = on_file(2, DAY, Slot(Source.PRE_TAX, Part.BONUS))
    assert by_source(paycheck([regular, nothing], terms=terms, bonus=100_000)) == [15_000, 0, 0]


@pytest.mark.parametrize(
    ("spill", "age", "expected"),
    [
        (SpillOver.STOP, 55, [50_000, 0, 0]),
        (SpillOver.CATCH_UP, 49, [50_000, 0, 0]),
        (SpillOver.CATCH_UP, 55, [80_000, 0, 0]),
        (SpillOver.AFTER_TAX, 55, [50_000, 0, 30_000]),
        (SpillOver.CATCH_UP_THEN_AFTER_TAX, 49, [50_000, 0, 30_000]),
        (SpillOver.CATCH_UP_THEN_AFTER_TAX, 55, [80_000, 0, 0]),
    ],
)
def test_above_the_limit_of_402g_it_goes_where_the_plan_says(spill: SpillOver, age: int, expected: list[int]) -> None:
    found = paycheck(
        [on_file(1, DAY, bps=2_000)], terms=provisions(spill_over=spill), age=age, deferred=24_500_00 - 50_000
    )
    assert by_source(found) == expected
    assert int(found.stopped[0]) == 80_000 - sum(expected)


@pytest.mark.parametrize(
    ("pre_tax", "roth", "roth_only", "expected"),
    [
        (50_000, 0, False, [50_000, 0, 50_000]),  # payroll stopped Roth first, or both by their shares
        (40_000, 10_000, False, [40_000, 10_000, 50_000]),
        (20_000, 30_000, False, [30_000, 20_000, 50_000]),  # more Roth than was elected
        (40_000, 0, False, [30_000, 20_000, 50_000]),  # less than the limit leaves
        (50_000, 0, True, [30_000, 20_000, 50_000]),
    ],
)
def test_where_a_limit_cuts_an_election_payroll_may_stop_either_source_first(
    pre_tax: int, roth: int, roth_only: bool, expected: list[int]
) -> None:
    people = People((SOMEBODY,), (date(2019, 1, 1),), np.array([40]), np.array([roth_only]))
    none, nobody = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.bool_)
    sent = (np.array([pre_tax]), np.array([roth]))
    pay = PayOfDate(PAY_DATE, np.array([400_000]), *sent, none, none, none, nobody, nobody)
    before = replace(YearToDate.zero(1), deferrals=np.array([24_500_00 - 50_000]))
    elections = [on_file(1, DAY, bps=2_000), on_file(2, DAY, Slot(Source.ROTH), bps=500)]
    elected = elected_by_all(Columns.of(elections), IdColumn.of(EmployeeId, [SOMEBODY]), PAY_DATE)
    terms = provisions(spill_over=SpillOver.AFTER_TAX)
    assert by_source(as_elected(terms, people, pay, none, elected, before, {})) == expected


def test_over_catch_up_too_the_rest_goes_on_after_tax() -> None:
    terms = provisions(spill_over=SpillOver.CATCH_UP_THEN_AFTER_TAX)
    found = paycheck([on_file(1, DAY, bps=2_000)], terms=terms, age=61, deferred=24_500_00 + 11_250_00 - 10_000)
    assert by_source(found) == [10_000, 0, 70_000]
    assert int(found.to_catch_up[0]) == 10_000


def test_catch_up_that_is_elected_apart_opens_its_limit_only_for_whom_elected_it() -> None:
    terms = provisions(catch_up_apart=True)
    regular, apart = on_file(1, DAY, bps=2_000), on_file(2, DAY, Slot(Source.PRE_TAX, Part.CATCH_UP), cents=5_000)
    assert by_source(paycheck([regular], terms=terms, age=55, deferred=24_500_00)) == [0, 0, 0]
    assert by_source(paycheck([regular, apart], terms=terms, age=55)) == [85_000, 0, 0]
    assert by_source(paycheck([regular, apart], terms=terms, age=55, deferred=24_500_00)) == [85_000, 0, 0]


def test_catch_up_of_a_high_earner_is_roth_by_deemed_election_or_stops() -> None:
    election = [on_file(1, DAY, bps=2_000)]
    deemed = paycheck(election, age=55, roth_only=True, deferred=24_500_00 - 50_000)
    assert by_source(deemed) == [50_000, 30_000, 0]
    assert int(deemed.to_roth[0]) == 30_000
    terms = provisions(deemed_roth_catch_up=False)
    stops = paycheck(election, terms=terms, age=55, roth_only=True, deferred=24_500_00 - 50_000)
    assert by_source(stops) == [50_000, 0, 0]
    assert int(stops.stopped[0]) == 30_000


def test_additions_stop_at_415_with_what_the_employer_adds() -> None:
    election = [on_file(1, DAY, AFTER_TAX, bps=2_500)]
    found = paycheck(election, added=72_000_00 - 90_000, employer=20_000)
    assert by_source(found) == [0, 0, 70_000]
    assert int(found.stopped[0]) == 30_000


def test_nothing_is_to_be_withheld_before_entry() -> None:
    election = [on_file(1, DAY, bps=600)]
    assert by_source(paycheck(election, entered=date(2026, 6, 6))) == [0, 0, 0]
    assert by_source(paycheck(election, entered=PAY_DATE)) == [24_000, 0, 0]


@given(
    st.lists(st.tuples(st.sampled_from(SLOTS), st.integers(0, 10_000), st.integers(0, 500_000)), max_size=8),
    st.integers(0, 1_000_000),
    st.integers(0, 40_000_00),
    st.sampled_from(SpillOver),
    st.sampled_from([40, 55, 61]),
    st.booleans(),
)
def test_asked_is_withheld_or_stopped_and_never_more_than_the_pay(
    told: list[tuple[Slot, int, int]], cents: int, deferred: int, spill: SpillOver, age: int, roth_only: bool
) -> None:
    elections = [
        on_file(place, DAY, slot, **({"bps": bps} if place % 2 else {"cents": dollars}))
        for place, (slot, bps, dollars) in enumerate(told)
    ]
    terms = provisions(spill_over=spill)
    found = paycheck(elections, terms=terms, cents=cents, deferred=deferred, age=age, roth_only=roth_only)
    asked = sum(int(each[0]) for each in found.asked.values())
    assert asked == int(found.total[0]) + int(found.stopped[0])
    assert 0 <= int(found.total[0]) <= cents
    assert min(by_source(found)) >= 0


@pytest.fixture
def employer(begin: Begin, tenant: SponsorId) -> SponsorId:
    with begin() as tx:
        plan.register_sponsor(
            tx, name="Made Up Inc.", ein="94-3000401", established_on=date(2001, 1, 1), sponsor_id=tenant
        )
    return tenant


@pytest.fixture
def adopted(begin: Begin, employer: SponsorId) -> tuple[PlanId, EmployeeId]:
    tenant = employer
    with begin() as tx:
        terms = provisions(minimum_bps=100, maximum_bps=7_500, dollars=True)
        plan_id = plan.adopt(tx, tenant_id=tenant, provisions=terms, name="Made Up 401(k)")
        who = census.add_employee(
            tx, tenant_id=tenant, ssn=None, first_name="Saver", last_name="One", birth_date=None, hired_on=None
        )
    return plan_id, who


def record(begin: Begin, tenant: SponsorId, plan_id: PlanId, *elections: NewElection) -> Refused[ElectionRefusal] | int:
    with begin() as tx:
        return recordkeeping.record_elections(tx, tenant_id=tenant, plan_id=plan_id, elections=elections)


def test_elections_are_read_back_as_known_at_an_instant(
    begin: Begin, tenant: SponsorId, adopted: tuple[PlanId, EmployeeId], clock: FixedClock
) -> None:
    plan_id, who = adopted
    first = NewElection(who, PRE_TAX, date(2026, 2, 1), How.PARTICIPANT, bps=600)
    assert record(begin, tenant, plan_id, first) == 1
    then = clock.now()
    clock.advance_to(datetime(2026, 3, 1, tzinfo=UTC))
    late = replace(first, event_on=date(2026, 1, 20), made_on=date(2026, 1, 19), how=How.ADMINISTRATOR, bps=400)
    assert record(begin, tenant, plan_id, late) == 1
    with begin() as tx:
        of_plan: dict[str, Any] = {"tenant_id": tenant, "plan_id": plan_id}
        assert [each.bps for each in recordkeeping.read_elections(tx, **of_plan)] == [600, 400]
        assert [each.bps for each in recordkeeping.read_elections(tx, **of_plan, known_at=then)] == [600]
        assert not recordkeeping.read_elections(tx, **of_plan, employees=[SOMEBODY])
        read = recordkeeping.read_elections(tx, **of_plan)
        whole = recordkeeping.election_columns(tx, **of_plan, until=date(2026, 12, 31))
        before = recordkeeping.election_columns(tx, **of_plan, until=date(2026, 1, 31))
    columns: list[tuple[Any, Any]] = list(zip(Columns.of(read), whole, strict=True))
    for made, found in columns:
        assert list(made) == list(found)
    assert before.bps.tolist() == [400]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bps": 600, "cents": 100}, ElectionRefusal.NOT_AN_AMOUNT),
        ({"bps": 10_001}, ElectionRefusal.NOT_AN_AMOUNT),
        ({"cents": -1}, ElectionRefusal.NOT_AN_AMOUNT),
        ({"slot": Slot(Source.MATCH), "bps": 100}, ElectionRefusal.SOURCE_NOT_IN_PLAN),
        ({"slot": Slot(Source.PRE_TAX, Part.CATCH_UP), "bps": 100}, ElectionRefusal.CATCH_UP_NOT_APART),
        ({"slot": Slot(Source.PRE_TAX, Part.BONUS), "bps": 100}, ElectionRefusal.NO_BONUS_CODES),
        ({"bps": 99}, ElectionRefusal.BELOW_MINIMUM),
        ({"bps": 7_501}, ElectionRefusal.ABOVE_MAXIMUM),
        ({"bps": 600, "made_on": date(2026, 2, 2)}, ElectionRefusal.MADE_TOO_LATE),
        ({"bps": 600, "made_on": date(2026, 1, 6)}, ElectionRefusal.NOT_MADE_YET),
        ({"stands": False}, ElectionRefusal.NOTHING_TO_TAKE_BACK),
        ({"employee_id": SOMEBODY, "bps": 600}, ElectionRefusal.UNKNOWN_PERSON),
    ],
)
def test_what_the_plan_does_not_take_is_refused_and_nothing_is_recorded(
    begin: Begin,
    tenant: SponsorId,
    adopted: tuple[PlanId, EmployeeId],
    change: dict[str, Any],
    reason: ElectionRefusal,
) -> None:
    plan_id, who = adopted
    good = NewElection(who, PRE_TAX, date(2026, 2, 1), How.PARTICIPANT)
    refused = record(begin, tenant, plan_id, replace(good, slot=ROTH, bps=100), replace(good, **change))
    assert isinstance(refused, Refused)
    assert refused.reason is reason
    assert refused.detail["place"] == "1"
    with begin() as tx:
        assert not recordkeeping.read_elections(tx, tenant_id=tenant, plan_id=plan_id)


def test_all_sources_together_stay_below_the_plans_maximum(
    begin: Begin, tenant: SponsorId, adopted: tuple[PlanId, EmployeeId]
) -> None:
    plan_id, who = adopted
    each = NewElection(who, PRE_TAX, date(2026, 2, 1), How.PARTICIPANT, bps=5_000)
    assert record(begin, tenant, plan_id, each) == 1
    over = record(begin, tenant, plan_id, replace(each, slot=ROTH, bps=2_501))
    assert isinstance(over, Refused)
    assert "at most 25 %" in over.fix
    assert record(begin, tenant, plan_id, replace(each, slot=ROTH, bps=2_500)) == 1


def test_a_plan_without_terms_of_elections_takes_none(begin: Begin, employer: SponsorId) -> None:
    tenant = employer
    with begin() as tx:
        terms = replace(provisions(), elections=None)
        plan_id = plan.adopt(tx, tenant_id=tenant, provisions=terms, name="Elsewhere 401(k)")
        who = census.add_employee(
            tx, tenant_id=tenant, ssn=None, first_name="Saver", last_name="One", birth_date=None, hired_on=None
        )
    refused = record(begin, tenant, plan_id, NewElection(who, PRE_TAX, date(2026, 2, 1), How.PARTICIPANT, bps=600))
    assert isinstance(refused, Refused)
    assert refused.reason is ElectionRefusal.NOT_KEPT_HERE


def test_an_election_of_before_the_plan_came_here_is_judged_by_its_first_terms(
    begin: Begin, tenant: SponsorId, adopted: tuple[PlanId, EmployeeId]
) -> None:
    plan_id, who = adopted
    brought = NewElection(who, PRE_TAX, date(2018, 1, 1), How.AUTOMATIC, bps=300, made_on=date(2018, 1, 1))
    assert record(begin, tenant, plan_id, brought) == 1
    refused = record(begin, tenant, plan_id, replace(brought, bps=99))
    assert isinstance(refused, Refused)
    assert refused.reason is ElectionRefusal.BELOW_MINIMUM


def test_nothing_is_read_for_a_plan_whose_elections_are_not_kept_here() -> None:
    nothing: Any = None  # any statement would fail on it
    terms = replace(provisions(), elections=None)
    of: dict[str, Any] = {"tenant_id": None, "plan_id": None, "until": PAY_DATE}
    assert recordkeeping.read_on_file(nothing, **of, provisions=terms) is None
