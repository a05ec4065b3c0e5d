"""What the law does not allow in what vests an account in full. Not here: the schedules (lawful.py)."""

from collections.abc import Iterator

from open401k.law.vesting_years import NORMAL_RETIREMENT_AGE, NORMAL_RETIREMENT_YEARS

from .problem import ProvisionProblem
from .provisions import Provisions


def full_vesting(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """Normal retirement age is no later than the law's; early retirement comes before it."""
    normal, early = provisions.vesting.normal_retirement, provisions.vesting.early_retirement
    if normal is not None and not (
        0 < normal.age <= NORMAL_RETIREMENT_AGE and 0 <= normal.years <= NORMAL_RETIREMENT_YEARS
    ):
        yield ProvisionProblem(
            "vesting.normal_retirement",
            f"Normal retirement is no later than {NORMAL_RETIREMENT_AGE} and {NORMAL_RETIREMENT_YEARS} years of"
            " participation.",
            "IRC 411(a)(8)",
            "Set age to 65 or less and years to 5 or less, or leave it out.",
        )
    if early is not None and not (0 < early.age < (NORMAL_RETIREMENT_AGE if normal is None else normal.age)):
        yield ProvisionProblem(
            "vesting.early_retirement",
            "Early retirement comes at an age before normal retirement.",
            "IRC 411(a)(8)",
            "Set a lower age, or leave it out.",
        )
    if early is not None and not 0 <= early.years <= NORMAL_RETIREMENT_AGE:
        yield ProvisionProblem(
            "vesting.early_retirement",
            f"{early.years} are no years of service.",
            "IRC 411(a)(4)",
            "Set the years of service that the plan asks for, or 0.",
        )
