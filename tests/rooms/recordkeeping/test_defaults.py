"""Automatic enrollment: whose withholding is the default, at which rate, since when, and what it makes due."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from open401k.census import Employee, Employment
from open401k.kernel import EmployeeId, Source
from open401k.plan import (
    Arrangement,
    AutomaticEnrollment,
    Covered,
    Deferrals,
    ElectionTerms,
    Escalates,
    Provisions,
)
from open401k.recordkeeping import (
    Columns,
    Defaults,
    DutyKind,
    Elected,
    Election,
    ElectionsOnFile,
    How,
    Slot,
    Why,
    elected_with_defaults,
    enrollment_duties,
)

SOMEBODY = EmployeeId(UUID(int=7))
PRE_TAX, ROTH = Slot(Source.PRE_TAX), Slot(Source.ROTH)
COUNTED = date(2024, 1, 1)


def provisions(**terms: Any) -> Provisions:
    return Provisions(
        adopted_on=date(2019, 1, 1),
        deferrals=Deferrals(sources=(Source.PRE_TAX, Source.ROTH)),
        elections=ElectionTerms(),
        automatic_enrollment=AutomaticEnrollment(**{"counted_from": COUNTED, **terms}),
    )


def election(
    event_on: date, bps: int = 0, *, slot: Slot = PRE_TAX, how: How = How.PARTICIPANT, **more: Any
) -> Election:
    recorded = datetime(2024, 1, 1, tzinfo=UTC)
    stands = more.pop("stands", True)
    number = more.pop("number", event_on.toordinal())
    return Election(number, SOMEBODY, slot, bps, 0, event_on, event_on, how, stands, recorded, "x")


def employee(*spans: tuple[date, date | None]) -> Employee:
    return Employee(
        employee_id=SOMEBODY,
        first_name="Saver",
        last_name="One",
        ssn_last4="1234",
        birth_date=None,
        employment=tuple(Employment(*span) for span in spans),
    )


def on(
    day: date,
    *elections: Election,
    terms: Provisions | None = None,
    entered: date | None = date(2024, 3, 1),
    spans: tuple[tuple[date, date | None], ...] = ((date(2023, 3, 1), None),),
    pay_dates: tuple[date, ...] = (),
) -> tuple[Elected, Defaults]:
    on_file = ElectionsOnFile(Columns.of(elections), np.array(sorted(pay_dates), dtype="datetime64[D]"))
    return elected_with_defaults(
        on_file, terms or provisions(), employees=[employee(*spans)], entered_on=[entered], on=day
    )


def rate(day: date, *elections: Election, **how: Any) -> tuple[Why, int]:
    elected, defaults = on(day, *elections, **how)
    withheld = int(elected.of(PRE_TAX).bps[0] + elected.of(ROTH).bps[0])
    return defaults.why_of(0), withheld


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2024, 2, 29), (Why.NOT_ENTERED, 0)),
        (date(2024, 3, 1), (Why.DEFAULT, 300)),
        (date(2024, 12, 31), (Why.DEFAULT, 300)),
        (date(2025, 1, 1), (Why.DEFAULT, 300)),  # no year of participation is complete
        (date(2025, 12, 31), (Why.DEFAULT, 300)),
        (date(2026, 1, 1), (Why.ESCALATED, 400)),
        (date(2031, 12, 31), (Why.ESCALATED, 900)),
        (date(2040, 1, 1), (Why.ESCALATED, 1_000)),
    ],
)
def test_the_default_begins_on_entry_and_rises_in_the_plan_year_after_a_complete_one(
    day: date, expected: tuple[Why, int]
) -> None:
    assert rate(day, pay_dates=(date(2024, 3, 1),)) == expected


def test_increases_are_counted_from_the_first_pay_date_not_from_entry() -> None:
    """Entered on the last day of 2023, first paid in 2024: 2025 begins without a complete year."""
    paid = (date(2023, 12, 29), date(2024, 1, 12))
    terms = provisions(counted_from=date(2023, 1, 1))
    assert rate(date(2025, 1, 10), terms=terms, entered=date(2023, 12, 31), pay_dates=paid) == (Why.DEFAULT, 300)
    assert rate(date(2025, 1, 10), terms=terms, entered=date(2023, 12, 29), pay_dates=paid) == (Why.ESCALATED, 400)


def test_the_initial_period_of_a_qaca_lasts_to_the_end_of_the_next_plan_year() -> None:
    terms = provisions(escalates=Escalates.AFTER_INITIAL_PERIOD)
    paid = (date(2024, 3, 1),)
    assert rate(date(2025, 12, 31), terms=terms, pay_dates=paid) == (Why.DEFAULT, 300)
    assert rate(date(2026, 1, 2), terms=terms, pay_dates=paid) == (Why.ESCALATED, 400)


def test_an_own_election_ends_the_default_also_one_of_nothing() -> None:
    day = date(2024, 6, 7)
    assert rate(day, election(date(2024, 6, 7))) == (Why.ELECTED, 0)
    assert rate(day, election(date(2024, 6, 8))) == (Why.DEFAULT, 300)
    assert rate(day, election(date(2024, 5, 1), 200, slot=ROTH)) == (Why.ELECTED, 200)


def test_an_election_that_is_taken_back_brings_the_default_back() -> None:
    made = election(date(2024, 5, 1), number=1)
    taken_back = election(date(2024, 5, 1), number=2, stands=False)
    assert rate(date(2024, 6, 7), made, taken_back) == (Why.DEFAULT, 300)


def test_new_entrants_alone_are_covered_where_the_plan_says_so() -> None:
    terms = provisions(covers=Covered.NEW_ENTRANTS, counted_from=date(2024, 3, 2))
    assert rate(date(2024, 6, 7), terms=terms) == (Why.NOT_COVERED, 0)
    assert rate(date(2024, 6, 7), terms=terms, entered=date(2024, 3, 2)) == (Why.DEFAULT, 300)
    everybody = provisions(counted_from=date(2024, 3, 2))
    assert rate(date(2024, 3, 1), terms=everybody) == (Why.NO_ARRANGEMENT, 0)
    assert rate(date(2024, 3, 2), terms=everybody) == (Why.DEFAULT, 300)


def test_the_plan_may_wait_after_entry() -> None:
    terms = provisions(wait_days=30)
    assert rate(date(2024, 3, 30), terms=terms) == (Why.NOT_YET, 0)
    assert rate(date(2024, 3, 31), terms=terms) == (Why.DEFAULT, 300)


def test_a_default_brought_from_elsewhere_goes_on_and_rises() -> None:
    brought = (election(date(2022, 3, 1), 300, how=How.AUTOMATIC), election(date(2024, 1, 1), 400, how=How.ESCALATION))
    terms = provisions(counted_from=date(2024, 7, 1), covers=Covered.NEW_ENTRANTS)
    assert rate(date(2024, 6, 7), *brought, terms=terms) == (Why.NO_ARRANGEMENT, 400)
    entered = {"entered": date(2022, 3, 1), "terms": terms}
    assert rate(date(2024, 7, 5), *brought, **entered) == (Why.ESCALATED, 400)
    assert rate(date(2025, 1, 3), *brought, **entered) == (Why.ESCALATED, 500)
    assert rate(date(2025, 1, 3), *brought, election(date(2025, 1, 1), 100), **entered) == (Why.ELECTED, 100)


def test_whoever_is_hired_again_has_the_default_whatever_they_had_elected_before() -> None:
    spans = ((date(2023, 3, 1), date(2024, 8, 31)), (date(2024, 11, 1), None))
    before = election(date(2024, 5, 1), 800)
    assert rate(date(2024, 9, 6), before, spans=spans) == (Why.ELECTED, 800)  # the last pay of the old job
    assert rate(date(2024, 11, 8), before, spans=spans) == (Why.DEFAULT, 300)
    assert rate(date(2024, 11, 8), before, election(date(2024, 11, 1), 500), spans=spans) == (Why.ELECTED, 500)


def test_a_rehire_goes_on_where_the_default_stood_unless_a_plan_year_passed_without() -> None:
    paid = (date(2024, 3, 1), date(2025, 3, 7), date(2026, 3, 6), date(2027, 3, 5), date(2028, 3, 3))
    soon = ((date(2023, 3, 1), date(2025, 8, 31)), (date(2026, 11, 1), None))
    assert rate(date(2028, 3, 3), spans=soon, pay_dates=paid) == (Why.ESCALATED, 600)
    late = ((date(2023, 3, 1), date(2025, 8, 31)), (date(2027, 1, 4), None))
    assert rate(date(2028, 3, 3), spans=late, pay_dates=paid) == (Why.DEFAULT, 300)


def test_no_increase_without_a_step() -> None:
    terms = provisions(step_bps=0, initial_bps=600, source=Source.ROTH)
    assert rate(date(2030, 1, 4), terms=terms) == (Why.DEFAULT, 600)


def due(terms: Provisions, today: date, *elections: Election, entered: date = date(2024, 3, 1)) -> dict[DutyKind, Any]:
    paid = (entered + timedelta(days=7),)
    _, defaults = on(today, *elections, terms=terms, entered=entered, pay_dates=paid)
    found = enrollment_duties(
        terms, employee_ids=[SOMEBODY], entered_on=[entered], defaults=defaults, today=today, days_ahead=365
    )
    return {each.kind: (each.first, each.last) for each in found}


def test_notices_and_windows_are_told_with_their_days() -> None:
    terms = provisions()
    assert due(terms, date(2024, 2, 1))[DutyKind.INITIAL_NOTICE] == (date(2023, 12, 2), date(2024, 3, 1))
    later = due(terms, date(2024, 4, 1))
    assert DutyKind.INITIAL_NOTICE not in later
    assert later[DutyKind.ANNUAL_NOTICE] == (date(2024, 10, 3), date(2024, 12, 2))
    assert later[DutyKind.WITHDRAWAL_ENDS] == (date(2024, 3, 8), date(2024, 6, 6))
    assert later[DutyKind.INCREASE] == (None, date(2025, 1, 1))
    assert DutyKind.WITHDRAWAL_ENDS not in due(terms, date(2024, 6, 7))


def test_who_elected_is_told_nothing_of_the_default_and_an_earlier_own_day_goes_first() -> None:
    terms = provisions(notice_days=60)
    found = due(terms, date(2024, 2, 1), election(date(2024, 1, 15), 500))
    assert found == {DutyKind.ANNUAL_NOTICE: (date(2024, 10, 3), date(2024, 11, 2))}


def test_an_ordinary_arrangement_has_no_notice_of_414w() -> None:
    terms = provisions(arrangement=Arrangement.ACA, withdrawal_days=0)
    assert set(due(terms, date(2024, 4, 1))) == {DutyKind.INCREASE}


def test_a_plan_without_the_arrangement_owes_nothing() -> None:
    assert due(replace(provisions(), automatic_enrollment=None), date(2024, 4, 1)) == {}
