"""Our core gives no answer, or books late: an exception of each case that waits for it, until it answers again.

It shows, and decides nothing: the same is asked of the core again, whoever looks. Not here: how often (running), what
is asked (worker).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from .cases import Agreed, Cases, Raised, State
from .codes import BOOKING_LATE, CORE_AWAY
from .core import Account, Answer, CustodianCore, Order, Refused, Side, SilentError, Status, Waiting
from .following import Verdict

#: Seconds for which a case is left alone once its core was silent some time: a moment's silence is nobody's to look at.
LONG: Final = 8.0
_OURS: Final = frozenset({CORE_AWAY, BOOKING_LATE})
_ENDED: Final = frozenset({State.POSTED, State.RELEASED, State.OFF_RAIL})
_DECIDED: Final = (Verdict.COMMITTED, Verdict.CLOSED)
_Which = tuple[bytes, Side]


@dataclass
class Heard:
    """A core, and what it answered of rollovers: none, that it books later, and one since somebody looked."""

    core: CustodianCore
    silent: dict[_Which, str] = field(default_factory=dict)
    answered: set[_Which] = field(default_factory=set)
    late: set[_Which] = field(default_factory=set)

    def look_up(self, account: str) -> Account | Refused:
        return self.core.look_up(account)

    def status(self, rollover: bytes, side: Side) -> Status:
        return self.core.status(rollover, side)

    def hold(self, order: Order) -> Answer:
        return self._heard((order.rollover, order.side), lambda: self.core.hold(order))

    def release(self, rollover: bytes, side: Side) -> Answer:
        return self._heard((rollover, side), lambda: self.core.release(rollover, side))

    def post(self, order: Order) -> Answer:
        which = (order.rollover, order.side)
        answer = self._heard(which, lambda: self.core.post(order))
        (self.late.add if isinstance(answer, Waiting) else self.late.discard)(which)
        return answer

    def answers(self) -> set[_Which]:
        """Those it answered since the last time; a look sees each once, so nothing gathers here."""
        told, self.answered = self.answered, set()
        return {which for which in told if which not in self.silent and which not in self.late}

    def forget(self, which: _Which) -> None:
        """Nothing is asked about it any more."""
        self.silent.pop(which, None)
        self.late.discard(which)

    def _heard(self, which: _Which, ask: Callable[[], Answer]) -> Answer:
        try:
            answer = ask()
        except SilentError as why:
            self.silent[which] = str(why)
            self.answered.discard(which)
            raise
        self.silent.pop(which, None)
        self.answered.add(which)
        return answer


@dataclass
class Away:
    """The exceptions of a core. ``verdict`` is the final chain's word on exact terms."""

    heard: Heard
    cases: Cases
    verdict: Callable[[Agreed], Verdict]
    _told: set[str] | None = None
    #: Of orders that the core books later: the case, and by when the network had to decide.
    _deadlines: dict[_Which, tuple[str, int]] = field(default_factory=dict)

    def look(self, waits: Mapping[str, float], *, at: int) -> None:
        """After a pass: ``waits`` are the cases somebody did not answer, and the seconds each is left alone."""
        told, answered = self._open(), self.heard.answers()
        for case, seconds in waits.items():
            if seconds >= LONG:
                self._silent(case, told, at)
        for which in sorted(self.heard.late):
            self._late(which, told, at)
        self._deadlines = {which: found for which, found in self._deadlines.items() if which in self.heard.late}
        for case in sorted(told):
            if self._is_over(case, answered):
                self._resolve(case)
                told.discard(case)

    def trouble(self) -> dict[str, str]:
        """For who watches machines: the core, while a case waits for its answer."""
        silent = list(self.heard.silent.values())
        return {"core": silent[0]} if silent and self._told else {}

    def _open(self) -> set[str]:
        """Cases with such an exception; after a start those on file."""
        if self._told is None:
            with self.cases.begin() as unit:
                self._told = {each.case for each in unit.raised() if each.is_open and each.code in _OURS}
        return self._told

    def _which(self, case: str) -> tuple[_Which, Agreed] | None:
        with self.cases.begin() as unit:
            file = unit.case(case)
        return None if file.agreed is None else ((file.agreed.rollover, file.side), file.agreed)

    def _silent(self, case: str, told: set[str], at: int) -> None:
        found = self._which(case)
        if found is None or (why := self.heard.silent.get(found[0])) is None:
            return
        try:
            code = BOOKING_LATE if self.verdict(found[1]) in _DECIDED else CORE_AWAY
        except SilentError:
            code = CORE_AWAY
        self._raise(case, code, why, told, at)

    def _late(self, which: _Which, told: set[str], at: int) -> None:
        if which not in self._deadlines:
            with self.cases.begin() as unit:
                case = unit.case_of(*which)
            found = None if case is None else self._which(case)
            if case is None or found is None:
                self.heard.forget(which)
                return
            self._deadlines[which] = case, found[1].deadline
        case, deadline = self._deadlines[which]
        if self._has_ended(case):
            self.heard.forget(which)
        elif at > deadline:
            self._raise(case, BOOKING_LATE, "the core took the order, and has not booked it", told, at)

    def _raise(self, case: str, code: int, words: str, told: set[str], at: int) -> None:
        with self.cases.begin() as unit:
            if not any(each.is_open and each.code == code for each in unit.raised(case)):
                unit.raise_(Raised(case, code, words, at))
        told.add(case)

    def _has_ended(self, case: str) -> bool:
        with self.cases.begin() as unit:
            return unit.case(case).state in _ENDED

    def _is_over(self, case: str, answered: set[_Which]) -> bool:
        """Of a case that ended the core was the last to answer, and is asked nothing more."""
        with self.cases.begin() as unit:
            file = unit.case(case)
        if file.agreed is None:
            return True
        which = file.agreed.rollover, file.side
        if file.state in _ENDED:
            self.heard.forget(which)
            return True
        return which in answered

    def _resolve(self, case: str) -> None:
        with self.cases.begin() as unit:
            for each in unit.raised(case):
                if each.is_open and each.code in _OURS:
                    unit.resolve(case, each.code)
