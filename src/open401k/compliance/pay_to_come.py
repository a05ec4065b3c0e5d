"""Pay that the match, or nonelective money, counts where that is not what deferrals count, on dates still to come.

What chance does to pay is drawn for the pay that deferrals count; of what comes, such money counts the share that it
counted so far: a bonus season that is still to come is not foreseen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .facts import Cents


@dataclass(frozen=True, slots=True, eq=False)
class OtherPay:
    """Of the plan year to date, for each person, and the share of pay that it is."""

    so_far: Cents
    share: NDArray[np.float64]

    def to_date(self, compensation: Cents, so_far: Cents) -> Cents:
        """What counts of pay of the plan year, of which deferrals counted ``so_far`` until now."""
        found: Cents = self.so_far + self.of(compensation - so_far)
        return found

    def of(self, compensation: Cents) -> Cents:
        """What counts of pay that is still to come."""
        return np.rint(compensation * self.share).astype(np.int64)

    def padded(self, extra: int) -> OtherPay:
        """With so many people who are not here yet: as those who are, all together."""
        usual = float(self.share.mean()) if len(self.share) else 1.0
        nothing = np.zeros(extra, dtype=np.int64)
        return OtherPay(np.append(self.so_far, nothing), np.append(self.share, np.full(extra, usual)))


def other_pay(counted: Cents | None, compensation: Cents) -> OtherPay | None:
    """None where the money counts what deferrals count; of who was paid nothing yet, all that comes counts."""
    if counted is None:
        return None
    return OtherPay(counted, np.where(compensation > 0, counted / np.maximum(compensation, 1), 1.0))
