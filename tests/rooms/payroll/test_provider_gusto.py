"""Gusto's connector against a stand-in that answers by Gusto's own description, over HTTP."""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from jsonschema_rs import Draft202012Validator
from tests.support import standin
from tests.support.standin import HeldTokens, StandIn

from open401k.kernel import Clock, FixedClock, SeededRandom, SystemClock
from open401k.payroll.providers import (
    CodeKind,
    Employed,
    InForce,
    Instruction,
    Patience,
    PayrollKind,
    ProviderError,
    Rate,
    Receipt,
    ReceiptState,
    Surroundings,
    Tier,
    Tokens,
    Trouble,
    gusto,
)
from open401k.payroll.rows import Field
from open401k.standins.gusto_http import CLIENT_ID, CLIENT_SECRET

DESCRIPTION = yaml.safe_load((Path(__file__).parents[2] / "vectors/gusto/openapi.yaml").read_text())
# Its two kinds of grant are one and the same for a refresh token: "one of" can never be true there, "any of" is meant.
DESCRIPTION["components"]["schemas"]["Authentication"]["anyOf"] = DESCRIPTION["components"]["schemas"][
    "Authentication"
].pop("oneOf")
FIRST_CHECK = date(2026, 1, 9)
PEOPLE = [
    {
        "key": "engineer",
        "first_name": "Ines",
        "last_name": "Okafor",
        "date_of_birth": "1980-05-06",
        "hire_date": "2019-03-04",
        "salary_cents": 10_400_000,
    },
    {
        "key": "welder",
        "first_name": "Tom",
        "last_name": "Berg",
        "date_of_birth": "1991-11-30",
        "hire_date": "2022-07-01",
        "salary_cents": 5_200_099,
    },
]


@dataclass
class Checked(httpx2.HTTPTransport):
    """The network; every successful answer is held against Gusto's description."""

    seen: set[str] = field(default_factory=set)
    instead: tuple[str, str, str] | None = None  # what is said instead of what, where a path ends so

    def __post_init__(self) -> None:
        super().__init__()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        response.read()
        if response.is_success:
            operation, template = _operation(request)
            self.seen.add(f"{request.method} {template}")
            schema = operation["responses"][str(response.status_code)]["content"]["application/json"]["schema"]
            whole = {**schema, "components": DESCRIPTION["components"]}
            found = Draft202012Validator(whole).iter_errors(response.json())
            errors = [f"{error.instance_path}: {error.message[:120]}" for error in found]
            assert not errors, (request.url.path, errors[:5])
        if self.instead is not None and request.url.path.endswith(self.instead[2]):
            said = response.text.replace(self.instead[0], self.instead[1])
            return httpx2.Response(response.status_code, content=said)
        return response


def _operation(request: httpx2.Request) -> tuple[dict[str, Any], str]:
    parts = request.url.path.split("/")
    for template, methods in DESCRIPTION["paths"].items():
        wanted = template.split("/")
        fits = len(wanted) == len(parts) and all(
            w.startswith("{") or w == p for w, p in zip(wanted, parts, strict=True)
        )
        if fits and request.method.lower() in methods:
            return methods[request.method.lower()], template
    raise AssertionError(f"{request.method} {request.url.path} is not in Gusto's description")


@dataclass
class World:
    """A company at the stand-in, and the connector for it."""

    server: StandIn
    made: dict[str, Any]
    keeper: HeldTokens
    transport: Checked
    paused: list[timedelta]
    opened: list[gusto.Gusto] = field(default_factory=list)

    def connector(self, *, clock: Clock | None = None, **patience: Any) -> gusto.Gusto:
        application = gusto.Application(CLIENT_ID, CLIENT_SECRET, self.server.url)
        quick = Patience(**{"first_wait": timedelta(milliseconds=2), **patience})
        around = Surroundings(clock or SystemClock(), self.paused.append, SeededRandom(3), self.transport, quick)
        self.opened.append(
            gusto.Gusto(
                company_id=self.made["company_uuid"],
                application=application,
                tokens=self.keeper,
                around=around,
                since=date(2026, 1, 1),
            )
        )
        return self.opened[-1]

    @property
    def company(self) -> str:
        return str(self.made["company_uuid"])

    def change(self, key: str, **sent: Any) -> None:
        self.server.tell(f"/companies/{self.company}/employees/{self.made['people'][key]}", sent, "PATCH")


@pytest.fixture
def world() -> Iterator[World]:
    with standin.gusto() as running:
        made = running.tell(
            "/companies",
            {"name": "Acme", "ein": "12-3456789", "first_check": FIRST_CHECK.isoformat(), "people": PEOPLE},
        )
        said = made["tokens"]
        tokens = Tokens(said["access_token"], said["refresh_token"], datetime.now(UTC) + timedelta(hours=1))
        world = World(running, made, HeldTokens(tokens), Checked(), [])
        yield world
        for connector in world.opened:
            connector.close()


def defer(world: World, key: str, means: Field = Field.PRE_TAX, **how: Any) -> Receipt:
    wanted = {"employee": Rate(bps=600), "effective_on": date(2026, 1, 1), **how}
    person_id = world.made["people"][key]
    return world.connector().push(Instruction(key=f"{key}-1", person_id=person_id, means=means, **wanted))


def test_the_roster_tells_people_and_each_of_their_employments(world: World) -> None:
    world.change("welder", terminated_on="2025-06-30")
    world.change("welder", rehired_on="2026-02-02")
    engineer, welder = standin.roster(world.connector())
    assert (engineer.first_name, engineer.birth_date, engineer.ssn) == ("Ines", date(1980, 5, 6), None)
    assert engineer.employment == (Employed(date(2019, 3, 4)),)
    assert welder.employment == (Employed(date(2022, 7, 1), date(2025, 6, 30)), Employed(date(2026, 2, 2)))


def test_a_payroll_comes_exact_to_the_cent(world: World) -> None:
    # Money flow: 6 % of each gross pay pre-tax, 3 % Roth in dollars, half of it matched up to 6 %.
    defer(world, "engineer", employer=(Tier(5_000, 600),))
    defer(world, "welder", employee=Rate(cents=5_001), means=Field.ROTH)
    world.change("engineer", extra_pay=[{"check_date": "2026-01-09", "name": "Bonus", "cents": 12_345}])
    world.server.until(date(2026, 1, 7))
    pulled = world.connector().payrolls(since="")
    (payroll,) = pulled.payrolls
    assert (payroll.pay_date, payroll.period_end, payroll.kind) == (FIRST_CHECK, date(2026, 1, 4), PayrollKind.REGULAR)
    engineer, welder = payroll.statements
    assert (engineer.gross_cents, welder.gross_cents) == (412_345, 200_003)
    assert [(e.code, e.cents, e.hours_hundredths) for e in engineer.earnings] == [
        ("Regular Hours", 400_000, 8_000),
        ("Bonus", 12_345, None),
    ]
    (mine,) = engineer.withheld
    assert (mine.means, mine.employee_cents, mine.employer_cents) == (Field.PRE_TAX, 24_741, 12_371)
    (theirs,) = welder.withheld
    assert (theirs.means, theirs.employee_cents, theirs.code) == (Field.ROTH, 5_001, "Roth 401(k)")
    assert payroll.differences() == []


def test_the_same_payroll_is_not_told_twice_and_a_reversed_one_again(world: World) -> None:
    defer(world, "engineer")
    (first,) = world.server.until(date(2026, 1, 7))
    connector = world.connector()
    pulled = connector.payrolls(since="")
    assert connector.payrolls(since=pulled.cursor).payrolls == []
    world.server.tell(f"/companies/{world.company}/payrolls/{first}/reverse", {})
    original, reversal = sorted(connector.payrolls(since=pulled.cursor).payrolls, key=lambda each: each.reverses)
    assert original.reversed_by == (reversal.provider_id,)
    assert (reversal.kind, reversal.reverses) == (PayrollKind.REVERSAL, first)
    assert reversal.statements[0].withheld[0].employee_cents == -24_000


def test_a_long_past_comes_in_pieces_and_over_several_pages(world: World) -> None:
    world.server.until(date(2027, 6, 1))
    clock = FixedClock(datetime(2027, 6, 1, 15, tzinfo=UTC))
    connector, cursor, found, pieces = world.connector(clock=clock), "", list[date](), 0
    more = True
    while more:
        pulled = connector.payrolls(since=cursor)
        found += [each.pay_date for each in pulled.payrolls]
        cursor, more, pieces = pulled.cursor, pulled.more, pieces + 1
    assert (pieces, found) == (2, [FIRST_CHECK + timedelta(days=14 * n) for n in range(37)])


@pytest.mark.parametrize("what", ["employees", "payrolls"])
def test_nobody_of_another_company_is_believed_to_be_of_this_one(world: World, what: str) -> None:
    world.server.until(date(2026, 1, 10))
    world.transport.instead = (world.company, "somebody else's", f"/{what}")
    connector = world.connector()
    with pytest.raises(ProviderError) as error:
        list(connector.people()) if what == "employees" else connector.payrolls(since="")
    assert (error.value.trouble, "company_uuid" in error.value.where) == (Trouble.BUG, True)


def test_a_liar_is_found_out_by_its_totals(world: World) -> None:
    world.server.until(date(2026, 1, 7))
    world.server.misbehave(lies=True)
    (payroll,) = world.connector().payrolls(since="").payrolls
    ((what, said, added),) = payroll.differences()
    assert (what, said - added) == ("gross pay", 100)


def test_deferrals_are_pushed_by_version_and_never_twice(world: World) -> None:
    first = defer(world, "engineer")
    assert defer(world, "engineer") == first  # a repeat: nothing is sent
    changed = defer(world, "engineer", employee=Rate(bps=800), version=first.version, catch_up=True)
    assert (changed.provider_id, changed.state) == (first.provider_id, ReceiptState.DONE)
    with pytest.raises(ProviderError) as error:
        defer(world, "engineer", employee=Rate(bps=900), version=first.version)
    assert error.value.trouble is Trouble.CONFLICT
    (now,) = world.connector().in_force(person_id=world.made["people"]["engineer"])
    assert (now.employee, now.catch_up, now.version) == (Rate(bps=800), True, changed.version)


def test_five_percent_and_five_dollars_are_told_apart_by_the_flag_alone(world: World) -> None:
    defer(world, "engineer", employee=Rate(bps=500))
    defer(world, "welder", employee=Rate(cents=500))
    found = {key: _only(world, key).employee for key in ("engineer", "welder")}
    assert found == {"engineer": Rate(bps=500), "welder": Rate(cents=500)}


def test_a_stop_stops_and_can_be_repeated(world: World) -> None:
    defer(world, "engineer")
    stopped = defer(world, "engineer", employee=None)
    assert defer(world, "engineer", employee=None).version == stopped.version
    assert not _only(world, "engineer").active
    world.server.until(date(2026, 1, 7))
    (payroll,) = world.connector().payrolls(since="").payrolls
    assert all(each.withheld == () for each in payroll.statements)
    assert defer(world, "welder", employee=None).state is ReceiptState.DONE  # nothing there to stop


def test_two_loans_of_one_person_stay_two(world: World) -> None:
    for loan, cents in (("L-1", 10_050), ("L-2", 2_500)):
        defer(world, "engineer", Field.LOAN_PAYMENT, employee=Rate(cents=cents), loan_id=loan)
    defer(world, "engineer", Field.LOAN_PAYMENT, employee=Rate(cents=10_050), loan_id="L-1")
    world.server.until(date(2026, 1, 7))
    (payroll,) = world.connector().payrolls(since="").payrolls
    lines = [(each.loan_id, each.employee_cents, each.means) for each in payroll.statements[0].withheld]
    assert lines == [("L-1", 10_050, Field.LOAN_PAYMENT), ("L-2", 2_500, Field.LOAN_PAYMENT)]
    defer(world, "engineer", Field.LOAN_PAYMENT, employee=None, loan_id="L-1")
    active = [each.loan_id for each in _all(world, "engineer") if each.active]
    assert active == ["L-2"]


def test_a_lost_answer_to_an_enrolment_is_not_enrolled_twice(world: World) -> None:
    path = f"/v1/employees/{world.made['people']['engineer']}/employee_benefits"
    world.server.misbehave(faults=[{"status": 500, "path": path, "method": "POST", "after_work": True}])
    with pytest.raises(ProviderError) as error:
        defer(world, "engineer")
    assert error.value.trouble is Trouble.TRY_AGAIN
    assert defer(world, "engineer").state is ReceiptState.DONE
    assert len(_all(world, "engineer")) == 1


def test_codes_come_with_the_providers_names_and_types(world: World) -> None:
    codes = {(each.kind, each.code): each.means for each in world.connector().pay_codes()}
    assert codes[CodeKind.DEDUCTION, "401(k)"] is Field.PRE_TAX
    assert codes[CodeKind.DEDUCTION, "Roth 401(k)"] is Field.ROTH
    assert codes[CodeKind.EARNING, "Bonus"] is None


def test_tokens_rotate_when_they_end(world: World) -> None:
    before = world.keeper.tokens
    world.server.tell("/tokens", {"expire": True})
    assert world.connector().company().ein == "12-3456789"
    assert world.keeper.tokens.refresh != before.refresh
    world.server.tell("/tokens", {"expire": True})
    assert world.connector().company().name == "Acme"
    assert world.server.tell("/tokens", {})["refreshes"] == 2


def test_a_revoked_authorization_is_a_persons_turn(world: World) -> None:
    world.server.tell("/tokens", {"revoke": world.company})
    with pytest.raises(ProviderError) as error:
        world.connector().company()
    assert error.value.trouble is Trouble.ASK_A_PERSON


@pytest.mark.parametrize(
    "fault", [{"status": 503, "times": 3}, {"status": 429, "times": 2, "retry_after": "1"}, {"status": 500, "times": 4}]
)
def test_a_bad_quarter_of_an_hour_is_waited_out(world: World, fault: dict[str, Any]) -> None:
    world.server.until(date(2026, 1, 7))
    world.server.misbehave(faults=[fault])
    assert len(world.connector().payrolls(since="").payrolls) == 1
    assert len(world.paused) == fault["times"]


def test_a_provider_that_is_too_slow_is_given_up(world: World) -> None:
    world.server.misbehave(faults=[{"status": 0, "delay_ms": 1_500, "times": 1}])
    with pytest.raises(ProviderError) as error:
        world.connector(read_seconds=1, tries=1).company()
    assert error.value.trouble is Trouble.TRY_AGAIN


def test_every_answer_is_held_against_the_providers_description(world: World) -> None:
    defer(world, "engineer")
    defer(world, "engineer", employee=Rate(bps=700))
    defer(world, "engineer", Field.LOAN_PAYMENT, employee=Rate(cents=100), loan_id="L-1")
    defer(world, "engineer", Field.LOAN_PAYMENT, employee=Rate(cents=200), loan_id="L-1")
    world.change("welder", terminated_on="2025-06-30")
    world.server.until(date(2026, 1, 7))
    world.server.tell("/tokens", {"expire": True})
    connector = world.connector()
    assert connector.company()
    assert connector.pay_codes()
    assert list(connector.people())
    assert connector.payrolls(since="").payrolls
    untried = {f"{method.upper()} {path}" for path, methods in DESCRIPTION["paths"].items() for method in methods}
    untried -= world.transport.seen
    assert untried == {
        "GET /v1/token_info",
        "GET /v1/events",
        "GET /v1/company_benefits/{company_benefit_id}/employee_benefits",
    }


SECRET = "6590f590-3dba-495e-9bea-c361e1e2efc0"
EVENT = {"uuid": "e-1", "event_type": "payroll.processed", "resource_uuid": "c-1", "entity_uuid": "p-1", "timestamp": 5}


@pytest.mark.parametrize("wrong", ["body", "secret", "signature", "none", "unsigned", "not ascii"])
def test_a_webhook_without_its_signature_is_nothing(wrong: str) -> None:
    body = json.dumps(EVENT).encode()
    signed = hmac.digest(SECRET.encode(), body, "sha256").hex()
    told = gusto.notice(headers={"x-gusto-signature": signed}, body=body, secret=SECRET)
    assert told is not None
    assert (told.provider_id, told.company_id, told.kind) == ("e-1", "c-1", "payroll.processed")
    tries = {
        "body": (signed, body.replace(b"p-1", b"p-2"), SECRET),
        "secret": (signed, body, SECRET[:-1] + "1"),
        "signature": ("0" + signed[1:] if signed[0] != "0" else "1" + signed[1:], body, SECRET),
        "none": ("", body, SECRET),
        "unsigned": (hmac.digest(b"", body, "sha256").hex(), body, ""),
        "not ascii": ("é" * 64, body, SECRET),
    }
    signature, altered, secret = tries[wrong]
    assert gusto.notice(headers={"x-gusto-signature": signature}, body=altered, secret=secret) is None


def _all(world: World, key: str) -> list[InForce]:
    return list(world.connector().in_force(person_id=world.made["people"][key]))


def _only(world: World, key: str) -> InForce:
    (found,) = _all(world, key)
    return found


def test_a_match_changes_the_companys_contribution_and_nothing_else(world: World) -> None:
    defer(world, "engineer", employee=Rate(bps=600), catch_up=True)
    how: dict[str, Any] = {"employee": None, "loan_id": "pre_tax"}
    for _ in range(2):
        assert defer(world, "engineer", Field.MATCH, employer=Rate(cents=12_345), **how).state is ReceiptState.DONE
    (now,) = world.connector().in_force(person_id=world.made["people"]["engineer"])
    assert (now.employee, now.employer, now.catch_up) == (Rate(bps=600), Rate(cents=12_345), True)
    defer(world, "engineer", employee=Rate(bps=700))
    (now,) = world.connector().in_force(person_id=world.made["people"]["engineer"])
    assert (now.employee, now.employer) == (Rate(bps=700), Rate(cents=12_345))
    assert defer(world, "engineer", Field.MATCH, **how).state is ReceiptState.DONE
    (now,) = world.connector().in_force(person_id=world.made["people"]["engineer"])
    assert (now.active, now.employee, now.employer) == (True, Rate(bps=700), Rate(cents=0))
    refused = defer(world, "welder", Field.MATCH, employer=Rate(cents=1), **how)
    assert (refused.state, "no pre_tax deduction" in refused.reason) == (ReceiptState.REFUSED, True)
    assert defer(world, "welder", Field.MATCH, **how).state is ReceiptState.DONE
