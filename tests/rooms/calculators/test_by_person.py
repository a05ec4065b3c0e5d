"""The tests of a plan by person: the regulations' own examples, and the law's own answer with names."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from open401k.calculators import calculators, example_of, find
from open401k.calculators.typed import cents, flags
from open401k.law import nondiscrimination as nd


def answer(name: str, **changes: Any) -> dict[str, Any]:
    calculator = find(name)
    return calculator.calculate(example_of(calculator) | changes)


def test_the_adp_test_of_the_regulation() -> None:
    """Reg. 1.401(k)-2(a)(7) Example 1."""
    told = answer("adp-test")
    result = told["result"]
    assert [person["ratio_bps"] for person in result["participants"]] == [434, 477, 278]
    assert (result["hce_average_bps"], result["nhce_average_bps"], result["limit_bps"]) == (434, 378, 578)
    assert (result["verdict"], result["path"], result["room_bps"]) == ("passed", "alternative", 144)
    assert "within the limit of 5.78 %" in told["explanation"]


def test_the_acp_test_of_the_regulation() -> None:
    """Reg. 1.401(m)-2(a)(7) Example 1: 6 % against 4.5 %; 5.63 % and 6.5 %."""
    result = answer("acp-test")["result"]
    assert (result["hce_average_bps"], result["basic_limit_bps"], result["alternative_limit_bps"]) == (600, 563, 650)
    assert result["verdict"] == "passed"


def test_the_refunds_of_a_failed_test() -> None:
    adp, acp = answer("adp-refund")["result"], answer("acp-refund")["result"]
    assert {each["name"]: each["refund_cents"] for each in adp["participants"]} == {
        "A": 0, "B": 194_000, "C": 0, "D": 124_000,
    }  # fmt: skip
    assert (acp["excess_cents"], [each["refund_cents"] for each in acp["participants"]]) == (
        425_000,
        [225_000, 175_000, 25_000],
    )


def test_catch_up_room_keeps_money_in_the_plan() -> None:
    example = example_of(find("adp-refund"))
    people = [each | {"catch_up_room_cents": 100_000} for each in example["participants"]]
    result = answer("adp-refund", participants=people)["result"]
    assert (result["catch_up_cents"], result["refund_cents"]) == (200_000, 118_000)


def test_pay_is_cut_at_the_limit_of_the_plan_year_if_one_is_given() -> None:
    people = [
        {"hce": True, "compensation_cents": 50_000_000, "deferrals_cents": 2_450_000},
        {"hce": False, "compensation_cents": 5_000_000, "deferrals_cents": 250_000},
    ]
    assert answer("adp-test", participants=people)["result"]["hce_average_bps"] == 490
    assert answer("adp-test", participants=people, plan_year=2026)["result"]["hce_average_bps"] == 681


def test_the_rate_groups_of_the_regulation() -> None:
    """Reg. 1.401(a)(4)-2(c)(4) Example 1."""
    result = answer("general-test")["result"]
    assert [(group["rate_bps"], group["ratio_bps"]) for group in result["groups"]] == [(500, 10_000), (750, 0)]
    assert (result["verdict"], result["participants"][1]) == (
        "failed",
        {"name": "H2", "hce": True, "rate_bps": 750},
    )


def test_coverage_top_heavy_and_the_limit_of_one_person() -> None:
    coverage = answer("coverage-ratio")["result"]
    assert (coverage["ratio_bps"], coverage["verdict"]) == (5_714, "failed")
    assert answer("top-heavy")["result"]["verdict"] == "top_heavy"
    assert answer("deferral-limit")["result"] == {
        "year": 2026, "regular_cents": 2_450_000, "catch_up_cents": 1_125_000, "total_cents": 3_575_000,
    }  # fmt: skip


def test_a_column_of_the_law_is_answered_by_name() -> None:
    people = [
        {"name": "A", "deferrals_cents": 5_000, "compensation_cents": 100_000},
        {"name": "B", "deferrals_cents": 0, "compensation_cents": 100_000},
    ]
    told = find("match").calculate(
        {"participants": people, "formula": {"tiers": [{"rate_bps": 10_000, "up_to_bps": 300}]}}
    )
    assert told["participants"] == [{"name": "A", "match_cents": 3_000}, {"name": "B", "match_cents": 0}]


person = st.fixed_dictionaries(
    {
        "hce": st.booleans(),
        "compensation_cents": st.integers(1, 10**10),
        "deferrals_cents": st.integers(0, 10**8),
    }
)


@given(people=st.lists(person, min_size=1, max_size=12))
def test_by_person_the_verdict_is_that_of_the_law(people: list[dict[str, Any]]) -> None:
    result = calculators()["adp-test"].calculate({"participants": people})["result"]
    test = nd.adp_test(
        contributions=cents(each["deferrals_cents"] for each in people),
        compensation=cents(each["compensation_cents"] for each in people),
        is_hce=flags(each["hce"] for each in people),
    )
    assert (result["verdict"] == "passed", result["room_bps"]) == (test.passed, test.room)
