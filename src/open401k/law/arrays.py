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
    top, bottom = np.asarray(numerator), np.asarray(denominator, dtype=np.int64)
    negative = top < 0
    if not negative.any():
        return np.asarray((top * 2 + bottom) // (bottom * 2), dtype=np.int64)
    rounded = (np.abs(top) * 2 + bottom) // (bottom * 2)
    return np.where(negative, -rounded, rounded).astype(np.int64, copy=False)


def sum_of(values: Cents, members: Flags) -> Cents:
    """What the members have together, along the last axis; values and members broadcast."""
    return np.asarray(np.einsum("...i,...i->...", values, members, dtype=np.int64), dtype=np.int64)


def count_of(members: Flags) -> Counts:
    """How many members there are, along the last axis."""
    return np.asarray(np.einsum("...i->...", members, dtype=np.int64), dtype=np.int64)
