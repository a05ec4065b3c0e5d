"""The explanation of section 402(f) that a plan gives before it pays a rollover: the newest that tells of the money.

The text is the administrator's (IRC 402(f)(1)); nothing of it is ours. Not here: what a document may be, and how it
travels (flows/rollover_explaining.py), whether it was given in time (rails/preflight).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId

from . import _explanation_store as _store


class TellsOf(StrEnum):
    """Of which money somebody has to be told: the model texts tell of one or the other (Notice 2026-13)."""

    ROTH = "roth"
    OTHER = "other"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A document: what is signed of it, what it is called, of which money it tells; its bytes where they were read."""

    fingerprint: bytes
    title: str
    version: str
    media: str
    of_roth: bool
    of_other: bool
    recorded_at: datetime
    recorded_by: str
    content: bytes = field(default=b"", repr=False)


def put_explanation(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, fingerprint: bytes, title: str, version: str, media: str,
    content: bytes, of_roth: bool, of_other: bool,
) -> bool:  # fmt: skip
    """From now on the plan gives this one; False: it does already, called the same."""
    heads.lock(tx, tenant_id=tenant_id)
    before = explanations_of(tx, tenant_id=tenant_id, plan_id=plan_id)
    mine = (fingerprint, title, version, media, of_roth, of_other)
    if before and _said(before[0]) == mine:
        return False
    row = (len(before) + 1, fingerprint, title, version, media, content, of_roth, of_other)
    _store.insert(tx, tenant_id=tenant_id, plan_id=plan_id, row=row)
    after = {"fingerprint": fingerprint.hex(), "title": title, "version": version}
    audit.record(tx, tenant_id=tenant_id, action="recordkeeping.explanation_put", subject=plan_id, after=after)
    return True


def explanations_of(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Explanation]:
    """All there ever were, without their bytes, the newest first."""
    return [_of(row) for row in _store.named(tx, tenant_id=tenant_id, plan_id=plan_id)]


def needed_for(kinds: Iterable[str]) -> TellsOf:
    """Of which money an explanation has to tell, for money of these kinds."""
    found = set(kinds)
    if "roth" not in found:
        return TellsOf.OTHER
    return TellsOf.BOTH if found - {"roth"} else TellsOf.ROTH


def fitting(found: Sequence[Explanation], need: TellsOf) -> Explanation | None:
    """The newest that tells of all that money; of a document that was put twice counts what was said of it last."""
    last: dict[bytes, Explanation] = {}
    for each in found:
        last.setdefault(each.fingerprint, each)
    for each in last.values():
        if (each.of_roth or need is TellsOf.OTHER) and (each.of_other or need is TellsOf.ROTH):
            return each
    return None


def given_for(found: Sequence[Explanation], kinds: Iterable[str]) -> Mapping[TellsOf, Explanation]:
    """What is given of these kinds, each alone and together, where a document fits."""
    of = set(kinds)
    alone = {needed_for([kind]) for kind in of} | ({needed_for(of)} if of else set())
    each = {need: fitting(found, need) for need in TellsOf if need in alone}
    return {need: document for need, document in each.items() if document is not None}


def explanation_of(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, fingerprint: bytes) -> Explanation | None:
    """One of them with its bytes."""
    found = _store.content(tx, tenant_id=tenant_id, plan_id=plan_id, fingerprint=fingerprint)
    return None if found is None else _of(found[0], found[1])


def _of(row: _store.NamedRow, content: bytes = b"") -> Explanation:
    of = (row.title, row.version, row.media, row.of_roth, row.of_other, row.recorded_at, row.recorded_by)
    return Explanation(bytes(row.fingerprint), *of, content)


def _said(each: Explanation) -> tuple[bytes, str, str, str, bool, bool]:
    return (each.fingerprint, each.title, each.version, each.media, each.of_roth, each.of_other)
