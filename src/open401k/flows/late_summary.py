"""What a late fact changed, for whom, and whose money it is. What of the past waits for a person: heal.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from open401k import plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Source, SponsorId

#: Why it is posted at once: the plan gives it, or never gave it, whether or not anybody agrees.
PARAGRAPH = "The plan is followed as written, from the facts as they were (Rev. Proc. 2021-30 section 6.02(1))."


@dataclass(frozen=True, slots=True)
class Changed:
    """What one person's source was credited more (negative: less), and what of it is held more."""

    employee_id: EmployeeId
    source: Source
    credited_cents: int
    held_cents: int


@dataclass(frozen=True, slots=True)
class LateSummary:
    """All that a late fact moved. ``employer_cents``: contributions that the employer owes more, or less."""

    changed: tuple[Changed, ...]
    employer_cents: int
    employee_cents: int
    held_cents: int
    paragraph: str = PARAGRAPH

    @property
    def costs_the_employer(self) -> bool:
        """Whether the employer owes more for it."""
        return self.employer_cents > 0

    def as_json(self) -> dict[str, Any]:
        """As the step keeps it."""
        return {
            "changed": [
                {
                    "employee_id": each.employee_id, "source": each.source, "credited_cents": each.credited_cents,
                    "held_cents": each.held_cents,
                }
                for each in self.changed
            ],
            "employer_cents": self.employer_cents,
            "employee_cents": self.employee_cents,
            "paragraph": self.paragraph,
        }  # fmt: skip


def posted_for(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, cause: str) -> dict[str, Any]:
    """What was posted of one cause in every plan of the sponsor, as the step keeps it."""
    posted: list[recordkeeping.Corrected] = []
    for each in (plan_id, *plan.other_plans(tx, tenant_id=tenant_id, plan_id=plan_id)):
        posted += recordkeeping.corrections(tx, tenant_id=tenant_id, plan_id=each, cause=cause)
    return {
        "entries": [str(each.entry_id) for each in posted],
        "credited_cents": sum(each.credited_cents for each in posted),
        "held_cents": sum(each.held_cents for each in posted),
    } | summary_of(posted).as_json()


def summary_of(posted: Sequence[recordkeeping.Corrected]) -> LateSummary:
    """The differences of all pay dates, person by person and source by source; those that cancel out are left out.

    Of very many people the working lists the first thousand differences of a pay date, and so does this.
    """
    credited: dict[tuple[EmployeeId, Source], int] = {}
    held: dict[tuple[EmployeeId, Source], int] = {}
    for each in posted:
        for one in each.differences:
            key = (EmployeeId.parse(one["employee_id"]), Source(one["source"]))
            of = credited if one["held"] is None else held
            of[key] = of.get(key, 0) + one["difference_cents"]
    changed = tuple(
        Changed(*key, credited.get(key, 0), held.get(key, 0))
        for key in sorted({*credited, *held})
        if credited.get(key) or held.get(key)
    )
    own = sum(each.credited_cents for each in changed if each.source.from_employee)
    everything = sum(each.credited_cents for each in changed)
    return LateSummary(changed, everything - own, own, sum(each.held_cents for each in changed))
