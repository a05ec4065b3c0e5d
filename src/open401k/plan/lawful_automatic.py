"""What the law or the engine does not allow in terms of automatic enrollment. Not here: elections, who must have it."""

from collections.abc import Iterator
from datetime import date

from open401k.kernel import PlanYear
from open401k.law import automatic_enrollment as law
from open401k.law.automatic_enrollment import ScheduleProblem
from open401k.law.matching import MatchFormula

from .mandate import Mandate
from .problem import ProvisionProblem
from .provisions import Arrangement, AutomaticEnrollment, Provisions, SafeHarbor

_WHERE = "automatic_enrollment"
#: The most of a QACA after its initial period has been 15 % since then (SECURE Act s. 102).
_FIRST_YEAR = 2020
_WORDS = {
    ScheduleProblem.INITIAL_TOO_LOW: ("initial_bps", "The first default rate is below the least that is allowed."),
    ScheduleProblem.INITIAL_TOO_HIGH: ("initial_bps", "The first default rate is above the most that is allowed."),
    ScheduleProblem.STEP_IS_NOT_ONE_POINT: ("step_bps", "The default rises by one point of pay a year."),
    ScheduleProblem.TOP_TOO_LOW: ("top_bps", "The increases end below 10 % of pay."),
    ScheduleProblem.LATER_TOO_LOW: ("step_bps", "In a later year the default rate is below the least of that year."),
    ScheduleProblem.TOO_HIGH: ("top_bps", "The default rate ends above the most that is allowed."),
    ScheduleProblem.NO_PERMISSIBLE_WITHDRAWAL: ("withdrawal_days", "Nobody could take the first contributions back."),
    ScheduleProblem.VESTING_TOO_SLOW: ("arrangement", "Employer money vests after more than two years."),
}


def automatic_enrollment(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """Schedules, notices and withdrawals that the kind of arrangement does not allow."""
    terms = provisions.automatic_enrollment
    if terms is None:
        return
    yield from _engine(provisions, terms)
    if not _computable(terms):
        yield _problem(
            "initial_bps",
            "A default rate is a share of pay, and its increases lead up to a share of pay that is not lower.",
            "Reg. 1.401(k)-1(a)(3)(ii)",
            "Set initial_bps from 1, step_bps from 0, and top_bps from initial_bps to 10,000.",
        )
        return
    yield from _notices_and_withdrawals(terms)
    if terms.arrangement is Arrangement.QACA:
        yield from _qualified(provisions, terms)


def mandate_shortcomings(provisions: Provisions, mandate: Mandate, *, plan_year: PlanYear) -> list[ProvisionProblem]:
    """What keeps a plan that must enroll automatically from doing as IRC 414A(b) asks; empty for one that need not.

    Not part of :func:`problems`: whether the mandate binds hangs on the employer's age and size, too.
    """
    terms = provisions.automatic_enrollment
    if mandate.exempt:
        return []
    if terms is None:
        fix = "Amend automatic_enrollment: 3 to 10 % at first, one point more a year, up to 10 to 15 %."
        return [ProvisionProblem(_WHERE, mandate.reason, mandate.citation, fix)]
    if not _computable(terms):
        return []
    found = law.mandate_problems(
        schedule_of(terms), plan_year=plan_year, permissible_withdrawals=bool(terms.withdrawal_days)
    )
    said = [_of_schedule(each, "IRC 414A(b)(2), (3)") for each in found]
    if terms.arrangement is Arrangement.ACA:
        reason = "It is no eligible automatic contribution arrangement."
        said.append(_problem("arrangement", reason, "IRC 414A(b)(1)", "Make it an eaca or a qaca."))
    return said


def _engine(provisions: Provisions, terms: AutomaticEnrollment) -> Iterator[ProvisionProblem]:
    if provisions.elections is None:
        yield _problem(
            "counted_from",
            "A default applies to who did not elect otherwise, and elections are not kept here.",
            "Reg. 1.401(k)-1(a)(3)(ii)",
            "Give `elections`, too.",
        )
    if terms.source not in provisions.deferrals.sources or not terms.source.is_deferral:
        yield _problem(
            "source",
            f"The plan takes no elective deferrals into {terms.source}.",
            "IRC 414(w)(3)(B), 401(k)(13)(C)(i)",
            "Use pre_tax or roth, whichever the plan has.",
        )


def _notices_and_withdrawals(terms: AutomaticEnrollment) -> Iterator[ProvisionProblem]:
    eligible = terms.arrangement is not Arrangement.ACA
    if eligible and not 30 <= terms.notice_days <= 90:
        yield _problem(
            "notice_days",
            f"A notice {terms.notice_days} days before the plan year is not given within a reasonable period of it.",
            "Reg. 1.414(w)-1(b)(3)(iii), 1.401(k)-3(k)(4)",
            "Set it from 30 to 90.",
        )
    if terms.withdrawal_days and not eligible:
        yield _problem(
            "withdrawal_days",
            "Default contributions can be taken back only from an eligible arrangement.",
            "IRC 414(w)(1), (3)",
            "Set it to 0, or make the arrangement an eaca.",
        )
    if eligible and terms.withdrawal_days and not 30 <= terms.withdrawal_days <= 90:
        yield _problem(
            "withdrawal_days",
            f"{terms.withdrawal_days} days for taking default contributions back are not 30 to 90.",
            "IRC 414(w)(2)(B); Reg. 1.414(w)-1(c)(2)(i)",
            "Set it from 30 to 90, or to 0 for no withdrawals.",
        )


def _qualified(provisions: Provisions, terms: AutomaticEnrollment) -> Iterator[ProvisionProblem]:
    year = PlanYear.starting(date(max(terms.counted_from.year, _FIRST_YEAR), 1, 1))
    for found in law.qaca_problems(schedule_of(terms), plan_year=year):
        yield _of_schedule(found, "IRC 401(k)(13)(C)(iii)")
    match = provisions.match
    if provisions.safe_harbor is SafeHarbor.NONE:
        yield _problem(
            "arrangement",
            "A qualified arrangement comes with its match or with 3 % of pay for everybody.",
            "IRC 401(k)(13)(D)(i)",
            "Choose a safe harbor contribution, or make the arrangement an eaca.",
        )
    elif provisions.safe_harbor.is_match and match is not None and all(tier.rate_bps >= 0 for tier in match.tiers):
        tops = [tier.up_to_bps_of_pay for tier in match.tiers]
        upward = tops == sorted(set(tops)) and bool(tops) and tops[0] > 0
        if upward and law.qaca_match_shortcomings(MatchFormula.of(match.tiers, match.cap_cents)):
            yield _problem(
                "arrangement",
                "The match is less than 100 % of the first 1 % of pay and 50 % of the next 5 %, or rises.",
                "IRC 401(k)(13)(D)(i)(I)",
                "Give at least that at every rate of deferral.",
            )


def _computable(terms: AutomaticEnrollment) -> bool:
    rates = 0 < terms.initial_bps <= 10_000 and 0 <= terms.step_bps <= 10_000 and terms.top_bps <= 10_000
    return rates and (not terms.step_bps or terms.top_bps >= terms.initial_bps) and terms.wait_days >= 0


def schedule_of(terms: AutomaticEnrollment) -> law.Schedule:
    """The default rates as the law's rules take them."""
    return law.Schedule(terms.initial_bps, terms.step_bps, terms.top_bps if terms.step_bps else None)


def _of_schedule(found: ScheduleProblem, citation: str) -> ProvisionProblem:
    where, reason = _WORDS[found]
    return _problem(where, reason, citation, "See the least and the most of each year under docs/reference/figures.md.")


def _problem(where: str, reason: str, citation: str, fix: str) -> ProvisionProblem:
    return ProvisionProblem(f"{_WHERE}.{where}", reason, citation, fix)
