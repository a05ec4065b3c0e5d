"""Legal holds, and the erasure of ended cases: by a command, and each day where the node is set so. ADR-0066.

One transaction erases one case and says so in the acts and in the events. Not here: how long (retention), SQL.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from eth_hash.auto import keccak

from open401k.base.faults import fault
from open401k.kernel import day_of

from . import _retention_store as store
from ._retention_store import ActRow
from .codec import BadInputError, Wrong
from .judging import NotNowError
from .kept_deals import KeptDeals, KeptDealUnit
from .retention import CLAIM_YEARS, ERASED, GOES_ON, Ending, Kept, kept_through, why_kept, without_person

log = logging.getLogger("open401k.node.erasing")
LOOK: Final = 600.0
_AT_ONCE: Final = 100
#: Cases that are looked at for a page of those which are due.
_MOST_LOOKED: Final = 1_000
_PAGE: Final = 50
_MOST_WORDS: Final = 300
HELD, LET_GO, ERASED_ACT = "held", "let_go", "erased"
#: Every case, where a hold is told.
EVERY: Final = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with the records of a case; ``why`` it is kept, None where it may be erased today.

    ``acts`` are those of its lineage, and those on every case.
    """

    case: str
    kept: Kept | None
    why: str | None
    on_hold: bool
    is_erased: bool
    acts: tuple[ActRow, ...]

    @property
    def holds(self) -> tuple[ActRow, ...]:
        """Those that stand: of cases of its lineage, or on every case ('')."""
        return tuple(_standing_holds(self.acts))


@dataclass(frozen=True, slots=True)
class Due:
    """A case whose records may be erased today: kept so long, by which rule."""

    case: str
    kept: Kept


#: A hold that stands.
HoldOn = ActRow


def due(
    files: KeptDeals, *, on: date, at: int, more_years: int, after: str = "", limit: int = _PAGE
) -> tuple[list[Due], str | None]:
    """Cases that may be erased today, by id, ``after`` one; after which the next page goes on, None at the end."""
    found: list[Due] = []
    looked = 0
    while looked < _MOST_LOOKED:
        with files.begin() as unit:
            names = store.ended(unit.conn, after, _newest(at), _AT_ONCE)
        for case in names:
            with files.begin() as unit:  # one after the other: no family is locked with another
                told = standing(unit, case, on=on, more_years=more_years)
            if told.why is None and told.kept is not None and not told.is_erased:
                if len(found) == limit:
                    return found, found[-1].case
                found.append(Due(case, told.kept))
        if len(names) < _AT_ONCE:
            return found, None
        after, looked = names[-1], looked + len(names)
    return found, after


def held_now(unit: KeptDealUnit) -> list[HoldOn]:
    """Every hold that stands, oldest first; that on every case has the id ''."""
    return _standing_holds(store.all_holds(unit.conn))


def standing(unit: KeptDealUnit, case: str, *, on: date, more_years: int) -> Standing:
    """Of one case; LookupError if there is none. What goes on has no last day yet."""
    family = store.lineage(unit.conn, case)
    acts = tuple(store.acts(unit.conn, family))
    ending = _ending(unit, case, family, acts)
    kept = None if ending.is_open else kept_through(
        ended_on=ending.ended_on, moved=ending.moved, more_years=more_years
    )  # fmt: skip
    why = GOES_ON if kept is None else why_kept(ending, kept, on=on)
    return Standing(case, kept, why, ending.on_hold, ending.is_erased, acts)


def hold(unit: KeptDealUnit, case: str, *, by: str, why: str, at: int) -> None:
    """Nothing of the case or of its lineage is erased until it is let go; ``EVERY``: nothing at all."""
    _act(unit, ActRow(case, HELD, by, why, at))


def let_go(unit: KeptDealUnit, case: str, *, by: str, why: str, at: int) -> None:
    """The hold of this case, or of every case, has ended; what was not held is refused."""
    if not _held(store.acts(unit.conn, [case]), case):
        raise NotNowError("no legal hold is on it")
    _act(unit, ActRow(case, LET_GO, by, why, at))


def erase(unit: KeptDealUnit, case: str, *, by: str, on: date, at: int, more_years: int) -> bool:
    """Erase what is of a person in it. False: it was erased before. NotNowError: why it is kept."""
    unit.case(case)  # locked: the file first, then holds, then the deal
    store.lock(unit.conn)
    found = standing(unit, case, on=on, more_years=more_years)
    if found.is_erased:
        return False
    if found.why is not None or found.kept is None:
        raise NotNowError(f"case {case} {found.why}")
    _erase_deal(unit, case)
    store.erase_around(unit.conn, case)
    store.erase_file(unit.conn, case, ERASED.format(case=case), at)
    why = f"kept through {found.kept.through} ({found.kept.cite})"
    store.insert_act(unit.conn, ActRow(case, ERASED_ACT, by, why, at))
    unit.put_event(case, "records of the person erased")
    fault("erasing.before_commit")
    return True


@dataclass
class Erasing:
    """Each day, and after a start: every case whose time has come. A job of the node's process."""

    files: KeptDeals
    now: Callable[[], int]
    more_years: int
    name: str = "erasing"
    _done: date | None = None
    _after: str = field(default="")

    def once(self, *, at: float) -> float:  # noqa: ARG002 (what counts here is the day)
        """Look at the next cases; seconds until the next look."""
        now = self.now()
        today = _day(now)
        if self._done == today:
            return LOOK
        with self.files.begin() as unit:
            found = store.ended(unit.conn, self._after, _newest(now), _AT_ONCE)
        for case in found:
            self._look_at(case, today, now)
        self._after = found[-1] if found else ""
        if len(found) == _AT_ONCE:
            return 0.0
        self._done, self._after = today, ""
        return LOOK

    def _look_at(self, case: str, today: date, now: int) -> None:
        try:
            with self.files.begin() as unit:
                if erase(unit, case, by="the node", on=today, at=now, more_years=self.more_years):
                    log.info("case %s: the records of its person were erased", case)
        except NotNowError as why:
            log.debug("not erased: %s", why)


def _erase_deal(unit: KeptDealUnit, case: str) -> None:
    try:
        deal = unit.deal(case)
    except LookupError:  # exact terms that were agreed without a deal
        return
    for peer, reference in unit.other_desks(case):
        keyed = unit.reference_key(peer, reference)
        store.erase_desk(unit.conn, peer, reference, keyed, case)
    reference = keccak(b"open401k erased" + unit.reference_key(deal.peer, deal.reference))
    unit.change_deal(deal, without_person(deal, reference=reference))
    store.erase_deal(unit.conn, case, reference)


def _ending(unit: KeptDealUnit, case: str, family: Sequence[str], acts: Sequence[ActRow]) -> Ending:
    found = store.ending(unit.conn, case, list(family))
    on_hold = any(_held(acts, each) for each in (*family, EVERY))  # who holds one means what was signed for all
    return Ending(
        bool(found.open), _day(found.ended_at), found.moved, found.exceptions, found.unsent, on_hold, found.is_erased
    )  # fmt: skip


def _held(acts: Sequence[ActRow], case: str) -> bool:
    told = [each.act for each in acts if each.case == case and each.act in (HELD, LET_GO)]
    return told[-1:] == [HELD]


def _standing_holds(acts: Sequence[ActRow]) -> list[ActRow]:
    newest = {each.case: each for each in acts if each.act in (HELD, LET_GO)}
    return [each for each in newest.values() if each.act == HELD]


def _newest(at: int) -> int:
    """What ended after this moment is kept in any case."""
    return at - int(timedelta(days=365 * CLAIM_YEARS).total_seconds())


def _act(unit: KeptDealUnit, act: ActRow) -> None:
    if act.case != EVERY:
        unit.case(act.case)
    store.lock(unit.conn)
    if not act.why.strip() or len(act.why) > _MOST_WORDS or not act.why.isprintable():
        raise BadInputError([Wrong("why", f"is a text of at most {_MOST_WORDS} letters: a docket, not a person")])
    store.insert_act(unit.conn, act)
    if act.case != EVERY:
        unit.put_event(act.case, "legal hold" if act.act == HELD else "legal hold ended")


def _day(at: int) -> date:
    return day_of(datetime.fromtimestamp(at, UTC))
