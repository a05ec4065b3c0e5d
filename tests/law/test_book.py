"""The book is its plans: every verdict of many plans at once is that of the plan tested by itself."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from open401k.kernel import CalendarYear, LimitationYear, PlanYear
from open401k.law import additions, average_benefit, book, corrections, coverage, deferrals, gateway, general_test
from open401k.law import nondiscrimination as nd
from open401k.law import top_heavy as th
from open401k.law.arrays import Cents
from open401k.law.cross_testing import TestingBasis, equivalent_accrual_rates
from open401k.law.explain import explain
from open401k.law.given import ImpossibleInput

YEAR = date(2026, 1, 1)
YEARS = book.Years(PlanYear.starting(YEAR), LimitationYear.starting(YEAR), CalendarYear(2026), higher_60_to_63=True)
BASIS = TestingBasis()


def columns(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any]:
    """People of few different amounts, so that ties, zeros and limits are met often."""
    pay = rng.choice([0, 1, 2_000_000, 5_000_000, 16_500_000, 36_000_000], shape, p=[0.05, 0.01, 0.3, 0.3, 0.2, 0.14])
    saved = pay * rng.choice([0, 0, 300, 600, 1_000, 5_000], shape) // 10_000 + rng.choice([0, 0, 0, 1], shape)
    return {
        "deferrals": np.minimum(saved, 3_700_000),
        "match": pay * rng.choice([0, 100, 400], shape) // 10_000,
        "after_tax": rng.choice([0, 0, 100_000], shape),
        "nonelective": pay * rng.choice([0, 300, 500, 900, 3_000], shape) // 10_000,
        "compensation": pay,
        "section_415": pay,
        "balances": rng.choice([0, 100, 250_000, 9_000_000], shape),
        "ages": rng.integers(20, 70, shape),
        "is_hce": pay > 16_000_000,
        "is_key": rng.random(shape) < 0.2,
        "eligible": rng.random(shape) < 0.85,
        "excluded": rng.random(shape) < 0.15,
        "counted": rng.random(shape) < 0.9,
    }


def of_sizes(seed: int, sizes: list[int]) -> book.People:
    starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return book.People(**columns(np.random.default_rng(seed), (sum(sizes),)), starts=starts)


def alone(people: book.People, plan: int) -> dict[str, Any]:
    """One plan's columns."""
    edges = people.edges()
    here = slice(int(edges[plan]), int(edges[plan + 1]))
    names = columns(np.random.default_rng(0), (1,))
    return {name: getattr(people, name).reshape(-1)[here] for name in names}


def composed(one: dict[str, Any]) -> dict[str, Any]:
    """Every test of one plan, composed here from the functions of their subjects."""
    limits = deferrals.deferral_limits(one["ages"], YEARS.calendar_year, higher_60_to_63=True)
    made = deferrals.split(one["deferrals"], limits)
    added = additions.annual_additions(
        year=YEARS.limitation_year,
        deferrals=one["deferrals"],
        catch_up=made.catch_up,
        after_tax=one["after_tax"],
        employer=one["match"] + one["nonelective"],
        compensation=one["section_415"],
        catch_up_room=limits.catch_up - made.catch_up,
    )
    tested = {"compensation": one["compensation"], "is_hce": one["is_hce"], "eligible": one["eligible"]}
    nothing = np.zeros_like(one["deferrals"])
    contributions = nd.adp_numerator(
        deferrals=one["deferrals"],
        catch_up=made.catch_up + added.catch_up_by_415,
        over_401a30=made.excess,
        qualified=nothing,
        is_hce=one["is_hce"],
    )
    return {
        "limits": limits,
        "made": made,
        "added": added,
        "adp": nd.adp_test(contributions=contributions, **tested),
        "acp": nd.acp_test(contributions=one["match"] + one["after_tax"], **tested),
        "coverage": coverage.coverage_test(is_hce=one["is_hce"], benefiting=one["eligible"], excluded=one["excluded"]),
        "top_heavy": th.top_heavy_test(balances=one["balances"], is_key=one["is_key"], served_in_year=one["counted"]),
    }


def check(people: book.People) -> None:
    found = book.verdicts(people, YEARS)
    for plan in range(people.plans):
        one = composed(alone(people, plan))
        for test, every in ((one["adp"], found.adp), (one["acp"], found.acp)):
            assert (every.hce_average[plan], every.nhce_average[plan]) == (test.hce.average, test.nhce.average)
            assert (every.limit[plan], every.passed[plan]) == (test.limit.limit, test.passed)
        over_402g, over_415 = one["made"].excess, one["added"].excess
        assert (found.over_402g.people[plan], found.over_402g.cents[plan]) == ((over_402g > 0).sum(), over_402g.sum())
        assert (found.over_415.people[plan], found.over_415.cents[plan]) == ((over_415 > 0).sum(), over_415.sum())
        assert found.catch_up_cents[plan] == (one["made"].catch_up + one["added"].catch_up_by_415).sum()
        assert (found.coverage.ratio[plan], found.coverage.passed[plan]) == (
            one["coverage"].ratio,
            one["coverage"].passed,
        )
        heavy = one["top_heavy"]
        assert (found.top_heavy.ratio[plan], found.top_heavy.top_heavy[plan]) == (heavy.ratio, heavy.top_heavy)
        assert (found.top_heavy.key_cents[plan], found.top_heavy.total_cents[plan]) == (
            heavy.key_cents,
            heavy.total_cents,
        )


@pytest.mark.parametrize("width", [1, 2, 15])
def test_every_plan_of_a_book_is_tested_as_by_itself(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "_PIECE", 40)  # several pieces
    check(book.People(**columns(np.random.default_rng(width), (60, width))))


def test_plans_of_many_sizes_are_tested_as_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "_PIECE", 64)
    check(of_sizes(7, [3, 0, 1, 15, 200, 2, 2, 40, 0, 7, 1, 33, 5, 5, 5, 64, 65, 13]))


def test_a_book_of_nobody_has_no_verdict() -> None:
    for people in (book.People(**columns(np.random.default_rng(1), (0, 15))), of_sizes(1, [])):
        assert book.verdicts(people, YEARS).totals() == book.Totals(*[0] * 10)
        assert not len(book.amounts(people, YEARS, of_testing_group=people.deferrals, basis=BASIS).passed)


def test_the_layout_and_the_order_of_plans_change_nothing() -> None:
    square = book.People(**columns(np.random.default_rng(3), (50, 8)))
    flat = book.People(**columns(np.random.default_rng(3), (400,)), starts=np.arange(0, 401, 8))
    one, other = book.verdicts(square, YEARS), book.verdicts(flat, YEARS)
    assert one.totals() == other.totals()
    assert one.adp.hce_average.tolist() == other.adp.hce_average.tolist()
    turned = book.People(**{name: each[::-1] for name, each in columns(np.random.default_rng(3), (50, 8)).items()})
    assert book.verdicts(turned, YEARS).adp.hce_average.tolist() == one.adp.hce_average[::-1].tolist()


def test_totals_add_up() -> None:
    found = book.verdicts(of_sizes(11, [9] * 40 + [2] * 10), YEARS)
    totals = found.totals()
    assert totals.plans == 50
    assert 0 < totals.adp_failed == (~found.adp.passed).sum()
    assert 0 < totals.acp_failed == (~found.acp.passed).sum()
    assert 0 < totals.coverage_below_ratio == (~found.coverage.passed).sum()
    assert 0 < totals.top_heavy == found.top_heavy.top_heavy.sum()
    assert 0 < totals.people_over_402g == found.over_402g.people.sum()
    assert 0 < totals.cents_over_402g == found.over_402g.cents.sum()
    assert 0 < totals.people_over_415 == found.over_415.people.sum()
    assert 0 < totals.cents_over_415 == found.over_415.cents.sum()
    assert 0 < totals.catch_up_cents == found.catch_up_cents.sum()


def test_the_working_of_a_plan_is_what_its_verdict_was() -> None:
    people = of_sizes(5, [12, 4, 1, 30])
    for plan in range(people.plans):
        told, one = book.working(people, YEARS, plan=plan), composed(alone(people, plan))
        assert (told.coverage, told.top_heavy) == (one["coverage"], one["top_heavy"])
        for mine, theirs in ((told.adp, one["adp"]), (told.acp, one["acp"])):
            assert (mine.hce, mine.nhce, mine.limit, mine.room) == (theirs.hce, theirs.nhce, theirs.limit, theirs.room)
            assert list(mine.people) == list(theirs.people)
        assert told.deferrals.excess.tolist() == one["made"].excess.tolist()
        assert told.additions.room.tolist() == one["added"].room.tolist()
    with pytest.raises(ImpossibleInput, match="plan: is 4, of 4 plans"):
        book.working(people, YEARS, plan=4)


def test_refunds_of_the_book_are_those_of_its_failing_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "_PIECE", 40)
    people = book.People(**columns(np.random.default_rng(9), (80, 9)))
    found = book.verdicts(people, YEARS)
    told = {each.plan: each for each in book.refunds(people, YEARS, found=found)}
    assert sorted(told) == np.flatnonzero(~found.adp.passed | ~found.acp.passed).tolist()
    assert any(each.adp is None for each in told.values())
    assert any(each.adp and each.adp.catch_up_cents for each in told.values())
    for plan, each in told.items():
        one = composed(alone(people, plan))
        room = one["limits"].catch_up - one["made"].catch_up - one["added"].catch_up_by_415
        adp = None if one["adp"].passed else corrections.refund(one["adp"], catch_up_room=room.tolist())
        acp = None if one["acp"].passed else corrections.refund(one["acp"])
        assert (each.adp, each.acp) == (adp, acp)
        assert each == book.refunds_of(book.working(people, YEARS, plan=plan), plan=plan)


def with_pay(people: dict[str, Any]) -> dict[str, Any]:
    return people | {"compensation": np.maximum(people["compensation"], 100), "section_415": people["section_415"] + 1}


@pytest.mark.parametrize("ragged", [False, True])
def test_amounts_of_every_plan_are_tested_as_by_themselves(ragged: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "_PIECE", 50)
    rng = np.random.default_rng(13)
    sizes = [3, 0, 12, 9, 1, 60, 8, 8, 15, 2] if ragged else [8] * 40
    shape = (sum(sizes),) if ragged else (40, 8)
    starts = np.concatenate(([0], np.cumsum(sizes))) if ragged else None
    people = book.People(**with_pay(columns(rng, shape)), starts=starts)
    group = people.nonelective + people.match
    found = book.amounts(people, YEARS, of_testing_group=group, basis=BASIS)
    edges, seen = people.edges(), []
    for plan in range(people.plans):
        one, every = alone(people, plan), group.reshape(-1)[edges[plan] : edges[plan + 1]]
        plain, crossed = one_by_one(one, every, benefits=False), one_by_one(one, every, benefits=True)
        way = gateway.minimum_allocation_gateway(
            allocations=one["nonelective"],
            compensation=one["compensation"],
            section_415_compensation=one["section_415"],
            is_hce=one["is_hce"],
            benefiting=one["nonelective"] > 0,
            plan_year=YEARS.plan_year,
        )
        assert (found.contributions.passed[plan], found.average_of_contributions[plan]) == plain
        assert (found.benefits.passed[plan], found.average_of_benefits[plan]) == crossed
        assert found.gateway.passed[plan] == way.passed
        seen.append(plain[0] or (crossed[0] and way.passed))
    assert found.passed.tolist() == seen
    assert len(set(seen)) == 2


def one_by_one(one: dict[str, Any], every: Cents, *, benefits: bool) -> tuple[bool, bool]:
    def rates(allocations: Cents) -> Any:
        if benefits:
            return equivalent_accrual_rates(
                allocations=allocations,
                compensation=one["compensation"],
                ages=one["ages"],
                basis=BASIS,
                plan_year=YEARS.plan_year,
            )
        return general_test.allocation_rates(allocations=allocations, compensation=one["compensation"])

    people = {"is_hce": one["is_hce"], "excluded": one["excluded"]}
    average = average_benefit.average_benefit_percentage(rates=rates(every), **people).passed
    test = general_test.general_test(rates=rates(one["nonelective"]), average_benefit_passed=average, **people)
    return test.passed, average


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("deferrals", -1, "deferrals: is negative"),
        ("balances", 2**43, "balances: is more than anybody has"),
        ("compensation", -5, "compensation: is negative"),
    ],
)
def test_impossible_amounts_are_refused_by_name(field: str, value: int, why: str) -> None:
    people = columns(np.random.default_rng(1), (3, 4))
    people[field] = people[field].copy()
    people[field][1, 2] = value
    with pytest.raises(ImpossibleInput, match=why):
        book.verdicts(book.People(**people), YEARS)


def test_the_most_that_is_believed_is_counted() -> None:
    people = columns(np.random.default_rng(1), (1, 4))
    people["balances"] = np.full((1, 4), 2**43 - 1)
    people["counted"], people["is_key"] = np.ones((1, 4), dtype=np.bool_), np.array([[True, True, True, False]])
    assert book.verdicts(book.People(**people), YEARS).top_heavy.ratio.tolist() == [7_500]


def test_balances_beyond_what_a_plan_can_hold_are_refused() -> None:
    yes = np.ones(60, dtype=np.bool_)
    with pytest.raises(ImpossibleInput, match=r"balances: adds? up to"):
        th.top_heavy_scenarios(balances=np.full(60, 10**13), is_key=yes, counted=yes)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ages": np.zeros(3, dtype=np.int64)}, r"ages: has the shape \(3,\), deferrals have \(3, 4\)"),
        ({"is_key": np.zeros((3, 4), dtype=np.int64)}, "is_key: is yes or no a person, not int64"),
        ({"match": np.zeros((3, 4))}, "match: is int64 a person, not float64"),
        ({"starts": np.array([0, 12])}, r"deferrals: has the shape \(3, 4\)"),
    ],
)
def test_columns_that_do_not_fit_are_refused_by_name(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ImpossibleInput, match=why):
        book.People(**columns(np.random.default_rng(1), (3, 4)) | change)


@pytest.mark.parametrize("starts", [[1, 12], [0, 11], [0, 7, 5, 12], [[0, 12]], []])
def test_starts_that_do_not_cut_the_people_into_plans_are_refused(starts: list[Any]) -> None:
    with pytest.raises(ImpossibleInput, match="starts: "):
        book.People(**columns(np.random.default_rng(1), (12,)), starts=np.array(starts, dtype=np.int64))


def test_a_testing_group_of_other_people_is_refused() -> None:
    people = of_sizes(1, [3, 4])
    with pytest.raises(ImpossibleInput, match=r"of_testing_group: has the shape \(6,\)"):
        book.amounts(people, YEARS, of_testing_group=people.deferrals[:6], basis=BASIS)


def test_a_book_and_a_plan_of_it_are_said_in_words() -> None:
    """One HCE of two who defers 10 % beside an NHCE who defers 2 %: 10 % is over 4 %, the limit of 2 %."""
    pay, yes, no = (
        np.array([[20_000_000, 5_000_000]]),
        np.ones((1, 2), dtype=np.bool_),
        np.zeros((1, 2), dtype=np.bool_),
    )
    nothing, first = np.zeros((1, 2), dtype=np.int64), np.array([[True, False]])
    people = book.People(
        deferrals=np.array([[2_000_000, 100_000]]), match=nothing, after_tax=nothing, nonelective=nothing,
        compensation=pay, section_415=pay, balances=pay, ages=nothing + 40,
        is_hce=first, is_key=first, eligible=yes, excluded=no, counted=yes,
    )  # fmt: skip
    found = book.verdicts(people, YEARS)
    assert explain(found) == (
        "Of 1 plans 1 fail the ADP test, 0 the ACP test (IRC 401(k)(3), 401(m)(2)), 0 cover too few for the ratio "
        "percentage (IRC 410(b)(1)) and 1 are top-heavy (IRC 416(g)). 0 people are $0.00 over the limit of IRC 402(g), "
        "0 are $0.00 over that of IRC 415(c); $0.00 are catch-up."
    )
    assert explain(found.coverage) == "1 of 1 pass. The ratio percentage is 100.00 % (IRC 410(b)(1)(B))."
    one = book.working(people, YEARS, plan=0)
    assert "10.00 %" in explain(one)
    assert "4.00 %" in explain(one)
    (paid,) = book.refunds(people, YEARS, found=found)
    assert explain(paid).startswith("For the ADP test: Bringing the highest ratios down to 4.00 % takes $12,000.00")
    assert explain(book.PlanRefunds(0, None, None)) == "Both tests are passed: nothing is refunded."
    rated = book.amounts(people, YEARS, of_testing_group=pay // 20, basis=BASIS)
    assert explain(rated).startswith("1 of 1 plans do not discriminate in amount (Reg. 1.401(a)(4)-1(b)(2)).")


def test_catch_up_that_section_415_took_is_not_there_for_a_refund() -> None:
    """IRC 414(v)(3)(B), 415(c)(1)(A): 80,000 in 2026 is 8,000 over 72,000, all of the catch-up of somebody of 55."""
    for nonelective, catch_up in ((55_500_00, 0), (51_500_00, 4_000_00), (47_500_00, 8_000_00)):
        amounts_ = {
            "deferrals": [24_500_00, 0],
            "nonelective": [nonelective, 0],
            "compensation": [360_000_00, 50_000_00],
        }
        none = {name: [0, 0] for name in ("match", "after_tax", "balances")}
        flags = {
            "is_hce": [True, False],
            "is_key": [False, False],
            "eligible": [True, True],
            "excluded": [False, False],
        }
        told = (
            amounts_
            | none
            | flags
            | {"section_415": [360_000_00, 50_000_00], "counted": [True, True], "ages": [55, 55]}
        )
        people = book.People(**{name: np.array([column]) for name, column in told.items()})
        (found,) = book.refunds(people, YEARS, found=book.verdicts(people, YEARS))
        assert found.adp
        assert (found.adp.catch_up_cents, found.adp.total_cents) == (catch_up, 24_500_00 - (8_000_00 - catch_up))
