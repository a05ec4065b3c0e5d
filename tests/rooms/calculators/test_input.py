"""What an input may be: strict JSON, whole cents, years by their days, every problem at once and by its path."""

import json
from datetime import date
from typing import Any

import pytest

from open401k.calculators import InputRefused, UnknownCalculator, calculators, find, parsed, set_fields
from open401k.calculators.problems import Collected
from open401k.calculators.shapes import MOST_ITEMS, AYear
from open401k.kernel import LimitationYear, PlanYear


def refused(name: str, document: Any) -> dict[str, str]:
    with pytest.raises(InputRefused) as error:
        find(name).calculate(document)
    return {problem.where: problem.message for problem in error.value.problems}


def test_all_problems_are_told_at_once_each_with_its_path() -> None:
    wrong = {
        "method": "this_year",
        "plan_year": {"start": "2026-01-01"},
        "participants": [
            {"hce": 1, "compensation_cents": 100.5, "deferals_cents": 5},
            {"hce": True, "compensation_cents": -1, "deferrals_cents": True, "name": 7},
        ],
    }
    found = refused("adp-test", wrong)
    assert set(found) == {
        "method", "plan_year", "participants[0].hce", "participants[0].compensation_cents",
        "participants[0].deferals_cents", "participants[0].deferrals_cents", "participants[1].compensation_cents",
        "participants[1].deferrals_cents", "participants[1].name",
    }  # fmt: skip
    assert found["participants[0].deferals_cents"].endswith("did you mean deferrals_cents?")
    assert "whole cents" in found["participants[0].compensation_cents"]
    assert found["participants[1].compensation_cents"] == "-1 is negative"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"year": NaN}', "NaN is no number"),
        ('{"year": -Infinity}', "-Infinity is no number"),
        ('{"year": 2026, "year": 2025}', "year: stands there twice"),
        ("{", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"year": ' + "9" * 5_000 + "}", "is not JSON"),
    ],
)
def test_text_that_is_no_json_document_is_refused(text: str, told: str) -> None:
    with pytest.raises(InputRefused, match=told):
        parsed(text)


def test_a_list_beyond_what_is_believed_is_refused_before_it_is_read() -> None:
    found = refused("match", {"participants": [{}] * (MOST_ITEMS + 1), "formula": {"tiers": []}})
    assert found["participants"].startswith(f"has {MOST_ITEMS + 1} entries")


def test_a_column_that_some_people_lack_is_asked_of_those() -> None:
    two = [{"age": 50, "deferred_elsewhere_cents": 1}, {"age": 30}]
    found = refused("deferral-limits", {"participants": two, "year": 2026})
    assert found == {"participants[1].deferred_elsewhere_cents": "is missing; either everybody has it or nobody"}


def test_nobody_zero_pay_and_a_year_not_on_file_are_refused_by_name() -> None:
    assert "participants" in refused("adp-test", {"participants": []})
    nothing_paid = [{"hce": True, "compensation_cents": 0, "deferrals_cents": 100}]
    assert "is zero" in refused("adp-test", {"participants": nothing_paid})["participants[0].compensation_cents"]
    assert "No figures on file for 2031" in refused("deferral-limit", {"age_at_year_end": 40, "year": 2031})[""]


def test_the_method_and_the_average_of_the_year_before_go_together() -> None:
    people = [{"hce": True, "compensation_cents": 100, "deferrals_cents": 1}]
    lacking = refused("adp-test", {"participants": people, "method": "prior_year"})
    assert lacking["prior_year_nhce_average_bps"].startswith("is missing")
    too_much = refused("adp-test", {"participants": people, "prior_year_nhce_average_bps": 300})
    assert "not used" in too_much["prior_year_nhce_average_bps"]


def test_what_the_law_refuses_is_told_by_the_name_of_the_input() -> None:
    given = {"principal_cents": 100, "loss_on": "2026-01-02", "recovered_on": "2026-01-01"}
    assert set(refused("lost-earnings", given)) == {"recovered_on"}


@pytest.mark.parametrize(
    ("given", "year"),
    [
        (2026, PlanYear(date(2026, 1, 1), date(2027, 1, 1))),
        ({"start": "2026-07-01", "last_day": "2027-06-30"}, PlanYear(date(2026, 7, 1), date(2027, 7, 1))),
        ({"start": "2026-07-01", "end": "2027-07-01"}, PlanYear(date(2026, 7, 1), date(2027, 7, 1))),
        ({"start": "2026-07-01", "last_day": "2026-12-31"}, PlanYear(date(2026, 7, 1), date(2027, 1, 1))),
    ],
)
def test_a_plan_year_is_its_number_or_its_days(given: Any, year: PlanYear) -> None:
    assert AYear(PlanYear).read(given, (), Collected()) == year


@pytest.mark.parametrize(
    "given",
    [
        {"start": "2026-01-01", "end": "2026-12-31"},  # one day short, and 415 would prorate it
        {"start": "2026-01-01", "last_day": "2027-01-31"},
        {"start": "2026-01-01", "last_day": "2025-12-31"},
        {"start": "2026-01-01", "last_day": "2026-12-31", "end": "2027-01-01"},
        {"start": "2026-01-01", "last_day": "2026-12-31", "months": 12},
        {"start": "2026-02-30", "last_day": "2026-12-31"},
        "2026",
        20_260,
    ],
)
def test_a_year_that_cannot_be_meant_is_refused(given: Any) -> None:
    found = Collected()
    AYear(LimitationYear).read(given, ("year",), found)
    assert found.problems


def test_an_unknown_calculator_names_the_nearest() -> None:
    with pytest.raises(UnknownCalculator, match="adp-test"):
        find("adp_tset")
    with pytest.raises(UnknownCalculator, match="calc --list"):
        find("zzzz")


def test_a_schema_says_what_is_needed_and_refuses_the_rest() -> None:
    schema = calculators()["adp-test"].schema()
    person = schema["properties"]["participants"]["items"]
    assert schema["required"] == ["participants"]
    assert person["required"] == ["hce", "compensation_cents", "deferrals_cents"]
    assert (schema["additionalProperties"], person["additionalProperties"]) == (False, False)
    assert schema["properties"]["method"]["enum"] == ["current_year", "prior_year"]
    json.dumps([each.schema() for each in calculators().values()])


def test_fields_set_from_words_become_the_document() -> None:
    words = ["year=2026", "a.b=text", "people.0.hce=true", "people.1.hce=false", "people.0.name=A B"]
    assert set_fields({}, words) == {
        "year": 2026,
        "a": {"b": "text"},
        "people": [{"hce": True, "name": "A B"}, {"hce": False}],
    }
    for wrong in ("year", "=5", "0=5", "people.3.hce=true", "year.x=5"):
        with pytest.raises(InputRefused, match="--set"):
            set_fields({"year": 2026}, [wrong])
