"""The working of a test as steps in words, from what compliance stored. Not here: people and rows (working_people)."""

from collections.abc import Callable, Mapping
from typing import Any

from open401k.compliance import Status, TestId, TestResult
from open401k.kernel import Money

from .shown import Percent
from .working import WorkingStep

Working = Mapping[str, Any]
_PEOPLE = ("people",)


def steps_of(result: TestResult) -> tuple[WorkingStep, ...]:
    """Each number of the working with its formula; none for a test that was not run."""
    if result.status not in (Status.PASS, Status.FAIL):
        return ()
    return (*_STEPS[result.test](result), *_elsewhere(result))


def _elsewhere(result: TestResult) -> list[WorkingStep]:
    """What the same people have in the sponsor's other plans: a line of its own, where there are other plans."""
    people: Any = result.working.get("people", {})
    if "elsewhere_cents" not in people:
        return []
    words, cite = _ELSEWHERE[result.test]
    total = _money(sum(people["elsewhere_cents"]))
    return [WorkingStep("elsewhere", "In other plans of the employer", total, words, cite, _PEOPLE)]


_ELSEWHERE: dict[TestId, tuple[str, str]] = {
    TestId.ADP: (
        "deferrals of the highly compensated: their ratios and pay are of all plans together",
        "IRC 401(k)(3)(A)",
    ),
    TestId.ADP_STUDENT_LOANS: (
        "deferrals of the highly compensated: their ratios and pay are of all plans together",
        "IRC 401(k)(3)(A)",
    ),
    TestId.ACP: (
        "match and after-tax money of the highly compensated: their ratios and pay are of all plans together",
        "IRC 401(m)(2)(B)",
    ),
    TestId.DEFERRAL_LIMIT: ("deferrals of the same people: they fill the same limit", "Reg. 1.401(a)-30(a)"),
    TestId.ADDITIONS_LIMIT: ("additions of the same people: all plans are one", "IRC 415(f)(1)(B)"),
    TestId.TOP_HEAVY: ("balances in the plans that are tested together", "IRC 416(g)(2)(A)"),
}


def _averages(result: TestResult) -> list[WorkingStep]:
    working: Working = result.working
    adp = result.test in (TestId.ADP, TestId.ADP_STUDENT_LOANS)
    regulation = "Reg. 1.401(k)-2(a)" if adp else "Reg. 1.401(m)-2(a)"
    section = "IRC 401(k)(3)(A)" if adp else "IRC 401(m)(2)(A)"
    limit = working["limit"]
    nhce = Percent(working["nhce"]["average_bps"])
    prior = working["testing"] == "prior_year"
    times, twice, plus = (Percent(limit[name]) for name in ("times_1_25_bps", "twice_bps", "plus_two_points_bps"))
    alternative = min(twice, plus)
    others = "Average of everyone else" + (", year before" if prior else "")
    steps = [
        WorkingStep(
            "hce", "Average of the highly compensated", Percent(working["hce"]["average_bps"]),
            _average(working["hce"]), regulation, _PEOPLE,
        ),
        WorkingStep(
            "nhce", others, nhce,
            "of the year before, or 3 % in a first plan year" if prior else _average(working["nhce"]),
            regulation, () if prior else _PEOPLE,
        ),
        WorkingStep("times", "1.25 times everyone else", times, f"{nhce} × 1.25", f"{section}(ii)(I)", ("nhce",)),
        WorkingStep(
            "plus", "The lesser of twice and two points more", alternative,
            f"the lesser of {nhce} × 2 = {twice} and {nhce} + 2 points = {plus}", f"{section}(ii)(II)", ("nhce",),
        ),
        _limit(result, working, times, alternative),
    ]  # fmt: skip
    return [*steps, _room(result, ("limit", "hce"))]


def _limit(result: TestResult, working: Working, times: Percent, alternative: Percent) -> WorkingStep:
    """Where one of the groups is empty there is nothing to compare."""
    value = Percent(working["limit"]["limit_bps"])
    if str(working["path"]).startswith("deemed"):
        section = "(m)" if result.test is TestId.ACP else "(k)"
        why = "nobody is in one of the two groups, so the test is deemed passed"
        return WorkingStep("limit", "Limit: none", value, why, f"Reg. 1.401{section}-2(a)(1)(ii)", ("hce", "nhce"))
    words = f"the greater of {times} and {alternative}"
    return WorkingStep("limit", "Limit: the greater of both", value, words, "", ("times", "plus"))


def _average(group: Working) -> str:
    count = group["count"]
    if not count:
        return "nobody is in this group"
    people = "1 person" if count == 1 else f"{count} people"
    return f"{Percent(group['ratio_sum_bps'])} divided by {people}: everybody's ratio counts the same"


def _deferral_limit(result: TestResult) -> list[WorkingStep]:
    working: Working = result.working
    year = working["calendar_year"]
    return [
        _nearest("used", "Deferred by whoever is nearest to the limit", result),
        WorkingStep(
            "limit", "That person's limit, catch-up included", _money(result.limit), f"for {year}, by age at its end",
            "IRC 402(g)(1), 414(v)",
        ),
        _room(result, ("limit", "used")),
        WorkingStep(
            "excess", "Over a limit, all together", _money(working["excess_cents"]), "", "IRC 402(g)(2)", _PEOPLE
        ),
        WorkingStep(
            "roth", "Catch-up that must be Roth and is not", _money(working["must_be_roth_cents"]),
            "from people whose wages of the year before are over the limit", "IRC 414(v)(7)", _PEOPLE,
        ),
    ]  # fmt: skip


def _additions_limit(result: TestResult) -> list[WorkingStep]:
    working: Working = result.working
    dollars = _money(working["dollar_limit_cents"])
    return [
        WorkingStep("dollars", "Dollar limit of the year", dollars, "", "IRC 415(c)(1)(A)"),
        _nearest("used", "Added for whoever is nearest to the limit", result),
        WorkingStep(
            "limit", "That person's limit", _money(result.limit),
            f"the lesser of {dollars} and that person's pay to date", "IRC 415(c)(1)", ("dollars",),
        ),
        _room(result, ("limit", "used")),
        WorkingStep("excess", "Over a limit, all together", _money(working["excess_cents"]), "", "IRC 415(c)", _PEOPLE),
    ]  # fmt: skip


def _compensation_limit(result: TestResult) -> list[WorkingStep]:
    working: Working = result.working
    return [
        WorkingStep(
            "used", "Largest pay that counts, so far this plan year", _money(result.measured),
            "pay over the limit counts up to it, unless the employer's money shows that more did", "IRC 401(a)(17)(A)",
        ),
        WorkingStep(
            "limit", "Pay that counts at most", _money(working["cap_cents"]),
            "of the calendar year in which the plan year begins", "Reg. 1.401(a)(17)-1(b)(3)(i)",
        ),
        _room(result, ("limit", "used")),
    ]  # fmt: skip


def _coverage(result: TestResult) -> list[WorkingStep]:
    working: Working = result.working
    counts = {
        "hce": (working["hce_benefiting"], working["hce_nonexcludable"], "The highly compensated who benefit"),
        "nhce": (working["nhce_benefiting"], working["nhce_nonexcludable"], "The others who benefit"),
    }
    shares = [
        WorkingStep(
            key, title, f"{benefit} of {counted}", "of those who have met the plan's age and service",
            "IRC 410(b)(4)", _PEOPLE,
        )
        for key, (benefit, counted, title) in counts.items()
    ]  # fmt: skip
    ratio = WorkingStep(
        "ratio", "The others' share divided by the highly compensated's", _percent(result.measured), working["deemed"],
        "IRC 410(b)(1)(B)", ("nhce", "hce"),
    )  # fmt: skip
    return [*shares, ratio, WorkingStep("limit", "Enough to pass", _percent(result.limit), "", "IRC 410(b)(1)(B)")]


def _top_heavy(result: TestResult) -> list[WorkingStep]:
    working: Working = result.working
    key, total = _money(working["key_cents"]), _money(working["total_cents"])
    steps = [
        WorkingStep(
            "key", "Held by key employees", key,
            "balances on the determination date: the last day of the year before, or of a first plan year itself",
            "IRC 416(g)(4)(C)", _PEOPLE,
        ),
        WorkingStep("total", "Held by everybody who counts", total, f"{working['people_counted']} people", "", _PEOPLE),
        WorkingStep(
            "ratio", "Key employees' share", _percent(result.measured), f"{key} divided by {total}", "IRC 416(g)(1)(A)",
            ("key", "total"),
        ),
        WorkingStep("limit", "Top-heavy above", _percent(result.limit), "", "IRC 416(g)(1)(A)"),
    ]  # fmt: skip
    if result.status is Status.FAIL:
        steps.append(
            WorkingStep(
                "owed", "Minimum contribution still owed, on pay to date", _money(working["shortfall_cents"]),
                f"{Percent(working['minimum_rate_bps'])} of pay for each employee who is not key, less what the "
                "employer gave", "IRC 416(c)(2)",
            )
        )  # fmt: skip
    return steps


def _amounts(result: TestResult) -> list[WorkingStep]:
    """Rate groups from the lowest rate to the highest, and the gateway where it was asked."""
    working: Working = result.working
    steps = [
        WorkingStep(
            f"group{place}", f"At {Percent(group['rate_bps'])} or above: {group['nhce']} of the others, {group['hce']} "
            "of the highly compensated", _percent(group["ratio_bps"]), "share of the others over share of the highly "
            "compensated", "Reg. 1.401(a)(4)-2(c)(1)", _PEOPLE,
        )
        for place, group in enumerate(working["groups"])
    ]  # fmt: skip
    if working["gateway"] is not None:
        short = _money(working["gateway_short_cents"])
        cite = "Reg. 1.401(a)(4)-8(b)(1)(vi)"
        steps.append(WorkingStep("gateway", "Missing to the gateway of cross-testing", short, "", cite, _PEOPLE))
    return steps


def _nearest(key: str, label: str, result: TestResult) -> WorkingStep:
    return WorkingStep(key, label, _money(result.measured), "the least room of everybody", "", _PEOPLE)


def _room(result: TestResult, inputs: tuple[str, ...]) -> WorkingStep:
    room = result.room or 0
    label = "Room left" if room >= 0 else "Over the limit by"
    value = _percent(abs(room)) if result.unit.value == "bps" else _money(abs(room))
    return WorkingStep("room", label, value, "", "", inputs)


def _money(cents: int | None) -> Money | None:
    return None if cents is None else Money(cents)


def _percent(bps: int | None) -> Percent | None:
    return None if bps is None else Percent(bps)


def _pay_ratio(result: TestResult) -> list[WorkingStep]:
    law, worked = "Reg. 1.414(s)-1(d)(3)", "each person's share first, then the average"
    return [
        WorkingStep("hce", "Of the pay of highly compensated employees counts", _percent(result.measured), worked, law),
        WorkingStep("nhce", "Of the pay of the others counts", _percent(result.limit), worked, law),
    ]


_STEPS: dict[TestId, Callable[[TestResult], list[WorkingStep]]] = {
    TestId.ADP: _averages,
    TestId.ADP_STUDENT_LOANS: _averages,
    TestId.ACP: _averages,
    TestId.DEFERRAL_LIMIT: _deferral_limit,
    TestId.ADDITIONS_LIMIT: _additions_limit,
    TestId.COMPENSATION_LIMIT: _compensation_limit,
    TestId.PAY_RATIO: _pay_ratio,
    TestId.COVERAGE_DEFERRAL: _coverage,
    TestId.COVERAGE_MATCH: _coverage,
    TestId.COVERAGE_NONELECTIVE: _coverage,
    TestId.TOP_HEAVY: _top_heavy,
    TestId.AMOUNTS: _amounts,
}
