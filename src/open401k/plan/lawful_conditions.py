"""What the law or the engine does not allow in conditions to receive an employer contribution. Not here: who meets them
(recordkeeping)."""

from collections.abc import Iterator

from open401k.kernel import Source

from .problem import ProvisionProblem
from .provisions import Conditions, MatchPeriod, Provisions

_DEFINITE = "Reg. 1.401-1(b)(1)(i)"
#: A year of service is no more than so many hours (IRC 410(a)(3)(A), 411(a)(5)(A)). That an allocation asks for no more
#: is said by no section that was found: the IRS approves no document that does, and the engine follows it.
MOST_HOURS = 1_000
_LATEST_RETIREMENT = 65
_SAFE_HARBOR = (Source.SAFE_HARBOR_MATCH, Source.SAFE_HARBOR_NONELECTIVE)


def conditions(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """More hours than the law lets a year have, conditions of a safe harbor, and those that could not be told yet."""
    match, nonelective = provisions.match, provisions.nonelective
    if match is not None:
        yield from _of("match.conditions", match.conditions)
        yield from _of_safe_harbor("match.conditions", match.source, match.conditions)
        if match.conditions.asks and match.period is not MatchPeriod.PLAN_YEAR:
            yield ProvisionProblem(
                "match.conditions",
                "Who meets the conditions of a year is known when it is over, and then the match is that of the year.",
                _DEFINITE,
                "Set period to plan_year, or take the conditions out.",
            )
    if nonelective is not None:
        yield from _of("nonelective.conditions", nonelective.conditions)
        yield from _of_safe_harbor("nonelective.conditions", nonelective.source, nonelective.conditions)
    yield from _of_declared(provisions)


def _of_declared(provisions: Provisions) -> Iterator[ProvisionProblem]:
    where = "declared_conditions"
    named = [source for source, _ in provisions.declared_conditions]
    if len(set(named)) < len(named) or any(each not in provisions.may_declare for each in named):
        yield ProvisionProblem(
            where,
            "Conditions are those of what the employer may declare, each source named once.",
            _DEFINITE,
            "Name the source in may_declare, too.",
        )
    for source, asked in provisions.declared_conditions:
        yield from _of(f"{where}.{source}", asked)


def _of(where: str, asked: Conditions) -> Iterator[ProvisionProblem]:
    if asked.hours is not None and not 0 < asked.hours <= MOST_HOURS:
        yield ProvisionProblem(
            f"{where}.hours",
            f"{asked.hours} hours are not a condition of a plan year here: 1,000 make a whole year of service.",
            "IRC 410(a)(3)(A)",
            "Set it from 1 to 1,000, or leave it out.",
        )
    if asked.either and (not asked.last_day or asked.hours is None):
        yield ProvisionProblem(
            f"{where}.either",
            "One of two conditions is enough where there are two.",
            _DEFINITE,
            "Set last_day and hours, or take either out.",
        )
    if len(set(asked.waived)) < len(asked.waived) or (asked.waived and not asked.asks):
        yield ProvisionProblem(
            f"{where}.waived",
            "A condition is waived once for each reason, and there has to be one.",
            _DEFINITE,
            "Name each reason once, beside last_day or hours.",
        )
    if not 0 < asked.retirement_age <= _LATEST_RETIREMENT:
        yield ProvisionProblem(
            f"{where}.retirement_age",
            f"{asked.retirement_age} is not the age at which somebody retires under the plan.",
            "IRC 411(a)(8)",
            "Set it to 65 or less.",
        )


def _of_safe_harbor(where: str, source: Source, asked: Conditions) -> Iterator[ProvisionProblem]:
    if source in _SAFE_HARBOR and asked.asks:
        yield ProvisionProblem(
            where,
            "A safe harbor contribution goes to every eligible employee who is not highly compensated, on whatever day "
            "and after however many hours.",
            "IRC 401(k)(12)(B)(i), (C); Reg. 1.401(k)-3(c)(7) Example 4",
            "Take the conditions out, or give this contribution as another one.",
        )
