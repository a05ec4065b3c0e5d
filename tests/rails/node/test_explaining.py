"""The explanation of 402(f): put by the source, sent, kept sealed, shown; what is signed of it is its hash."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest
from tests.rails.node.deal_nodes import Both, both
from tests.rails.node.halves import PAPER
from tests.rails.node.processes import until
from tests.rails.world import founded

from open401k.base.faults import Stopped, stopping_at
from open401k.base.secrets import MasterKeys
from open401k.rails.node.codec import BadInputError
from open401k.rails.node.deals import NotNowError
from open401k.rails.node.explaining import SHOWN, is_awaited, put_paper, show, signed_paper
from open401k.rails.node.kept_deals import KeptDeals
from open401k.rails.node.letters import LetterKind
from open401k.rails.node.papers import MOST_BYTES, Media, Paper, paper_of, told_of

PDF = Paper("Your rollover options", "2026", Media.PDF, b"%PDF-1.7\n" + bytes(range(256)) * 3_000)


def asked(two: Both) -> Both:
    two.ask()
    two.carry()
    return two


def of_receiver(two: Both, ask: Callable[..., object]) -> object:
    with two.receiver.files.begin() as unit:
        return ask(unit, unit.deal("case"))


@pytest.mark.parametrize("where", ["memory", "postgresql"])
def test_it_travels_whole_is_shown_once_and_is_what_is_signed(where: str, request: pytest.FixtureRequest) -> None:
    two = asked(both(founded(), request.getfixturevalue("kept_deals")) if where == "postgresql" else both(founded()))
    with pytest.raises(NotNowError, match=PDF.fingerprint.hex()):
        two.explain(PDF)
    two.put(explanation_hash=PDF.fingerprint)
    two.carry()
    assert of_receiver(two, is_awaited) is True
    with stopping_at("explaining.put"), pytest.raises(Stopped):
        two.explain(PDF)
    assert two.explain(PDF) is True
    assert two.explain(PDF) is False
    two.carry(twice=True)
    assert of_receiver(two, is_awaited) is False
    found = of_receiver(two, signed_paper)
    assert (getattr(found, "paper", None), getattr(found, "shown_at", 0)) == (PDF, None)
    for _ in range(2):
        with stopping_at("explaining.shown"), pytest.raises(Stopped), two.receiver.files.begin() as unit:
            show(unit, two.receiver.desk, "case")
    for _ in range(2):
        with two.receiver.files.begin() as unit:
            show(unit, two.receiver.desk, "case")
    with two.receiver.files.begin() as unit:
        assert [each.words for each in unit.events() if each.words] == ["the explanation of choices came", SHOWN]
    two.sign()
    assert (signed := two.receiver.deal("case").elected)
    assert signed.election.notice_hash == PDF.fingerprint
    two.carry()
    with pytest.raises(NotNowError, match="stays as it is"):
        two.explain(PDF)


def test_the_one_that_was_signed_is_kept_though_its_letter_came_after_the_signature() -> None:
    two = asked(both(founded()))
    two.put(explanation_hash=PDF.fingerprint)
    two.carry()
    assert two.explain(PDF) is True  # its letter is on the way
    two.sign()
    two.carry()
    assert two.receiver.open_codes() == []
    found = of_receiver(two, signed_paper)
    assert (getattr(found, "paper", None), getattr(found, "shown_at", 0)) == (PDF, None)
    assert (of_receiver(two, is_awaited), two.source.open_codes()) == (False, [])


def test_in_the_database_it_lies_sealed_once_and_under_the_newest_key(
    kept_deals: Callable[[str, Callable[[], int]], KeptDeals],
) -> None:
    two = asked(both(founded(), kept_deals))
    two.put()
    two.explain(PAPER)
    files = two.source.files
    assert isinstance(files, KeptDeals)
    with files.begin() as unit:
        rows = unit.conn.execute("select * from node.paper, node.case_paper, node.letter_out").fetchall()
        assert len(rows) == 2
        assert PAPER.content not in repr(rows).encode()
    old = files.sealing.master
    files.sealing = replace(files.sealing, master=MasterKeys(b"n" * 32, old.index, (old.current,)))
    assert (files.rewrap(), files.rewrap()) == (5, 0)  # the document, its name, the deal, two letters
    files.sealing = replace(files.sealing, master=MasterKeys(b"n" * 32, old.index))
    with files.begin() as unit:
        assert (found := unit.paper(two.source.only()))
        assert found.paper == PAPER


def test_a_key_is_changed_beside_work_that_has_two_deals(
    kept_deals: Callable[[str, Callable[[], int]], KeptDeals],
) -> None:
    two = asked(both(founded(), kept_deals))
    files = two.source.files
    assert isinstance(files, KeptDeals)
    first, second = two.source.only(), "a second"
    with files.begin() as unit:
        unit.add(replace(unit.case(first), id=second, agreed=None))
        unit.add_deal(replace(unit.deal(first), case=second, reference=b"another".ljust(32)))
    changing, old = KeptDeals(files.url, sealing=files.sealing, now=files.now), files.sealing.master
    changing.sealing = replace(files.sealing, master=MasterKeys(b"n" * 32, old.index, (old.current,)))
    lock = "select 1 from node.deal where case_id = %s for update"
    with ThreadPoolExecutor(1) as beside, closing(changing):
        with files.begin() as unit:
            unit.conn.execute(lock, [max(first, second)])
            found = beside.submit(changing.rewrap)
            waits = "select 1 from pg_locks where not granted"
            until(lambda: unit.conn.execute(waits).fetchone() is not None, "wait")
            unit.conn.execute(lock, [min(first, second)])  # which it would hold, if it had both at once
        assert found.result() >= 2


def test_one_that_is_not_what_the_facts_name_is_not_kept() -> None:
    two = asked(both(founded()))
    two.put()
    other = replace(PAPER, content=b"Another text.")
    with pytest.raises(BadInputError, match="the facts name"):
        two.explain(other)
    two.explain(PAPER)

    def changed(letter: object) -> object:
        if getattr(letter, "kind", "") == LetterKind.PAPER:
            return replace(letter, body={**letter.body, "content": [*told_of(other).content]})  # type: ignore[attr-defined, type-var]
        return letter

    two.carry(on_the_way=changed)  # type: ignore[arg-type]
    assert of_receiver(two, is_awaited) is True
    assert two.receiver.open_codes() == [662]


def test_the_receivers_node_gives_none() -> None:
    two = asked(both(founded()))
    two.put()
    two.carry()
    with two.receiver.files.begin() as unit, pytest.raises(NotNowError, match="is the source's to give"):
        put_paper(unit, "case", PAPER)


def test_the_largest_document_fits_into_a_letter() -> None:
    large = Paper("Large", "1", Media.TEXT, b"a" * MOST_BYTES)
    assert paper_of(told_of(large)) == large
    with pytest.raises(BadInputError, match="at most 1,000,000"):
        Paper("Large", "1", Media.TEXT, b"a" * (MOST_BYTES + 1))
    with pytest.raises(BadInputError, match="larger than"):
        paper_of(replace(told_of(large), content=("A" * 2_000,) * 668))
