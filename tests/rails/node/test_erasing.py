"""Records of ended cases: kept as long as the law asks, held back, erased once; what proves a rollover stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import psycopg
import pytest
from psycopg import sql
from tests.rails.node.deal_nodes import PARTS, both
from tests.rails.node.halves import receiving
from tests.rails.test_private_on_chain import leaks, personal
from tests.rails.world import founded

from open401k.base.faults import Stopped, stopping_at
from open401k.rails.evidence.checking import check
from open401k.rails.evidence.file import joined, write
from open401k.rails.evidence.findings import Status
from open401k.rails.evidence.handing import evidence_of
from open401k.rails.node import _doors_store, deals, erasing
from open401k.rails.node.again import again
from open401k.rails.node.cases import State
from open401k.rails.node.codec import BadInputError
from open401k.rails.node.codes import LETTER_KEPT_OUT
from open401k.rails.node.core import Side
from open401k.rails.node.erasing import EVERY, Erasing
from open401k.rails.node.exceptions import StillOpenError
from open401k.rails.node.following import Verdict
from open401k.rails.node.judging import NotNowError, raise_for
from open401k.rails.node.kept_deals import KeptDeals, KeptDealUnit
from open401k.rails.node.letters import Came, LetterKind, Outgoing
from open401k.rails.node.opening import open_case
from open401k.rails.node.retention import Ending, Kept, kept_through, why_kept
from open401k.rails.node.returning import give_back
from open401k.rails.node.staff import link_for
from open401k.rails.node.taking import kept_out
from open401k.rails.simulation import cores

NewDeals = Callable[[str, Callable[[], int]], KeptDeals]
ENDED = Ending(is_open=False, ended_on=date(2026, 3, 1), moved=True)


@pytest.mark.parametrize(
    ("ended_on", "moved", "more", "through"),
    [
        # A plan year that began on that day ends on November 30, 2027; filed by September 15, 2028, extended.
        (date(2026, 12, 1), True, 0, date(2034, 9, 15)),
        (date(2026, 1, 1), True, 0, date(2033, 10, 15)),
        (date(2026, 1, 1), True, 3, date(2036, 10, 15)),
        (date(2026, 1, 1), False, 0, date(2032, 1, 1)),
        (date(2024, 2, 29), False, 1, date(2031, 3, 1)),
    ],
)
def test_what_moved_is_kept_six_years_after_the_latest_filing_that_it_may_stand_behind(
    ended_on: date, moved: bool, more: int, through: date
) -> None:
    assert kept_through(ended_on=ended_on, moved=moved, more_years=more).through == through


@pytest.mark.parametrize(
    ("ending", "on", "why"),
    [
        (ENDED, date(2033, 10, 15), "kept through 2033-10-15"),
        (ENDED, date(2033, 10, 16), None),
        (replace(ENDED, is_open=True), date(2060, 1, 1), "goes on"),
        (replace(ENDED, on_hold=True), date(2060, 1, 1), "legal hold"),
        (replace(ENDED, exceptions=1), date(2060, 1, 1), "open exceptions"),
        (replace(ENDED, unsent=1), date(2060, 1, 1), "messages"),
        (replace(ENDED, is_erased=True, on_hold=True), date(2060, 1, 1), "erased already"),
    ],
)
def test_why_records_are_kept_still(ending: Ending, on: date, why: str | None) -> None:
    found = why_kept(ending, Kept(date(2033, 10, 15), "ERISA 107 (29 USC 1027)"), on=on)
    assert found is None if why is None else why in (found or "")


class Ended:
    """A rollover that was booked on both sides, in two databases."""

    def __init__(self, kept: NewDeals, *, moves: bool = True) -> None:
        self.two = both(founded(), kept)
        self.two.until_signed()
        if moves:
            self.two.settle_terms()
            self.two.run()
            assert self.two.states() == (State.POSTED, State.POSTED)
        files = self.two.receiver.files
        assert isinstance(files, KeptDeals)
        self.files, self.world = files, self.two.world

    def later(self, years: float) -> None:
        self.world.clock.now += int(timedelta(days=365.25 * years).total_seconds())

    def erase(self, case: str = "case") -> bool:
        with self.files.begin() as unit:
            return self.erase_in(unit, case)

    def erase_in(self, unit: KeptDealUnit, case: str = "case") -> bool:
        at = self.world.clock.now
        today = datetime.fromtimestamp(at, UTC).date()
        return erasing.erase(unit, case, by="records desk", on=today, at=at, more_years=0)

    def act(self, verb: Callable[..., None], case: str = "case", why: str = "docket 24-cv-1") -> None:
        with self.files.begin() as unit:
            verb(unit, case, by="counsel", why=why, at=self.world.clock.now)

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """All rows of the receiver's database, and what lies sealed in them that is still about the case."""
        with self.files.begin() as unit:
            yield "deal", repr(unit.deal("case")).encode()
            yield "events", repr(unit.events(limit=1_000)).encode()
        yield from rows_of(self.files.url)


def rows_of(url: str) -> Iterator[tuple[str, bytes]]:
    """All rows of a node's database, by table."""
    with psycopg.connect(url) as conn:
        tables = conn.execute("select table_name from information_schema.tables where table_schema = 'node'")
        for (name,) in tables.fetchall():
            for row in conn.execute(sql.SQL("select * from node.{}").format(sql.Identifier(name))).fetchall():
                yield name, b"|".join(each if isinstance(each, bytes) else str(each).encode() for each in row)


def test_nothing_of_a_person_is_left_and_both_evidences_hold(
    kept_deals: NewDeals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        cores, "_entry", lambda order: f"entry {order.rollover.hex()[:8]}"
    )  # these stay, as in ADR-0066
    ended = Ended(kept_deals)
    two, chain, at = ended.two, ended.world.chain, ended.world.rollover
    known = {label: value for label, value in personal(two).items() if not label.endswith("_cents")}  # amounts stay
    assert len(known) > 15
    assert leaks(known, ended.everything())
    with ended.files.begin() as unit:
        link_for(unit, "case", "first", days=30, at=ended.world.clock.now)
    before = write(evidence_of(ended.files, chain, coordinator=at, case="case", labels=["*"]))
    ended.later(8)
    with stopping_at("erasing.before_commit"), pytest.raises(Stopped):
        ended.erase()
    assert leaks(known, ended.everything())
    assert ended.erase()
    assert not ended.erase()
    assert leaks(known, ended.everything()) == []
    head = chain.head().hash
    assert check(before, head=head).holds
    after = evidence_of(ended.files, chain, coordinator=at, case="case")
    theirs = evidence_of(two.source.files, chain, coordinator=at, case=two.source.only())
    report = check(write(joined(after, theirs)), head=head)
    assert report.holds
    assert report.count(Status.MISSING) == 0
    with ended.files.begin() as unit:
        told = erasing.standing(unit, "case", on=date(2040, 1, 1), more_years=0)
        assert unit.events(limit=1_000)[-1].words == "records of the person erased"
    assert (told.is_erased, [(each.act, each.by_whom) for each in told.acts]) == (True, [("erased", "records desk")])
    assert "ERISA 107" in told.acts[0].why


def test_a_late_letter_and_a_return_are_refused_by_words_and_open_nothing(kept_deals: NewDeals) -> None:
    ended = Ended(kept_deals)
    two = ended.two
    ended.later(8)
    assert ended.erase()
    with two.source.files.begin() as unit:
        first = unit.deal(two.source.only())
        deals.note(unit, two.source.desk, first.case, "are you there?")
    (late,) = two.written(two.source)
    taken = two.take(two.receiver, late)
    assert (taken.came, taken.words) == (Came.REFUSED, "the records of this case were erased after their time")
    assert two.take(two.receiver, replace(late, kind=LetterKind.REQUEST, number=1)).came is Came.REFUSED
    with two.source.files.begin() as unit:
        kept_out(unit, two.source.desk, Outgoing(two.receiver.desk.us, late))
    assert two.source.open_codes() == [LETTER_KEPT_OUT]
    with two.receiver.files.begin() as unit, pytest.raises(StillOpenError):
        give_back(unit, two.receiver.desk, "case", "back", receiving(*PARTS))
    with ended.files.begin() as unit:
        assert [each.case for each in unit.deals()] == ["case"]


def test_it_is_refused_before_its_time_under_a_hold_and_while_something_is_open(kept_deals: NewDeals) -> None:
    ended = Ended(kept_deals)
    with pytest.raises(NotNowError, match=r"is kept through 20\d\d-\d\d-\d\d \(ERISA 107"):
        ended.erase()
    ended.later(8)
    ended.act(erasing.hold)
    with pytest.raises(NotNowError, match="legal hold"):
        ended.erase()
    ended.act(erasing.hold, EVERY)
    ended.act(erasing.let_go)
    with pytest.raises(NotNowError, match="legal hold"):
        ended.erase()
    with pytest.raises(NotNowError, match="no legal hold is on it"):
        ended.act(erasing.let_go)
    with pytest.raises(BadInputError, match="docket"):
        ended.act(erasing.hold, why=" ")
    with pytest.raises(LookupError):
        ended.act(erasing.hold, "another")
    ended.act(erasing.let_go, EVERY)
    with ended.files.begin() as unit:
        raise_for(unit, ended.two.receiver.desk, "case", LETTER_KEPT_OUT, "")
    with pytest.raises(NotNowError, match="open exceptions"):
        ended.erase()
    with ended.files.begin() as unit:
        unit.resolve("case", LETTER_KEPT_OUT)
    assert ended.erase()
    with psycopg.connect(ended.files.url, autocommit=True) as conn:
        for act in ("delete from node.retention_act", "update node.retention_act set why = 'x'"):
            with pytest.raises(psycopg.Error, match="stays on file"):
                conn.execute(act)
        for change in ("cents = 1", "account = 'erased x', cents = 1", "account = 'x'"):
            with pytest.raises(psycopg.Error, match="never changed"):
                conn.execute(sql.SQL("update node.posting set " + change))


def test_a_hold_and_the_time_of_keeping_are_of_the_whole_lineage(kept_deals: NewDeals) -> None:
    ended = Ended(kept_deals, moves=False)
    two = ended.two
    with ended.files.begin() as unit:
        deals.stop(unit, two.receiver.desk, "case", 501)
    two.carry()
    with ended.files.begin() as unit:
        again(unit, two.receiver.desk, "case", "again", verdict=Verdict.ABSENT)
    two.carry()
    with two.source.files.begin() as unit:
        (theirs,) = (each.case for each in unit.deals() if each.signed_under is not None)
        deals.ready(unit, two.source.desk, theirs)
    two.carry()
    two.run()
    assert two.receiver.file("again").state is State.POSTED
    with ended.files.begin() as unit:
        rest = open_case(unit, "rest", side=Side.RECEIVER, account="account", parent="again")
        unit.change(rest, replace(rest, state=State.RELEASED))
    ended.later(6.1)
    for case in ("case", "rest"):  # nothing moved in it: alone it would be kept six years
        with pytest.raises(NotNowError, match="ERISA 107"):
            ended.erase(case)
    ended.later(2)
    for held in ("case", "again", "rest"):
        ended.act(erasing.hold, held)
        for case in ("case", "again", "rest"):
            with pytest.raises(NotNowError, match="legal hold"):
                ended.erase(case)
        ended.act(erasing.let_go, held)
    assert ended.erase("rest")
    assert ended.erase("case")
    assert ended.erase("again")


def test_a_hold_waits_for_an_erasure_that_runs_and_an_erasure_for_a_hold(kept_deals: NewDeals) -> None:
    ended = Ended(kept_deals, moves=False)
    with ended.files.begin() as unit:
        deals.stop(unit, ended.two.receiver.desk, "case", 501)
    ended.two.carry()
    ended.later(8)
    with psycopg.connect(ended.files.url, autocommit=True) as conn:
        conn.execute("set lock_timeout = '50ms'")
        other = KeptDealUnit(conn, ended.files.sealing, ended.files.now)
        with ended.files.begin() as unit:
            erasing.hold(unit, EVERY, by="counsel", why="order 7", at=0)
            with pytest.raises(psycopg.errors.LockNotAvailable):
                ended.erase_in(other)
        with pytest.raises(NotNowError, match="legal hold"):
            ended.erase()
        ended.act(erasing.let_go, EVERY)
        with ended.files.begin() as unit:
            assert ended.erase_in(unit)
            with pytest.raises(psycopg.errors.LockNotAvailable):
                erasing.hold(other, EVERY, by="counsel", why="order 7", at=0)


def test_each_day_what_has_come_to_its_time_is_erased_and_nothing_else(kept_deals: NewDeals) -> None:
    ended = Ended(kept_deals, moves=False)
    two = ended.two
    daily = Erasing(ended.files, lambda: ended.world.clock.now, more_years=0)

    def is_erased() -> bool:
        daily.once(at=0)
        with ended.files.begin() as unit:
            return erasing.standing(unit, "case", on=date(2040, 1, 1), more_years=0).is_erased

    ended.later(9)
    assert not is_erased()  # it goes on: nobody ended it
    with ended.files.begin() as unit:
        deals.stop(unit, two.receiver.desk, "case", 501)
    two.carry()
    ended.later(5.9)
    assert not is_erased()
    ended.act(erasing.hold)
    ended.later(0.2)
    assert not is_erased()
    ended.act(erasing.let_go)
    assert not is_erased()  # this day was looked at
    ended.later(0.01)
    assert is_erased()


def test_answers_of_older_nodes_lose_the_reference(another_database: Callable[[], str]) -> None:
    old: dict[str, object] = {"case": "rlv_1", "state": "nigo", "stop": None, "reference": "aa" * 32, "reasons": []}
    with psycopg.connect(another_database(), autocommit=True) as conn:
        for key, answer in {"old": old, "new": {"case": "rlv_1", "codes": {}}}.items():
            _doors_store.insert_answered(conn, "a token", key, bytes(32), 200, answer, 0)
        sql = files("open401k.rails.node.migrations") / "0022_answers_without_references.sql"
        for _ in range(2):
            conn.execute(sql.read_text().encode())
        kept: dict[str, object] = dict(conn.execute("select key, answer from node.answered").fetchall())
    assert kept == {"old": {"case": "rlv_1", "state": "nigo", "stop": None}, "new": {"case": "rlv_1", "codes": {}}}
