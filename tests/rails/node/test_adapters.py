"""Ways into core systems: what counts as an answer, what files look like, and whole rollovers through both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from tests.rails.node.two_nodes import pair, rollover
from tests.rails.world import founded

from open401k.rails.node.adapters.batch import BatchCore
from open401k.rails.node.adapters.layouts import Layout, Row, UnreadableFileError, read, write
from open401k.rails.node.adapters.rest import RestCore, cents_of
from open401k.rails.node.cases import State
from open401k.rails.node.core import Account, Done, Order, Part, Refused, Side, SilentError, Waiting
from open401k.standins._core_store import Books
from open401k.standins.core_batch import Night
from open401k.standins.core_rest import TOKEN, Service, serve
from open401k.standins.misbehavior import Fault

ORDER = Order(b"r" * 32, Side.SOURCE, "S-1", (Part(0, 0, 1_00), Part(1, 1, 50, basis=20, roth_since=2019)))
RECORDS = (Layout.FIXED, Layout.CSV)
ANSWER = {
    "action": "HOLD", "ticket": "t-out", "ok": "Y", "word": "", "reference": "FRZ-1", "amount": "150", "again": "N",
}  # fmt: skip


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """Books with one account on each side."""
    made = Books(str(tmp_path / "core.db"))
    made.open("account at source", {"PRETAX": 5_000_00, "ROTH": 1_000_00})
    made.open("account at receiver", {})
    made.open("S-1", {"PRETAX": 1_000_00, "ROTH": 500_00})
    yield made
    made.close()


@pytest.fixture
def served(books: Books) -> Iterator[tuple[Service, str]]:
    """The stand-in that answers at once, and its address."""
    service = Service(books)
    server = serve(service)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield service, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_rollover_from_a_core_by_files_to_a_core_over_http(
    books: Books, served: tuple[Service, str], tmp_path: Path
) -> None:
    both, folder = pair(founded()), tmp_path / "files"
    both.source.core = BatchCore(folder)
    rest = RestCore(served[1], token=TOKEN)
    both.receiver.core = rest
    case = rollover(both.world)
    both.open(case)
    states = []
    for _ in range(3):
        both.run(2)
        states.append(both.states())
        BatchCore(folder).close_day()
        Night(books, folder).run()
    rest.close()
    assert states == [
        (State.LIQUIDATING, State.HELD),  # the order to hold waits for the night
        (State.VOTED, State.POSTED),  # held, proposed, approved, committed; the debit waits for the next night
        (State.POSTED, State.POSTED),
    ]
    assert both.world.state(case) == "closed"
    found = [books.account(f"account at {side}") for side in Side]
    assert [each and each["balance"] for each in found] == [
        {"PRETAX": 5_000_00 - 1_234_56, "ROTH": 800_00},
        {"PRETAX": 1_234_56, "ROTH": 200_00},
    ]


def test_what_is_no_answer_is_silence(served: tuple[Service, str]) -> None:
    service, url = served
    core = RestCore(url, token=TOKEN)
    service.wrong.faults[:] = [Fault(503, path="/")]
    with pytest.raises(SilentError, match="503"):
        core.hold(ORDER)
    core.close()
    stranger = RestCore(url, token="another")
    with pytest.raises(SilentError, match="401"):
        stranger.hold(ORDER)
    stranger.close()
    nobody = RestCore("http://127.0.0.1:9", token=TOKEN)
    with pytest.raises(SilentError, match="ConnectError"):
        nobody.hold(ORDER)
    nobody.close()


def test_a_core_over_http_refuses_by_codes_of_the_queues(served: tuple[Service, str]) -> None:
    core = RestCore(served[1], token=TOKEN)
    assert core.look_up("none") == Refused(351, "the core says NO_SUCH_ACCOUNT")
    assert core.hold(replace(ORDER, parts=(Part(0, 0, 9_999_999_99),))) == Refused(451, "the core says TOO_LITTLE")
    assert core.hold(replace(ORDER, parts=(Part(0, 7, 1),))) == Refused(
        353, "the core has no word for a kind of this money"
    )
    assert isinstance(core.hold(ORDER), Done)
    assert core.look_up("S-1") == Account("S-1", True, {0: 1_000_00, 1: 500_00}, {0: 1_00, 1: 50})
    core.close()


@pytest.mark.parametrize("wrong", ["1.005", "a lot", "1e-3"])
def test_an_amount_that_is_none_is_silence(wrong: str) -> None:
    with pytest.raises(SilentError):
        cents_of(wrong)


@pytest.mark.parametrize("layout", RECORDS)
def test_records_come_back_as_they_were_written(layout: Layout) -> None:
    rows = [Row("A", ANSWER), Row("A", ANSWER | {"amount": "7", "again": "Y"})]
    again = read(write(rows, layout), layout)
    assert [(row.type, row.amount, row.record["reference"]) for row in again] == [
        ("A", 150, "FRZ-1"), ("A", 7, "FRZ-1"),
    ]  # fmt: skip


def test_a_file_of_fixed_width_looks_like_this() -> None:
    text = write([Row("A", ANSWER)], Layout.FIXED).decode()
    assert text == (
        "AHOLDt-out" + " " * 63 + "Y" + " " * 20 + "FRZ-1" + " " * 15 + "0000000000150" + "N\n"
        "T000000001000000000000150\n"
    )


@pytest.mark.parametrize("layout", RECORDS)
@pytest.mark.parametrize("lost", ["the end", "an amount", "a record"])
def test_a_file_that_is_not_whole_is_refused_whole(layout: Layout, lost: str) -> None:
    data = write([Row("A", ANSWER), Row("A", ANSWER | {"amount": "7"})], layout)
    lines = data.splitlines(keepends=True)
    if lost == "the end":
        data = b"".join(lines[:-1])
    elif lost == "an amount":
        data = data.replace(b"150", b"151", 1)
    else:
        data = b"".join(lines[1:])
    with pytest.raises(UnreadableFileError, match="ask for"):
        read(data, layout)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("X,1\nT,1,1\n", "line 1 is no record"),
        ("K,t,HELD,many,1\nT,1,1\n", "line 1, amount: 'many' is no number"),
        ("T,none\n", "line 1 is no trailer"),
        ("é", "byte 1 is no ASCII"),
    ],
)
def test_a_file_says_where_it_is_wrong(text: str, told: str) -> None:
    with pytest.raises(UnreadableFileError, match=told):
        read(text.encode(), Layout.CSV)


def test_orders_wait_for_the_night_and_go_out_until_they_are_answered(books: Books, tmp_path: Path) -> None:
    core = BatchCore(tmp_path)
    assert core.close_day() is None
    assert core.hold(ORDER) == Waiting(f"HOLD-{ORDER.rollover.hex()}-out.json")
    first = core.close_day()
    assert first
    first.write_bytes(first.read_bytes()[:-9])  # it was cut off on its way: the core leaves it alone
    assert Night(books, tmp_path).run() == []
    assert isinstance(core.hold(ORDER), Waiting)
    second = core.close_day()
    assert second
    assert second.name == "orders-000002.txt"
    assert Night(books, tmp_path).run() == ["answers-000002.txt"]
    assert core.hold(ORDER) == Done(f"FRZ-{ORDER.rollover.hex()[:12]}", 1_50)
    assert core.close_day() is None
    assert core.hold(replace(ORDER, account="another")) == Refused(
        452, f"HOLD-{ORDER.rollover.hex()}-out.json is another order"
    )


def test_an_answer_file_that_is_cut_off_is_silence(tmp_path: Path) -> None:
    core = BatchCore(tmp_path)
    with pytest.raises(SilentError, match="no positions"):
        core.look_up("S-1")
    (tmp_path / "in" / "answers-000001.txt").write_bytes(write([Row("A", ANSWER)], Layout.FIXED)[:-9])
    with pytest.raises(SilentError, match=r"answers-000001\.txt"):
        core.hold(ORDER)
