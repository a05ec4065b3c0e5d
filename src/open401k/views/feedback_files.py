"""How a payroll that works by files is told: its layout, the files that were made, how much waits for the next one."""

from dataclasses import dataclass
from datetime import datetime

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId
from open401k.payroll import connections, feedback_files, write_back_book
from open401k.payroll.formats.feedback_layouts import FEEDBACK_LAYOUTS
from open401k.payroll.write_back import State


@dataclass(frozen=True, slots=True)
class FeedbackFileRow:
    """A file that was handed over; ``number`` counts from 1 for each plan."""

    feedback_file_id: str
    number: int
    layout: str
    name: str
    instructions: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class FeedbackFiles:
    """``layout`` empty: payroll is told in no files. ``connected``: a provider is told by its connection instead."""

    layout: str
    plan_number: str
    connected: bool
    waiting: int
    files: tuple[FeedbackFileRow, ...]

    @property
    def offered(self) -> dict[str, str]:
        """Every layout that can be chosen, with its title."""
        return {name: each.title for name, each in FEEDBACK_LAYOUTS.items()}


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> FeedbackFiles:
    """The choice, and every file, the newest first."""
    terms = feedback_files.terms(tx, tenant_id=tenant_id, plan_id=plan_id)
    told = write_back_book.on_file(tx, tenant_id=tenant_id, plan_id=plan_id)
    connected = connections.of_plan(tx, tenant_id=tenant_id, plan_id=plan_id)
    made = feedback_files.made(tx, tenant_id=tenant_id, plan_id=plan_id)
    return FeedbackFiles(
        layout=terms.layout.name if terms else "",
        plan_number=terms.plan_number if terms else "",
        connected=any(each.state != connections.State.PAUSED for each in connected),
        waiting=sum(each.state is State.QUEUED for each in told),
        files=tuple(
            FeedbackFileRow(
                str(each.feedback_file_id), each.number, each.layout, each.name, each.instructions, each.made_at
            )
            for each in made
        ),
    )
