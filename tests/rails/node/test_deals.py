"""From somebody's wish to booked money between two nodes, with the real contracts; letters that go astray."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import count
from threading import Thread

import psycopg
import pytest
from tests.rails.node.cores import MemoryCore
from tests.rails.node.deal_nodes import PARTS, Both, both
from tests.rails.node.halves import SOURCE_FILE
from tests.rails.world import DAY, founded, key

from open401k.base.faults import Stopped, stopping_at
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node import deals
from open401k.rails.node.cases import ChangedError, State
from open401k.rails.node.codec import BadInputError, written
from open401k.rails.node.codes import LETTER_NOT_UNDERSTOOD, Owner, queue_of
from open401k.rails.node.core import SilentError
from open401k.rails.node.days import LOOK, Days
from open401k.rails.node.deals import NotNowError
from open401k.rails.node.halves import Wanted
from open401k.rails.node.kept_deals import KeptDeals
from open401k.rails.node.letters import Came, Letter, LetterKind, letter_bytes, letter_of
from open401k.rails.node.taking import kept_out
from open401k.rails.preflight.facts import Holds, Part, Proof
from open401k.rails.preflight.reasons import Code

ORDER_PENDING = Holds(order_pending=True, levy=False, bankruptcy=False, other_legal=False)
SIGNED = (State.LIQUIDATING, State.LIQUIDATING)
ENDED = (State.RELEASED, State.RELEASED)


@pytest.fixture
def two() -> Both:
    return both(founded())


def balances(two: Both) -> list[dict[int, int]]:
    found = []
    for custodian in (two.source, two.receiver):
        assert isinstance(custodian.node.core, MemoryCore)
        found.append(custodian.node.core.balances[f"account at {custodian.side}"])
    return found


def stopped_once(do: Callable[[], object], boundary: str) -> None:
    """The process stops at a boundary: nothing happened, and the same again is done."""
    with stopping_at(boundary), pytest.raises(Stopped):
        do()
    do()


def signed(letter: Letter, change: Callable[[dict[str, object]], None], kind: LetterKind) -> Letter:
    """A letter of one kind whose body somebody changed on its way."""
    if letter.kind != kind:
        return letter
    body = json.loads(json.dumps(letter.body))
    change(body)
    return replace(letter, body=body)


@pytest.mark.parametrize("where", ["memory", "postgresql"])
def test_a_wish_becomes_money_though_every_step_stops_once(where: str, request: pytest.FixtureRequest) -> None:
    two = both(founded(), request.getfixturevalue("kept_deals")) if where == "postgresql" else both(founded())
    stopped_once(two.ask, "deals.requested")
    stopped_once(two.carry, "deals.letter_taken")
    assert two.states() == (State.DATA_REQUESTED, State.DATA_REQUESTED)
    told = two.put(holds=ORDER_PENDING, approved_by_administrator=None)
    assert {each.code for each in told.reasons or ()} == {Code.ORDER_PENDING, Code.NOT_APPROVED_BY_PLAN}
    stopped_once(two.carry, "deals.letter_taken")
    assert two.states() == (State.NIGO, State.NIGO)
    assert two.receiver.deal("case").reasons == told.reasons
    assert two.source.open_codes() == two.receiver.open_codes() == [Code.ORDER_PENDING, Code.NOT_APPROVED_BY_PLAN]
    stopped_once(two.put, "deals.facts_put")
    two.carry(twice=True)
    assert two.states() == (State.PREVALIDATED, State.PREVALIDATED)
    assert two.source.open_codes() == two.receiver.open_codes() == []
    with stopping_at("deals.election_made"), pytest.raises(Stopped):
        two.sign()
    stopped_once(two.sign, "deals.elected")
    stopped_once(two.carry, "deals.letter_taken")
    assert two.states() == SIGNED
    stopped_once(two.ready, "deals.ready")
    stopped_once(two.carry, "deals.letter_taken")
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)
    assert balances(two) == [{0: 2_000_00, 1: 200_00}, {0: 8_000_00, 1: 1_800_00}]
    assert two.receiver.deal("case").their_state is State.POSTED
    assert two.source.deal(two.source.only()).file == two.receiver.deal("case").file
    with two.receiver.files.begin() as unit:
        told_of = [(event.state, event.words) for event in unit.events() if event.case == "case" and not event.words]
    assert [state for state, _ in told_of] == [
        State.DRAFT, State.DATA_REQUESTED, State.NIGO, State.PREVALIDATED, State.LIQUIDATING, State.HELD, State.VOTED,
        State.POSTED,
    ]  # fmt: skip


def test_a_second_goes_by_whenever_the_clock_is_looked_at() -> None:
    """The terms and the file that they name end at one moment, which the receiver holds against each other."""
    two = both(founded())
    seconds = count()
    for custodian in (two.source, two.receiver):
        custodian.desk = replace(custodian.desk, now=lambda: two.world.clock.now + next(seconds))
    two.until_terms()
    assert two.states() == SIGNED
    assert two.receiver.open_codes() == two.source.open_codes() == []
    two.world.clock.now += next(seconds)  # the chain's, too
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)


def test_nothing_of_a_person_stands_in_clear_in_the_database(kept_deals: Callable[..., object]) -> None:
    two = both(founded(), kept_deals)  # type: ignore[arg-type]
    two.until_terms()
    for custodian in (two.source, two.receiver):
        with custodian.files.begin() as unit:
            told = ""
            for table in ("deal", "letter_out", "letter_in", "event", "raised", "case_file"):
                rows = unit.conn.execute(f"select * from node.{table}").fetchall()  # type: ignore[attr-defined]
                told += repr(rows)
        for each in ("Maria", "900-70", "90070", "1980-03-15", "Springfield", "example.com"):
            assert each not in told
            assert each.encode().hex() not in told


@pytest.mark.parametrize("where", ["memory", "postgresql"])
def test_a_peer_that_was_restored_from_an_older_backup_is_told_again(
    where: str, request: pytest.FixtureRequest
) -> None:
    two = both(founded(), request.getfixturevalue("kept_deals")) if where == "postgresql" else both(founded())
    two.ask()
    (asked,) = two.written(two.receiver)
    two.put_again(e_sign_consent=None)
    with two.receiver.files.begin() as unit:
        unit.letter_sent(two.source.desk.us, asked.reference, 1)
        assert [each.letter.number for each in unit.letters_out()] == [2]
        assert unit.letters_out(but_not=[two.source.desk.us]) == []
    two.put_again()
    assert two.take(two.source, two.written(two.receiver)[0]).came is Came.EARLY
    with two.receiver.files.begin() as unit:
        unit.send_again(two.source.desk.us, asked.reference)
    two.carry()
    assert two.source.deal(two.source.only()).receiving == two.receiver.deal("case").receiving


def test_a_letter_that_is_kept_out_is_an_exception_and_not_sent_again(two: Both) -> None:
    two.ask()
    with two.receiver.files.begin() as unit:
        (sent,) = unit.letters_out()
        kept_out(unit, two.receiver.desk, sent)
    assert (two.written(two.receiver), two.receiver.open_codes()) == ([], [664])


def test_who_changes_a_case_and_who_writes_to_its_desk_do_not_wait_for_each_other(
    kept_deals: Callable[[str, Callable[[], int]], KeptDeals],
) -> None:
    two = both(founded(), kept_deals)
    two.ask()
    files = two.receiver.files
    assert isinstance(files, KeptDeals)
    other = KeptDeals(files.url, sealing=files.sealing, now=files.now)
    trouble: list[Exception] = []

    def moves() -> None:
        try:
            for to in (State.NIGO, State.DATA_REQUESTED) * 15:
                with other.begin() as unit:
                    case = unit.case("case")
                    unit.change(case, case.to(to))
        except (SilentError, ChangedError) as why:
            trouble.append(why)

    thread = Thread(target=moves)
    thread.start()
    for number in range(30):
        with files.begin() as unit:
            deals.note(unit, two.receiver.desk, "case", f"note {number}")
    thread.join()
    other.close()
    assert trouble == []
    with files.begin() as unit:
        events = unit.events(limit=1_000)
    assert [event.seq for event in events] == sorted(event.seq for event in events)
    assert len(events) == 2 + 30 + 30


def test_who_asks_for_the_deal_first_waits_for_who_has_its_file(
    kept_deals: Callable[[str, Callable[[], int]], KeptDeals],
) -> None:
    two = both(founded(), kept_deals)
    two.ask()
    files = two.receiver.files
    assert isinstance(files, KeptDeals)
    other = KeptDeals(files.url, sealing=files.sealing, now=files.now)
    found: list[object] = []

    def looks() -> None:
        try:
            with other.begin() as unit:
                found.extend((unit.deal("case"), unit.case("case")))
        except SilentError as why:  # of two that wait for each other the database stops one
            found.append(why)

    thread = Thread(target=looks)
    with files.begin() as unit, psycopg.connect(files.url, autocommit=True) as beside:
        file = unit.case("case")
        thread.start()
        waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        while not beside.execute(waits).fetchall():
            assert thread.is_alive()
        deal = unit.deal("case")
    thread.join()
    other.close()
    assert found == [deal, file]


def test_letters_that_come_twice_change_nothing(two: Both) -> None:
    two.ask()
    two.carry(twice=True)
    two.put()
    two.carry(twice=True)
    two.sign()
    two.carry(twice=True)
    two.ready()
    two.carry(twice=True)
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)


def test_a_letter_before_its_turn_waits_at_its_sender(two: Both) -> None:
    two.ask()
    two.put_again(e_sign_consent=None)
    asked, facts = two.written(two.receiver)
    assert two.take(two.source, facts).came is Came.EARLY
    assert two.take(two.source, asked).came is Came.TAKEN
    two.put_again()
    assert two.take(two.source, two.written(two.receiver)[2]).came is Came.EARLY
    two.take(two.source, facts)
    assert two.take(two.source, two.written(two.receiver)[2]).came is Came.TAKEN
    assert two.source.deal(two.source.only()).receiving == two.receiver.deal("case").receiving


def test_another_letter_under_a_number_is_kept_out_and_told(two: Both) -> None:
    two.ask()
    (asked,) = two.written(two.receiver)
    two.carry()
    changed = json.loads(json.dumps(asked.body))
    changed["receiving"]["custodian"] = "somebody else"
    assert two.take(two.source, replace(asked, body=changed)).came is Came.REFUSED
    assert two.source.open_codes() == [663]


def test_a_letter_from_another_member_finds_no_case(two: Both) -> None:
    two.ask()
    (asked,) = two.written(two.receiver)
    assert two.take(two.source, asked, of=key("other").address).came is Came.REFUSED
    two.carry()
    two.put()
    (facts,) = two.written(two.source)
    assert two.take(two.receiver, facts, of=key("other").address).came is Came.REFUSED
    assert two.receiver.deal("case").releasing is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "song"}, "is of version 1; they read that version, too, but not its kind or a field"),
        ({"version": 2}, "is of version 2; they read 1"),
        ({"body": {"edition": 1, "shoe_size": 42}}, "is of version 1; they read that version, too"),
    ],
)
def test_a_letter_that_cannot_be_read_is_an_exception_and_the_next_is_taken(
    two: Both, change: dict[str, object], said: str
) -> None:
    two.ask()
    two.carry()
    two.put()
    two.carry(on_the_way=lambda letter: replace(letter, **change) if letter.kind == "facts" else letter)  # type: ignore[arg-type]
    assert (two.receiver.open_codes(), two.receiver.file("case").state) == ([661], State.DATA_REQUESTED)
    with two.source.files.begin() as unit:
        (raised,) = unit.raised(two.source.only())
    assert (raised.code, queue_of(raised.code).owner) == (LETTER_NOT_UNDERSTOOD, Owner.TECHNICAL)
    assert said in raised.words
    two.put(contact=None)
    two.carry()
    assert two.receiver.file("case").state is State.NIGO


def test_two_nodes_that_read_nothing_of_each_other_do_not_write_for_ever(two: Both) -> None:
    two.ask()
    two.carry()
    two.put()
    two.carry(on_the_way=lambda letter: replace(letter, version=letter.version + 1))
    assert (two.receiver.open_codes(), two.source.open_codes()) == ([661], [661])


def test_the_envelope_of_a_later_version_may_say_more() -> None:
    told = json.loads(letter_bytes(Letter(bytes(32), 1, "hello", {}, 2)))
    assert letter_of(json.dumps(told | {"of_node": "9.1"}).encode()).version == 2
    with pytest.raises(BadInputError, match="of_node"):
        letter_of(json.dumps(told | {"version": 1, "of_node": "9.1"}).encode())


def test_a_letter_for_a_case_that_is_over_is_an_exception(two: Both) -> None:
    two.ask()
    two.carry()
    two.put()
    with two.receiver.files.begin() as unit:
        deals.stop(unit, two.receiver.desk, "case", 176, "the person called")
    two.carry()
    assert two.states() == ENDED
    assert two.receiver.open_codes() == [662]
    assert two.source.open_codes() == [176]
    with pytest.raises(NotNowError, match="released"):
        two.put(contact=None)


def test_facts_change_after_the_signature_and_are_set_right(two: Both) -> None:
    two.until_signed()
    two.put(holds=ORDER_PENDING)
    two.carry()
    assert (two.source.open_codes(), two.receiver.open_codes(), two.states()) == ([463], [463], SIGNED)
    with pytest.raises(NotNowError, match="275"):
        two.ready()
    two.put()
    two.carry()
    assert two.source.open_codes() == two.receiver.open_codes() == []
    two.ready()


def test_a_signature_and_a_reason_cross_on_their_way(two: Both) -> None:
    two.ask()
    two.carry()
    two.put()
    two.carry()
    two.sign()
    two.put(holds=ORDER_PENDING)
    two.carry()
    assert two.states() == (State.NIGO, State.LIQUIDATING)
    two.put()
    two.carry()
    assert (two.states(), two.receiver.open_codes()) == (SIGNED, [])


def test_what_was_signed_stays_as_it_was(two: Both) -> None:
    two.until_signed()
    with pytest.raises(NotNowError, match="signed"):
        two.put_again(proof=Proof(3, date(2026, 12, 31)))
    with pytest.raises(NotNowError, match="notice_hash"):
        two.put(explanation_hash=bytes(32))
    with pytest.raises(BadInputError, match="account"):
        two.put(account="another")


@pytest.mark.parametrize("by", ["somebody else"])
def test_only_the_participant_elects(two: Both, by: str) -> None:
    two.ask()
    two.carry()
    two.put()
    two.carry()
    with pytest.raises(BadInputError, match="signature"):
        two.sign(key(by))
    assert two.states() == (State.PREVALIDATED, State.PREVALIDATED)


@pytest.mark.parametrize("field", ["max_total", "deadline", "receiving_account"])
def test_an_election_that_was_changed_on_its_way_ends_the_case(two: Both, field: str) -> None:
    def change(body: dict[str, object]) -> None:
        election = body["election"]
        assert isinstance(election, dict)
        election[field] = election[field][::-1] if isinstance(election[field], str) else election[field] + 1

    two.ask()
    two.carry()
    two.put()
    two.carry()
    two.sign()
    two.carry(on_the_way=lambda letter: signed(letter, change, LetterKind.ELECTED))
    assert (two.states(), two.source.open_codes(), two.receiver.open_codes()) == (ENDED, [262], [262])


def leg(field: str, value: object) -> Callable[[dict[str, object]], None]:
    def change(body: dict[str, object]) -> None:
        body["terms"]["legs"][0][field] = value  # type: ignore[index]

    return change


def term(field: str, value: object) -> Callable[[dict[str, object]], None]:
    def change(body: dict[str, object]) -> None:
        body["terms"][field] = value  # type: ignore[index]

    return change


def item(label: str, value: str | None) -> Callable[[dict[str, object]], None]:
    def change(body: dict[str, object]) -> None:
        rows = body["file"]
        assert isinstance(rows, list)
        (row,) = (row for row in rows if row["label"] == label)
        if value is None:
            rows.remove(row)
        else:
            row["value"] = value

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (leg("amount", 1), 461), (leg("kind", 2), 461), (leg("into", 15), 461), (leg("to", 1), 461),
        (leg("taxable", 1), 461), (leg("commitment", "00" * 32), 461), (term("token", "11" * 20), 461),
        (term("withholder", "11" * 20), 461), (term("part", 1), 461), (term("rule_version", 2), 461),
        (term("deadline", 4_000_000_000), 461), (term("deadline", 1_700_000_000), 655),
        (term("data_root", "11" * 32), 462), (term("parent", "11" * 32), 461),
        (item("participant.legal_name", "Somebody Else"), 462), (item("roth.basis_cents", "0"), 462),
        (item("amounts[roth].gross_cents", "1"), 462), (item("receiving[0].account_number", "1"), 462),
        (item("authority.election", None), 462), (item("participant.email", "else@example.com"), 462),
    ],
)  # fmt: skip
def test_terms_that_are_not_what_was_signed_are_declined(
    two: Both, change: Callable[[dict[str, object]], None], code: int
) -> None:
    two.until_signed()
    two.ready()
    two.carry(on_the_way=lambda letter: signed(letter, change, LetterKind.TERMS))
    assert two.receiver.open_codes() == [code]
    assert two.receiver.file("case").agreed is None
    two.run()
    assert two.states() == ENDED
    assert balances(two) == [{0: 5_000_00, 1: 1_000_00}] * 2


def test_a_receiver_declines_after_the_source_has_voted(two: Both) -> None:
    two.until_terms()
    two.source.node.run_once()
    assert two.states() == (State.VOTED, State.LIQUIDATING)

    def decline() -> None:
        with two.receiver.files.begin() as unit:
            deals.decline(unit, two.receiver.desk, "case", 176, "the person called")

    stopped_once(decline, "deals.stopped")
    decline()
    two.run()
    assert two.states() == ENDED
    assert balances(two) == [{0: 5_000_00, 1: 1_000_00}] * 2
    assert [note.words for note in two.source.deal(two.source.only()).notes] == ["the person called"]


def test_all_there_is_moves_as_it_was_sold(two: Both) -> None:
    wanted = tuple(Wanted(part.kind, part.into) for part in PARTS)
    two.until_signed(mode=Mode.ALL, wanted=wanted)
    sold = (replace(PARTS[0], cents=3_100_00), PARTS[1])
    two.put(*sold)
    two.carry()
    two.ready()
    two.carry()
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)
    assert balances(two) == [{0: 1_900_00, 1: 200_00}, {0: 8_100_00, 1: 1_800_00}]


def test_a_fixed_amount_cannot_grow_after_the_signature(two: Both) -> None:
    two.until_signed()
    told = two.put(replace(PARTS[0], cents=3_100_00), PARTS[1])
    assert Code.KINDS_DO_NOT_ADD_UP in {each.code for each in told.reasons or ()}
    with pytest.raises(NotNowError):
        two.ready()


def test_of_a_part_that_is_paid_out_tax_is_withheld(two: Both) -> None:
    parts = (Part(Kind.PRE_TAX, Into.PLAN, 0, 2_000_00), Part(Kind.PRE_TAX, Into.PERSON, 0, 1_000_00))
    before = two.world.balance(two.source.desk.withholder)
    two.until_signed(*parts)
    two.ready()
    two.carry()
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)
    assert two.world.balance(two.source.desk.withholder) - before == 200_00
    assert balances(two) == [{0: 2_000_00, 1: 1_000_00}, {0: 7_000_00, 1: 1_000_00, 15: 800_00}]
    file = two.receiver.deal("case").transfer_file
    assert file is not None
    told = file.values
    assert (told["tax.federal_bps"], told["tax.federal_cents"]) == ("2000", "20000")
    assert {told["forms[0].box_7"], told["forms[1].box_7"]} == {"G", "1"}
    assert (told["forms[0].box_4_cents"], told["forms[1].box_4_cents"]) in (("0", "20000"), ("20000", "0"))


def test_a_file_that_lacks_an_item_is_told_by_its_label(two: Both) -> None:
    two.ask()
    two.carry()
    lacking = {label: value for label, value in SOURCE_FILE.items() if label != "participant.phone"}
    two.put(file=lacking | {"participant.legal_name": "Somebody Else"})
    two.carry()
    two.sign()
    two.carry()
    with pytest.raises(BadInputError) as refused:
        two.ready()
    assert [each.path for each in refused.value.problems] == ["file[participant.legal_name]"]
    two.put(file=lacking)
    with pytest.raises(BadInputError) as refused:
        two.ready()
    assert [each.path for each in refused.value.problems] == ["file[participant.phone]"]
    assert two.source.file(two.source.only()).agreed is None


def test_a_case_lapses_when_its_last_day_went_by_before_exact_terms(two: Both) -> None:
    two.until_signed()
    with two.source.files.begin() as unit:
        assert not deals.lapse(unit, two.source.desk, two.source.only())
    two.world.clock.now += 15 * DAY
    with pytest.raises(NotNowError, match="over"):
        two.ready()
    case = two.source.only()
    with two.source.files.begin() as unit:
        assert deals.lapse(unit, two.source.desk, case)
        assert not deals.lapse(unit, two.source.desk, case)
    two.carry()
    assert (two.states(), two.receiver.open_codes()) == (ENDED, [655])


@pytest.mark.parametrize("where", ["memory", "postgresql"])
def test_each_day_is_looked_at_once(where: str, request: pytest.FixtureRequest) -> None:
    two = both(founded(), request.getfixturevalue("kept_deals")) if where == "postgresql" else both(founded())
    two.ask()
    two.carry()
    two.put()
    two.carry()
    days = Days(two.receiver.files, lambda: two.receiver.desk)
    assert days.once(at=0.0) == LOOK
    assert two.states() == (State.PREVALIDATED, State.PREVALIDATED)
    two.world.clock.now += 5 * DAY
    assert days.once(at=1.0) == LOOK
    assert two.states() == (State.PREVALIDATED, State.NIGO)
    two.world.clock.now += 10 * DAY
    with two.receiver.files.begin() as unit:
        assert unit.without_terms() == ["case"]
    days.once(at=2.0)
    two.carry()
    assert two.states() == ENDED
    with two.receiver.files.begin() as unit:
        assert unit.without_terms() == []


def test_the_key_may_be_chosen_after_everything_is_in_order(two: Both) -> None:
    two.ask(key=None)
    two.carry()
    two.put()
    two.carry()
    assert two.states() == (State.PREVALIDATED, State.PREVALIDATED)
    with pytest.raises(NotNowError, match="key"):
        two.sign()
    two.put_again()
    two.carry()
    two.sign()
    two.carry()
    assert two.states() == SIGNED


def test_notes_go_to_the_other_desk_and_change_nothing(two: Both) -> None:
    two.ask()
    with two.receiver.files.begin() as unit:
        deals.note(unit, two.receiver.desk, "case", "Please call.")
    two.carry()
    assert [(note.from_us, note.words) for note in two.source.deal(two.source.only()).notes] == [
        (False, "Please call.")
    ]


def test_a_request_is_one_request(two: Both) -> None:
    two.ask()
    two.ask()
    assert len(two.written(two.receiver)) == 1
    with pytest.raises(NotNowError, match="another id"):
        two.ask(custodian="another name")
    with pytest.raises(BadInputError, match="member"):
        two.ask(member=key("other").address)


def test_a_deal_is_read_as_it_was_written(two: Both) -> None:
    two.until_terms()
    assert b"Maria" in written(two.receiver.deal("case"))
    assert two.receiver.deal("case").signed is not None
