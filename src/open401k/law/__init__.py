"""The law: dated figures and pure functions on arrays of cents, each citing its section. No I/O but the packaged
figures.
"""

from . import compensation, deferrals, figures, highly_compensated, matching, nondiscrimination
from .figures import NotEnacted, sha256, version

__all__ = [
    "NotEnacted",
    "compensation",
    "deferrals",
    "figures",
    "highly_compensated",
    "matching",
    "nondiscrimination",
    "sha256",
    "version",
]
