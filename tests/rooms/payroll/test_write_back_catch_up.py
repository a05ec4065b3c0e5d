"""Catch-up in a provider's shape: one rate of each source, and a flag; only who makes it is told anew."""

from datetime import date
from uuid import UUID

import pytest
from tests.support.database import START

from open401k.kernel import EmployeeId, InstructionId
from open401k.payroll import write_back
from open401k.payroll.providers.statements import Rate
from open401k.payroll.rows import Field
from open401k.payroll.write_back import Instruction, Slot, State, Wanted
from open401k.payroll.write_back_catch_up import for_provider

TODAY = date(2026, 1, 5)
OLDER, YOUNGER = EmployeeId(UUID(int=1)), EmployeeId(UUID(int=2))
FIVE, TWO = Rate(bps=500), Rate(bps=200)


def want(rate: Rate | None, means: Field = Field.PRE_TAX, who: EmployeeId = OLDER) -> Wanted:
    return Wanted(Slot(who, means), rate, TODAY, "Elected.")


def said(found: list[Wanted]) -> dict[tuple[EmployeeId, Field], tuple[Rate | None, bool | None]]:
    return {(each.slot.employee_id, each.slot.means): (each.rate, each.catch_up) for each in found}


def test_deferrals_run_into_catch_up_for_who_may_and_for_nobody_else() -> None:
    wanted = [want(FIVE), want(TWO, Field.ROTH), want(FIVE, who=YOUNGER), want(TWO, Field.AFTER_TAX)]
    assert said(for_provider(wanted, may={OLDER}, apart=False)) == {
        (OLDER, Field.PRE_TAX): (FIVE, True),
        (OLDER, Field.ROTH): (TWO, True),
        (YOUNGER, Field.PRE_TAX): (FIVE, False),
        (OLDER, Field.AFTER_TAX): (TWO, None),
    }


def test_catch_up_elected_apart_is_one_rate_with_its_source() -> None:
    wanted = [want(FIVE), want(TWO, Field.PRE_TAX_CATCH_UP), want(FIVE, who=YOUNGER)]
    assert said(for_provider(wanted, may={OLDER, YOUNGER}, apart=True)) == {
        (OLDER, Field.PRE_TAX): (Rate(bps=700), True),
        (YOUNGER, Field.PRE_TAX): (FIVE, False),  # elected none
    }


def test_catch_up_alone_goes_under_its_source_and_amounts_add_up() -> None:
    alone = [want(None), want(TWO, Field.PRE_TAX_CATCH_UP)]
    assert said(for_provider(alone, may={OLDER}, apart=True)) == {(OLDER, Field.PRE_TAX): (TWO, True)}
    amounts = [want(Rate(cents=100), Field.ROTH), want(Rate(cents=50), Field.ROTH_CATCH_UP)]
    assert said(for_provider(amounts, may={OLDER}, apart=True)) == {(OLDER, Field.ROTH): (Rate(cents=150), True)}


def test_a_percentage_and_an_amount_stay_two() -> None:
    wanted = [want(FIVE), want(Rate(cents=50), Field.PRE_TAX_CATCH_UP)]
    found = said(for_provider(wanted, may={OLDER}, apart=True))
    assert [rate for rate, _ in found.values()] == [FIVE, Rate(cents=50)]


def test_pre_tax_stops_at_the_limit_for_whose_catch_up_must_be_roth() -> None:
    # IRC 414(v)(7)(A): designated Roth, or none; Roth deferrals go on.
    wanted = [want(FIVE), want(TWO, Field.ROTH)]
    found = said(for_provider(wanted, may={OLDER}, apart=False, roth_only={OLDER}))
    assert found == {(OLDER, Field.PRE_TAX): (FIVE, False), (OLDER, Field.ROTH): (TWO, True)}


def test_a_stop_says_nothing_of_catch_up() -> None:
    assert said(for_provider([want(None)], may={OLDER}, apart=False)) == {(OLDER, Field.PRE_TAX): (None, False)}


@pytest.mark.parametrize(
    ("before", "wanted", "news"),
    [(False, False, False), (False, True, True), (True, False, True), (True, True, False), (True, None, False)],
)
def test_only_another_word_on_catch_up_is_news(before: bool, wanted: bool | None, news: bool) -> None:
    slot = Slot(OLDER, Field.PRE_TAX)
    told = Instruction(
        1, InstructionId(UUID(int=1)), slot, FIVE, TODAY, "", START, State.REFLECTED, START, catch_up=before
    )
    found = write_back.to_tell([Wanted(slot, FIVE, TODAY, "", catch_up=wanted)], [told], today=TODAY)
    assert bool(found.tell) is news
