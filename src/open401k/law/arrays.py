"""Arrays of whole cents and of flags, and the one rounding rule on them. Not here: any rule of law."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

#: Whole cents (or whole hundredths of a percent), participants on the last axis, scenarios on the axes before it.
Cents: TypeAlias = npt.NDArray[np.int64]
#: One yes or no per participant.
Flags: TypeAlias = npt.NDArray[np.bool_]
#: Ages, years or counts per participant.
Counts: TypeAlias = npt.NDArray[np.int64]


def as_cents(values: npt.ArrayLike) -> Cents:
    """Whole numbers as int64; floats are refused, since nobody knows how they were rounded."""
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"cents are whole numbers, not {array.dtype}")
    return array.astype(np.int64, copy=False)


def half_up_quotient(numerator: Cents, denominator: Cents | int) -> Cents:
    """Nearest whole number of each quotient; a half goes away from zero. Denominators are positive."""
    twice = np.asarray(denominator, dtype=np.int64) * 2
    rounded = (np.abs(numerator) * 2 + twice // 2) // twice
    return np.where(numerator < 0, -rounded, rounded).astype(np.int64, copy=False)
