"""What the law or the engine does not allow in groups and points of profit sharing. Not here: whether an allocation is
nondiscriminatory, which is tested on real people (compliance/amounts.py)."""

from collections.abc import Iterator

from open401k.kernel import Source

from .problem import ProvisionProblem
from .provisions import Provisions
from .sharing import AllocationGroup, Points

_DEFINITE = "Reg. 1.401-1(b)(1)(ii)"
LONGEST_NAME = 60
MOST_POINTS = 10_000
_UNIFORM = "Reg. 1.401(a)(4)-2(b)(3)(i)(A)"


def sharing(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """A formula that is not definite, or that allocates nothing."""
    terms = provisions.profit_sharing
    if terms is None:
        return
    if Source.PROFIT_SHARING not in provisions.may_declare:
        yield ProvisionProblem(
            "profit_sharing",
            "These terms allocate profit sharing that is declared for a plan year, and here none may be declared.",
            _DEFINITE,
            "Name profit_sharing in may_declare, or take these terms out.",
        )
    if [bool(terms.groups), terms.each_alone, terms.points is not None].count(True) != 1:
        yield ProvisionProblem(
            "profit_sharing",
            "A contribution is allocated by one formula: named groups, each participant alone, or points.",
            _DEFINITE,
            "Set one of groups, each_alone and points.",
        )
    if terms.groups:
        yield from _groups(terms.groups)
    if terms.points is not None:
        yield from _points(terms.points)


def _groups(groups: tuple[AllocationGroup, ...]) -> Iterator[ProvisionProblem]:
    where = "profit_sharing.groups"
    names = [each.name for each in groups]
    if len(set(names)) < len(names) or any(not name.strip() or len(name) > LONGEST_NAME for name in names):
        yield ProvisionProblem(
            where,
            f"Each group has a name of its own, of at most {LONGEST_NAME} letters.",
            _DEFINITE,
            "Name each group once.",
        )
    classes = [name for each in groups for name in each.classes]
    if len(set(classes)) < len(classes) or any(not name for name in classes):
        yield ProvisionProblem(
            where,
            "An employee class is in one group: else it could not be told which share somebody has.",
            _DEFINITE,
            "Name each class in one group only.",
        )
    if [bool(each.classes) for each in groups].count(False) != 1:
        yield ProvisionProblem(
            where,
            "Every participant is in one group: one of them holds everybody whose class no other one names.",
            _DEFINITE,
            "Leave the classes of exactly one group empty.",
        )


def _points(points: Points) -> Iterator[ProvisionProblem]:
    given = (points.for_year_of_age, points.for_year_of_service, points.for_unit_of_pay)
    if min(given) < 0 or max(given) > MOST_POINTS:
        yield ProvisionProblem(
            "profit_sharing.points",
            f"Points for a year or a unit are from 0 to {MOST_POINTS:,}.",
            _UNIFORM,
            "Divide them all by the same number.",
        )
    if not any(given):
        yield ProvisionProblem(
            "profit_sharing.points",
            "The formula gives nobody a point.",
            _UNIFORM,
            "Give points for years of age, years of service or units of pay.",
        )
    if points.unit_cents <= 0:
        yield ProvisionProblem(
            "profit_sharing.points.unit_cents",
            "A unit of pay is an amount above zero.",
            _UNIFORM,
            "Set it to 20000 ($200) or less: above that the formula is no safe harbor, and the general test decides.",
        )
    if points.most_years_of_service is not None and points.most_years_of_service <= 0:
        yield ProvisionProblem(
            "profit_sharing.points.most_years_of_service",
            "Years of service count up to one or more.",
            _UNIFORM,
            "Set it above 0, or leave it out.",
        )
