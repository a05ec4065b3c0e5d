"""What the forms to lead and to join ask, done by the node's desk. Not here: HTML, whether a form can be meant."""

from __future__ import annotations

from open401k.rails.node import deals
from open401k.rails.node.asking_first import asking_first
from open401k.rails.node.codec import written
from open401k.rails.node.kept_deals import KeptDealUnit
from open401k.rails.node.once import Answer

from .for_pages import REFUSALS, NodePages, refused
from .provided import Refusal, Staff
from .wishes import Named, Us, Wish


class NodeReceivers:
    """The forms' side of a node's doors (wishes.ForReceivers)."""

    def __init__(self, pages: NodePages) -> None:
        self._doors = pages.doors

    def us(self) -> Us:
        config, desk = self._doors.process.config, self._doors.office.desk
        return Us(config.member, config.name, tuple(Named(each.member, each.name) for each in config.peers), desk.today)

    def begin(self, staff: Staff, wish: Wish, *, key: str) -> str | Refusal:
        doors = self._doors
        case = f"rlv_{doors.process.around.random.token(12).hex()}"

        def answer(unit: KeptDealUnit) -> Answer:
            self._ask(unit, case, wish)
            return Answer(201, {"case": case})

        asked, at = written(wish), doors.process.around.seconds()
        try:
            first = asking_first(lambda: doors.once.first(f"console {staff.name}", key, asked, at=at, work=answer))
        except REFUSALS as why:
            return refused(why)
        doors.wake()
        return str(first.told["case"])

    def _ask(self, unit: KeptDealUnit, case: str, wish: Wish) -> None:
        desk = self._doors.office.desk
        if wish.code is not None:
            deals.join(unit, desk, case, source=wish.source, code=wish.code, half=wish.half)
        else:
            deals.request(unit, desk, case, source=wish.source, half=wish.half, receivers=wish.receivers)
