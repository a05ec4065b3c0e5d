"""Whether a plan must enroll its employees automatically (IRC 414A). Not here: how it would."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from open401k.kernel import anniversary

#: Plans adopted before the enactment of SECURE 2.0 keep their old ways (IRC 414A(c)(2)(A)).
ENACTED_ON = date(2022, 12, 29)
_FIRST_PLAN_YEAR_AFTER = date(2024, 12, 31)


class MandateStatus(StrEnum):
    """Why the mandate applies or not. Checked in this order."""

    ADOPTED_BEFORE_ENACTMENT = "adopted_before_enactment"
    NOT_YET_IN_FORCE = "not_yet_in_force"
    NEW_EMPLOYER = "new_employer"
    SMALL_EMPLOYER = "small_employer"
    APPLIES = "applies"


@dataclass(frozen=True, slots=True)
class Mandate:
    """The answer for one plan year, with what it rests on."""

    status: MandateStatus
    citation: str
    reason: str

    @property
    def exempt(self) -> bool:
        """Whether the plan may do without automatic enrollment."""
        return self.status is not MandateStatus.APPLIES


def automatic_enrollment(
    *, adopted_on: date, established_on: date, employees: int | None, plan_year_start: date
) -> Mandate:
    """Whether 414A binds the plan in the plan year that starts then.

    ``employees`` is how many the employer normally had in the last year that closed more than a year ago; not known
    (``None``) never exempts.
    """
    if adopted_on < ENACTED_ON:
        return Mandate(
            MandateStatus.ADOPTED_BEFORE_ENACTMENT,
            "IRC 414A(c)(2)(A)",
            f"The plan was adopted on {adopted_on}, before December 29, 2022.",
        )
    if plan_year_start <= _FIRST_PLAN_YEAR_AFTER:
        return Mandate(
            MandateStatus.NOT_YET_IN_FORCE,
            "Pub. L. 117-328, div. T, 101(c)",
            "The mandate is for plan years that begin after December 31, 2024.",
        )
    if plan_year_start < anniversary(established_on, 3):
        return Mandate(
            MandateStatus.NEW_EMPLOYER,
            "IRC 414A(c)(4)(A)",
            f"The employer has existed for less than 3 years, since {established_on}.",
        )
    if employees is not None and employees <= 10:
        return Mandate(
            MandateStatus.SMALL_EMPLOYER,
            "IRC 414A(c)(4)(B)",
            f"The employer normally had {employees} employees, not more than 10.",
        )
    return Mandate(
        MandateStatus.APPLIES, "IRC 414A(a)", "No exemption applies: the plan must enroll employees automatically."
    )
