"""The law: dated figures and pure functions on arrays of cents, each citing its section. No I/O but the packaged
files.
"""

from . import (
    additions,
    arrays,
    compensation,
    corrections,
    coverage,
    deadlines,
    deferrals,
    eligibility,
    explain,
    figures,
    highly_compensated,
    key_employees,
    matching,
    nondiscrimination,
    ownership,
    safe_harbor,
    targeting,
    top_heavy,
    vesting,
)
from .figures import NotEnacted, sha256, version

__all__ = [
    "NotEnacted",
    "additions",
    "arrays",
    "compensation",
    "corrections",
    "coverage",
    "deadlines",
    "deferrals",
    "eligibility",
    "explain",
    "figures",
    "highly_compensated",
    "key_employees",
    "matching",
    "nondiscrimination",
    "ownership",
    "safe_harbor",
    "sha256",
    "targeting",
    "top_heavy",
    "version",
    "vesting",
]
