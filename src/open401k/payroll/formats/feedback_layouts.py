"""The feedback files that can be chosen for a plan, by name. Not here: how each is written and read (feedback_*.py)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from . import feedback_ascensus, feedback_paykonnect
from .feedback import FeedbackFile, Instruction


@dataclass(frozen=True, slots=True)
class FeedbackLayout:
    """One vendor's file of instructions, both ways."""

    name: str
    title: str
    write: Callable[[Sequence[Instruction]], bytes]
    read: Callable[[bytes], FeedbackFile]
    not_carried: tuple[str, ...]


FEEDBACK_LAYOUTS: Mapping[str, FeedbackLayout] = MappingProxyType(
    {
        each.name: each
        for each in (
            FeedbackLayout(
                "ascensus",
                "Ascensus 360",
                feedback_ascensus.write_ascensus,
                feedback_ascensus.read_ascensus,
                feedback_ascensus.NOT_CARRIED,
            ),
            FeedbackLayout(
                "paykonnect",
                "Pay(k)onnect 360",
                feedback_paykonnect.write_paykonnect,
                feedback_paykonnect.read_paykonnect,
                feedback_paykonnect.NOT_CARRIED,
            ),
        )
    }
)
