"""The ADP and ACP tests: ratios, averages, the limit and which statutory path set it. Not here: corrections.

All percentages are whole hundredths of a percent (5.21 % is 521). Ratios, averages and the 1.25 line are rounded
half-up to a hundredth (Reg. 1.401(k)-2(a)(2)(i), (3)(i)). One array implementation serves the test of a year (one
scenario) and the thousands of simulated year-ends of a projection.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import overload

import numpy as np

from .arrays import Cents, Flags, as_cents, count_of, half_up_quotient, sum_of
from .given import ImpossibleInput, check_facts, of_one_person

#: 100 % in hundredths of a percent.
WHOLE = 10_000
_TWO_POINTS = 200


class RatioKind(StrEnum):
    """Which contributions are tested."""

    ADP = "adp"
    ACP = "acp"


class Testing(StrEnum):
    """Whose year the NHCE average is of (IRC 401(k)(3)(A): the year before, or by election the same year)."""

    CURRENT_YEAR = "current_year"
    PRIOR_YEAR = "prior_year"

    __test__ = False  # the statute's word; not a class of tests


class LimitPath(StrEnum):
    """The statutory path that set the limit: the more generous one, the basic one where they meet."""

    BASIC = "basic"
    ALTERNATIVE = "alternative"
    DEEMED_NO_HCE = "deemed_no_hce"
    DEEMED_NO_NHCE = "deemed_no_nhce"


@dataclass(frozen=True, slots=True)
class RatioLimit:
    """The most the HCE average may be for one NHCE average, with both paths of IRC 401(k)(3)(A)(ii) or 401(m)(2)(A)."""

    nhce_average: int
    times_1_25: int
    twice: int
    plus_two_points: int
    limit: int
    path: LimitPath

    @property
    def alternative(self) -> int:
        """The lesser of twice the NHCE average and the NHCE average plus two points."""
        return min(self.twice, self.plus_two_points)


@dataclass(frozen=True, slots=True)
class PersonRatio:
    """One eligible employee in a test; ``place`` is the position in the arrays that were tested."""

    place: int
    is_hce: bool
    contribution_cents: int
    compensation_cents: int
    ratio: int


@dataclass(frozen=True, slots=True, eq=False)
class PersonRatios(Sequence[PersonRatio]):
    """Everybody in a test, in columns; a person is made when somebody looks at one."""

    place: Cents
    is_hce: Flags
    contribution_cents: Cents
    compensation_cents: Cents
    ratio: Cents

    def __len__(self) -> int:
        return len(self.place)

    def __iter__(self) -> Iterator[PersonRatio]:
        return (self[number] for number in range(len(self)))

    @overload
    def __getitem__(self, which: int) -> PersonRatio: ...
    @overload
    def __getitem__(self, which: slice) -> "PersonRatios": ...
    def __getitem__(self, which: int | slice) -> "PersonRatio | PersonRatios":
        if isinstance(which, slice):
            return self.of(which)
        return PersonRatio(
            int(self.place[which]),
            bool(self.is_hce[which]),
            int(self.contribution_cents[which]),
            int(self.compensation_cents[which]),
            int(self.ratio[which]),
        )

    def of(self, which: Flags | slice) -> "PersonRatios":
        """Some of them."""
        return PersonRatios(
            self.place[which],
            self.is_hce[which],
            self.contribution_cents[which],
            self.compensation_cents[which],
            self.ratio[which],
        )


@dataclass(frozen=True, slots=True)
class GroupAverage:
    """The unweighted mean of the ratios of a group, zeros included."""

    count: int
    ratio_sum: int
    average: int


@dataclass(frozen=True, slots=True)
class RatioTest:
    """An ADP or ACP test with its working; ``room`` is how far the HCE average may still rise (negative: is over)."""

    kind: RatioKind
    testing: Testing
    passed: bool
    hce: GroupAverage
    nhce: GroupAverage
    limit: RatioLimit
    room: int
    people: PersonRatios
    left_out_without_pay: tuple[int, ...]

    @property
    def path(self) -> LimitPath:
        return self.limit.path


@dataclass(frozen=True, slots=True, eq=False)
class RatioScenarios:
    """The same test over scenarios: one whole number or flag per scenario."""

    hce_average: Cents
    nhce_average: Cents
    limit: Cents
    passed: Flags


def ratio_limit(nhce_average: int) -> RatioLimit:
    """The HCE limit for an NHCE average (IRC 401(k)(3)(A)(ii), 401(m)(2)(A); Reg. 1.401(k)-2(a)(1)(i)).

    >>> ratio_limit(321).limit
    521
    """
    check_facts(locals())
    basic = int(_times_1_25(np.asarray(nhce_average)))
    twice, plus = 2 * nhce_average, nhce_average + _TWO_POINTS
    path = LimitPath.ALTERNATIVE if min(twice, plus) > basic else LimitPath.BASIC
    return RatioLimit(nhce_average, basic, twice, plus, max(basic, min(twice, plus)), path)


def ratios(contributions: Cents, compensation: Cents, is_hce: Flags) -> Cents:
    """Each employee's ratio, rounded half-up to 0.01 % (IRC 401(k)(3)(B); Reg. 1.401(k)-2(a)(3)(i)).

    A contribution without any pay contradicts itself; until the facts are put right it counts in the least favorable
    way: 100 % for an HCE, nothing for an NHCE.
    """
    check_facts(locals())
    paid = compensation > 0
    known = half_up_quotient(contributions * WHOLE, np.maximum(compensation, 1))
    if paid.all():
        return known
    without_pay = np.where(is_hce & (contributions > 0), WHOLE, 0)
    return np.where(paid, known, without_pay).astype(np.int64, copy=False)


def tested_members(contributions: Cents, compensation: Cents, eligible: Flags | None) -> Flags:
    """Who is in the test: the eligible, without those who had neither pay nor a contribution.

    Without pay there is no cash to choose instead, so nobody was eligible to defer any (Reg. 1.401(k)-6, "eligible
    employee").
    """
    check_facts(locals())
    with_money = (compensation > 0) | (contributions > 0)
    return with_money if eligible is None else with_money & eligible


def adp_numerator(*, deferrals: Cents, catch_up: Cents, over_401a30: Cents, qualified: Cents, is_hce: Flags) -> Cents:
    """What counts as deferred in the ADP test (Reg. 1.401(k)-2(a)(3)-(6)).

    Catch-up never counts (IRC 414(v)(3)(A)). Deferrals over the 402(g) limit of this employer's plans count for
    HCEs, not for NHCEs (Reg. 1.401(k)-2(a)(4)(iii), (5)(ii)). ``qualified`` is QNEC and QMAC used here, and then not
    in the ACP test.
    """
    check_facts(locals())
    counted: Cents = deferrals - catch_up - over_401a30 * ~is_hce + qualified
    return np.maximum(counted, 0, dtype=np.int64)


def ratio_scenarios(
    *,
    contributions: Cents,
    compensation: Cents,
    is_hce: Flags,
    eligible: Flags | None = None,
    prior_year_nhce_average: int | Cents | None = None,
) -> RatioScenarios:
    """The ADP or ACP test of every scenario at once (IRC 401(k)(3), 401(m)(2)); arrays broadcast over the last axis.

    ``prior_year_nhce_average`` makes it a prior-year test. Without an eligible HCE, or without an eligible NHCE, the
    test is deemed passed (Reg. 1.401(k)-2(a)(1)(ii)); the limit is then 100 %.
    """
    check_facts(locals(), apart=("prior_year_nhce_average",))
    of_one_person(contributions=contributions)
    each = ratios(contributions, compensation, is_hce)
    members = tested_members(contributions, compensation, eligible)
    return _compared(each, members, is_hce, prior_year_nhce_average)


def _compared(
    each: Cents, members: Flags, is_hce: Flags, prior_year_nhce_average: int | Cents | None
) -> RatioScenarios:
    hce_count, hce_average = _average(each, members & is_hce)
    nhce_count, nhce_average = _average(each, members & ~is_hce)
    if prior_year_nhce_average is not None:
        prior = as_cents(prior_year_nhce_average)
        if prior.ndim and prior.shape != nhce_average.shape:
            raise ImpossibleInput("prior_year_nhce_average", f"has the shape {prior.shape}, not {nhce_average.shape}")
        nhce_average = np.broadcast_to(prior, nhce_average.shape)
        nhce_count = np.ones_like(nhce_count)
    limit = np.maximum(_times_1_25(nhce_average), np.minimum(2 * nhce_average, nhce_average + _TWO_POINTS))
    limit = np.where((hce_count == 0) | (nhce_count == 0), WHOLE, limit)
    passed = (hce_average <= limit) | (hce_count == 0) | (nhce_count == 0)
    return RatioScenarios(hce_average=hce_average, nhce_average=nhce_average, limit=limit, passed=passed)


def ratio_test(
    kind: RatioKind,
    *,
    contributions: Cents,
    compensation: Cents,
    is_hce: Flags,
    eligible: Flags | None = None,
    prior_year_nhce_average: int | None = None,
) -> RatioTest:
    """The ADP or ACP test of one year, with every person's ratio in its working (IRC 401(k)(3), 401(m)(2))."""
    check_facts(locals(), one_plan=True)
    contributions, compensation = as_cents(contributions), as_cents(compensation)
    each = ratios(contributions, compensation, is_hce)
    members = tested_members(contributions, compensation, eligible)
    outcome = _compared(each, members, is_hce, prior_year_nhce_average)
    hce = _group(each, members & is_hce, outcome.hce_average)
    nhce = _group(each, members & ~is_hce, outcome.nhce_average)
    if prior_year_nhce_average is not None:
        nhce = GroupAverage(count=0, ratio_sum=0, average=prior_year_nhce_average)
    no_nhce = nhce.count == 0 and prior_year_nhce_average is None
    limit = _limit(nhce.average, no_hce=hce.count == 0, no_nhce=no_nhce)
    expected = np.ones_like(members) if eligible is None else eligible
    return RatioTest(
        kind=kind,
        testing=Testing.CURRENT_YEAR if prior_year_nhce_average is None else Testing.PRIOR_YEAR,
        passed=bool(outcome.passed),
        hce=hce,
        nhce=nhce,
        limit=limit,
        room=limit.limit - hce.average,
        people=_people(members, is_hce, contributions, compensation, each),
        left_out_without_pay=tuple(np.flatnonzero(expected & ~members).tolist()),
    )


def adp_test(
    *,
    contributions: Cents,
    compensation: Cents,
    is_hce: Flags,
    eligible: Flags | None = None,
    prior_year_nhce_average: int | None = None,
) -> RatioTest:
    """The ADP test (IRC 401(k)(3)); ``contributions`` from :func:`adp_numerator`, pay under 414(s) and 401(a)(17)."""
    check_facts(locals())
    return ratio_test(
        RatioKind.ADP,
        contributions=contributions,
        compensation=compensation,
        is_hce=is_hce,
        eligible=eligible,
        prior_year_nhce_average=prior_year_nhce_average,
    )


def acp_test(
    *,
    contributions: Cents,
    compensation: Cents,
    is_hce: Flags,
    eligible: Flags | None = None,
    prior_year_nhce_average: int | None = None,
) -> RatioTest:
    """The ACP test (IRC 401(m)(2)); of match and after-tax, with QNEC and deferrals not used in the ADP test."""
    check_facts(locals())
    return ratio_test(
        RatioKind.ACP,
        contributions=contributions,
        compensation=compensation,
        is_hce=is_hce,
        eligible=eligible,
        prior_year_nhce_average=prior_year_nhce_average,
    )


@dataclass(frozen=True, slots=True)
class EarlyParticipation:
    """The two lawful ways to test a plan that lets people in early; the employer chooses."""

    leave_out_nhces: RatioTest
    tested_separately: tuple[RatioTest, RatioTest]

    @property
    def passed(self) -> bool:
        return self.leave_out_nhces.passed or all(test.passed for test in self.tested_separately)


def early_participation(
    kind: RatioKind, *, contributions: Cents, compensation: Cents, is_hce: Flags, eligible: Flags, excludable: Flags
) -> EarlyParticipation:
    """Test with otherwise excludable employees, those below age 21 or a year of service.

    Leave out their NHCEs and keep all HCEs (IRC 401(k)(3)(F), 401(m)(5)(C)), or test two groups separately (IRC
    410(b)(4)(B); Reg. 1.401(k)-2(a)(1)(iii)).
    """
    check_facts(locals(), one_plan=True)

    def test_of(members: Flags) -> RatioTest:
        return ratio_test(
            kind, contributions=contributions, compensation=compensation, is_hce=is_hce, eligible=eligible & members
        )

    return EarlyParticipation(
        leave_out_nhces=test_of(is_hce | ~excludable), tested_separately=(test_of(~excludable), test_of(excludable))
    )


def _times_1_25(average: Cents) -> Cents:
    return half_up_quotient(average * 5, 4)


def _average(each: Cents, members: Flags) -> tuple[Cents, Cents]:
    count = count_of(members)
    return count, half_up_quotient(sum_of(each, members), np.maximum(count, 1))


def _group(each: Cents, members: Flags, average: Cents) -> GroupAverage:
    return GroupAverage(int(count_of(members)), int(sum_of(each, members)), int(average))


def _limit(nhce_average: int, *, no_hce: bool, no_nhce: bool) -> RatioLimit:
    limit = ratio_limit(nhce_average)
    if not (no_hce or no_nhce):
        return limit
    path = LimitPath.DEEMED_NO_HCE if no_hce else LimitPath.DEEMED_NO_NHCE
    return RatioLimit(limit.nhce_average, limit.times_1_25, limit.twice, limit.plus_two_points, WHOLE, path)


def _people(members: Flags, is_hce: Flags, contributions: Cents, compensation: Cents, each: Cents) -> PersonRatios:
    return PersonRatios(np.arange(len(members)), is_hce, contributions, compensation, each).of(members)
