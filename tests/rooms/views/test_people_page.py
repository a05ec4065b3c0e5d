"""The people page on real data: balances, entry, groups with their reasons, vesting."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

from tests.rooms.views.story import Story

from open401k.base.db import Database
from open401k.census import Employment
from open401k.compliance import years_of_service
from open401k.kernel import EmployeeId, Money
from open401k.views import people
from open401k.views.people import People, PersonDetail, PersonLine
from open401k.views.shown import Percent


def everyone(story: Story) -> People:
    with story.begin() as tx:
        return people.load(tx, tenant_id=story.plan.sponsor_id, plan_id=story.plan.plan_id)


def line_of(shown: People, name: str) -> PersonLine:
    return next(line for line in shown.people if line.name == name)


def person(story: Story, name: str) -> PersonDetail:
    employee_id = line_of(everyone(story), name).employee_id
    with story.begin() as tx:
        shown = people.load_person(
            tx, tenant_id=story.plan.sponsor_id, plan_id=story.plan.plan_id, employee_id=employee_id
        )
    assert shown is not None
    return shown


def test_everyone_is_listed_by_last_name_with_masked_numbers(story: Story) -> None:
    shown = everyone(story)
    assert len(shown.people) == 12
    last_names = [line.name.split()[-1] for line in shown.people]
    assert last_names == sorted(last_names)
    assert all(re.fullmatch(r"\*\*\*-\*\*-\d{4}", line.ssn_masked) for line in shown.people)
    assert not re.search(r"\d{3}-\d{2}-\d{4}|219-?11", repr(shown))


def test_people_come_by_the_page(story: Story) -> None:
    names: list[str] = []
    start: int | None = 0
    while start is not None:
        with story.begin() as tx:
            page = people.load(tx, tenant_id=story.plan.sponsor_id, plan_id=story.plan.plan_id, start=start, limit=5)
        names += [line.name for line in page.people]
        start = page.more
    assert names == [line.name for line in everyone(story).people]
    assert everyone(story).more is None


def test_an_owner_is_highly_compensated_and_the_line_says_why(story: Story) -> None:
    owner = line_of(everyone(story), "Walter Aldrich")
    assert owner.highly_compensated is True
    assert "5-percent owner" in owner.why_group
    assert "IRC 414(q)" in owner.why_group
    assert owner.deferral_rate == Percent(440)
    assert (owner.deferred, owner.employer) == (Money(4 * 41_969), Money(4 * 20_985))
    assert owner.balance == Money(61_240_118) + owner.deferred + owner.employer


def test_a_correction_counts_as_if_it_had_been_right_at_once(story: Story) -> None:
    corrected = line_of(everyone(story), "Rosa Benitez")
    assert (corrected.deferred, corrected.employer) == (Money(4 * 13_600), Money(4 * 6_800))


def test_nobody_is_a_participant_before_there_is_a_plan_or_before_entry(story: Story) -> None:
    shown = everyone(story)
    assert line_of(shown, "Rosa Benitez").participant_since == date(2019, 1, 1)
    assert line_of(shown, "Ivan Marsh").participant_since == date(2024, 7, 1)
    assert line_of(shown, "Kurt Weller").participant_since is None
    assert person(story, "Kurt Weller").enters_on == date(2027, 7, 1)


def test_held_money_is_told_and_is_no_balance(story: Story) -> None:
    newcomer = person(story, "Kurt Weller")
    assert newcomer.held == Money(8_500)
    assert (newcomer.person.balance, newcomer.person.deferred) == (Money(0), Money(0))
    assert newcomer.plan_compensation == Money(170_000)
    assert newcomer.sources == ()


def test_each_source_shows_its_year_its_balance_and_what_is_vested(story: Story) -> None:
    owner = {line.source: line for line in person(story, "Walter Aldrich").sources}
    assert set(owner) == {"pre_tax", "match"}
    assert owner["pre_tax"].this_year == Money(4 * 41_969)
    assert owner["pre_tax"].vested == owner["pre_tax"].balance
    two_years = {line.source: line for line in person(story, "Ivan Marsh").sources}
    assert two_years["match"].balance == Money(4 * 2_760)
    assert two_years["match"].vested == Money(4 * 2_760 * 20 // 100)
    assert two_years["pre_tax"].vested == two_years["pre_tax"].balance


def test_a_key_employee_is_told_with_the_reason(story: Story) -> None:
    owner, newcomer = person(story, "Marian Aldrich"), person(story, "Kurt Weller")
    assert owner.key_employee is True
    assert "IRC 416(i)" in owner.why_key
    assert newcomer.key_employee is False
    assert newcomer.why_key == ""
    assert "219-11" not in repr(owner)


def test_a_person_of_nowhere_is_not_shown(story: Story, db: Database) -> None:
    with story.begin() as tx:
        stranger = db.ids.new(EmployeeId)
        keys: dict[str, Any] = {"tenant_id": story.plan.sponsor_id, "plan_id": story.plan.plan_id}
        assert people.load_person(tx, **keys, employee_id=stranger) is None


def test_service_broken_once_leaves_vesting_open() -> None:
    whole = Employment(date(2023, 4, 3))
    assert years_of_service([whole], date(2026, 4, 2)) == 2
    assert years_of_service([whole], date(2026, 4, 3)) == 3
    assert (
        years_of_service(
            [replace(whole, terminated_on=date(2025, 1, 1)), Employment(date(2026, 1, 1))], date(2026, 4, 3)
        )
        is None
    )
