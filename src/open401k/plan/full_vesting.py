"""What a plan says vests an account in full beyond its schedules. Not here: the schedules (provisions.py).

Normal retirement age and the end of a plan vest by law (IRC 411(a), (d)(3)); death, disability and early retirement
only where the plan says so.
"""

from dataclasses import dataclass
from enum import StrEnum


class Disability(StrEnum):
    """By which words somebody is disabled: the law leaves that to the plan, and a person says when they are met."""

    #: Unable to engage in any substantial gainful activity (IRC 72(m)(7)).
    NO_GAINFUL_ACTIVITY = "no_gainful_activity"
    #: Social Security has awarded disability benefits.
    SOCIAL_SECURITY = "social_security"
    #: The employer's long-term disability plan pays.
    LONG_TERM_DISABILITY_PLAN = "long_term_disability_plan"


@dataclass(frozen=True, slots=True)
class RetirementAge:
    """An age and the years that go with it: of participation for normal, of service for early retirement."""

    age: int
    years: int = 0
