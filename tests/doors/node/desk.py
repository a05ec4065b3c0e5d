"""A node in memory, as its pages are given it: one rollover that is moved by hand, and what was asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from open401k.doors.node.provided import (
    CaseDetail,
    CaseLine,
    CasePage,
    CasesAsked,
    Contact,
    Entered,
    Exceptional,
    Followed,
    NewKey,
    Refusal,
    Signed,
    Signing,
    Staff,
    ToSign,
)
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Role
from open401k.rails.node.cases import State, Way
from open401k.rails.node.papers import Paper
from open401k.rails.node.report import Pile
from open401k.rails.node.taking_back import TakeBack
from open401k.rails.preflight.facts import Part
from open401k.rails.preflight.reasons import Code, found, unknown
from open401k.rails.tracking import CaseState, Seen, SideSeen, Verdict, Vote, tracked

BEGUN = 1_780_315_200  # Monday, 1 June 2026, 8 in the morning in New York
HOUR, DAY = 3_600, 86_400
SOURCE, RECEIVER = "Old Harbor Trust", "New Meadow Retirement"
PARTS = (Part(Kind.PRE_TAX, Into.PLAN, 0, 48_210_55), Part(Kind.ROTH, Into.PLAN, 0, 12_004_40))
LINK = "a-link-of-thirty-two-random-bytes-as-text-x"
S, V = CaseState, Verdict
VOTES = (Vote(Role.SOURCE, SOURCE, True), Vote(Role.RECEIVER, RECEIVER, False))


def seen(
    verdict: Verdict = V.ABSENT, source: CaseState = S.DRAFT, receiver: CaseState = S.DRAFT, **more: object
) -> Seen:
    """A rollover, a day after it was asked for."""
    told = Seen(
        now=BEGUN + DAY,
        begun_at=BEGUN,
        verdict=verdict,
        source=SideSeen(SOURCE, source, BEGUN + HOUR),
        receivers=(SideSeen(RECEIVER, receiver, BEGUN + HOUR),),
    )
    return replace(told, **more)  # type: ignore[arg-type]


ENTERED = (
    Entered(State.DRAFT, BEGUN),
    Entered(State.PREVALIDATED, BEGUN + 4 * HOUR),
    Entered(State.HELD, BEGUN + 30 * HOUR),
    Entered(State.POSTED, BEGUN + 51 * HOUR),
)
STORY: dict[str, Followed] = {
    name: Followed(
        "case-1",
        of,
        signing,
        parts=PARTS,
        exact=of.verdict is not V.ABSENT,
        takes_back=tuple(TakeBack) if name in ("to-sign", "held") else (),
        entered=ENTERED,
        contacts=(Contact(SOURCE, "800 555 0101"), Contact(RECEIVER, "800 555 0102")),
    )
    for name, of, signing in (
        ("asked", seen(), Signing.KEY_NEEDED),
        (
            "in-the-way",
            seen(
                source=S.NIGO,
                receiver=S.PREVALIDATED,
                reasons=(
                    found(Code.CONTACT_CHANGED, "phone changed 2026-05-28, not confirmed since"),
                    found(Code.MINIMUM_NOT_PAID, "2,310.00 of 2026 required, 0.00 paid (IRC 402(c)(4)(B))"),
                    unknown(Code.NO_LETTER, f"{RECEIVER} has issued none"),
                ),
            ),
            Signing.NOT_YET,
        ),
        ("to-sign", seen(source=S.PREVALIDATED, receiver=S.PREVALIDATED), Signing.READY),
        (
            "being-sold",
            seen(source=S.LIQUIDATING, receiver=S.PREVALIDATED, elected_at=BEGUN + 6 * HOUR),
            Signing.SIGNED,
        ),
        (
            "held",
            seen(
                V.PREPARING, S.VOTED, S.PREVALIDATED, elected_at=BEGUN + 6 * HOUR, votes=VOTES, deadline=BEGUN + 5 * DAY
            ),
            Signing.SIGNED,
        ),
        (
            "moved",
            seen(V.COMMITTED, S.POSTED, S.VOTED, elected_at=BEGUN + 6 * HOUR, decided_at=BEGUN + 50 * HOUR),
            Signing.SIGNED,
        ),
        (
            "arrived",
            seen(V.CLOSED, S.POSTED, S.POSTED, elected_at=BEGUN + 6 * HOUR, decided_at=BEGUN + 50 * HOUR),
            Signing.SIGNED,
        ),
        ("another-way", seen(source=S.OFF_RAIL, receiver=S.OFF_RAIL), Signing.OVER),
        ("unclear", seen(V.COMMITTED, S.RELEASED, S.POSTED, elected_at=BEGUN, decided_at=BEGUN + DAY), Signing.SIGNED),
        ("stopped", seen(V.ABORTED, S.RELEASED, S.RELEASED, elected_at=BEGUN + 6 * HOUR), Signing.OVER),
    )
}


@dataclass
class Desk:
    """What the pages are given."""

    origin: str = "http://localhost"
    custodian: str = RECEIVER
    paper: str = "Call 800 555 0102. Paper costs nothing."
    at: int = BEGUN + DAY
    links: dict[str, Followed] = field(default_factory=lambda: {LINK: STORY["asked"]})
    elections: dict[str, ToSign] = field(default_factory=dict)
    tokens: dict[str, Staff] = field(default_factory=dict)
    details: dict[str, CaseDetail] = field(default_factory=dict)
    waiting: tuple[Exceptional, ...] = ()
    asked: list[tuple[object, ...]] = field(default_factory=list)
    refuses: Refusal | None = None
    cursor: int = 0

    def now(self) -> int:
        return self.at

    def moves(self, to: Followed) -> None:
        """Something happens to the rollover."""
        self.cursor += 1
        self.links[LINK] = replace(to, cursor=self.cursor)

    def followed(self, link: str) -> Followed | None:
        return self.links.get(link)

    def to_sign(self, link: str) -> ToSign | None:
        return self.elections.get(link)

    def explanation(self, link: str) -> Paper | None:
        found = self.elections.get(link)
        if found is not None:
            self.elections[link] = replace(found, is_read=True)
        return found.paper if found else None

    def keep_key(self, link: str, key: NewKey) -> Refusal | None:
        return self._moved(link, Signing.NOT_YET, "keep_key", link, key)

    def sign(self, link: str, signed: Signed) -> Refusal | None:
        return self._moved(link, Signing.SIGNED, "sign", link, signed)

    def take_back(self, link: str, what: TakeBack) -> Refusal | None:
        return self._asked("take_back", link, what)

    def staff(self, token: str) -> Staff | None:
        return self.tokens.get(token)

    def cases(self, asked: CasesAsked) -> CasePage:
        lines = [each.line for each in self.details.values() if each.line.state in asked.states]
        lines = [each for each in lines if self._pile(each) is asked.pile]
        lines = [each for each in lines if each.case.startswith(asked.begins)]
        return CasePage(tuple(lines), 7 if asked.before is None else None, len(lines))

    def _pile(self, line: CaseLine) -> Pile:
        track = tracked(line.seen)
        if line.exceptions or any(self.custodian in each.owner for each in track.todo):
            return Pile.OURS
        return Pile.ENDED if track.ended else Pile.OPEN

    def case(self, case: str) -> CaseDetail | None:
        return self.details.get(case)

    def exceptions(self) -> Sequence[Exceptional]:
        return self.waiting

    def again(self, staff: Staff, case: str, *, key: str) -> Refusal | None:
        return self._asked("again", staff, case, key)

    def off_rail(self, staff: Staff, case: str, *, way: Way, reference: str, key: str) -> Refusal | None:
        return self._asked("off_rail", staff, case, way, reference, key)

    def residual(self, staff: Staff, case: str, *, came: Sequence[int], payment_on: date, key: str) -> Refusal | None:
        return self._asked("residual", staff, case, tuple(came), payment_on, key)

    def stop(self, staff: Staff, case: str, *, code: int, key: str) -> Refusal | None:
        return self._asked("stop", staff, case, code, key)

    def close_exception(
        self, staff: Staff, case: str, *, code: int, words: str, key: str, paid: tuple[Way, str] | None = None
    ) -> Refusal | None:
        return self._asked("close_exception", staff, case, code, words, *([paid] if paid else []), key)

    async def changes(self, case: str | None, *, after: int | None) -> AsyncIterator[int | None]:
        after = self.cursor if after is None else after
        for _ in range(600):
            if self.cursor > after:
                after = self.cursor
                yield after
            await asyncio.sleep(0.05)

    def _moved(self, link: str, to: Signing, *what: object) -> Refusal | None:
        refusal = self._asked(*what)
        if refusal is None:
            self.links[link] = replace(self.links[link], signing=to)
        return refusal

    def _asked(self, *what: object) -> Refusal | None:
        if self.refuses is None:
            self.asked.append(what)
        return self.refuses


#: The day on which the stories happen.
TODAY = date(2026, 6, 2)
