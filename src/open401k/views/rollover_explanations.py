"""The explanations of section 402(f) that a plan put: which is given now, and which were before."""

from dataclasses import dataclass
from datetime import date

from open401k import recordkeeping
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId, day_of
from open401k.recordkeeping.rollover_explanations import TellsOf, fitting


@dataclass(frozen=True, slots=True)
class ExplanationLine:
    """A document; ``given_now``: it is the newest that tells of some money. ``fingerprint`` is signed."""

    fingerprint: str
    title: str
    version: str
    media: str
    of_roth: bool
    of_other: bool
    put_on: date
    put_by: str
    given_now: bool

    @property
    def tells_of(self) -> str:
        """Of which money."""
        both = self.of_roth and self.of_other
        return "all money" if both else "Roth money" if self.of_roth else "money other than Roth"


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[ExplanationLine, ...]:
    """All there ever were, the newest first."""
    found = recordkeeping.explanations_of(tx, tenant_id=tenant_id, plan_id=plan_id)
    given = [fitting(found, need) for need in TellsOf]
    return tuple(
        ExplanationLine(
            each.fingerprint.hex(), each.title, each.version, each.media, each.of_roth, each.of_other,
            day_of(each.recorded_at), each.recorded_by, each in given,
        )
        for each in found
    )  # fmt: skip


def read(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, fingerprint: str) -> recordkeeping.Explanation | None:
    """One of them with its bytes; None: there is none."""
    try:
        wanted = bytes.fromhex(fingerprint)
    except ValueError:
        return None
    return recordkeeping.explanation_of(tx, tenant_id=tenant_id, plan_id=plan_id, fingerprint=wanted)
