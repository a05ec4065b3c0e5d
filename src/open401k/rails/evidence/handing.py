"""What a custodian's node hands out: the evidence of a case, heads that it countersigned. Not here: to whom (doors)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from open401k.kernel import Open401kError

from ..node.cases import Unit
from ..node.deal import DealUnit
from ..node.letters import file_from
from ..transfer_file.leaves import TransferFile
from .collecting import PLAIN, ProvingChain, collect
from .file import Evidence
from .heads import Heads


class NoCaseError(Open401kError):
    """There is no such case here."""


class Files(Protocol):
    """Where a node keeps its cases and deals."""

    def begin(self) -> AbstractContextManager[DealUnit]: ...


def evidence_of(
    files: Files, chain: ProvingChain, *, coordinator: bytes, case: str, labels: Sequence[str] = PLAIN
) -> Evidence:
    """The evidence of one case, as our side has it."""
    with files.begin() as unit:
        try:
            agreed = unit.case(case).agreed
        except LookupError:
            raise NoCaseError(f"There is no case {case}.", fix="Name a case of this node.") from None
        said, calls = unit.said(case), [message.data for message in unit.outbox(case) if message.data]
        file = _file_of(unit, case)
    if agreed is None:
        raise Open401kError(
            f"Case {case} has no exact terms yet, so nothing was signed that could be proved.",
            fix="Ask again when both custodians have agreed on the terms.",
        )
    return collect(
        chain, coordinator=coordinator, encoded=agreed.encoded, said=said, calls=calls, file=file, labels=labels
    )  # fmt: skip


def heads_of(unit: Unit, *, chain_id: int, coordinator: bytes) -> Heads:
    """Every head that this node countersigned, by block."""
    return Heads(chain_id, coordinator, tuple(each.head for each in unit.said()))


def _file_of(unit: DealUnit, case: str) -> TransferFile | None:
    """The transfer file of its deal; none where exact terms were agreed without one."""
    try:
        told = unit.deal(case).file
    except LookupError:
        return None
    return None if told is None else file_from(told)
