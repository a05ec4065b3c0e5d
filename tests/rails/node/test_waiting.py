"""The console's lists are queries over all cases: who is waited for stands beside each case; each list has an index."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import psycopg
from tests.rails.node.deal_nodes import both
from tests.rails.world import founded

from open401k.rails.node.cases import State
from open401k.rails.node.codes import LETTER_KEPT_OUT
from open401k.rails.node.judging import raise_for
from open401k.rails.node.kept_deals import KeptDeals, KeptDealUnit
from open401k.rails.node.once import Answer, Once
from open401k.rails.node.report import Pile, listed

NewDeals = Callable[[str, Callable[[], int]], KeptDeals]


def in_list(files: object) -> Pile:
    """The one list in which the only case is."""
    assert isinstance(files, KeptDeals)
    found = [pile for pile in Pile if listed(files, pile, list(State), begins="", before=None, limit=5).total]
    assert len(found) == 1
    return found[0]


def closed(unit: KeptDealUnit) -> Answer:
    """A desk closes the exception."""
    unit.resolve("case", LETTER_KEPT_OUT)
    return Answer(200, {})


def test_a_case_goes_from_list_to_list_as_it_moves(kept_deals: NewDeals) -> None:
    two = both(founded(), kept_deals)
    source, receiver = two.source.files, two.receiver.files
    two.ask()
    two.carry()
    assert in_list(source) is Pile.OURS  # its half of the facts is asked for
    two.put()
    two.carry()
    assert (in_list(source), in_list(receiver)) == (Pile.OPEN, Pile.OPEN)  # the participant signs
    two.sign()
    two.carry()
    assert (in_list(source), in_list(receiver)) == (Pile.OURS, Pile.OPEN)  # the source sells
    with receiver.begin() as unit:
        raise_for(unit, two.receiver.desk, "case", LETTER_KEPT_OUT, "")
    assert in_list(receiver) is Pile.OURS
    assert isinstance(receiver, KeptDeals)
    Once(receiver).first("a desk", "key", b"", at=0, work=closed)  # as doors do it
    assert in_list(receiver) is Pile.OPEN
    two.settle_terms()
    two.run()
    assert (in_list(source), in_list(receiver)) == (Pile.ENDED, Pile.ENDED)
    with receiver.begin() as unit:
        raise_for(unit, two.receiver.desk, "case", LETTER_KEPT_OUT, "")
    assert in_list(receiver) is Pile.OURS  # ended, with an open exception


def test_ten_thousand_cases_are_listed_by_index(kept_deals: NewDeals) -> None:
    two = both(founded(), kept_deals)
    two.ask()
    files = two.receiver.files
    assert isinstance(files, KeptDeals)
    with psycopg.connect(files.url, autocommit=True) as conn:
        conn.execute(
            """
            insert into node.case_file (case_id, side, account, state, newest_seq, ours)
            select 'rlv_' || n, 'receiver', 'account',
                case when n % 10 = 0 then 'nigo' else 'released' end, n, n % 50 = 0
            from generate_series(10, 10_009) n
            """
        )
        conn.execute(
            """
            insert into node.deal (case_id, peer, reference, kek_id, sealed)
            select 'rlv_' || n, decode(repeat('11', 20), 'hex'), sha256(n::text::bytea), kek_id, sealed
            from generate_series(10, 10_009) n, (select kek_id, sealed from node.deal where case_id = 'case') one
            """
        )
        conn.execute("analyze")
        for pile, index, total in (
            (Pile.OURS, "case_ours", 201), (Pile.OPEN, "case_of_others", 800), (Pile.ENDED, "case_over", 9_000),
        ):  # fmt: skip
            took = []
            for _ in range(9):
                begun = time.perf_counter()
                found = listed(files, pile, list(State), begins="", before=9_900, limit=50)
                took.append(time.perf_counter() - begun)
            assert (len(found.cases), found.total) == (50, total)
            assert median(took) < 0.25, (pile, took)
            (plan,) = zip(*conn.execute(_explained(pile)).fetchall(), strict=True)
            assert index in "\n".join(plan), plan


def _explained(pile: Pile) -> bytes:
    where = {
        Pile.OURS: "ours is not false",
        Pile.OPEN: "ours is false and state not in ('posted', 'released', 'off_rail')",
        Pile.ENDED: "ours is false and state in ('posted', 'released', 'off_rail')",
    }[pile]
    return f"""
        explain select case_id, newest_seq from node.case_file join node.deal using (case_id)
        where {where} and newest_seq < 9900 order by newest_seq desc limit 51
    """.encode()
