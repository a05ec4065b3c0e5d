"""What codes of a payroll are for, as something learned. Not here: what follows in the books (correction.py)."""

from dataclasses import dataclass
from datetime import date

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import SponsorId

_CALLED = {census.Side.EARNING: "Pay code", census.Side.DEDUCTION: "Deduction code"}


@dataclass(frozen=True, slots=True)
class PayCodeKinds:
    """What payroll codes of the sponsor are for, each from a day on; every plan of the sponsor follows."""

    said: tuple[census.CodeKind, ...]

    @property
    def origin(self) -> str:
        """In words, for the correction."""
        return " ".join(
            f"{_CALLED[each.side]} {each.code} is {str(each.kind).replace('_', ' ')} {_since(each.event_on)}."
            for each in self.said
        )

    def record(self, tx: Tx, *, tenant_id: SponsorId) -> None:
        """Each of them, known from now on."""
        for each in self.said:
            census.set_code_kind(tx, tenant_id=tenant_id, said=each)


def _since(day: date) -> str:
    return "on all pay dates" if day == date.min else f"from {day} on"
