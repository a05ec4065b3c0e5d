"""Which average of the year before a plan is tested against (Reg. 1.401(k)-2(c), 1.401(m)-2(c)). Not here: the test."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import half_up_quotient
from .given import ImpossibleInput, check_facts, check_fields

#: 3 % is the NHCE average of a first plan year under prior-year testing, unless the plan elects the actual one (IRC
#: 401(k)(3)(E)). For the ACP that is the first year with a match or after-tax money (Reg. 1.401(m)-2(c)(2)(ii)).
FIRST_YEAR_NHCE_AVERAGE = 300


@dataclass(frozen=True, slots=True)
class PriorSubgroup:
    """NHCEs of one plan the year before who would have been eligible in the tested one too, and that plan's average."""

    people: int
    average: int

    def __post_init__(self) -> None:
        check_fields(self)


def is_successor(*, eligible: int, eligible_before: int) -> bool:
    """Half or more of a first year's eligible were eligible in another plan of the employer the year before.

    Then the 3 % of a first year is not open to it (Reg. 1.401(k)-2(c)(2)(iii), 1.401(m)-2(c)(2)(iii)).
    """
    check_facts(locals())
    return eligible > 0 and 2 * eligible_before >= eligible


def weighted_average(subgroups: Sequence[PriorSubgroup]) -> int:
    """The NHCE average of the year before, after a change in who is covered by which plan.

    Each plan's own average by how many came from it (Reg. 1.401(k)-2(c)(4)(i), (iii)(C); 1.401(m)-2(c)(4)). Rounded
    once, half-up: Example 2 has 5.41 from 4.2353 and 1.1765.
    """
    check_facts(locals())
    people = sum(each.people for each in subgroups)
    if not people:
        raise ImpossibleInput("subgroups", "nobody is in them")
    return int(half_up_quotient(np.asarray(sum(each.people * each.average for each in subgroups)), people))
