"""What one of several receivers is told of the releasing half and the transfer file: of other kinds sums. ADR-0060.

Who leads is told all. Another one is told every source of the kinds that it takes, and of each other kind one line:
what the spouse's consent, the minimum and everybody's legs are worked out from. Not here: other halves (joined).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from ..kinds import Kind
from ..preflight.facts import Held
from ..transfer_file.leaves import SALT, TransferFile
from .deal import Deal
from .file_of import source_label
from .halves import ReceivingHalf, ReleasingHalf
from .letters import FileLeaf

#: Of the transfer file: from which the lead's salts follow, so that no other receiver sees it.
_LEADS: Final = "case.reference"
_AMOUNTS: Final = "amounts["


def releasing_for(half: ReleasingHalf, receiver: ReceivingHalf, place: int) -> ReleasingHalf:
    """The releasing half as the receiver at this place is told it."""
    if place == 0:
        return half
    kinds, ours = _kinds(receiver), _labels(half.held, receiver)
    kept = [each for each in half.held if each.kind in kinds or source_label(each) in ours]
    others = [each for each in half.held if each not in kept]
    sums = [_sum([each for each in others if each.kind is kind]) for kind in sorted({each.kind for each in others})]
    file = {label: told for label, told in half.file.items() if not _is_elsewhere(label, ours)}
    return replace(half, held=(*kept, *sums), file=file)


def file_for(deal: Deal, file: TransferFile, place: int) -> tuple[FileLeaf, ...]:
    """The transfer file as one receiver gets it: of what is none of its business, digests."""
    return tuple(
        FileLeaf(leaf.label, bytes(SALT), "", leaf.digest)
        if is_hidden(leaf.label, deal, place)
        else FileLeaf(leaf.label, leaf.salt or b"", leaf.value or "")
        for leaf in file.leaves
    )


def is_hidden(label: str, deal: Deal, place: int) -> bool:
    """Whether an item is none of this receiver's business; both sides say it alike."""
    if deal.many == 1:
        return False
    if any(label.startswith(f"receiving[{other}].") for other in range(deal.many) if other != place):
        return True
    if place == 0 or deal.releasing is None or deal.halves is None:
        return False
    return label == _LEADS or _is_elsewhere(label, _labels(deal.releasing.held, deal.halves[place]))


def _is_elsewhere(label: str, ours: Iterable[str]) -> bool:
    """Whether it is about a source none of which comes to them."""
    return label.startswith(_AMOUNTS) and not any(label.startswith(f"{_AMOUNTS}{each}].") for each in ours)


def _labels(held: Sequence[Held], receiver: ReceivingHalf) -> set[str]:
    """What the file calls the sources of which a receiver takes something."""
    kinds = _kinds(receiver)
    return {source_label(each) for each in held if each.paid_cents and each.kind in kinds}


def _kinds(receiver: ReceivingHalf) -> set[Kind]:
    return {each.kind for each in receiver.wanted}


def _sum(held: Sequence[Held]) -> Held:
    """One line for all sources of a kind, in the name of the first; what nobody knows of one is not known of all."""
    vested = [each.vested_cents for each in held]
    return Held(
        held[0].source,
        held[0].kind,
        sum(each.balance_cents for each in held),
        None if None in vested else sum(cents or 0 for cents in vested),
        sum(each.paid_cents for each in held),
    )
