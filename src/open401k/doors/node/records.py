"""What the console's pages of ended cases' records ask of a node, and its answer. Not here: HTML, rules (erasing)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from open401k.kernel import day_of
from open401k.rails.node import erasing
from open401k.rails.node.asking_first import asking_first
from open401k.rails.node.erasing import EVERY, Due, HoldOn, Standing
from open401k.rails.node.kept_deals import KeptDealUnit
from open401k.rails.node.once import Answer

from .for_pages import REFUSALS, NodePages, refused
from .provided import Refusal, Staff


@dataclass(frozen=True, slots=True)
class Records:
    """A page of what may be erased today, and what is held. ``next``: after which case there may be more of it;
    ``by_itself``: the node erases each day."""

    due: tuple[Due, ...]
    next: str | None
    held: tuple[HoldOn, ...]
    by_itself: bool

    @property
    def every(self) -> HoldOn | None:
        """The hold on all of it."""
        return next((each for each in self.held if each.case == EVERY), None)


class ForRecords(Protocol):
    """Every call stands alone; verbs are done once by their key. ``case`` is '' where every case is meant."""

    def records(self, after: str = "") -> Records: ...

    def standing(self, case: str) -> Standing | None: ...

    def hold(self, staff: Staff, case: str, *, why: str, ends: bool, key: str) -> Refusal | None: ...

    def erase(self, staff: Staff, case: str, *, key: str) -> Refusal | None: ...


class NodeRecords:
    """The pages' side of a node's records."""

    def __init__(self, pages: NodePages) -> None:
        self._doors = pages.doors

    def records(self, after: str = "") -> Records:
        files, more_years = self._doors.process.files, self._more or 0
        due, further = erasing.due(files, on=self._today(), at=self._now(), more_years=more_years, after=after)
        with files.begin() as unit:
            held = erasing.held_now(unit)
        return Records(tuple(due), further, tuple(held), self._more is not None)

    def standing(self, case: str) -> Standing | None:
        try:
            with self._doors.process.files.begin() as unit:
                return erasing.standing(unit, case, on=self._today(), more_years=self._more or 0)
        except LookupError:
            return None

    def hold(self, staff: Staff, case: str, *, why: str, ends: bool, key: str) -> Refusal | None:
        verb = erasing.let_go if ends else erasing.hold
        asked = f"legal hold {case} {ends} {why}"
        return self._once(
            staff, key, asked, lambda unit: verb(unit, case, by=staff.name, why=why, at=self._now())
        )  # fmt: skip

    def erase(self, staff: Staff, case: str, *, key: str) -> Refusal | None:
        def work(unit: KeptDealUnit) -> object:
            now, today = self._now(), self._today()
            return erasing.erase(unit, case, by=staff.name, on=today, at=now, more_years=self._more or 0)

        return self._once(staff, key, f"erase {case}", work)

    def _once(self, staff: Staff, key: str, asked: str, work: Callable[[KeptDealUnit], object]) -> Refusal | None:
        def answer(unit: KeptDealUnit) -> Answer:
            work(unit)
            return Answer(200, {})

        try:
            by, once = f"console {staff.name}", self._doors.once
            asking_first(lambda: once.first(by, key, asked.encode(), at=self._now(), work=answer))
        except REFUSALS as why:
            return refused(why)
        return None

    @property
    def _more(self) -> int | None:
        return self._doors.process.config.more_years

    def _now(self) -> int:
        return self._doors.process.around.seconds()

    def _today(self) -> date:
        return day_of(datetime.fromtimestamp(self._now(), UTC))
