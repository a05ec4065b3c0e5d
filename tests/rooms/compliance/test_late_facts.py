"""What late facts made the employer owe: net by pay date, less what was approved, to the cent. Pure."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from open401k.compliance import Content, content_json, content_of_late_facts
from open401k.compliance.proposal_content import content_of_json
from open401k.kernel import EmployeeId, PlanYear, Source
from open401k.law.lost_earnings import lost_earnings
from open401k.recordkeeping import LateOwed

ONE, TWO = EmployeeId(UUID(int=1)), EmployeeId(UUID(int=2))
JANUARY, FEBRUARY, ON = date(2026, 1, 9), date(2026, 2, 6), date(2026, 3, 2)


def moved(who: EmployeeId, on: date, cents: int, origin: str = "A hire.", source: Source = Source.MATCH) -> LateOwed:
    return LateOwed(who, source, on, cents, datetime(2026, 3, 1, 12, tzinfo=UTC), origin)


def content(*facts: LateOwed, approved: dict[tuple[EmployeeId, Source, date], int] | None = None) -> Content:
    return content_of_late_facts(
        facts, approved=approved or {}, on=ON, year_of=lambda day: PlanYear.starting(date(day.year, 1, 1))
    )


def earned(cents: int, since: date) -> int:
    return lost_earnings(principal_cents=cents, loss_on=since, recovered_on=ON).total_cents


def test_earnings_run_from_each_pay_date() -> None:
    found = content(moved(ONE, JANUARY, 1_000_00), moved(ONE, FEBRUARY, 500_00))
    assert (found.principal_cents, found.posted_cents) == (1_500_00, found.earnings_cents)
    assert found.earnings_cents == earned(1_000_00, JANUARY) + earned(500_00, FEBRUARY) > 0
    assert content_of_json(content_json(found)).credits == found.credits


def test_what_another_fact_undoes_is_owed_no_longer() -> None:
    assert content(moved(ONE, JANUARY, 900_00), moved(ONE, JANUARY, -900_00)).is_nothing
    lower = content(moved(ONE, JANUARY, 900_00), moved(ONE, JANUARY, -100_00, "A leaving date."))
    assert lower.principal_cents == 800_00
    assert "A hire. A leaving date." in lower.text


def test_less_is_no_correction_and_what_others_lost_is_taken_off() -> None:
    assert content(moved(ONE, JANUARY, -900_00)).is_nothing
    assert content(moved(ONE, JANUARY, 900_00), moved(TWO, JANUARY, -900_00)).is_nothing
    found = content(moved(ONE, JANUARY, 900_00), moved(TWO, JANUARY, -200_00))
    assert (found.principal_cents, found.earnings_cents) == (700_00, earned(900_00, JANUARY))
    assert [each.employee_id for each in found.notices] == [ONE]


def test_what_was_approved_is_off_and_the_rest_is_a_difference() -> None:
    approved = {(ONE, Source.MATCH, JANUARY): 900_00}
    assert content(moved(ONE, JANUARY, 900_00), approved=approved).is_nothing
    more = content(moved(ONE, JANUARY, 900_00), moved(ONE, FEBRUARY, 900_00), approved=approved)
    assert (more.principal_cents, more.earnings_cents) == (900_00, earned(900_00, FEBRUARY))
    undone = content(moved(ONE, JANUARY, 900_00), moved(ONE, JANUARY, -900_00), approved=approved)
    assert undone.is_nothing  # paid too much: it lowers the next payment


def test_what_is_learned_by_its_pay_date_is_not_late_until_the_money_should_have_been_sent() -> None:
    pay_date, learned = date(2026, 3, 6), date(2026, 3, 1)

    def at(on: date, *more: LateOwed) -> Content:
        return content_of_late_facts(
            [moved(ONE, pay_date, 1_000_00, "A code."), *more],
            approved={},
            on=on,
            year_of=lambda day: PlanYear.starting(date(day.year, 1, 1)),
        )

    for on in (learned, pay_date, date(2026, 3, 17)):  # seven business days after it
        found = at(on)
        assert (found.principal_cents, found.earnings_cents) == (1_000_00, 0)
        assert (found.decide_by, found.notices) == (date(2026, 3, 17), ())
        assert "not late yet" in found.title
    late = at(date(2026, 3, 18))
    assert late.title.startswith("Learned late")
    assert late.earnings_cents > 0
    both = at(pay_date, moved(ONE, JANUARY, 1_000_00))
    assert both.title.startswith("Learned late")
    assert (
        both.earnings_cents
        == lost_earnings(principal_cents=1_000_00, loss_on=JANUARY, recovered_on=pay_date).total_cents
    )
    # Nobody is told that what is not late yet was not made in time.
    assert [(each.employee_id, "$1,000.00" in each.text) for each in both.notices] == [(ONE, True)]
    assert [each.employee_id for each in at(pay_date, moved(TWO, JANUARY, 10_00)).notices] == [TWO]
    again = at(pay_date, replace(moved(ONE, pay_date, 50_00), learned_at=datetime(2026, 3, 9, 12, tzinfo=UTC)))
    assert again.title.startswith("Learned late")


facts = st.lists(
    st.builds(moved, st.sampled_from([ONE, TWO]), st.sampled_from([JANUARY, FEBRUARY]), st.integers(-90_000, 90_000)),
    min_size=1,
    max_size=6,
)


@given(facts)
def test_the_employer_pays_what_the_journal_moved_and_the_earnings_that_are_posted(known: list[LateOwed]) -> None:
    found, net = content(*known), sum(each.cents for each in known)
    assert found.principal_cents == (net if net > 0 else 0)
    assert found.total_cents == found.principal_cents + found.posted_cents
    assert all(each.earnings_cents >= 0 and each.cents == 0 for each in found.credits)
