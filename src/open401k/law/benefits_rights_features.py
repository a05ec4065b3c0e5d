"""Benefits, rights and features: currently and effectively available (Reg. 1.401(a)(4)-4). Not here: amounts of
contributions.
"""

from dataclasses import dataclass
from enum import StrEnum

from .arrays import Flags
from .average_benefit import AverageBenefitTest, Outcome, classification_test
from .coverage import coverage_test
from .given import check_facts


class FeatureKind(StrEnum):
    """What kind of benefit, right or feature it is (Reg. 1.401(a)(4)-4(e))."""

    OPTIONAL_FORM = "optional form of benefit"
    SOCIAL_SECURITY_SUPPLEMENT = "social security supplement"
    ANCILLARY_BENEFIT = "ancillary benefit"
    OTHER_RIGHT_OR_FEATURE = "other right or feature"


class Condition(StrEnum):
    """What an employee has to meet before a feature is his (Reg. 1.401(a)(4)-4(b)(2)(ii))."""

    AGE_OR_SERVICE = "age or service"
    AGE_OR_SERVICE_WITHIN_A_TIME = "age or service to be met within a limited time"
    VESTED_PERCENTAGE = "percentage vested"
    TERMINATION = "termination of employment"
    DEATH = "death"
    HEALTH = "health condition"
    DISABILITY = "disability"
    HARDSHIP = "hardship"
    FAMILY = "family status"
    DEFAULT_ON_LOAN = "default on a plan loan"
    COVENANT_NOT_TO_COMPETE = "covenant not to compete"
    APPLICATION_OR_ELECTION = "application or election"
    WAIVER = "waiver of rights under law"
    ABSENCE = "absence from service"
    ABOVE_CASH_OUT_LIMIT = "balance above the cash-out limit"
    BALANCE_AT_MOST = "balance not over a dollar amount"
    COMPENSATION = "compensation"
    POSITION = "job or position"
    NET_WORTH = "net worth"


_COUNTS = {Condition.AGE_OR_SERVICE_WITHIN_A_TIME, Condition.COMPENSATION, Condition.POSITION, Condition.NET_WORTH}
_AGE_DISREGARDED_FOR = {FeatureKind.OPTIONAL_FORM, FeatureKind.SOCIAL_SECURITY_SUPPLEMENT}


@dataclass(frozen=True, slots=True)
class Availability:
    """A feature's current availability with its counts, and its effective availability as far as it was judged."""

    outcome: Outcome
    current: AverageBenefitTest
    substantially_favors_hces: bool | None
    nhce_share_effective: int
    hce_share_effective: int

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED


def disregarded(*, condition: Condition, kind: FeatureKind) -> bool:
    """Whether a condition is left aside in deciding who has a feature now (Reg. 1.401(a)(4)-4(b)(2)(ii)).

    Age and service only for optional forms of benefit and social security supplements, and only without a time limit
    ((b)(2)(ii)(A)); vesting, termination, death, health, hardship, elections and the like always ((B)-(D)); pay,
    position and net worth never ((b)(2)(i)).
    """
    if condition is Condition.AGE_OR_SERVICE:
        return kind in _AGE_DISREGARDED_FOR
    return condition not in _COUNTS


def nondiscriminatory_availability(
    *,
    is_hce: Flags,
    currently_available: Flags,
    excluded: Flags,
    reasonable_classification: bool | None = None,
    facts_and_circumstances: bool | None = None,
    effectively_available: Flags | None = None,
    substantially_favors_hces: bool | None = None,
) -> Availability:
    """Each benefit, right or feature is available without discrimination (Reg. 1.401(a)(4)-4(a)).

    Currently: those to whom it is available satisfy section 410(b) without regard to the average benefit percentage,
    each counted as benefiting only if it is available to him ((b)(1)). Effectively: the group must not substantially
    favor HCEs on all facts and circumstances ((c)(1)): ``substantially_favors_hces`` is a person's finding, for which
    the shares of ``effectively_available`` (otherwise those of current availability) are shown in hundredths of a
    percent.
    """
    check_facts(locals())
    test = coverage_test(is_hce=is_hce, benefiting=currently_available, excluded=excluded)
    current = classification_test(
        coverage=test,
        reasonable_classification=reasonable_classification,
        facts_and_circumstances=facts_and_circumstances,
    )
    who = currently_available if effectively_available is None else effectively_available
    return Availability(
        outcome=_outcome(current, substantially_favors_hces),
        current=current,
        substantially_favors_hces=substantially_favors_hces,
        nhce_share_effective=_share(who, ~is_hce & ~excluded),
        hce_share_effective=_share(who, is_hce & ~excluded),
    )


def may_be_treated_as_one(
    *, same_kind: bool, first_always_worth_at_least_second: bool, first_passes_alone: bool
) -> bool:
    """Whether two features may be aggregated (Reg. 1.401(a)(4)-4(d)(4)(i)).

    Of one kind; the first of inherently equal or greater value in all cases; and the first satisfies (b) and (c) by
    itself.
    """
    return same_kind and first_always_worth_at_least_second and first_passes_alone


def _outcome(current: AverageBenefitTest, favors: bool | None) -> Outcome:
    if favors or current.outcome is Outcome.FAILED:
        return Outcome.FAILED
    return Outcome.OPEN if favors is None or current.outcome is Outcome.OPEN else Outcome.PASSED


def _share(who: Flags, group: Flags) -> int:
    people = int(group.sum())
    return (int((who & group).sum()) * 20_000 + people) // (2 * people) if people else 0
