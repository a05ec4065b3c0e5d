"""A payroll provider asked over HTTP: people become facts, payrolls runs, and nothing that goes wrong is lost."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound, at_once, books
from tests.support import standin
from tests.support.connected import FIRST_CHECK, Connected, connected
from tests.support.database import TESTER
from tests.support.flows import run_with_a_stop

from open401k.base.db import Database
from open401k.base.faults import Stopped, stopping_at
from open401k.demo.people import ACME
from open401k.doors.provided import Order, RunHeader
from open401k.doors.stories import PayrollStories
from open401k.flows.carry_on import carry_on, left
from open401k.flows.payroll_close import close_run
from open401k.flows.payroll_intake import Upload, post_run, take_in
from open401k.flows.provider_payrolls import settle_payrolls
from open401k.flows.provider_people import settle_people
from open401k.flows.provider_round import AGAIN_AFTER, pull_due
from open401k.kernel import FixedClock, Refused, RunId
from open401k.payroll import API_PROVIDER, Said, connections, files, pulled, runs
from open401k.payroll.connections import State
from open401k.payroll.providers import Notice, Provider, ProviderPayroll, Tokens, Totals
from open401k.standins.misbehavior import Lie

AFTER = date(2026, 1, 17)


@pytest.fixture
def world(db: Database, clock: FixedClock) -> Iterator[Connected]:
    with connected(acme(db, clock)) as world:
        yield world


@pytest.fixture
def paid(world: Connected) -> Connected:
    """The first payroll is in the books."""
    world.until(AFTER)
    made = world.pull()
    assert made.ok, made
    return world


def test_a_payroll_at_the_provider_is_in_the_books_to_the_cent(paid: Connected) -> None:
    # Money flow: employer receivable -> participant sources, as withheld at the provider.
    (run,) = paid.posted()
    here = [person for person in ACME.people if person.ssn in paid.people]
    gross = [person.salary_cents // 26 for person in here]
    pre_tax = [(cents * person.pre_tax_bps + 5_000) // 10_000 for person, cents in zip(here, gross, strict=True)]
    assert (run.pay_date, run.rows) == (FIRST_CHECK, len(here))
    assert (run.totals["gross"], run.totals["pre_tax"]) == (sum(gross), sum(pre_tax))
    assert_sound(paid.plan)


def test_nobody_is_added_who_is_on_file(paid: Connected) -> None:
    assert len(paid.roster()) == len(paid.people)


def test_the_same_again_changes_nothing(paid: Connected) -> None:
    before = books(paid.plan)
    made = paid.pull()
    assert (made.ok, made.runs, made.people_added, made.people_changed) == (True, [], 0, 0)
    assert books(paid.plan) == before


POINTS = [
    "provider_pull.keep_people.before_commit",
    "provider_pull.keep_people.after_commit",
    "provider_pull.keep_payrolls.before_commit",
    "provider_pull.keep_payrolls.after_commit",
    "provider_pull.people.before_commit",
    "provider_pull.people.after_commit",
    "provider_pull.taken",
    "provider_pull.posted",
    "payroll_run.post.before_commit",
    "payroll_run.post.after_commit",
]


@pytest.mark.parametrize("point", POINTS)
def test_a_pull_survives_a_stop_anywhere(world: Connected, point: str) -> None:
    world.hire("Nora", "Quill", "1990-04-04", "2026-01-05")
    world.until(AFTER)
    made = run_with_a_stop(point, world.pull)
    assert made.problem == ""
    assert [run.rows for run in world.posted()] == [len(world.people) + 1]
    assert len(world.roster()) == len(world.people) + 1
    again = books(world.plan)
    assert world.pull().runs == []
    assert books(world.plan) == again
    assert_sound(world.plan)


def test_hires_leavers_and_a_rehire_become_facts(paid: Connected) -> None:
    who = paid.hire("Nora", "Quill", "1990-04-04", "2026-01-19")
    paid.until(date(2026, 1, 30))
    assert paid.pull().people_added == 1
    paid.change(who, terminated_on="2026-02-10")
    paid.until(date(2026, 2, 14))
    paid.pull()
    assert paid.employee("Quill", "Nora").employment[-1].terminated_on == date(2026, 2, 10)
    paid.change(who, rehired_on="2026-03-02")
    paid.until(date(2026, 3, 14))
    assert paid.pull().people_changed == 1
    spans = paid.employee("Quill", "Nora").employment
    assert [(span.hired_on, span.terminated_on) for span in spans] == [
        (date(2026, 1, 19), date(2026, 2, 10)),
        (date(2026, 3, 2), None),
    ]
    assert [run.pay_date for run in paid.posted()] == [date(2026, 1, 16 + 14 * n) for n in range(2)] + [
        date(2026, 2, 13),
        date(2026, 2, 27),
        date(2026, 3, 13),
    ]
    assert_sound(paid.plan)


def test_a_birth_date_that_changes_there_is_learned_late_here(paid: Connected) -> None:
    person = next(each for each in ACME.people if each.last_name == "Benitez")
    paid.change(paid.people[person.ssn], date_of_birth="1978-01-22")
    made = paid.pull()
    assert (made.ok, made.people_changed) == (True, 1)
    assert paid.employee("Benitez", person.first_name).birth_date == date(1978, 1, 22)
    assert_sound(paid.plan)


def test_what_was_always_different_there_is_told_and_not_taken(world: Connected) -> None:
    person = next(each for each in ACME.people if each.last_name == "Benitez")
    world.change(world.people[person.ssn], hire_date="2011-03-05")
    world.until(AFTER)
    made = world.pull()
    assert [(each["what"], each["why"]) for each in made.waits] == [("difference", "hire date")]
    assert world.employee("Benitez", person.first_name).employment[0].hired_on == person.hired_on
    assert world.pull().waits == made.waits  # and stays told
    assert len(world.posted()) == 1


def test_a_payroll_reversed_for_one_person_corrects_its_run(paid: Connected) -> None:
    first = paid.posted()[0]
    person = next(each for each in ACME.people if each.last_name == "Benitez")
    (payroll,) = _payrolls(paid)
    paid.reverse(payroll, paid.people[person.ssn])
    made = paid.pull()
    assert made.ok, made
    (run,) = paid.posted()
    assert (run.replaces, run.rows) == (first.run_id, first.rows - 1)
    taken_back = (person.salary_cents // 26 * person.pre_tax_bps + 5_000) // 10_000
    assert first.totals["pre_tax"] - run.totals["pre_tax"] == taken_back
    assert paid.pull().runs == []
    assert_sound(paid.plan)


def test_a_reversal_in_doubt_is_asked_for_again_with_what_it_reverses(paid: Connected) -> None:
    (payroll,) = _payrolls(paid)
    reversal = paid.reverse(payroll)
    paid.server.misbehave(lie=Lie.PERSON_TWICE)
    assert [each["why"] for each in paid.pull().waits] == ["in_doubt"]
    looked = json.loads(paid.now().cursor)["seen"]
    assert (looked[payroll], looked[reversal]) == ("", "")


def asked(plan: Plan) -> list[dict[str, Any]]:
    """What our own webhooks tell of providers that ask for somebody."""
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = tx.rows("select data from base.event where kind = 'connection.needs_a_person' order by event_no")
    return [data for (data,) in found]


def test_a_reversal_told_anew_behind_what_it_reverses_is_told_until_a_person_corrected_it(paid: Connected) -> None:
    (payroll,) = _payrolls(paid)
    reversal = paid.reverse(payroll)
    assert paid.pull().ok
    with paid.plan.db.begin(TESTER, tenants=[paid.plan.sponsor]) as tx:
        version = pulled.payroll_of(tx, of=paid.of, provider_id=reversal)
        assert version is not None
        anew = replace(version.told, statements=version.told.statements[1:], totals=Totals())
        assert pulled.keep_payrolls(tx, of=paid.of, payrolls=[anew]) == 1
    for _ in range(2):
        (waits,) = paid.pull().waits
        assert (waits["why"], waits["provider_id"]) == ("reversal_anew", reversal)
        assert waits["run_id"] == str(paid.posted()[0].run_id)  # its page has the corrected upload
    assert [said["message"] for said in asked(paid.plan)] == [waits["message"]]  # told once, not with each pull


@pytest.mark.parametrize("point", ["provider_pull.taken", "provider_pull.posted", "payroll_run.post.before_commit"])
def test_a_payroll_reversed_as_a_whole_leaves_nothing(paid: Connected, point: str) -> None:
    (payroll,) = _payrolls(paid)
    paid.reverse(payroll)
    run_with_a_stop(point, paid.pull)
    (run,) = paid.posted()
    assert (run.rows, run.said.no_contributions) == (0, True)
    assert sum(count for _, count in books(paid.plan).by_date.items()) == 0
    assert_sound(paid.plan)


def test_a_payroll_canceled_at_the_provider_waits_for_a_person_who_takes_it_back(paid: Connected) -> None:
    (payroll,), (run,), before = _payrolls(paid), paid.posted(), books(paid.plan)
    paid.cancel(payroll)
    for _ in range(2):  # it stays told until somebody has decided
        (waits,) = paid.pull().waits
        assert (waits["why"], waits["provider_id"], waits["run_id"]) == ("payroll_gone", payroll, str(run.run_id))
    assert books(paid.plan) == before  # a list that leaves one out may be a fault of the provider
    order = Order(TESTER, paid.plan.sponsor, paid.plan.plan, "take it back")
    said = Said({}, no_contributions=True)
    header = RunHeader(FIRST_CHECK, run.period_start, run.period_end, replaces=run.run_id, said=said)
    taken = PayrollStories(paid.plan.db).receive_rows(order, run=header, rows=[])
    assert not isinstance(taken, Refused), taken
    assert taken.posted, taken
    assert paid.pull().ok
    assert sum(count for _, count in books(paid.plan).by_date.items()) == 0
    assert_sound(paid.plan)


def test_a_payroll_that_is_listed_again_is_what_it_was(paid: Connected) -> None:
    (payroll,), before = _payrolls(paid), books(paid.plan).by_date
    paid.cancel(payroll)
    assert not paid.pull().ok
    paid.cancel(payroll, undo=True)
    assert paid.pull().ok
    assert books(paid.plan).by_date == before
    assert paid.pull().ok
    assert len(paid.posted()) == 1
    assert_sound(paid.plan)


def test_a_liar_is_not_believed_and_the_truth_is_posted_once(world: Connected) -> None:
    world.until(AFTER)
    world.server.misbehave(lies=True)
    made = world.pull()
    assert [each["why"] for each in made.waits] == ["totals_differ"]
    assert world.posted() == []
    assert world.now().waits == made.waits
    world.server.misbehave()
    assert world.pull().ok
    assert len(world.posted()) == 1


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"status": 429, "retry_after": "900"}])
def test_a_provider_that_is_down_is_told_and_asked_again(world: Connected, fault: dict[str, Any]) -> None:
    world.until(AFTER)
    world.server.misbehave(faults=[{**fault, "times": 99, "path": f"/v1/companies/{world.company}/payrolls"}])
    made = world.pull()
    assert "payrolls" in made.problem
    now = world.now()
    assert (now.state, now.problem["trouble"], now.succeeded_at) == (State.CONNECTED, "try_again", None)
    assert len(world.roster()) == len(world.people)
    world.server.misbehave()
    assert world.pull().ok
    assert world.now().problem == {}
    assert len(world.posted()) == 1


def test_a_revoked_authorization_waits_for_a_person_and_goes_on_where_it_stood(paid: Connected) -> None:
    paid.server.tell("/tokens", {"revoke": paid.company})
    paid.until(date(2026, 1, 31))
    assert "connects again" in paid.pull().problem
    assert paid.now().state == State.NEEDS_A_PERSON
    assert _due(paid) == []  # nobody is asked in vain
    said = paid.server.tell("/tokens", {"grant": paid.company})["tokens"]
    tokens = Tokens(said["access_token"], said["refresh_token"], None)
    with paid.plan.db.begin(TESTER, tenants=[paid.plan.sponsor]) as tx:
        connections.reconnect(tx, tenant_id=paid.plan.sponsor, connection_id=paid.of.connection_id, tokens=tokens)
    (made,) = _due(paid)
    assert (made.ok, len(made.runs)) == (True, 1)


def test_ended_tokens_are_renewed_and_kept(paid: Connected) -> None:
    for day in (date(2026, 1, 31), date(2026, 2, 14)):  # two hours long before each
        paid.until(day)
        assert paid.pull().ok
    assert len(paid.posted()) == 3


def test_of_two_processes_that_find_a_token_ended_one_renews_it(world: Connected) -> None:
    before = world.server.tell("/tokens", {"expire": True})["refreshes"]

    def ask() -> str:
        keeper = connections.Keeper(world.plan.db, TESTER, world.plan.sponsor, world.of.connection_id)
        with world.connect(world.of, keeper) as connector:
            return connector.company().provider_id

    assert at_once(ask, ask, ask) == [world.company] * 3
    assert world.server.tell("/tokens", {})["refreshes"] == before + 1


@pytest.mark.parametrize(("since", "paid"), [(date(2026, 1, 16), 1), (date(2026, 1, 17), 0)])
def test_a_payroll_of_before_the_first_day_is_not_taken(world: Connected, since: date, paid: int) -> None:
    world.until(AFTER)
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        pulled.keep_payrolls(tx, of=world.of, payrolls=_told(world))
    made = settle_payrolls(world.plan.db, actor=TESTER, of=replace(world.of, since=since))[0]
    assert len(made) == paid == len(world.posted())


def test_a_look_alike_waits_for_a_person_and_so_does_the_payroll(world: Connected) -> None:
    person = ACME.people[2]
    twin = world.hire(person.first_name, person.last_name, "", "2026-01-05")  # no birth date: who is it?
    world.until(AFTER)
    made = world.pull()
    assert [each["what"] for each in made.waits] == ["person", "payroll"]
    assert world.posted() == []
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        connections.link(tx, of=world.of, person_id=twin, employee_id=None)
    made = world.pull()
    assert (made.people_added, len(world.posted())) == (1, 1)


def test_a_webhook_is_heard_once_and_only_makes_a_pull_due(paid: Connected) -> None:
    assert _due(paid) == []  # asked today
    notice = Notice("event-1", "payroll.processed", paid.company, "p-1")
    db = paid.plan.db
    for news in (1, 0):  # the second is a repeat
        with db.begin(TESTER, tenants=[paid.plan.sponsor]) as tx:
            assert len(connections.heard(tx, provider=Provider.GUSTO, notice=notice)) == news
    assert len(_due(paid)) == 1
    with db.begin(TESTER, tenants=[paid.plan.sponsor]) as tx:
        assert connections.heard(tx, provider=Provider.GUSTO, notice=notice) == []
        stranger = Notice("event-2", "payroll.processed", "somebody else's", "p-1")
        assert connections.heard(tx, provider=Provider.GUSTO, notice=stranger) == []
    assert _due(paid) == []


def test_a_paused_connection_asks_nothing(paid: Connected) -> None:
    with paid.plan.db.begin(TESTER, tenants=[paid.plan.sponsor]) as tx:
        connections.pause(tx, tenant_id=paid.plan.sponsor, connection_id=paid.of.connection_id)
    paid.until(date(2026, 1, 31))
    assert "paused" in paid.pull().problem
    assert _due(paid) == []


def test_a_provider_that_was_down_is_asked_again_within_the_hour(world: Connected) -> None:
    world.until(AFTER)
    world.server.misbehave(faults=[{"status": 503, "times": 99}])
    assert [made.problem != "" for made in _due(world)] == [True]
    world.server.misbehave()
    assert _due(world) == []  # not at once
    world.plan.clock.advance(AGAIN_AFTER)
    assert [made.ok for made in _due(world)] == [True]
    assert len(world.posted()) == 1


def test_tokens_are_sealed(world: Connected) -> None:
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        rows = tx.rows("select sealed from payroll.connection_token")
        told = tx.rows("select sealed from payroll.pulled")
    assert all(b"access" not in bytes(sealed) for (sealed,) in rows + told)
    assert len(rows) == 1


def test_a_payroll_that_came_as_a_file_already_is_not_posted_twice(world: Connected) -> None:
    world.plan.at(FIRST_CHECK)
    world.plan.pay(1)
    world.until(AFTER)
    made = world.pull()
    assert len(world.posted()) == 1, made.waits
    for each in made.waits:  # a person says that it is that payroll
        run_id = RunId.parse(each["run_id"])
        assert (
            close_run(world.plan.db, actor=TESTER, tenant_id=world.plan.sponsor, run_id=run_id, why="a file") is False
        )
    assert world.pull().waits == []
    assert len(world.posted()) == 1
    assert_sound(world.plan)


@pytest.mark.parametrize(
    ("told", "days", "period", "asks"),
    [
        ("by the day it was made", -1, True, True),
        ("by the next workday, with another period", 4, False, True),
        ("as of the next weekly payroll, with another period", 5, False, False),
        ("a long time after its period", 31, True, True),
    ],
)
def test_a_payroll_that_a_file_tells_by_another_day_is_not_posted_twice(
    paid: Connected, told: str, days: int, period: bool, asks: bool
) -> None:
    paid.plan.at(AFTER + timedelta(days=40))
    (run,), before = paid.posted(), books(paid.plan)
    with paid.plan.db.begin(TESTER, tenants=[paid.plan.sponsor]) as tx:
        body = json.loads(files.content(tx, tenant_id=paid.plan.sponsor, file_id=run.file_id))
    body["pay_date"] = str(FIRST_CHECK + timedelta(days=days))
    if not period:
        body |= {"period_start": str(FIRST_CHECK + timedelta(days=days - 13)), "period_end": body["pay_date"]}
    upload = Upload(paid.plan.sponsor, paid.plan.plan, "rows.json", json.dumps(body).encode(), API_PROVIDER)
    taken = take_in(paid.plan.db, actor=TESTER, upload=upload)
    assert not isinstance(taken, Refused)
    found = [each for each in paid.findings(taken.run.run_id) if str(each.code) == "pay_date.again"]
    assert [(str(run.run_id) in each.reason, str(FIRST_CHECK) in each.reason) for each in found] == [
        (True, True)
    ] * asks, told
    assert paid.plan.post(taken.run.run_id).halted == ("needs_confirmation" if asks else None)
    assert (books(paid.plan) == before) is asks


def test_files_that_tell_the_year_in_place_of_the_period_are_payrolls_of_their_own(paid: Connected) -> None:
    paid.plan.at(AFTER + timedelta(days=40))
    (run,) = paid.posted()
    with paid.plan.db.begin(TESTER, tenants=[paid.plan.sponsor]) as tx:
        body = json.loads(files.content(tx, tenant_id=paid.plan.sponsor, file_id=run.file_id))
    for days in (14, 28):
        body |= {"period_start": "2026-01-01", "period_end": "2026-12-31"}
        body["pay_date"] = str(FIRST_CHECK + timedelta(days=days))
        upload = Upload(paid.plan.sponsor, paid.plan.plan, "rows.json", json.dumps(body).encode(), API_PROVIDER)
        taken = take_in(paid.plan.db, actor=TESTER, upload=upload)
        assert not isinstance(taken, Refused)
        assert "pay_date.again" not in [str(each.code) for each in paid.findings(taken.run.run_id)]
        assert paid.plan.post(taken.run.run_id).halted is None


@pytest.mark.parametrize(
    ("changed", "asks"),
    [
        ("a cent more for one", True),
        ("one person left out", True),
        ("a tenth more for everybody", False),
        ("somebody else's pay for each", False),
    ],
)
def test_a_payroll_told_by_another_day_is_known_by_what_most_people_are_paid(
    paid: Connected, changed: str, asks: bool
) -> None:
    paid.plan.at(AFTER + timedelta(days=40))
    (run,), before = paid.posted(), books(paid.plan)
    with paid.plan.db.begin(TESTER, tenants=[paid.plan.sponsor]) as tx:
        body = json.loads(files.content(tx, tenant_id=paid.plan.sponsor, file_id=run.file_id))
    body["pay_date"] = str(FIRST_CHECK + timedelta(days=1))
    lines = body["lines"]
    pay = [each["gross_cents"] for each in lines]
    assert len(set(pay)) > 2, "people are paid differently"
    match changed:
        case "a cent more for one":
            lines[0]["gross_cents"] += 1
            lines[0]["earnings"][0]["cents"] += 1
        case "one person left out":
            lines.pop()
        case "a tenth more for everybody":
            for each, cents in zip(lines, pay, strict=True):
                each["gross_cents"] = each["earnings"][0]["cents"] = cents * 11 // 10
        case _:
            for each, cents in zip(lines, [*pay[1:], pay[0]], strict=True):
                each["gross_cents"] = each["earnings"][0]["cents"] = cents
    upload = Upload(paid.plan.sponsor, paid.plan.plan, "rows.json", json.dumps(body).encode(), API_PROVIDER)
    taken = take_in(paid.plan.db, actor=TESTER, upload=upload)
    assert not isinstance(taken, Refused)
    codes = [str(each.code) for each in paid.findings(taken.run.run_id)]
    assert ("pay_date.again" in codes) is asks, codes
    if asks:
        assert paid.plan.post(taken.run.run_id).halted == "needs_confirmation"
        assert books(paid.plan) == before


def test_a_payroll_processed_before_its_pay_date_goes_by_the_rules_of_every_payroll(world: Connected) -> None:
    world.until(date(2026, 1, 14))  # two days ahead
    assert world.pull().ok
    (run,) = world.posted()
    assert run.pay_date == FIRST_CHECK


def test_a_run_that_could_not_post_is_carried_on_by_a_later_pull(world: Connected) -> None:
    world.server.until(date(2026, 1, 28))  # here it is the 5th: no payroll of the 30th is believed yet
    made = world.pull()
    assert "run" in {each["what"] for each in made.waits}
    assert date(2026, 1, 30) not in [run.pay_date for run in world.posted()]
    world.plan.at(date(2026, 1, 30))
    assert world.pull().ok
    assert [run.pay_date for run in world.posted()] == [FIRST_CHECK, date(2026, 1, 30)]
    assert_sound(world.plan)


def _told(world: Connected) -> list[ProviderPayroll]:
    """The roster is settled; what the provider lists of payrolls."""
    keeper = connections.Keeper(world.plan.db, TESTER, world.plan.sponsor, world.of.connection_id)
    with world.connect(world.of, keeper) as connector:
        with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
            pulled.keep_people(tx, of=world.of, people=standin.roster(connector))
        settle_people(world.plan.db, actor=TESTER, of=world.of)
        return list(connector.payrolls(since="").payrolls)


def _due(world: Connected) -> list[Any]:
    """Of this connection: other tests of the same server leave theirs."""
    made = pull_due(world.plan.db, actor=TESTER, connect=world.connect)
    return [each for each in made if each.connection_id == world.of.connection_id]


def _payrolls(world: Connected) -> list[str]:
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        found = tx.rows("select distinct provider_id from payroll.pulled where kind = 'payroll'")
    return [str(row[0]) for row in found]


def _held_up(world: Connected) -> runs.Run:
    """The first payroll is a run that no one may post yet: here it is days before its pay date."""
    world.server.until(date(2026, 1, 15))
    world.pull()
    with world.plan.db.begin(TESTER, tenants=[world.plan.sponsor]) as tx:
        (run,) = runs.history(tx, tenant_id=world.plan.sponsor, plan_id=world.plan.plan)
    assert run.status == runs.Status.REJECTED
    return run


def test_a_payroll_canceled_before_it_was_posted_closes_its_run_and_comes_back_as_another(world: Connected) -> None:
    run = _held_up(world)
    (payroll,) = _payrolls(world)
    world.cancel(payroll)
    assert world.pull().ok
    assert world.run(run.run_id).status == runs.Status.CANCELED
    world.until(AFTER)  # nothing posts it by accident
    assert post_run(world.plan.db, actor=TESTER, tenant_id=world.plan.sponsor, run_id=run.run_id).halted == "canceled"
    assert world.posted() == []
    world.cancel(payroll, undo=True)
    assert world.pull().ok
    (posted,) = world.posted()
    assert (posted.run_id != run.run_id, posted.pay_date) == (True, FIRST_CHECK)
    assert world.run(run.run_id).status == runs.Status.CANCELED
    assert_sound(world.plan)


@pytest.mark.parametrize("point", ["provider_pull.taken", "provider_pull.keep_payrolls.after_commit"])
def test_a_payroll_canceled_after_a_stop_is_not_carried_on(world: Connected, point: str) -> None:
    world.until(AFTER)
    with stopping_at(point), pytest.raises(Stopped):
        world.pull()
    (payroll,) = _payrolls(world)
    world.cancel(payroll)
    assert world.pull().ok
    for each in left(world.plan.db, actor=TESTER):
        if each.tenant_id == world.plan.sponsor:
            carry_on(world.plan.db, actor=TESTER, of=each)
    assert world.posted() == []
    world.cancel(payroll, undo=True)
    assert world.pull().ok
    assert len(world.posted()) == 1
    assert_sound(world.plan)


def test_another_version_takes_the_place_of_a_run_that_is_not_posted(world: Connected) -> None:
    run = _held_up(world)
    (payroll,) = _payrolls(world)
    person = next(each for each in ACME.people if each.last_name == "Benitez")
    world.reverse(payroll, world.people[person.ssn])
    world.until(AFTER)
    assert world.pull().ok
    (posted,) = world.posted()
    assert (world.run(run.run_id).status, posted.rows) == (runs.Status.CANCELED, run.rows - 1)
    assert_sound(world.plan)


def test_a_canceled_payroll_whose_first_version_is_in_the_books_waits_for_a_person(paid: Connected) -> None:
    (payroll,), (run,) = _payrolls(paid), paid.posted()
    person = next(each for each in ACME.people if each.last_name == "Benitez")
    paid.reverse(payroll, paid.people[person.ssn])
    with stopping_at("provider_pull.taken"), pytest.raises(Stopped):  # the corrected version is taken, not posted
        paid.pull()
    paid.cancel(payroll)
    (waits,) = [each for each in paid.pull().waits if each["why"] == "payroll_gone"]
    assert waits["run_id"] == str(run.run_id)
    assert [each.run_id for each in paid.posted()] == [run.run_id]
