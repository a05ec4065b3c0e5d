"""The plan's explanation of section 402(f) travels with what it pays: to the page on which the participant signs."""

from typing import Any

import pytest
from eth_hash.auto import keccak
from tests.flows.rollover_nodes import Plans, plans
from tests.flows.rollovers import World
from tests.support.database import TESTER
from tests.support.flows import run_with_a_stop

from open401k import recordkeeping
from open401k.base.db import Database
from open401k.flows.rollover import Asked, follow, release
from open401k.flows.rollover_explaining import NewExplanation, put_explanation
from open401k.kernel import FixedClock, Refused, RolloverId
from open401k.recordkeeping import PAPER, Explanation, RolloverRefusal

WORDS = b"Your rollover options\n\nYou are receiving this notice because ...\n"


@pytest.fixture
def two(db: Database, clock: FixedClock) -> Plans:
    return plans(db, clock)


def put(each: World, content: bytes = WORDS, **other: Any) -> Explanation | Refused[RolloverRefusal]:
    said: dict[str, Any] = {"title": "Your rollover options", "version": "2026", "of_roth": True, "of_other": True}
    given = NewExplanation(**(said | other), content=content)
    return put_explanation(each.db, actor=TESTER, tenant_id=each.sponsor, plan_id=each.plan, given=given)


def read_at(two: Plans, case: str) -> bytes | None:
    """What the receiving node shows."""
    with two.two.receiver.files.begin() as unit:
        found = unit.paper(case)
    return found.paper.content if found else None


def release_it(two: Plans, other: RolloverId) -> None:
    two.answer(other, explanation_hash=None)


@pytest.mark.parametrize("point", [None, "rollover.node_answered", "rollover.explained"])
def test_what_the_plan_gives_is_what_is_read_before_the_signature(two: Plans, point: str | None) -> None:
    put(two.pays, b"an older edition")
    made = put(two.pays)
    assert isinstance(made, Explanation)
    asked = two.ask(two.pays.db.ids.new(RolloverId))
    other = two.pays.db.ids.new(RolloverId)
    if point is None:
        release_it(two, other)
    else:
        run_with_a_stop(point, lambda: release_it(two, other))
    follow(two.pays.db, actor=TESTER, node=two.source, tenant_id=two.pays.sponsor, plan_id=two.pays.plan)
    two.two.carry()
    assert read_at(two, str(asked.rollover_id)) == WORDS
    with two.pays.db.begin(TESTER, tenants=[two.pays.sponsor]) as tx:
        (out,) = recordkeeping.rollover_requests(tx, tenant_id=two.pays.sponsor, plan_id=two.pays.plan)
    assert out.told["explanation_hash"].told == out.told[PAPER].told == keccak(WORDS).hex() == made.fingerprint.hex()


def test_the_newest_that_tells_of_the_money_is_given_and_says_so_itself(two: Plans) -> None:
    fits = put(two.pays, b"of everything", title="Of everything")
    put(two.pays, b"of other money", of_roth=False)
    put(two.pays, b"of Roth money", of_other=False)
    assert isinstance(fits, Explanation)
    two.ask(two.pays.db.ids.new(RolloverId))
    said = {"given_on": "2026-05-28", "told_of_thirty_days": True, "of_roth_money": False, "of_other_money": False}
    out = two.answer(two.pays.db.ids.new(RolloverId), explanation_hash=None, explanation=said)
    assert out.told["explanation_hash"].told == fits.fingerprint.hex()
    assert out.told["explanation"].told["of_roth_money"] is out.told["explanation"].told["of_other_money"] is True


def test_where_none_tells_of_all_the_money_it_is_refused_and_nothing_is_on_file(two: Plans) -> None:
    put(two.pays, b"of other money", of_roth=False)
    put(two.pays, b"of Roth money", of_other=False)
    two.ask(two.pays.db.ids.new(RolloverId))
    pays, case = two.pays, two.two.source.only()
    mine = Asked(pays.sponsor, pays.plan, pays.db.ids.new(RolloverId), pays.leaver, two.known(explanation_hash=None))
    refused = release(pays.db, actor=TESTER, node=two.source, asked=mine, case=case)
    assert isinstance(refused, Refused)
    assert refused.reason is RolloverRefusal.NOT_EXPLAINED
    with pays.db.begin(TESTER, tenants=[pays.sponsor]) as tx:
        assert recordkeeping.rollover_requests(tx, tenant_id=pays.sponsor, plan_id=pays.plan) == []


def test_one_that_a_person_named_themselves_stays_and_nothing_of_ours_is_sent(two: Plans) -> None:
    put(two.pays)
    asked = two.ask(two.pays.db.ids.new(RolloverId))
    out = two.answer(two.pays.db.ids.new(RolloverId))
    assert PAPER not in out.told
    assert out.told["explanation_hash"].told == bytes(range(32)).hex()
    assert read_at(two, str(asked.rollover_id)) is None


@pytest.mark.parametrize(
    ("content", "other", "said"),
    [
        (b"<b>bold</b>", {}, "holds HTML"),
        (b"", {}, "is empty"),
        (WORDS, {"title": ""}, "title: is a text"),
        (WORDS, {"of_roth": False, "of_other": False}, "it tells of no money"),
    ],
)
def test_what_cannot_be_shown_is_refused(two: Plans, content: bytes, other: dict[str, Any], said: str) -> None:
    refused = put(two.pays, content, **other)
    assert isinstance(refused, Refused)
    assert refused.reason is RolloverRefusal.FACTS_WRONG
    assert said in refused.message


def test_the_newest_is_given_and_the_same_again_is_no_other(two: Plans) -> None:
    put(two.pays)
    put(two.pays)
    put(two.pays, b"another edition", version="2027")
    put(two.pays)
    with two.pays.db.begin(TESTER, tenants=[two.pays.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": two.pays.sponsor, "plan_id": two.pays.plan}
        found = recordkeeping.explanations_of(tx, **of)
        same = recordkeeping.explanation_of(tx, **of, fingerprint=keccak(WORDS))
    assert [each.version for each in found] == ["2026", "2027", "2026"]
    assert same is not None
    assert same.content == WORDS
