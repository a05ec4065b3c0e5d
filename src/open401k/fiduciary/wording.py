"""What an alert says: a title, and sentences with figures, chances, costs and days. Not here: when it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from open401k.compliance import COVERAGE, Cure, CureKind, Forecast, ProjectedTest, TestId, Unit
from open401k.kernel import Money, PlanYear, day_of
from open401k.law.explain import percent

_LIMITS = {TestId.DEFERRAL_LIMIT: "deferral limit", TestId.ADDITIONS_LIMIT: "limit of annual additions"}


@dataclass(frozen=True, slots=True)
class Wording:
    """One test of a forecast, in words; ``gone``: failing has become unlikely."""

    told: ProjectedTest
    forecast: Forecast
    offers: Sequence[Cure]
    gone: bool

    @property
    def over(self) -> bool:
        """Whether the year of the test had ended when it was projected: then there is nothing likely about it."""
        return day_of(self.forecast.recorded_at) > self.last_day

    def title(self) -> str:
        """In a few words, true on the day it is said."""
        test = self.told.test
        year = self.forecast.projection.year_of(test)
        if test in _LIMITS:
            return f"{self._somebody()} the {_LIMITS[test]} of {year}"
        if test is TestId.COMPENSATION_LIMIT:
            return f"Employer money on pay over the limit of {year}" + (": set right" if self.gone else "")
        if test is TestId.TOP_HEAVY:
            return self._top_heavy_title()
        name = "coverage test" if test in COVERAGE else self.told.title
        if self.over:
            return f"The {name} of {year} {'passed' if self.gone else 'failed'}"
        return f"The {name} of {year} is likely to {'pass' if self.gone else 'fail'}"

    def _somebody(self) -> str:
        now_over = self.over or (self.told.today or 0) > (self.told.today_limit or 0)
        if self.gone:
            return "Nobody is over" if self.over else "Nobody is on course over"
        return "Somebody is over" if now_over else "Somebody is on course over"

    def _top_heavy_title(self) -> str:
        year = self.forecast.projection.plan_year
        if self.told.cost_median:
            return f"The plan is top-heavy for {year}: a minimum contribution is due"
        following = PlanYear.starting(year.end)
        if self.over:
            return f"The plan is {'not ' if self.gone else ''}top-heavy for {following}"
        return f"The plan is {'unlikely' if self.gone else 'likely'} to be top-heavy for {following}"

    def text(self) -> str:
        """What is expected, how surely, where it stands, and what can be done by whom."""
        told = self.told
        if told.median is None or told.limit_median is None or told.low is None or told.high is None:
            return told.refused
        return " ".join([*self._expected(), *self._ways()])

    def _expected(self) -> list[str]:
        if self.told.test in _LIMITS:
            return self._of_a_person()
        if self.told.test is TestId.TOP_HEAVY:
            return self._of_balances()
        return self._of_a_group()

    def _of_a_group(self) -> list[str]:
        """ADP and ACP: an average against its limit; coverage: a ratio against 70 %; pay against what counts."""
        told, what, short = self.told, "the highly compensated", False
        verb = "averaged" if self.over else "are expected to average"
        if told.test is TestId.ADP_STUDENT_LOANS:
            what = "the highly compensated whose student loan payments are matched"
        if told.test in COVERAGE:
            what, verb, short = "the coverage ratio", "was" if self.over else "is expected to be", True
        if told.test is TestId.COMPENSATION_LIMIT:
            what, verb = "the largest pay that employer money was given on", "was" if self.over else "is expected to be"
        past = (told.median or 0) - (told.limit_median or 0)
        against = "the 70 % that pass" if short else f"a limit of {self._figure(told.limit_median)}"
        spread = (
            ""
            if self.over or told.low == told.high
            else f" (80 % of simulated years: {self._figure(told.low)} to {self._figure(told.high)})"
        )
        sentences = [
            f"At the end of the plan year, {day(self.last_day)}, {what} {verb} {self._figure(told.median)}{spread} "
            f"against {against}: {self._figure(abs(past))} {'over' if past > 0 else 'under'}."
        ]
        if self.over:
            return sentences
        sentences.append(f"It fails in {in_hundred(told.fail_probability_bps)} of 100 simulated years.")
        if told.today is not None and told.today_limit is not None:
            sentences.append(f"Today it stands at {self._figure(told.today)} against {self._figure(told.today_limit)}.")
        return sentences

    def _of_a_person(self) -> list[str]:
        """Who, by how much, and how surely, if nobody stops it."""
        told = self.told
        past = (told.median or 0) - (told.limit_median or 0)
        ends = "ended" if self.over else "would end"
        if past > 0:
            said = (
                f"{self._who()} {ends} the year over the {_LIMITS[told.test]}: {self._figure(told.median)} against "
                f"{self._figure(told.limit_median)} for whoever is furthest over it, {self._figure(past)} too much."
            )
        elif told.test is TestId.DEFERRAL_LIMIT and not self.gone:
            said = (
                f"{self._who()} {ends} the year with catch-up made before tax that has to be Roth, because last "
                f"year's wages were over the threshold (IRC 414(v)(7)(A))."
            )
        else:
            said = f"Nobody {ends} the year over it: {self._figure(-past)} are left to whoever has least."
        if self.over:
            return [said]
        return [
            f"As elections stand, {said[:1].lower() if said.startswith('Nobody') else said[:1]}{said[1:]}",
            f"For the likeliest of them that is so in {in_hundred(told.alarm_bps)} of 100 simulated years, unless "
            "payroll stops it.",
        ]

    def _who(self) -> str:
        names = list(dict.fromkeys(effect.label for cure in self.offers for effect in cure.effects))
        if not names:
            return "Somebody"
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return ", ".join(names[:3]) + more

    def _of_balances(self) -> list[str]:
        told, sentences = self.told, []
        if told.cost_median is not None and told.today is not None:
            sentences.append(
                f"Key employees held {percent(told.today)} of the balances on the determination date, more than 60 %."
            )
        if told.cost_median:
            sentences.append(
                "For the others a minimum contribution of up to 3 % of pay is owed (IRC 416(c)(2)): beyond what they "
                + (
                    f"receive anyway {Money(told.cost_median)}."
                    if self.over or told.cost_low == told.cost_high
                    else f"receive anyway {Money(told.cost_low or 0)} to {Money(told.cost_high or 0)} in 80 % of "
                    "simulated years."
                )
            )
        following = PlanYear.starting(self.forecast.projection.plan_year.end)
        if self.over:
            held = "is" if told.fail_probability_bps >= 5_000 else "is not"
            sentences.append(
                f"With {percent(told.median or 0)} at the end of the year it {held} top-heavy for {following}."
            )
        else:
            sentences.append(
                f"It is top-heavy for {following} in {in_hundred(told.fail_probability_bps)} of 100 simulated years."
            )
        return sentences

    def _ways(self) -> list[str]:
        if self.gone:
            return []
        if not self.offers:
            return ["No cure is available any more."]
        sentences = []
        for cure in self.offers[:2]:
            cost = "costs the employer nothing" if not cure.employer_cost_cents else _cost(cure.employer_cost_cents)
            by = f", to be decided by {day(cure.decide_by)}" if cure.decide_by else ""
            who = cure.decided_by.split(";")[0].split(":")[0]
            yearly = " a year" if cure.kind is CureKind.SAFE_HARBOR_NEXT_YEAR else ""
            sentences.append(f"{cure.title}: {cost}{yearly}{by}, by {who}.")
        return sentences

    @property
    def last_day(self) -> date:
        """Of the year of the test."""
        return self.forecast.projection.year_of(self.told.test).last_day

    def _figure(self, value: int | None) -> str:
        if value is None:
            return "nothing known"
        return percent(value) if self.told.unit is Unit.BPS else str(Money(value))


def _cost(cents: int) -> str:
    return f"costs about {Money(cents)}" if cents > 0 else f"saves about {Money(-cents)}"


def in_hundred(bps: int) -> str:
    """Never "100" or "0" unless every simulated year agrees."""
    return str(min(99, max(1, (bps + 50) // 100))) if 0 < bps < 10_000 else str(bps // 100)


def day(on: date) -> str:
    """``March 15, 2027``."""
    return f"{on:%B} {on.day}, {on.year}"
