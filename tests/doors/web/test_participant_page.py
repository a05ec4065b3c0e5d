"""A participant asks for a rollover on a page of their own; nobody else comes to it, and it opens nothing of staff."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.rolled import MemoryNode
from tests.doors.world import ORIGIN, Sandbox
from tests.doors.world import World as Doors
from tests.flows.rollovers import World, world
from tests.support.database import TESTER
from tests.support.flows import run_with_a_stop

from open401k.base.access import Role, make_participant_link
from open401k.base.db import Database
from open401k.doors.guard import SESSION_COOKIE, form_token
from open401k.doors.provided import GivenExplanation
from open401k.doors.rolling import RolloverStories
from open401k.flows.rollover_node import NodeSilentError
from open401k.flows.rollover_wished import Which, take_up
from open401k.kernel import EmployeeId, FixedClock, Refused, RolloverId
from open401k.rails.kinds import Into, Kind
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf, Wanted
from open401k.recordkeeping import RolloverRequest, rollover_requests
from open401k.recordkeeping.rollover_wishes import WishEnd, wishes_of

WORDS = b"Your rollover options, in plain text."


@dataclass
class Place:
    """A plan, its doors, its node; a browser of the owner and one of nobody."""

    acme: World
    doors: Doors
    node: MemoryNode
    owner: TestClient
    nobody: TestClient
    csrf: str
    wall: FixedClock

    def link(self, who: EmployeeId, key: str = "one", days: int = 7, plan: World | None = None) -> str:
        plan = plan or self.acme
        with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            token = make_participant_link(
                tx, tenant_id=plan.sponsor, plan_id=plan.plan, employee_id=who, key=key, days=days,
                at=self.doors.wall.now(),
            )  # fmt: skip
        return f"/mine/{token}"

    def staff(self, path: str, **form: Any) -> Any:
        return self.owner.post(f"/plans/{self.acme.plan}/rollovers{path}", data={"csrf": self.csrf, **form})

    def ask(self, link: str, key: str = "k", **form: str) -> Any:
        return self.nobody.post(f"{link}/rollovers", data={"key": key, **form})

    def wishes(self) -> list[Any]:
        with self.acme.db.begin(TESTER, tenants=[self.acme.sponsor]) as tx:
            return wishes_of(tx, tenant_id=self.acme.sponsor, plan_id=self.acme.plan)


@pytest.fixture
def place(db: Database, clock: FixedClock) -> Iterator[Place]:
    acme, node, wall = world(db, clock), MemoryNode(), FixedClock(clock.now())
    doors = Doors(db=db, clock=clock, wall=wall, sandbox=Sandbox(clock))
    doors.rollovers = RolloverStories(db, node)  # type: ignore[assignment]
    token = doors.session(doors.user("The owner", acme.sponsor, Role.SPONSOR))
    told: dict[str, Any] = {"base_url": ORIGIN, "headers": {"Origin": ORIGIN}, "follow_redirects": False}
    with TestClient(doors.app(), **told) as owner, TestClient(doors.app(), **told) as nobody:
        owner.cookies.set(SESSION_COOKIE, token)
        yield Place(acme, doors, node, owner, nobody, form_token(token), wall)


def explain(place: Place, words: bytes = WORDS, *, of_roth: bool = True, of_other: bool = True) -> str:
    given = GivenExplanation("Your rollover options", "2026", of_roth, of_other, words)
    stories: Any = place.doors.rollovers
    made = stories.explain(actor=TESTER, tenant_id=place.acme.sponsor, plan_id=place.acme.plan, given=given)
    return str(made.fingerprint.hex())


OUT = {"way": "out", "custodian": "First Custody", "into_pre_tax": "traditional_ira", "read": "yes"}
IN = {"way": "in", "custodian": "Old Plan Services", "account": "S-1001", "kind_pre_tax": "yes", "kind_roth": "yes"}


def test_somebody_who_left_reads_asks_and_follows_and_staff_confirm(place: Place) -> None:
    link = place.link(place.acme.leaver)
    early = place.nobody.get(link).text
    assert "$1,200.00 may leave the plan today" in early
    assert "because you left the employer on January 5, 2026" in early
    assert "The plan has to give you its explanation" in early
    refused = place.ask(link, **OUT, explanation_other="")
    assert (refused.status_code, "402(f)" in refused.text) == (422, True)
    paper = explain(place)
    page = place.nobody.get(link).text
    assert WORDS.decode() in page
    assert "20.00%" in page
    assert place.nobody.get(f"{link}/explanation/{paper}").content == WORDS
    for wrong in ({"read": ""}, {"into_pre_tax": ""}, {"into_pre_tax": "moon"}, {"amount_pre_tax": "much"}):
        assert place.ask(link, **{**OUT, "explanation_other": paper, **wrong}).status_code == 422
    assert place.ask(link, **OUT, explanation_other=paper).status_code == 303
    assert place.ask(link, **OUT, explanation_other=paper).status_code == 303  # sent twice, kept once
    assert place.ask(link, key="another", **OUT, explanation_other=paper).status_code == 422  # one waits
    (wish,) = place.wishes()
    shown = place.owner.get(f"/plans/{place.acme.plan}/rollovers").text
    assert "pre-tax money to a traditional IRA; with First Custody" in shown
    told = {"way": "out", "case": "rlv_1", "payment_on": "2026-02-05", "thirty_days": "yes"}
    other = place.staff(f"/wishes/{wish.rollover_id}/taken-up", **told)
    assert (other.status_code, "asks for pre_tax into plan" in other.text) == (422, True)  # not what was wished
    place.node.wants = (Wanted(Kind.PRE_TAX, Into.TRADITIONAL_IRA),)
    assert place.staff(f"/wishes/{wish.rollover_id}/taken-up", **told).status_code == 303
    half = place.node.halves["rlv_1"]
    assert isinstance(half, ReleasingHalf)
    assert half.explanation is not None
    assert (half.explanation.given_on, half.explanation.told_of_thirty_days) == (place.acme.today(), True)
    assert half.explanation_hash == bytes.fromhex(paper)
    assert place.node.papers["rlv_1"].content == WORDS
    assert "something is missing" in place.nobody.get(link).text
    onward = place.nobody.get(f"{link}/rollovers/{wish.rollover_id}/tracker")
    assert (onward.status_code, onward.headers["location"]) == (303, "https://node.example/r/rlv_1")
    assert place.nobody.post(f"{link}/rollovers/{wish.rollover_id}/withdrawn").status_code == 422  # taken up


def test_the_page_shows_what_tells_of_the_money_that_may_leave_not_the_newest(place: Place) -> None:
    link = place.link(place.acme.leaver)
    fits = explain(place, b"Of money other than Roth.", of_roth=False)
    newer = explain(place, b"Of Roth money.", of_other=False)
    page = place.nobody.get(link).text
    assert ("Of money other than Roth." in page, "Of Roth money." in page) == (True, False)
    assert f'name="explanation_other" value="{fits}"' in page
    assert place.ask(link, **OUT, explanation_other=newer).status_code == 422
    assert place.ask(link, **OUT, explanation_other=fits).status_code == 303


def test_who_works_here_brings_money_and_the_key_is_chosen_later(place: Place) -> None:
    link = place.link(place.acme.worker)
    page = place.nobody.get(link).text
    assert "Nothing may leave the plan today" in page
    assert "Move money out" not in page
    assert place.ask(link, **IN).status_code == 303
    (wish,) = place.wishes()
    done = place.staff(f"/wishes/{wish.rollover_id}/taken-up", way="in", source="0x" + "11" * 20, deadline="2026-03-01")
    assert done.status_code == 303, done.text
    half = place.node.halves[str(wish.rollover_id)]
    assert isinstance(half, ReceivingHalf)
    assert (half.source_account, half.key) == ("S-1001", None)
    assert [each.kind for each in half.wanted] == [Kind.PRE_TAX, Kind.ROTH]


def test_a_wish_is_taken_back_or_declined_with_a_reason(place: Place) -> None:
    link = place.link(place.acme.worker)
    place.ask(link, **IN)
    (first,) = place.wishes()
    assert place.nobody.post(f"{link}/rollovers/{first.rollover_id}/withdrawn").status_code == 303
    taken = place.staff(f"/wishes/{first.rollover_id}/taken-up", way="in", source="11" * 20, deadline="2026-03-01")
    assert taken.status_code == 422
    place.ask(link, key="again", **IN)
    (second,) = [each for each in place.wishes() if each.end is None]
    assert place.staff(f"/wishes/{second.rollover_id}/declined", words=" ").status_code == 422
    assert place.staff(f"/wishes/{second.rollover_id}/declined", words="The account is not yours.").status_code == 303
    assert "declined: The account is not yours." in place.nobody.get(link).text
    ends = {each.rollover_id: each.end for each in place.wishes()}
    assert ends == {first.rollover_id: WishEnd.WITHDRAWN, second.rollover_id: WishEnd.DECLINED}


def test_nobody_else_comes_to_the_page(place: Place, db: Database, clock: FixedClock) -> None:
    mine = place.link(place.acme.worker)
    place.ask(mine, **IN)
    (wish,) = place.wishes()
    back = f"/rollovers/{wish.rollover_id}/withdrawn"
    follow = f"/rollovers/{wish.rollover_id}/tracker"
    # Another participant of the plan: their own page is another, and this wish is not there.
    theirs = place.link(place.acme.leaver)
    assert "Old Plan Services" not in place.nobody.get(theirs).text
    assert place.nobody.post(theirs + back).status_code == 404
    assert place.nobody.get(theirs + follow).status_code == 404
    # A participant of another sponsor.
    foreign = world(db, clock)
    other = place.link(foreign.worker, plan=foreign)
    assert place.nobody.get(other).status_code == 200
    assert "Old Plan Services" not in place.nobody.get(other).text
    assert place.nobody.post(other + back).status_code == 404
    assert place.staff("/participants", employee=str(foreign.worker), days="3", key="x").status_code == 404
    # No link, a guessed one, and what staff may: the page asks for the link alone, and takes nothing else.
    assert place.nobody.get("/mine/" + "A" * 43).status_code == 404
    assert place.owner.get(f"/mine/{place.csrf}").status_code == 404
    assert place.nobody.get(f"/plans/{place.acme.plan}/rollovers").status_code == 303  # to sign in
    assert [each.end for each in place.wishes()] == [None]
    # Replaced, and expired.
    newer = place.link(place.acme.worker, key="two", days=3)
    assert place.nobody.get(mine).status_code == 404
    assert place.nobody.get(newer).status_code == 200
    place.wall.advance(timedelta(days=3))
    assert place.nobody.get(newer).status_code == 404
    assert place.nobody.post(newer + back).status_code == 404


def test_a_link_is_made_by_who_may_decide_and_shown_once(place: Place) -> None:
    made = place.staff("/participants", employee=str(place.acme.worker), days="7", key="a")
    found = re.search(rf"{ORIGIN}(/mine/[\w-]{{43}})", made.text)
    assert found is not None
    assert place.nobody.get(found[1]).status_code == 200
    assert place.staff("/participants", employee=str(place.acme.worker), days="91", key="b").status_code == 422
    place.owner.cookies.set(
        SESSION_COOKIE, token := place.doors.session(place.doors.user("An auditor", place.acme.sponsor, Role.AUDITOR))
    )
    place.csrf = form_token(token)
    assert place.staff("/participants", employee=str(place.acme.worker), days="7", key="c").status_code == 403


def test_what_is_under_way_is_not_taken_back_and_what_was_taken_back_not_taken_up(place: Place) -> None:
    link = place.link(place.acme.worker)
    place.ask(link, **IN)
    (wish,) = place.wishes()
    which = Which(place.acme.sponsor, place.acme.plan, RolloverId(wish.rollover_id.uuid))
    told = {"source": "11" * 20, "deadline": "2026-03-01"}
    place.node.away = True  # on file, and the node did not answer: whether it has the facts is not known
    with pytest.raises(NodeSilentError):
        take_up(place.acme.db, actor=TESTER, node=place.node, which=which, told=told)
    back = place.nobody.post(f"{link}/rollovers/{wish.rollover_id}/withdrawn")
    assert (back.status_code, "under way already" in back.text) == (422, True)
    assert [each.end for each in place.wishes()] == [None]


def test_taken_back_while_staff_look_at_the_case_it_is_not_taken_up(place: Place) -> None:
    link, paper = place.link(place.acme.leaver), explain(place)
    place.ask(link, **OUT, explanation_other=paper)
    (wish,) = place.wishes()
    which = Which(place.acme.sponsor, place.acme.plan, RolloverId(wish.rollover_id.uuid))
    place.node.wants = (Wanted(Kind.PRE_TAX, Into.TRADITIONAL_IRA),)
    place.node.looked = lambda: place.nobody.post(f"{link}/rollovers/{wish.rollover_id}/withdrawn")
    told = {"payment_on": "2026-02-05", "told_of_thirty_days": True}
    done = take_up(place.acme.db, actor=TESTER, node=place.node, which=which, told=told, case="rlv_1")
    assert isinstance(done, Refused)
    assert [each.end for each in place.wishes()] == [WishEnd.WITHDRAWN]
    assert place.node.halves == {}  # nothing was sent
    with place.acme.db.begin(TESTER, tenants=[place.acme.sponsor]) as tx:
        assert rollover_requests(tx, tenant_id=place.acme.sponsor, plan_id=place.acme.plan) == []


def test_a_case_of_somebody_else_is_taken_up_only_when_staff_confirm_what_it_names(place: Place) -> None:
    link, paper = place.link(place.acme.leaver), explain(place)
    place.ask(link, **OUT, account="77-1", explanation_other=paper)
    (wish,) = place.wishes()
    place.node.wants = (Wanted(Kind.PRE_TAX, Into.TRADITIONAL_IRA),)
    told = {"way": "out", "case": "rlv_1", "payment_on": "2026-02-05", "thirty_days": "yes"}
    for custodian, account in (("Second Trust", "771"), ("First Custody", "78")):
        place.node.custodian, place.node.account = custodian, account
        other = place.staff(f"/wishes/{wish.rollover_id}/taken-up", **told)
        assert other.status_code == 422
        assert "First Custody, account 77-1" in other.text
        assert f"{custodian}, account {account}" in other.text
        assert place.node.halves == {}
    wrong = place.staff(f"/wishes/{wish.rollover_id}/taken-up", **told, case_names="Second Trust, account 771")
    assert wrong.status_code == 422
    named = "First Custody, account 78"
    assert place.staff(f"/wishes/{wish.rollover_id}/taken-up", **told, case_names=named).status_code == 303


def test_stopped_between_the_request_and_the_wish_it_is_taken_up_once(place: Place) -> None:
    place.ask(place.link(place.acme.worker), **IN)
    (wish,) = place.wishes()
    which = Which(place.acme.sponsor, place.acme.plan, RolloverId(wish.rollover_id.uuid))
    told = {"source": "11" * 20, "deadline": "2026-03-01"}
    done = run_with_a_stop(
        "rollover.wish_asked",
        lambda: take_up(place.acme.db, actor=TESTER, node=place.node, which=which, told=told),
    )
    assert isinstance(done, RolloverRequest)
    assert [each.end for each in place.wishes()] == [WishEnd.TAKEN_UP]
    with place.acme.db.begin(TESTER, tenants=[place.acme.sponsor]) as tx:
        assert len(rollover_requests(tx, tenant_id=place.acme.sponsor, plan_id=place.acme.plan)) == 1
