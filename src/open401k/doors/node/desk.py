"""What the doors of a node are given, in one place. Not here: what they do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from open401k.rails.node.hooks import Hooks
from open401k.rails.node.office import Office
from open401k.rails.node.once import Once
from open401k.rails.node.process import Process
from open401k.rails.node.staff import Entrances

from .happenings import Happenings


@dataclass
class Doors:
    """One node: its process, its desk, and who may come in. ``wake`` has the node look at what changed."""

    office: Office
    wake: Callable[[], None]
    trouble: Callable[[], dict[str, str]]
    development: bool = False
    process: Process = field(init=False)
    entrances: Entrances = field(init=False)
    once: Once = field(init=False)
    hooks: Hooks = field(init=False)
    happenings: Happenings = field(init=False)

    def __post_init__(self) -> None:
        process = self.process = self.office.process
        self.entrances = Entrances(process.files, process.around.random)
        self.once = Once(process.files)
        self.hooks = Hooks(process.files, process.vault, process.around.random, development=self.development)
        self.happenings = Happenings(process.files)
