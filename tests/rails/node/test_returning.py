"""What was posted goes back as a deal, from the ask to both books; what does not fit is told before anybody signs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rails.node.deal_nodes import Custodian
from tests.rails.node.going_back import Back, posted
from tests.rails.node.test_deals import stopped_once
from tests.rails.node.two_nodes import BEFORE

from open401k.base.faults import Stopped, stopping_at
from open401k.rails.evidence.checking import check
from open401k.rails.evidence.collecting import collect
from open401k.rails.evidence.file import write
from open401k.rails.evidence.findings import Status
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Leg, Mode, parent_of
from open401k.rails.node import deals
from open401k.rails.node.again import again, off_rail
from open401k.rails.node.batching import Batch, Stage
from open401k.rails.node.cases import State, Way
from open401k.rails.node.codec import BadInputError, Json
from open401k.rails.node.codes import LETTER_UNEXPECTED, RETURN_UNFIT
from open401k.rails.node.exceptions import StillOpenError
from open401k.rails.node.following import Verdict
from open401k.rails.node.halves import Wanted
from open401k.rails.node.judging import NotNowError
from open401k.rails.node.letters import Came
from open401k.rails.node.memory_deals import MemoryDeals
from open401k.rails.node.returning import give_back, outside
from open401k.rails.node.seen import seen_of
from open401k.rails.node.worker import BOUNDARIES
from open401k.rails.preflight.facts import Part

MOVED = [{0: 2_000_00, 1: 200_00}, {0: 8_000_00, 1: 1_800_00}]
SOME = (Part(Kind.PRE_TAX, Into.PLAN, 0, 1_000_00),)


@pytest.fixture
def back() -> Back:
    return posted()


def states(back: Back) -> tuple[State, State]:
    asked, given = back.cases()
    return asked.state, given.state


def stopped_at_every_boundary(back: Back) -> None:
    """Passes of both nodes, of which each stops once at each boundary where it comes by."""
    for boundary in BOUNDARIES:
        for custodian in (back.two.receiver, back.two.source):
            with stopping_at(boundary):
                try:
                    custodian.node.run_once()
                except Stopped:
                    continue
    back.two.run()


@pytest.mark.parametrize("where", ["memory", "postgresql"])
def test_a_return_runs_from_the_ask_to_both_books_though_every_step_stops_once(
    where: str, request: pytest.FixtureRequest
) -> None:
    # Money flow: source -> receiver 3,800.00; receiver -> source 3,800.00
    back = posted(request.getfixturevalue("kept_deals") if where == "postgresql" else None)
    assert back.balances() == MOVED
    stopped_once(back.ask, "deals.return")
    stopped_once(back.two.carry, "deals.letter_taken")
    assert states(back) == (State.DATA_REQUESTED, State.DATA_REQUESTED)
    stopped_once(back.put, "deals.facts_put")
    back.two.carry(twice=True)
    assert states(back) == (State.PREVALIDATED, State.PREVALIDATED)
    stopped_once(back.sign, "deals.elected")
    stopped_once(back.two.carry, "deals.letter_taken")
    stopped_once(back.ready, "deals.ready")
    stopped_once(back.two.carry, "deals.letter_taken")
    stopped_at_every_boundary(back)
    assert states(back) == (State.POSTED, State.POSTED)
    assert back.balances() == [BEFORE, BEFORE]
    asked, given = back.cases()
    assert asked.agreed
    assert given.agreed
    parent = back.parent(back.two.source)
    assert parent.agreed
    assert parent_of(asked.agreed.encoded) == parent.agreed.rollover
    assert (asked.parent, given.parent) == (parent.id, "case")
    assert back.two.source.node.coordinator.final(asked.agreed).verdict is Verdict.CLOSED
    file = back.two.source.deal("back").transfer_file
    assert file is not None
    assert (file.values["case.direction"], file.values["case.parent"]) == ("return", parent.agreed.rollover.hex())
    world = back.two.world
    report = check(write(collect(world.chain, coordinator=world.rollover, encoded=asked.agreed.encoded, file=file)))
    assert report.holds
    assert {"verdict", "approvals", "payments", "receipts", "election"} <= {
        each.about for each in report.findings if each.status is Status.PROVED
    }


def test_what_is_asked_back_otherwise_than_it_came_is_told_all_at_once(back: Back) -> None:
    wrong = back.half(
        member=back.two.receiver.desk.us,
        account="another account",
        source_account="somebody's",
        mode=Mode.ALL,
        wanted=(
            Wanted(Kind.PRE_TAX, Into.PLAN, 3_000_00),
            Wanted(Kind.PRE_TAX, Into.TRADITIONAL_IRA, 1),
            Wanted(Kind.ROTH, Into.PERSON, 800_01),
            Wanted(Kind.AFTER_TAX, Into.PLAN, 1),
        ),
    )
    with pytest.raises(BadInputError) as refused:
        back.ask(half=wrong)
    said = {each.path: each.said for each in refused.value.problems}
    assert set(said) == {
        "member", "account", "source_account", "mode", "wanted[1].cents", "wanted[2].into", "wanted[2].cents",
        "wanted[3].cents",
    }  # fmt: skip
    assert said["wanted[1].cents"].startswith("of pre_tax 300001 cents are asked back, and 300000 came")
    assert "by check or wire" in said["wanted[3].cents"]
    assert "another account" not in str(refused.value)
    with pytest.raises(BadInputError, match=r"facts\.account: is not the account from which"):
        back.ask(half=wrong, at="facts")
    with back.two.source.files.begin() as unit:
        assert len(unit.deals()) == 1
        assert unit.letters_out() == []


def test_the_giver_checks_for_itself_and_answers_with_every_reason(back: Back) -> None:
    back.ask(*SOME)
    (asked,) = back.two.written(back.two.source)
    body = asked.body
    assert isinstance(body, dict)
    assert isinstance(body["receiving"], dict)
    half = body["receiving"] | {"account": "another", "wanted": [{"kind": "roth", "into": "plan", "cents": 800_01}]}
    forged = replace(asked, body=body | {"receiving": half})
    taken = back.two.take(back.two.receiver, forged)
    assert taken.came is Came.TAKEN
    assert "account: is not the account from which" in taken.words
    assert "of roth 80001 cents are asked back, and 80000 came" in taken.words
    assert taken.case
    assert back.two.receiver.file(taken.case).state is State.RELEASED
    assert back.two.receiver.open_codes() == [RETURN_UNFIT]
    with back.two.source.files.begin() as unit:
        unit.letter_sent(back.two.receiver.desk.us, asked.reference, asked.number)
    back.two.carry()
    assert back.two.source.file("back").state is State.RELEASED
    assert back.two.source.open_codes() == [RETURN_UNFIT]
    assert "of roth" in back.two.source.deal("back").notes[-1].words


def test_a_rollover_that_is_not_ours_or_another_members_is_not_given_back(back: Back) -> None:
    back.ask()
    (asked,) = back.two.written(back.two.source)
    assert isinstance(asked.body, dict)
    unknown = replace(asked, body=asked.body | {"parent": "11" * 32})
    taken = back.two.take(back.two.receiver, unknown)
    assert (taken.came, taken.words.split(":")[0]) == (Came.TAKEN, "parent")
    assert taken.case
    assert back.two.receiver.file(taken.case).state is State.RELEASED
    stranger = back.two.world.members["other"].address
    taken = back.two.take(back.two.receiver, asked, of=stranger)
    assert taken.came is Came.REFUSED


def test_an_ask_waits_until_the_giver_has_booked_what_came() -> None:
    back = posted()
    before = back.parent(back.two.receiver)
    with back.two.receiver.files.begin() as unit:
        kept = unit.kept  # type: ignore[attr-defined]  # its books follow overnight
        kept.cases["case"] = replace(before, state=State.VOTED)
    back.ask()
    (asked,) = back.two.written(back.two.source)
    assert back.two.take(back.two.receiver, asked).came is Came.EARLY
    with back.two.receiver.files.begin() as unit:
        unit.kept.cases["case"] = before  # type: ignore[attr-defined]
    back.two.carry()
    assert states(back) == (State.DATA_REQUESTED, State.DATA_REQUESTED)


def test_a_wish_that_changed_is_held_to_what_came_on_both_sides(back: Back) -> None:
    back.ask(*SOME)
    back.two.carry()
    asker = back.two.source
    more = back.half(Part(Kind.PRE_TAX, Into.PLAN, 0, 3_000_01))
    with asker.files.begin() as unit, pytest.raises(BadInputError, match="300001 cents are asked back"):
        deals.put_facts(unit, asker.desk, "back", more)
    with asker.files.begin() as unit:
        deals.put_facts(unit, asker.desk, "back", back.half(Part(Kind.PRE_TAX, Into.PLAN, 0, 2_000_00)))
    (told,) = back.two.written(asker)
    assert isinstance(told.body, dict)
    assert isinstance(told.body["receiving"], dict)
    wanted: Json = [{"kind": "pre_tax", "into": "plan", "cents": 3_000_01}]
    forged = replace(told, body=told.body | {"receiving": told.body["receiving"] | {"wanted": wanted}})
    assert "300001 cents are asked back" in back.two.take(back.two.receiver, forged).words
    assert back.two.receiver.open_codes() == [LETTER_UNEXPECTED]
    half = back.two.receiver.deal(back.given()).receiving
    assert half
    assert half.wanted[0].cents == 1_000_00


def test_terms_beyond_what_came_are_not_agreed_to(back: Back) -> None:
    agreed = back.parent(back.two.source).agreed
    assert agreed
    by = back.two.receiver.desk.us
    legs = [Leg(0, 0, 0, 2_000_00, 0, bytes(32)), Leg(0, 0, 0, 1_000_01, 0, bytes(32)), Leg(2, 15, 0, 1, 0, bytes(32))]
    said = outside(legs, agreed.encoded, by=by)
    assert [each.split(" cents")[0] for each in said] == [
        "of pre_tax 300001", "of after_tax 1", "a part that is paid to the person goes back to nobody",
    ]  # fmt: skip
    assert outside(legs[:1], agreed.encoded, by=by) == []
    assert outside(legs[:1], agreed.encoded, by=back.two.source.desk.us) != []


def test_it_goes_back_as_a_return_once_and_the_rest_as_a_rollover_of_its_own(back: Back) -> None:
    # Money flow: receiver -> source 1,000.00 as a return, then 2,800.00 as a rollover that names none
    back.until_signed(*SOME)
    assert back.ask(*SOME).case == "back"  # the same again is nothing new
    with pytest.raises(StillOpenError, match="asked back by case back already, which is liquidating"):
        back.ask()
    assert told_back(back) == [(True, 0)] * 2
    back.ready()
    back.two.carry()
    back.two.run()
    assert states(back) == (State.POSTED, State.POSTED)
    assert back.balances() == [{0: 3_000_00, 1: 200_00}, {0: 7_000_00, 1: 1_800_00}]
    assert told_back(back) == [(False, 1_000_00)] * 2
    second = Back(back.two, "second")
    with pytest.raises(BadInputError, match="of pre_tax 300000 cents are asked back, and 300000 came, of which 100000"):
        second.ask()
    rest = (Part(Kind.PRE_TAX, Into.PLAN, 0, 2_000_00), Part(Kind.ROTH, Into.PLAN, 0, 800_00))
    goes_alone(second, rest)
    assert back.balances() == [BEFORE, BEFORE]
    assert told_back(back) == [(False, 3_800_00)] * 2
    with pytest.raises(StillOpenError, match="nothing is left of it"):
        Back(back.two, "third").ask(Part(Kind.PRE_TAX, Into.PLAN, 0, 1))


def told_back(back: Back) -> list[tuple[bool, int]]:
    """What both trackers of the first say: whether it is asked back, and cents that went back."""
    found = []
    for one in (back.two.source, back.two.receiver):
        with one.files.begin() as unit:
            told = seen_of(unit, back.parent(one).id, None, now=one.desk.now())
            found.append((told.asked_back, told.went_back))
    return found


def goes_alone(back: Back, parts: tuple[Part, ...]) -> None:
    """It goes the whole way, names nothing in its terms, and both files name the case before it."""
    back.until_signed(*parts)
    back.ready()
    back.two.carry()
    back.two.run()
    assert states(back) == (State.POSTED, State.POSTED)
    for one, name in ((back.two.source, back.name), (back.two.receiver, back.given())):
        deal, parent = one.deal(name), back.parent(one)
        assert parent.agreed
        assert (deal.parent, deal.undoes) == (None, parent.agreed.rollover)
        assert deal.terms
        assert deal.terms.parent == bytes(32)
        assert one.file(name).parent == parent.id
        assert deal.file
        told = {each.label: each.value for each in deal.file}
        assert (told["case.direction"], told["case.parent"]) == ("return", parent.agreed.rollover.hex())


def in_a_batch(back: Back, *sides: Custodian) -> None:
    """As if a batch had settled what goes back."""
    for one in sides:
        agreed, peer = back.parent(one).agreed, (back.two.receiver if one is back.two.source else back.two.source).desk
        assert agreed
        with one.files.begin() as unit:
            unit.add_batch(Batch(peer.us, b"r" * 32, one.desk.us, peer.us, one.desk.token, 1, (agreed.rollover,),
                                 Stage.SETTLED))  # fmt: skip


def test_what_settled_in_a_batch_goes_back_as_a_rollover_of_its_own(back: Back) -> None:
    # Money flow: receiver -> source 3,800.00, in two steps
    in_a_batch(back, back.two.source, back.two.receiver)
    goes_alone(back, SOME)
    rest = (Part(Kind.PRE_TAX, Into.PLAN, 0, 2_000_00), Part(Kind.ROTH, Into.PLAN, 0, 800_00))
    goes_alone(Back(back.two, "rest"), rest)
    assert back.balances() == [BEFORE, BEFORE]


def evidence_of(back: Back) -> list[str]:
    """What the evidence of what goes back says of the rollover that it gives back."""
    asked, _ = back.cases()
    assert asked.agreed
    file, world = back.two.source.deal(back.name).transfer_file, back.two.world
    report = check(write(collect(world.chain, coordinator=world.rollover, encoded=asked.agreed.encoded, file=file)))
    assert report.holds
    return [each.said for each in report.findings if (each.about, each.status) == ("undone", Status.PROVED)]


def test_evidence_names_what_a_rollover_of_its_own_gives_back(back: Back) -> None:
    in_a_batch(back, back.two.source, back.two.receiver)
    goes_alone(back, SOME)
    agreed = back.parent(back.two.source).agreed
    assert agreed
    (said,) = evidence_of(back)
    assert said.startswith(f"It gives back rollover 0x{agreed.rollover.hex()}: so it stands in the transfer file")


@pytest.mark.parametrize("side", ["source", "receiver"])
def test_what_went_back_alone_bounds_the_next_though_one_node_forgot_it(back: Back, side: str) -> None:
    in_a_batch(back, back.two.source, back.two.receiver)
    one: Custodian = getattr(back.two, side)
    assert isinstance(one.files, MemoryDeals)
    kept, shelf = one.files.kept, one.files.shelf
    goes_alone(back, SOME)
    one.files.kept, one.files.shelf = kept, shelf  # a backup that is older than what went back
    second = Back(back.two, "second")
    if side == "receiver":  # who asks knows what went back
        with pytest.raises(
            BadInputError, match="300000 cents are asked back, and 300000 came, of which 100000 went back"
        ):
            second.ask()
        return
    second.ask()  # who is asked knows it
    (asked,) = back.two.written(back.two.source)
    assert back.two.take(back.two.receiver, asked).came is Came.REFUSED  # it is another ask under a name that it knows
    taken = back.two.take(back.two.receiver, replace(asked, reference=b"2" * 32))
    assert "300000 cents are asked back, and 300000 came, of which 100000 went back" in taken.words


def test_the_giver_holds_what_goes_back_alone_to_the_same_and_to_the_right_way(back: Back) -> None:
    in_a_batch(back, back.two.source)  # the giver knows of no batch
    back.ask(*SOME)
    back.two.carry()
    assert any("watches over it: ask it back as one" in each for each in words_raised(back.two.receiver))
    assert states(back) == (State.RELEASED, State.RELEASED)
    in_a_batch(back, back.two.receiver)
    second = Back(back.two, "second")
    second.ask(*SOME)
    (asked,) = back.two.written(back.two.source)
    assert isinstance(asked.body, dict)
    body = asked.body | {"parent": asked.body["undoes"], "undoes": None}
    taken = back.two.take(back.two.receiver, replace(asked, reference=b"2" * 32, body=body))
    assert "it was settled in a batch; the network takes no return of it" in taken.words


def words_raised(one: Custodian) -> list[str]:
    with one.files.begin() as unit:
        return [each.words for each in unit.raised()]


def test_the_giver_refuses_a_second_one_too(back: Back) -> None:
    back.ask(*SOME)
    (asked,) = back.two.written(back.two.source)
    back.two.carry()
    taken = back.two.take(back.two.receiver, replace(asked, reference=b"2" * 32))
    assert "is asked back by case" in taken.words
    assert taken.case
    assert back.two.receiver.file(taken.case).state is State.RELEASED
    assert states(back) == (State.DATA_REQUESTED, State.DATA_REQUESTED)


def test_what_was_stopped_is_asked_back_anew(back: Back) -> None:
    back.ask()
    back.two.carry()
    with back.two.source.files.begin() as unit:
        deals.stop(unit, back.two.source.desk, "back", 553)
    back.two.carry()
    assert states(back) == (State.RELEASED, State.RELEASED)
    second = Back(back.two, "second")
    second.until_signed()
    second.ready()
    back.two.carry()
    back.two.run()
    assert states(second) == (State.POSTED, State.POSTED)
    assert back.balances() == [BEFORE, BEFORE]


def aborted(back: Back) -> None:
    """Signed, proposed, and aborted: the asker's core does not know the account."""
    back.until_signed()
    back.ready()
    back.two.carry()
    accounts = back.two.source.node.core.balances  # type: ignore[attr-defined]
    kept = dict(accounts)
    accounts.clear()
    back.two.run()
    accounts.update(kept)
    assert states(back) == (State.RELEASED, State.RELEASED)


def test_a_return_that_was_aborted_goes_at_its_second_try(back: Back) -> None:
    aborted(back)
    with back.two.source.files.begin() as unit:
        deal = again(unit, back.two.source.desk, "back", "second", verdict=Verdict.ABORTED)
    assert deal.parent == back.two.source.deal("back").parent
    back.two.carry()
    second = Back(back.two, "second")
    second.ready()
    back.two.carry()
    back.two.run()
    assert states(second) == (State.POSTED, State.POSTED)
    assert back.balances() == [BEFORE, BEFORE]


def test_of_two_tries_one_goes_on(back: Back) -> None:
    aborted(back)
    Back(back.two, "anew").ask(*SOME)
    with back.two.source.files.begin() as unit, pytest.raises(NotNowError, match="asked back by case anew already"):
        again(unit, back.two.source.desk, "back", "second", verdict=Verdict.ABORTED)


def test_what_went_back_by_check_does_not_go_back_again(back: Back) -> None:
    aborted(back)
    with back.two.source.files.begin() as unit:
        off_rail(unit, "back", Way.CHECK, "check 11")
    with pytest.raises(StillOpenError, match="went back by check check 11, as case back"):
        Back(back.two, "second").ask(*SOME)


def test_what_is_asked_back_anew_is_not_closed_by_check_as_well(back: Back) -> None:
    aborted(back)
    second = Back(back.two, "second")
    second.ask(*SOME)
    with (
        back.two.source.files.begin() as unit,
        pytest.raises(NotNowError, match="which is data_requested; stop that one"),
    ):
        off_rail(unit, "back", Way.CHECK, "check 11")
    with back.two.source.files.begin() as unit:
        deals.stop(unit, back.two.source.desk, "second", 553)
        off_rail(unit, "second", Way.CHECK, "check 11")
    with back.two.source.files.begin() as unit, pytest.raises(NotNowError, match="of which 100000 went back"):
        off_rail(unit, "back", Way.CHECK, "check 12")


def test_what_is_not_posted_or_was_received_is_not_asked_back(back: Back) -> None:
    desk = back.two.receiver.desk
    with back.two.receiver.files.begin() as unit, pytest.raises(StillOpenError, match="the source asks back"):
        give_back(unit, desk, "case", "back", back.half())


def test_what_went_back_is_itself_given_back_by_who_gave_it(back: Back) -> None:
    """A mistaken return is a rollover like any other: its payer asks it back."""
    back.until_signed()
    back.ready()
    back.two.carry()
    back.two.run()
    giver = back.two.receiver
    half = back.half(member=giver.desk.us, account="account at receiver", source_account="account at source")
    with giver.files.begin() as unit:
        made = give_back(unit, giver.desk, back.given(), "forth", half)
    back.two.carry()
    assert (made.parent, giver.file("forth").state) == (
        giver.file(back.given()).agreed.rollover,  # type: ignore[union-attr]
        State.DATA_REQUESTED,
    )
