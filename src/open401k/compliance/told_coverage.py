"""Coverage in working and in words, with the average benefit test where the ratio is too low. Not here: the measure."""

from __future__ import annotations

from open401k import law
from open401k.law.average_benefit import AverageBenefitPercentage

from .facts import JSON, Cents, Flags, PlanFacts
from .year import Year

Told = tuple[dict[str, JSON], str]

#: Up to so many people the averages are added up as whole fractions, in a fraction of a second.
_MOST_PEOPLE = 10_000


def coverage(facts: PlanFacts, year: Year, *, benefiting: Flags, excluded: Flags) -> Told:
    """The ratio percentage; below 70 % the average benefit percentage too, as far as the facts tell it."""
    test = law.coverage.coverage_test(is_hce=year.is_hce, benefiting=benefiting, excluded=excluded)
    working: dict[str, JSON] = {
        "nhce_nonexcludable": test.nhce_nonexcludable,
        "nhce_benefiting": test.nhce_benefiting,
        "hce_nonexcludable": test.hce_nonexcludable,
        "hce_benefiting": test.hce_benefiting,
        "nhce_concentration": test.nhce_concentration,
        "classification": str(test.classification.value),
        "deemed": test.deemed,
    }
    text = law.explain.explain(test)
    if test.passed or test.deemed or test.classification is law.coverage.Classification.DISCRIMINATORY:
        return working, text
    average, why_not = _average(facts, year)
    if average is None:
        return working, f"{text} {why_not}"
    whole = law.average_benefit.average_benefit_test(coverage=test, average=average)
    working["average_benefit"] = {
        "outcome": str(whole.outcome.value),
        "path": str(whole.path.value),
        "passed": average.passed,
        "percentage_bps": average.percentage,
        "nhce_average_bps": average.nhce_average,
        "hce_average_bps": average.hce_average,
    }
    return working, f"{text} {law.explain.explain(average)} {_OPEN.get(whole.path, '')}".strip()


_Path = law.average_benefit.AverageBenefitPath
#: What only a person can judge is not judged here: until then the test counts as failed.
_OPEN = {
    _Path.REASONABLE_OPEN: (
        "Coverage is passed by it if the classes that the plan leaves out follow objective business criteria (Reg. "
        "1.410(b)-4(b)): somebody must judge that, and until then the test counts as failed."
    ),
    _Path.FACTS_OPEN: (
        "Coverage is passed by it if the classes that the plan leaves out follow objective business criteria and the "
        "facts and circumstances speak for them (Reg. 1.410(b)-4(b), (c)(3)): somebody must judge that, and until then "
        "the test counts as failed."
    ),
}


def _average(facts: PlanFacts, year: Year) -> tuple[AverageBenefitPercentage | None, str]:
    """The average benefit percentage of a sponsor of one plan, or why there is none.

    All employer money of the year, deferrals and match included, over pay (Reg. 1.410(b)-5(d)); catch-up is left out
    (IRC 414(v)(3)(B)), and employees' own after-tax money is no benefit of the employer.
    """
    if facts.others:
        return None, "What other plans of the sponsor give to people who are not in this one is not counted here."
    if len(facts) > _MOST_PEOPLE:
        return None, f"The average benefit percentage is not worked out for more than {_MOST_PEOPLE:,} people."
    given = _employer_money(year)
    pay = year.counted_pay()
    excluded = ~(year.eligible | year.class_excluded)
    given[excluded] = 0
    contrary = ((given > 0) & (pay <= 0)) | (given < 0) | (pay < 0)
    if contrary.any():
        name = facts.labels[int(contrary.argmax())]
        return None, f"The average benefit percentage is not worked out: money and pay of {name} contradict each other."
    rates = law.general_test.allocation_rates(allocations=given, compensation=pay)
    return law.average_benefit.average_benefit_percentage(rates=rates, is_hce=year.is_hce, excluded=excluded), ""


def _employer_money(year: Year) -> Cents:
    money: Cents = year.deferrals - year.plan_split().catch_up + year.match + year.nonelective + year.qnec
    return money
