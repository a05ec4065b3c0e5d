"""Several companies of one plan: employment at all of them is one, and each is told of whom it pays."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import ConnectionId, EmployeeId, RunId
from open401k.payroll import deposit_clock
from open401k.payroll.providers import Employed, Person, Rate
from open401k.payroll.pulled_together import together, with_others
from open401k.payroll.remittance import Remittance
from open401k.payroll.rows import Field
from open401k.payroll.write_back import Slot
from open401k.payroll.write_back_companies import where

FIRST, SECOND = ConnectionId(UUID(int=1)), ConnectionId(UUID(int=2))
WHO = EmployeeId(UUID(int=7))
TODAY = date(2026, 3, 2)
PRE_TAX, LOAN = Slot(WHO, Field.PRE_TAX), Slot(WHO, Field.LOAN_PAYMENT, "L-1")


def on(day: str) -> date:
    return date.fromisoformat(day)


def worked(start: str, end: str = "") -> Employed:
    return Employed(on(start), on(end) if end else None)


@pytest.mark.parametrize(
    ("spans", "one"),
    [
        ([worked("2020-01-01"), worked("2022-01-01")], [worked("2020-01-01")]),
        ([worked("2022-01-01", "2023-01-01"), worked("2020-01-01")], [worked("2020-01-01")]),
        (
            [worked("2020-01-01", "2021-06-30"), worked("2021-07-01", "2022-01-01")],
            [worked("2020-01-01", "2022-01-01")],
        ),
        (
            [worked("2020-01-01", "2021-06-30"), worked("2021-07-02")],
            [worked("2020-01-01", "2021-06-30"), worked("2021-07-02")],
        ),
        (
            [Employed(on("2020-01-01"), ends_unknown=True), worked("2022-01-01"), worked("2019-01-01")],
            [worked("2019-01-01")],
        ),
        (
            [Employed(on("2020-01-01"), ends_unknown=True), worked("2022-01-01")],
            [Employed(on("2020-01-01"), ends_unknown=True), worked("2022-01-01")],
        ),
    ],
)
def test_employment_at_several_companies_is_one(spans: list[Employed], one: list[Employed]) -> None:
    assert list(together(spans)) == one


days = st.dates(date(2020, 1, 1), date(2020, 3, 31))


@st.composite
def employments(draw: st.DrawFn) -> Employed:
    start = draw(days)
    return Employed(start, draw(st.none() | st.dates(start, date(2020, 4, 30))))


@given(st.lists(employments(), max_size=6))
def test_whoever_worked_anywhere_on_a_day_worked_and_nobody_else_did(spans: list[Employed]) -> None:
    def at_work(known: list[Employed], day: date) -> bool:
        return any(each.hired_on <= day <= (each.terminated_on or date.max) for each in known)

    joined = list(together(spans))
    for number in range(130):
        day = date.fromordinal(date(2020, 1, 1).toordinal() + number)
        assert at_work(spans, day) == at_work(joined, day)
    assert together(joined) == tuple(joined)


def person(*spans: Employed) -> list[Person]:
    return [Person("p", "Ada", "Voss", employment=spans)]


def test_who_is_paid_by_two_hears_of_a_percentage_at_both_and_of_a_loan_at_the_older() -> None:
    at = where({FIRST: {WHO: person(worked("2022-01-03"))}, SECOND: {WHO: person(worked("2020-01-03"))}}, today=TODAY)
    assert at.of(PRE_TAX, Rate(bps=500)) == (SECOND, FIRST)
    assert at.of(PRE_TAX, None) == (SECOND, FIRST)  # a stop stops both
    assert at.of(LOAN, Rate(cents=5_000)) == (SECOND,)
    assert at.refuses(LOAN, Rate(cents=5_000)) == at.refuses(PRE_TAX, Rate(bps=500)) == ""
    assert "elect a percentage" in at.refuses(PRE_TAX, Rate(cents=10_000))


def test_who_left_one_is_told_of_at_the_other_and_who_left_both_where_they_were_last() -> None:
    left, works = person(worked("2020-01-03", "2026-01-09")), person(worked("2025-01-03"))
    gone = person(worked("2025-01-03", "2026-02-20"))
    assert where({FIRST: {WHO: left}, SECOND: {WHO: works}}, today=TODAY).of(PRE_TAX, None) == (SECOND,)
    assert where({FIRST: {WHO: left}, SECOND: {WHO: gone}}, today=TODAY).of(PRE_TAX, None) == (SECOND,)
    assert where({FIRST: {WHO: left}, SECOND: {}}, today=TODAY).of(PRE_TAX, None) == (FIRST,)
    assert where({FIRST: {}, SECOND: {}}, today=TODAY).of(PRE_TAX, None) == ()


def test_one_company_is_told_of_everybody_and_divides_nothing() -> None:
    at = where({FIRST: {}}, today=TODAY)
    assert (at.of(PRE_TAX, Rate(cents=1)), at.refuses(PRE_TAX, Rate(cents=1))) == ((FIRST,), "")


def test_what_one_company_tells_alone_stays_as_it_was() -> None:
    (told,) = person(worked("2020-01-01", "2021-06-30"), worked("2021-07-01"))
    assert with_others(told, ()) is told


def test_each_company_shows_its_own_pattern_of_deposits() -> None:
    def due(number: int, company: ConnectionId | None) -> Remittance:
        paid = date(2026, 1, number)
        return Remittance(RunId(UUID(int=number)), paid, 100, 0, 0, TODAY, TODAY, connection_id=company)

    dues = [due(2, FIRST), due(9, SECOND), due(16, None)]
    came = {each.run_id: (100, date(2026, 1, 20)) for each in dues}
    shown = [[paid.day for paid, _ in deposit_clock.shown_by(each, dues, came)] for each in dues]
    assert shown == [[2, 16], [9, 16], [2, 9, 16]]
