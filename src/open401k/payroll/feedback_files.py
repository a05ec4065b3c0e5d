"""Feedback files on file: the layout that a plan's payroll takes, and each file that was made for it, as it was.

Not here: what stands in one (write_back_said.py), the story (flows/write_back_files.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from open401k.base import audit, heads, messages
from open401k.base.db import Tx
from open401k.kernel import Id, InstructionId, Open401kError, PlanId, SponsorId

from . import _feedback_store as _store
from .files import hashes_of
from .formats.feedback_layouts import FEEDBACK_LAYOUTS, FeedbackLayout

_TABLE, _COLUMN = "payroll.feedback_file", "sealed"
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII)


class FeedbackFileId(Id):
    """A file of instructions to a payroll."""

    __slots__ = ()
    prefix = "fbf"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a plan's payroll is told in files: in which layout, and by which number it knows the plan."""

    layout: FeedbackLayout
    plan_number: str


@dataclass(frozen=True, slots=True)
class FeedbackFileLine:
    """A file that was made; ``number`` counts from 1 for each plan."""

    feedback_file_id: FeedbackFileId
    number: int
    layout: str
    name: str
    instructions: int
    made_at: datetime
    made_by: str


def choose(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, layout: str, plan_number: str) -> bool:
    """Choose how payroll is told in files, from the next file on; ``layout`` empty: in none. False: it was so."""
    if layout and layout not in FEEDBACK_LAYOUTS:
        raise Open401kError(
            f"There is no feedback layout {layout!r}.", fix=f"Use one of: {', '.join(FEEDBACK_LAYOUTS)}."
        )
    if layout and not _NUMBER.fullmatch(plan_number):
        reason = "The plan number is up to 40 letters, digits and hyphens."
        raise Open401kError(reason, fix="Give the number by which payroll knows the plan.")
    heads.lock(tx, tenant_id=tenant_id)
    wanted = (layout, plan_number if layout else "")
    if (_store.terms(tx, tenant_id=tenant_id, plan_id=plan_id) or ("", "")) == wanted:
        return False
    _store.add_terms(tx, tenant_id=tenant_id, plan_id=plan_id, layout=wanted[0], plan_number=wanted[1])
    after = {"layout": wanted[0], "plan_number": wanted[1]}
    audit.record(tx, tenant_id=tenant_id, action="payroll.feedback_layout", subject=plan_id, after=after)
    return True


def terms(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Terms | None:
    """How a plan's payroll is told in files; None: it is not."""
    found = _store.terms(tx, tenant_id=tenant_id, plan_id=plan_id)
    return Terms(FEEDBACK_LAYOUTS[found[0]], found[1]) if found and found[0] else None


def next_number(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> int:
    """The number of the next file; the caller holds the head's lock, so that no number is given twice."""
    return _store.last_number(tx, tenant_id=tenant_id, plan_id=plan_id) + 1


def keep(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    number: int,
    terms: Terms,
    name: str,
    data: bytes,
    lines: Sequence[InstructionId],
) -> FeedbackFileId:
    """Keep a file sealed, with the instruction of each of its rows; it never changes."""
    file_id = tx.ids.new(FeedbackFileId)
    sealed = tx.keyring.seal(tx, tenant_id=tenant_id, table=_TABLE, column=_COLUMN, row_id=file_id, plaintext=data)
    digest, _ = hashes_of(tx, _TABLE, data)
    columns = (number, terms.layout.name, name, digest, sealed)
    _store.add_file(tx, tenant_id=tenant_id, plan_id=plan_id, file_id=file_id.uuid, columns=columns)
    _store.add_lines(tx, tenant_id=tenant_id, file_id=file_id.uuid, instruction_ids=[each.uuid for each in lines])
    told = {"number": number, "layout": terms.layout.name, "instructions": len(lines)}
    audit.record(tx, tenant_id=tenant_id, action="payroll.feedback_file_made", subject=file_id, after=told)
    messages.publish(tx, tenant_id=tenant_id, kind="feedback_file.made", subject=file_id, data=told)
    return file_id


def made(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[FeedbackFileLine]:
    """Every file of a plan, the newest first."""
    rows = _store.files(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [FeedbackFileLine(FeedbackFileId(row[0]), *row[1:]) for row in rows]


def content(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, file_id: FeedbackFileId
) -> tuple[FeedbackFileLine, bytes]:
    """A file and its bytes, the same each time; they hold Social Security numbers, so who asked is recorded."""
    found = {each.feedback_file_id: each for each in made(tx, tenant_id=tenant_id, plan_id=plan_id)}.get(file_id)
    if found is None:
        raise Open401kError(f"There is no feedback file {file_id}.", fix="Take the id from the list of files.")
    digest, sealed = _store.sealed(tx, tenant_id=tenant_id, file_id=file_id.uuid)
    data = tx.keyring.unseal(tx, tenant_id=tenant_id, table=_TABLE, column=_COLUMN, row_id=file_id, sealed=sealed)
    if digest not in hashes_of(tx, _TABLE, data):
        raise Open401kError(f"The bytes of {file_id} are not those of its hash.", fix="Run: open401k verify")
    audit.record(tx, tenant_id=tenant_id, action="payroll.feedback_file_read", subject=file_id)
    return found, data


def layout_of(file: FeedbackFileLine) -> FeedbackLayout:
    """The layout in which a file was made, whichever is chosen now."""
    return FEEDBACK_LAYOUTS[file.layout]


def lines(tx: Tx, *, tenant_id: SponsorId, file_id: FeedbackFileId) -> list[InstructionId]:
    """The instruction of each row, in the order of the file."""
    return [InstructionId(each) for each in _store.lines(tx, tenant_id=tenant_id, file_id=file_id.uuid)]
