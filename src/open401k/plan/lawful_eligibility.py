"""What the law or the engine does not allow in age, service and entry, per kind of money. Not here: entry (census)."""

import re
from collections.abc import Iterator

from open401k.kernel import Source
from open401k.law import eligibility as law
from open401k.law.eligibility import TermsProblem

from .problem import ProvisionProblem
from .provisions import Eligibility, EntryTerms, Kind, Provisions

_BY_HOURS = re.compile(r"part[\s_-]*time|temporary|seasonal|under \d+ hours", re.IGNORECASE)
#: Of money that is vested by then (IRC 410(a)(1)(B)(i)).
_MOST_MONTHS = 2 * law.MAXIMUM_SERVICE_MONTHS
_SAFE_HARBOR = (Source.SAFE_HARBOR_MATCH, Source.SAFE_HARBOR_NONELECTIVE)
_NONELECTIVE = (Source.NONELECTIVE, Source.PROFIT_SHARING)


def eligibility(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """More than the law lets a plan ask for, by kind of money; classes that are a service condition by another name."""
    terms = provisions.eligibility
    yield from _age_and_hours("eligibility", terms, law.MAXIMUM_SERVICE_MONTHS)
    if terms.service_months > law.MAXIMUM_SERVICE_MONTHS or terms.service_months < 0:
        yield ProvisionProblem(
            "eligibility.service_months",
            f"{terms.service_months} months of service are more than the one year a plan with deferrals may ask for.",
            "IRC 401(k)(2)(D), 410(a)(1)(A)(ii)",
            "Set it to 12 or less.",
        )
    yield from _by_hours("eligibility", terms)
    yield from _of_employer_money(provisions, Kind.MATCH, provisions.match_eligibility)
    yield from _of_employer_money(provisions, Kind.NONELECTIVE, provisions.nonelective_eligibility)


def _by_hours(where: str, terms: Eligibility | EntryTerms) -> Iterator[ProvisionProblem]:
    for name in terms.excluded_classes:
        if _BY_HOURS.search(name):
            yield ProvisionProblem(
                f"{where}.excluded_classes",
                f'The class "{name}" is drawn by how much people work, which is a service condition by another name.',
                "Reg. 1.410(a)-3(e)",
                "Exclude by kind of job, or use the age and service conditions.",
            )


def _age_and_hours(where: str, terms: Eligibility | EntryTerms, most: int) -> Iterator[ProvisionProblem]:
    asked = law.EligibilityTerms(terms.minimum_age, terms.service_months, terms.hours_in_year)
    beyond = law.problems(asked)
    if TermsProblem.AGE_OVER_21 in beyond or terms.minimum_age < 0:
        yield ProvisionProblem(
            f"{where}.minimum_age",
            f"A minimum age of {terms.minimum_age} keeps out people the plan must let in at 21.",
            "IRC 410(a)(1)(A)(i)",
            "Set it to 21 or less.",
        )
    if TermsProblem.HOURS_OVER_1000 in beyond or (terms.hours_in_year is not None and terms.hours_in_year <= 0):
        yield ProvisionProblem(
            f"{where}.hours_in_year",
            f"A year of service cannot need {terms.hours_in_year} hours: 1,000 are enough by law.",
            "IRC 410(a)(3)(A)",
            "Set it to 1,000 or less, or leave it out for elapsed time.",
        )
    if terms.hours_in_year is not None and 0 < terms.service_months < most and terms.service_months % 12:
        yield ProvisionProblem(
            f"{where}.hours_in_year",
            "Hours are counted over a year of service; with fewer months they could keep out someone who has the year.",
            "IRC 410(a)(3)(A)",
            "Leave the hours out (elapsed time), or ask for 12 months.",
        )


def _of_employer_money(provisions: Provisions, kind: Kind, terms: EntryTerms | None) -> Iterator[ProvisionProblem]:
    """A year of service, or two where all of it is vested by then; a safe harbor contribution a year at most."""
    if terms is None:
        return
    where = f"{kind}_eligibility"
    yield from _age_and_hours(where, terms, _MOST_MONTHS)
    yield from _by_hours(where, terms)
    sources = _sources(provisions, kind)
    if not sources:
        yield ProvisionProblem(
            where,
            f"The plan gives no {kind} contribution that anybody could enter for.",
            "Reg. 1.401-1(b)(1)(i)",
            "Add the contribution, or leave this out.",
        )
    if not 0 <= terms.service_months <= _MOST_MONTHS:
        yield ProvisionProblem(
            f"{where}.service_months",
            f"{terms.service_months} months of service are more than the two years that any contribution may ask for.",
            "IRC 410(a)(1)(A)(ii), (B)(i)",
            "Set it to 24 or less.",
        )
    elif terms.service_months > law.MAXIMUM_SERVICE_MONTHS:
        yield from _two_years(provisions, where, sources)
    safe = [each for each in sources if each in _SAFE_HARBOR]
    if safe and provisions.classes_apart(kind):
        yield ProvisionProblem(
            f"{where}.excluded_classes",
            f"Whoever may defer and is not highly compensated gets {safe[0]}: no class of them is left out.",
            "Reg. 1.401(k)-3(b)(1), (c)(1), (k)(1)",
            "Leave the class out of the whole plan (eligibility.excluded_classes), or let it in.",
        )
    asked = provisions.eligibility
    if terms.minimum_age < asked.minimum_age or 0 <= terms.service_months < asked.service_months:
        yield ProvisionProblem(
            where,
            "The contribution would begin before the day from which people may defer.",
            "Reg. 1.401-1(b)(1)(i)",
            "Ask for at least the age and service that deferrals ask for, or ask less for deferrals.",
        )


def _two_years(provisions: Provisions, where: str, sources: tuple[Source, ...]) -> Iterator[ProvisionProblem]:
    """More than a year is for money that is vested in full by then, and for no safe harbor contribution."""
    safe = [each for each in sources if each in _SAFE_HARBOR]
    if safe:
        yield ProvisionProblem(
            f"{where}.service_months",
            f"After a year of service nobody may be without {safe[0]}: only who has less may be tested apart from it.",
            "Reg. 1.401(k)-3(h)(3)",
            "Set it to 12 or less.",
        )
    slow = [each for each in sources if each not in safe and provisions.vesting.of(each).percent_after(2) < 100]
    if slow:
        yield ProvisionProblem(
            f"{where}.service_months",
            f"Two years of service may be asked for only where everything is vested after them, and {slow[0]} is not.",
            "IRC 410(a)(1)(B)(i); Reg. 1.410(a)-3T(b)",
            "Set it to 12 or less, or vest the contribution in full.",
        )


def _sources(provisions: Provisions, kind: Kind) -> tuple[Source, ...]:
    """Where money of this kind goes, by the terms or as declared."""
    if kind is Kind.MATCH:
        given = () if provisions.match is None else (provisions.match.source,)
        return (*given, *(each for each in provisions.may_declare if each is Source.MATCH))
    given = () if provisions.nonelective is None else (provisions.nonelective.source,)
    return (*given, *(each for each in provisions.may_declare if each in _NONELECTIVE))
