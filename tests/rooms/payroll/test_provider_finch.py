"""Finch's connector against a stand-in, over HTTP; every answer is held against the models of Finch's own client."""

import base64
import gzip
import hmac
import json
import re
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from finch.types import CreateAccessTokenResponse, Introspection
from finch.types.hris import (
    Company,
    CompanyBenefit,
    CreateCompanyBenefitsResponse,
    EmploymentDataResponse,
    IndividualInDirectory,
    IndividualResponse,
    Payment,
    PayStatementItemListResponse,
    PayStatementResponse,
)
from finch.types.hris.benefits import (
    EnrolledIndividualBenefitResponse,
    IndividualBenefit,
    UnenrolledIndividualBenefitResponse,
)
from finch.types.jobs import ManualAsyncJob
from finch.types.shared import Paging
from pydantic import BaseModel, TypeAdapter, ValidationError
from tests.support import standin
from tests.support.standin import StandIn

from open401k.kernel import Open401kError, SeededRandom, SystemClock
from open401k.payroll.providers import (
    CodeKind,
    Employed,
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
    Told,
    Trouble,
    Unread,
    ask_again,
    finch,
    finch_client,
)
from open401k.payroll.providers import finch_read as read
from open401k.payroll.providers.finch_client import FinchClient
from open401k.payroll.rows import Field
from open401k.standins.finch_http import CLIENT_ID, CLIENT_SECRET

FIRST_CHECK = date(2026, 1, 9)
PEOPLE = [
    {
        "key": "engineer",
        "first_name": "Ines",
        "last_name": "Okafor",
        "ssn": "900-11-2233",
        "date_of_birth": "1980-05-06",
        "hire_date": "2019-03-04",
        "salary_cents": 10_400_000,
    },
    {
        "key": "welder",
        "first_name": "Tom",
        "last_name": "Berg",
        "ssn": "900114455",
        "date_of_birth": "1991-11-30",
        "hire_date": "2022-07-01",
        "salary_cents": 5_200_099,
    },
]


class Directory(BaseModel):
    """The client has this answer only as a page of its own."""

    paging: Paging
    individuals: list[IndividualInDirectory]


class Many(BaseModel):
    """Answers to a batch."""

    responses: list[Any]


BENEFIT = "/employer/benefits/[^/]+/individuals"
ANSWERS: list[tuple[str, str, Any, Any]] = [  # method, path, model, and of each of a batch
    ("POST", "/auth/token", CreateAccessTokenResponse, None),
    ("GET", "/introspect", Introspection, None),
    ("GET", "/employer/company", Company, None),
    ("GET", "/employer/directory", Directory, None),
    ("POST", "/employer/individual", Many, IndividualResponse),
    ("POST", "/employer/employment", Many, EmploymentDataResponse),
    ("GET", "/employer/payment", list[Payment], None),
    ("POST", "/employer/pay-statement", Many, PayStatementResponse),
    ("GET", "/employer/pay-statement-item", Many, PayStatementItemListResponse),
    ("GET", "/employer/benefits", list[CompanyBenefit], None),
    ("POST", "/employer/benefits", CreateCompanyBenefitsResponse, None),
    ("GET", BENEFIT, list[IndividualBenefit], None),
    ("POST", BENEFIT, EnrolledIndividualBenefitResponse, None),
    ("DELETE", BENEFIT, UnenrolledIndividualBenefitResponse, None),
    ("GET", "/jobs/manual/[^/]+", ManualAsyncJob, None),
]


@dataclass
class Keeper:
    """The connection's token, in memory."""

    tokens: Tokens

    def current(self) -> Tokens:
        return self.tokens

    def renew(self, used: Tokens, refresh: Callable[[Tokens], Tokens]) -> Tokens:
        raise AssertionError("Finch's tokens do not end")


class Checked(httpx.HTTPTransport):
    """The network; every successful answer is held against the model of Finch's client, strictly."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.misfits: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        response.read()
        self.seen.append(f"{request.method} {request.url.path}")
        if response.status_code == 200:
            known = [each for each in ANSWERS if each[0] == request.method]
            model, element = next((m, e) for _, path, m, e in known if re.fullmatch(path, request.url.path))
            self._held(model, response.content)
            for each in response.json()["responses"] if element else ():
                self._held(element, json.dumps(each).encode())
        return response

    def _held(self, model: Any, said: bytes) -> None:
        """Kept for the end: the client takes what is raised here for a bad connection."""
        try:
            TypeAdapter(model).validate_json(said, strict=True)
        except ValidationError as error:
            self.misfits.append(f"{self.seen[-1]}: {error}")


@dataclass
class World:
    """An employer at the stand-in, and the connector for it."""

    server: StandIn
    made: dict[str, Any]
    transport: Checked
    paused: list[timedelta]
    opened: list[finch.Finch] = field(default_factory=list)

    def connector(self, *, today: date | None = None, **patience: Any) -> finch.Finch:
        application = finch.Application(CLIENT_ID, CLIENT_SECRET, self.server.url)
        quick = Patience(**{"first_wait": timedelta(milliseconds=2), **patience})
        around = Surroundings(SystemClock(), self.paused.append, SeededRandom(3), None, quick)
        http = httpx.Client(base_url=self.server.url, transport=self.transport, timeout=quick.read_seconds)
        keeper = Keeper(Tokens(self.made["tokens"]["access_token"]))
        day = today or date(2026, 1, 10)
        made = finch.Finch(
            application=application,
            tokens=keeper,
            around=around,
            since=date(2026, 1, 1),
            today=day,
            http=http,
            company_id=self.made["company_uuid"],
        )
        self.opened.append(made)
        return made

    def who(self, key: str) -> str:
        return str(self.made["people"][key])

    def change(self, key: str, **sent: Any) -> None:
        self.server.tell(f"/companies/{self.made['company_uuid']}/employees/{self.who(key)}", sent, "PATCH")

    def calls(self, method: str, path: str) -> int:
        return sum(re.fullmatch(f"{method} {path}", each) is not None for each in self.transport.seen)


def company(running: StandIn, **more: Any) -> dict[str, Any]:
    sent = {"name": "Acme", "ein": "12-3456789", "first_check": FIRST_CHECK.isoformat(), "people": PEOPLE, **more}
    return running.tell("/companies", sent)


@pytest.fixture
def world() -> Iterator[World]:
    with standin.finch() as running:
        world = World(running, company(running), Checked(), [])
        yield world
        for connector in world.opened:
            connector.close()
        assert world.transport.misfits == []


def instruction(world: World, key: str, means: Field = Field.PRE_TAX, **how: Any) -> Instruction:
    wanted = {"employee": Rate(bps=600), "effective_on": date(2026, 1, 1), **how}
    return Instruction(key=f"{key}-1", person_id=world.who(key), means=means, **wanted)


def defer(world: World, key: str, means: Field = Field.PRE_TAX, **how: Any) -> Receipt:
    """Push, and ask until it is done."""
    connector = world.connector()
    receipt = connector.push(instruction(world, key, means, **how))
    for _ in range(20):
        if receipt.state is not ReceiptState.WAITING:
            return receipt
        receipt = connector.acknowledged(Receipt(ReceiptState.WAITING, job=receipt.job))  # all that is kept of it
    raise AssertionError("the job does not end")


def test_the_roster_tells_people_with_their_numbers(world: World) -> None:
    engineer, welder = standin.roster(world.connector())
    assert (engineer.first_name, engineer.birth_date, engineer.ssn) == ("Ines", date(1980, 5, 6), "900112233")
    assert (welder.employment, welder.status) == ((Employed(date(2022, 7, 1)),), "full_time")
    assert "900112233" not in repr(engineer)


@pytest.mark.parametrize(
    ("days", "spans"),
    [
        ({"terminated_on": "2025-06-30"}, (Employed(date(2022, 7, 1), date(2025, 6, 30)),)),
        (
            {"terminated_on": "2025-06-30", "rehired_on": "2026-02-02"},
            (Employed(date(2022, 7, 1), date(2025, 6, 30)), Employed(date(2026, 2, 2))),
        ),
        (
            {"rehired_on": "2026-02-02", "terminated_on": "2026-03-01"},
            (Employed(date(2022, 7, 1), ends_unknown=True), Employed(date(2026, 2, 2), date(2026, 3, 1))),
        ),
        (
            {"rehired_on": "2026-02-02"},
            (Employed(date(2022, 7, 1), ends_unknown=True), Employed(date(2026, 2, 2))),
        ),
        ({"rehired_on": "2022-07-01"}, (Employed(date(2022, 7, 1)),)),
    ],
)
def test_one_end_belongs_to_the_employment_whose_days_it_fits(
    world: World, days: dict[str, str], spans: tuple[Employed, ...]
) -> None:
    world.change("welder", **days)
    _, welder = standin.roster(world.connector())
    assert welder.employment == spans


def test_numbers_are_not_asked_for_where_the_employer_did_not_allow_it(world: World) -> None:
    world.made = company(world.server, products=["directory", "individual", "employment"])
    assert [each.ssn for each in standin.roster(world.connector())] == [None, None]


@pytest.mark.parametrize(
    ("path", "sent", "status", "message"),
    [
        ("/webhooks", {}, 422, "'secret' is missing, or is not there."),
        ("/webhooks", {"url": "http://127.0.0.1:1", "secret": "?"}, 422, "Not understood"),
        ("/misbehave", {"lie": "white"}, 422, "'white' is not a valid Lie"),
        ("/clock", {"to": "soon"}, 422, "Not understood"),
        ("/companies/nobody/employees", {}, 404, "There is no nobody."),
    ],
)
def test_a_stand_in_says_what_it_did_not_understand(
    world: World, path: str, sent: dict[str, Any], status: int, message: str
) -> None:
    answered = httpx.post(f"{world.server.url}/_sandbox{path}", json=sent)
    assert (answered.status_code, message in answered.json()["message"]) == (status, True)


def test_a_long_directory_comes_over_several_pages(world: World) -> None:
    people = [{**PEOPLE[0], "key": f"p{n}", "last_name": f"Number {n}"} for n in range(250)]
    world.made = company(world.server, people=people)
    assert len({each.provider_id for each in world.connector().people()}) == 250
    assert world.calls("GET", "/employer/directory") == 3


def test_a_payroll_comes_exact_to_the_cent(world: World) -> None:
    # Money flow: 6 % of gross pre-tax with half of it matched; a Roth amount in dollars beside.
    defer(world, "engineer", employer=(Tier(5_000, 600),))
    defer(world, "welder", employee=Rate(cents=5_001), means=Field.ROTH)
    world.change("engineer", extra_pay=[{"check_date": "2026-01-09", "name": "Spot award", "cents": 12_345}])
    world.server.until(date(2026, 1, 7))
    (payroll,) = world.connector().payrolls(since="").payrolls
    assert (payroll.pay_date, payroll.period_end, payroll.kind) == (FIRST_CHECK, date(2026, 1, 4), PayrollKind.REGULAR)
    engineer, welder = payroll.statements
    assert (engineer.gross_cents, welder.gross_cents) == (412_345, 200_003)
    assert [(e.code, e.provider_type, e.cents, e.hours_hundredths) for e in engineer.earnings] == [
        ("Regular", "salary", 400_000, 8_000),
        ("Spot award", "bonus", 12_345, None),
    ]
    deferred, matched = engineer.withheld
    assert (deferred.means, deferred.employee_cents, deferred.employer_cents) == (Field.PRE_TAX, 24_741, 0)
    assert (matched.means, matched.employer_means, matched.employer_cents) == (None, Field.MATCH, 12_371)
    assert [(e.means, e.employee_cents, e.code) for e in welder.withheld] == [(Field.ROTH, 5_001, "Roth 401(k)")]
    assert payroll.differences() == []


def test_contractors_are_no_employees_and_their_pay_is_not_the_payrolls(world: World) -> None:
    hired = {**PEOPLE[1], "last_name": "Freelance", "contractor": True}
    world.server.tell(f"/companies/{world.made['company_uuid']}/employees", hired)
    world.server.until(date(2026, 1, 7))
    connector = world.connector()
    (payroll,) = connector.payrolls(since="").payrolls
    assert (len(list(connector.people())), len(payroll.statements), payroll.differences()) == (2, 2, [])


@pytest.mark.parametrize(
    ("said", "provider_type"),
    [
        ({"name": "Dental", "type": "s125_dental"}, "s125_dental"),
        ({"name": "Uniform", "type": None}, "untyped"),
        ({"name": "401k EE", "type": None}, ""),  # nobody knows: the payroll waits for somebody who does
        ({"name": "Loan 2", "type": None}, ""),
        ({"name": None, "type": None}, ""),
    ],
)
def test_a_deduction_without_a_type_is_not_guessed_at(world: World, said: dict[str, Any], provider_type: str) -> None:
    world.change("engineer", deductions=[{**said, "amount": 1_000}])
    world.server.until(date(2026, 1, 7))
    (line,) = world.connector().payrolls(since="").payrolls[0].statements[0].withheld
    assert (line.means, line.provider_type, line.employee_cents) == (None, provider_type, 1_000)


def test_the_same_payment_is_not_told_twice(world: World) -> None:
    world.server.until(date(2026, 1, 7))
    connector = world.connector()
    pulled = connector.payrolls(since="")
    again = connector.payrolls(since=pulled.cursor)
    assert (len(pulled.payrolls), again.payrolls, again.more, again.cursor) == (1, [], False, pulled.cursor)


def test_a_long_past_comes_in_pieces(world: World) -> None:
    world.server.until(date(2027, 6, 1))
    connector, cursor, found, pieces = world.connector(today=date(2027, 6, 1)), "", list[date](), 0
    more = True
    while more:
        pulled = connector.payrolls(since=cursor)
        found += [each.pay_date for each in pulled.payrolls]
        cursor, more, pieces = pulled.cursor, pulled.more, pieces + 1
    assert (pieces, found) == (4, [FIRST_CHECK + timedelta(days=14 * n) for n in range(37)])


def test_a_payment_with_many_people_comes_over_several_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finch, "_STATEMENTS", 1)
    world.server.until(date(2026, 1, 7))
    (payroll,) = world.connector().payrolls(since="").payrolls
    assert [each.person_id for each in payroll.statements] == [world.who("engineer"), world.who("welder")]


def test_a_payment_whose_pages_do_not_end_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finch, "_MOST_PAGES", 3)
    monkeypatch.setattr(finch, "_more", lambda *_: True)
    world.server.until(date(2026, 1, 7))
    with pytest.raises(ProviderError, match="does not end"):
        world.connector().payrolls(since="")


class Endless(httpx.SyncByteStream):
    """An answer that goes on and on."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b" " * 2**20


def test_an_answer_that_does_not_end_is_given_up() -> None:
    around = Surroundings(SystemClock(), lambda _: None, SeededRandom(3), None, Patience(tries=1))
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=Endless()))) as http:
        client = FinchClient(url="http://finch.test", around=around, access_token="a", http=http)
        with pytest.raises(ProviderError, match="too large") as error:
            client.told("company", lambda f: f.hris.company.with_raw_response.retrieve())
    assert error.value.trouble is Trouble.TRY_AGAIN


class Packed(httpx.SyncByteStream):
    """Bytes as they come over the wire, a few at a time."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.content), 4096):
            yield self.content[start : start + 4096]


def packed_answer(content: bytes, encoding: str = "gzip") -> Any:
    """What the client makes of these bytes under this name."""
    answer = httpx.Response(200, stream=Packed(content), headers={"content-encoding": encoding})
    around = Surroundings(SystemClock(), lambda _: None, SeededRandom(3), None, Patience(tries=1))
    with httpx.Client(transport=httpx.MockTransport(lambda _: answer)) as http:
        client = FinchClient(url="http://finch.test", around=around, access_token="a", http=http)
        return client.told("company", lambda f: f.hris.company.with_raw_response.retrieve()).value


NAMED = b'{"legal_name": "Acme"}'
BOMB = gzip.compress(bytes(64 * 2**20))


@pytest.mark.parametrize(
    ("content", "encoding", "said"),
    [
        (BOMB, "gzip", "too large"),
        (gzip.compress(BOMB), "gzip, gzip", "nobody asked for"),
        (NAMED, "br", "nobody asked for"),
        (gzip.compress(NAMED)[:-1], "gzip", "cut off"),
        (NAMED, "gzip", "cannot be unpacked"),
    ],
    ids=["a bomb", "twice", "another way", "cut off", "not packed"],
)
def test_a_packed_answer_takes_no_more_memory_than_a_plain_one(
    content: bytes, encoding: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finch_client, "_LARGEST_ANSWER", 2**20)
    packed_answer(gzip.compress(NAMED))  # what is loaded once is not the answer's
    tracemalloc.start()
    try:
        with pytest.raises(ProviderError, match=said) as error:
            packed_answer(content, encoding)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()
    assert error.value.trouble is Trouble.TRY_AGAIN


@pytest.mark.parametrize(
    ("content", "encoding"),
    [(gzip.compress(NAMED), "gzip"), (zlib.compress(NAMED), "deflate"), (gzip.compress(NAMED), "GZIP"), (NAMED, "")],
    ids=["gzip", "deflate", "in capitals", "plain"],
)
def test_an_answer_may_be_packed(content: bytes, encoding: str) -> None:
    assert packed_answer(content, encoding) == {"legal_name": "Acme"}


def test_what_finch_still_gathers_holds_up_only_what_comes_after_it(world: World) -> None:
    first, second, third = world.server.until(date(2026, 2, 4))
    path = f"/companies/{world.made['company_uuid']}/payrolls"
    world.server.tell(f"{path}/{second}", {"syncing": 2})
    connector = world.connector(today=date(2026, 2, 4))
    pulled = connector.payrolls(since="")
    assert ([each.provider_id for each in pulled.payrolls], pulled.more) == ([first], True)
    with pytest.raises(ProviderError) as error:
        connector.payrolls(since=pulled.cursor)
    assert (error.value.trouble, error.value.retry_after) == (Trouble.TRY_AGAIN, timedelta(minutes=5))
    assert world.paused == []  # five minutes are not waited out: it is asked again by itself later
    rest = connector.payrolls(since=pulled.cursor)
    assert ([each.provider_id for each in rest.payrolls], rest.more) == ([second, third], False)


@pytest.mark.parametrize(
    ("lie", "doubt"),
    [
        ("page_dropped", "It is said to have 2 pay statements; 1 came."),
        ("page_doubled", "It pays one person twice."),
        ("person_twice", "It pays one person twice."),
        ("no_dates", "payment[0].pay_date: Expected a day, found null."),
    ],
)
def test_a_payment_that_cannot_be_so_is_doubted_and_then_told_as_it_is(world: World, lie: str, doubt: str) -> None:
    world.server.until(date(2026, 1, 7))
    world.server.misbehave(lie=lie)
    pulled = world.connector().payrolls(since="")
    unread, doubted = pulled.unread, pulled.payrolls
    assert [*(each.why for each in unread), *(each for told in doubted for each in told.doubts)] == [doubt]
    ids = [*(each.provider_id for each in unread), *(each.provider_id for each in doubted)]
    again = ask_again(pulled.cursor, ids)
    world.server.misbehave()
    (told,) = world.connector().payrolls(since=again).payrolls
    assert (told.doubts, told.differences(), len(told.statements)) == ((), [], 2)


def test_somebody_may_have_two_checks_of_one_payment_but_none_that_the_list_does_not_pay() -> None:
    def statement(who: str, cents: int) -> dict[str, Any]:
        money = {"amount": cents, "currency": "usd"}
        lists: dict[str, list[Any]] = {"earnings": [], "employee_deductions": [], "employer_contributions": []}
        return {"individual_id": who, "gross_pay": money, **lists}

    told = {"id": "p", "pay_date": "2026-01-09", "individual_ids": ["a", "b"], "gross_pay": None}
    checks = [Told(statement(who, cents), "") for who, cents in (("a", 1), ("a", 2), ("c", 3))]
    assert read.payroll(Told(told, "payment"), checks).doubts == (
        "It pays one person whom its list does not name.",
        "It pays nothing to one person whom its list names.",
    )
    assert read.payroll(Told({**told, "individual_ids": ["a"]}, "payment"), checks[:2]).doubts == ()
    pay = {"type": "1099", "name": "Contract", "amount": 4}
    contractor = Told({**statement("d", 4), "earnings": [pay]}, "")
    alone = Told({**told, "individual_ids": ["a"]}, "payment")
    assert read.payroll(alone, [*checks[:2], contractor]).doubts == ()  # no employee: nothing of theirs is taken


@pytest.mark.parametrize("lie", ["page_dropped", "page_doubled", "other_company"])
def test_a_roster_that_cannot_be_so_is_not_taken(world: World, lie: str) -> None:
    company(world.server, name="Other Co")
    world.server.misbehave(lie=lie)
    with pytest.raises(ProviderError) as error:
        list(world.connector().people())
    where, message = error.value.where, error.value.message
    assert (where, message) == (
        ("introspect.company_id", "Finch answers for another company.")
        if lie == "other_company"
        else ("directory", "The list changed whenever it was read, or lost a part of it, or told one of it twice.")
    )


def test_one_who_cannot_be_read_keeps_nobody_else_away(world: World) -> None:
    world.change("welder", first_name=None)
    engineer, welder = world.connector().people()
    assert (engineer.provider_id, welder) == (
        world.who("engineer"),
        Unread(world.who("welder"), "individual.responses[1].body.first_name: Expected a text, found null."),
    )


def test_a_first_sync_that_runs_is_no_empty_roster(world: World) -> None:
    world.server.misbehave(faults=[{"status": 202, "path": "/employer/directory"}])
    with pytest.raises(ProviderError) as error:
        list(world.connector().people())
    assert error.value.trouble is Trouble.TRY_AGAIN


def test_a_liar_is_found_out_by_its_totals(world: World) -> None:
    world.server.until(date(2026, 1, 7))
    world.server.misbehave(lies=True)
    ((what, said, added),) = world.connector().payrolls(since="").payrolls[0].differences()
    assert (what, said - added) == ("gross pay", 100)


def test_a_benefit_is_made_once_and_then_people_are_enrolled(world: World) -> None:
    world.server.misbehave(jobs={"looks": 2})
    connector = world.connector()
    both = [connector.push(instruction(world, key)) for key in ("engineer", "welder")]
    assert [each.state for each in both] == [ReceiptState.WAITING] * 2
    states = []
    while any(each.state is ReceiptState.WAITING for each in both):
        both = [connector.acknowledged(Receipt(each.state, job=each.job)) for each in both]
        states.append([each.state for each in both])
        assert len(states) < 10
    assert [each.state for each in both] == [ReceiptState.DONE] * 2
    assert (world.calls("POST", "/employer/benefits"), world.calls("POST", BENEFIT)) == (1, 2)
    (now,) = connector.in_force(person_id=world.who("welder"))
    assert (now.means, now.employee) == (Field.PRE_TAX, Rate(bps=600))


def test_the_next_round_waits_for_the_benefit_that_one_before_began(world: World) -> None:
    world.server.misbehave(jobs={"looks": 5})
    begun = world.connector().push(instruction(world, "engineer"))
    later = world.connector()
    assert later.acknowledged(Receipt(begun.state, job=begun.job)).state is ReceiptState.WAITING
    later.push(instruction(world, "welder"))
    assert world.calls("POST", "/employer/benefits") == 1


def test_a_repeat_changes_nothing_and_a_change_goes_by_version(world: World) -> None:
    defer(world, "engineer")
    first = defer(world, "engineer")
    assert (first.state, world.calls("POST", BENEFIT)) == (ReceiptState.DONE, 1)
    defer(world, "engineer", employee=Rate(bps=800), version=first.version, catch_up=True)
    with pytest.raises(ProviderError) as error:
        defer(world, "engineer", employee=Rate(bps=900), version=first.version)
    assert error.value.trouble is Trouble.CONFLICT
    (now,) = world.connector().in_force(person_id=world.who("engineer"))
    assert (now.employee, now.catch_up) == (Rate(bps=800), True)


def test_five_percent_and_five_dollars_are_told_apart_by_the_type_alone(world: World) -> None:
    defer(world, "engineer", employee=Rate(bps=500))
    defer(world, "welder", employee=Rate(cents=500))
    found = [world.connector().in_force(person_id=world.who(key))[0].employee for key in ("engineer", "welder")]
    assert found == [Rate(bps=500), Rate(cents=500)]


@pytest.mark.parametrize("employer", [Rate(cents=2_500), Rate(bps=300), (Tier(10_000, 300), Tier(5_000, 500))])
def test_what_the_employer_adds_is_read_back_as_it_was_pushed(world: World, employer: Any) -> None:
    defer(world, "engineer", employer=employer, annual_maximum_cents=2_350_000)
    (now,) = world.connector().in_force(person_id=world.who("engineer"))
    assert (now.employer, now.annual_maximum_cents) == (employer, 2_350_000)
    defer(world, "engineer", employer=employer, annual_maximum_cents=2_350_000)
    assert world.calls("POST", BENEFIT) == 1


def test_a_stop_stops_and_can_be_repeated(world: World) -> None:
    defer(world, "engineer")
    for _ in range(2):
        assert defer(world, "engineer", employee=None).state is ReceiptState.DONE
    assert world.calls("DELETE", BENEFIT) == 1
    world.server.until(date(2026, 1, 7))
    assert all(each.withheld == () for each in world.connector().payrolls(since="").payrolls[0].statements)
    assert defer(world, "welder", employee=None).state is ReceiptState.DONE  # nothing there to stop


def test_two_loans_of_one_person_stay_two(world: World) -> None:
    for loan, cents in (("L-1", 10_050), ("L-2", 2_500)):
        defer(world, "engineer", Field.LOAN_PAYMENT, employee=Rate(cents=cents), loan_id=loan)
    world.server.until(date(2026, 1, 7))
    (payroll,) = world.connector().payrolls(since="").payrolls
    lines = [(each.loan_id, each.employee_cents, each.means) for each in payroll.statements[0].withheld]
    assert lines == [("L-1", 10_050, Field.LOAN_PAYMENT), ("L-2", 2_500, Field.LOAN_PAYMENT)]
    defer(world, "engineer", Field.LOAN_PAYMENT, employee=None, loan_id="L-1")
    assert [each.loan_id for each in world.connector().in_force(person_id=world.who("engineer"))] == ["L-2"]


def test_a_loans_name_is_never_cut(world: World) -> None:
    with pytest.raises(ProviderError) as error:
        defer(world, "engineer", Field.LOAN_PAYMENT, employee=Rate(cents=100), loan_id="L" * 18)
    assert error.value.trouble is Trouble.REFUSED


def test_a_job_that_fails_is_a_refusal_with_its_reason(world: World) -> None:
    defer(world, "engineer")
    world.server.misbehave(jobs={"looks": 1, "fail": True})
    receipt = defer(world, "engineer", employee=Rate(bps=700))
    assert (receipt.state, receipt.reason) == (ReceiptState.REFUSED, "Finch could not carry it out.")
    gone = defer(world, "welder", Field.ROTH)  # the job that was to make the benefit
    assert gone.state is ReceiptState.REFUSED


def test_somebody_whom_the_payroll_does_not_know_is_refused_by_the_job(world: World) -> None:
    defer(world, "engineer")
    world.made["people"]["ghost"] = "00000000-0000-0000-0000-000000000000"
    receipt = defer(world, "ghost")
    assert (receipt.state, "404" in receipt.reason) == (ReceiptState.REFUSED, True)


def test_a_lost_answer_is_not_enrolled_twice_and_makes_no_second_benefit_by_itself(world: World) -> None:
    world.server.misbehave(faults=[{"status": 500, "path": "/employer/benefits", "method": "POST", "after_work": True}])
    with pytest.raises(ProviderError) as error:
        world.connector().push(instruction(world, "engineer"))
    assert (error.value.trouble, world.calls("POST", "/employer/benefits")) == (Trouble.TRY_AGAIN, 1)
    assert defer(world, "engineer").state is ReceiptState.DONE
    assert world.calls("POST", "/employer/benefits") == 1


def test_codes_come_with_the_providers_names_and_types(world: World) -> None:
    defer(world, "engineer", employer=(Tier(5_000, 600),))
    world.server.until(date(2026, 1, 7))
    codes = {(each.kind, each.code): (each.means, each.provider_type) for each in world.connector().pay_codes()}
    assert codes == {
        (CodeKind.EARNING, "Regular"): (None, "salary"),
        (CodeKind.DEDUCTION, "401(k)"): (Field.PRE_TAX, "401k"),
        (CodeKind.CONTRIBUTION, "401(k)"): (Field.MATCH, "401k"),
    }


def test_a_lost_connection_is_a_persons_turn(world: World) -> None:
    world.server.tell("/tokens", {"revoke": world.made["company_uuid"]})
    with pytest.raises(ProviderError) as error:
        world.connector().company()
    assert error.value.trouble is Trouble.ASK_A_PERSON
    assert "connects again" in error.value.fix


@pytest.mark.parametrize(
    "fault", [{"status": 503, "times": 3}, {"status": 429, "times": 2, "retry_after": "1"}, {"status": 500, "times": 4}]
)
def test_a_bad_quarter_of_an_hour_is_waited_out(world: World, fault: dict[str, Any]) -> None:
    world.server.until(date(2026, 1, 7))
    world.server.misbehave(faults=[fault])
    assert len(world.connector().payrolls(since="").payrolls) == 1
    assert len(world.paused) == fault["times"]
    assert ("retry_after" not in fault) or world.paused == [timedelta(seconds=1)] * 2


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (400, Trouble.REFUSED),
        (403, Trouble.ASK_A_PERSON),
        (404, Trouble.REFUSED),
        (409, Trouble.CONFLICT),
        (418, Trouble.BUG),
        (422, Trouble.REFUSED),
        (429, Trouble.TRY_AGAIN),
        (500, Trouble.TRY_AGAIN),
        (501, Trouble.REFUSED),
    ],
)
def test_every_error_of_the_client_says_whose_turn_it_is(world: World, status: int, trouble: Trouble) -> None:
    world.server.misbehave(faults=[{"status": status}])
    with pytest.raises(ProviderError) as error:
        world.connector(tries=1).company()
    assert error.value.trouble is trouble


def test_a_provider_that_is_too_slow_or_gone_is_given_up(world: World) -> None:
    world.server.misbehave(faults=[{"status": 0, "delay_ms": 1_500}])
    with pytest.raises(ProviderError) as error:
        world.connector(read_seconds=1, tries=1).company()
    assert (error.value.trouble, error.value.message) == (Trouble.TRY_AGAIN, "No answer: ReadTimeout.")
    world.server = StandIn("http://127.0.0.1:1")
    with pytest.raises(ProviderError) as gone:
        world.connector(tries=2).company()
    assert (gone.value.trouble, gone.value.message) == (Trouble.TRY_AGAIN, "No connection: ConnectError.")


def test_every_route_was_held_against_the_clients_models(world: World) -> None:
    application = finch.Application(CLIENT_ID, CLIENT_SECRET, world.server.url)
    url = httpx.URL(finch.authorize_url(application, redirect_uri="https://here/back", state="s"))
    assert "ssn" in url.params["products"]
    back = httpx.URL(httpx.get(url).headers["location"])
    around = Surroundings(SystemClock(), lambda _: None, SeededRandom(3))
    employer, tokens = finch.connect_by_code(
        application, code=back.params["code"], redirect_uri="https://here/back", around=around
    )
    assert (employer.provider_id, employer.ein, tokens.refresh) == (world.made["company_uuid"], "12-3456789", "")
    with pytest.raises(ProviderError):  # a code works once
        finch.connect_by_code(application, code=back.params["code"], redirect_uri="https://here/back", around=around)
    sent = {"code": httpx.URL(httpx.get(url).headers["location"]).params["code"]}
    sent |= {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    with httpx.Client(transport=world.transport) as client:
        client.post(f"{world.server.url}/auth/token", json=sent)
    defer(world, "engineer")
    defer(world, "engineer", employee=None)
    world.server.until(date(2026, 1, 7))
    connector = world.connector()
    assert connector.company()
    assert list(connector.people())
    assert connector.payrolls(since="").payrolls
    assert connector.pay_codes()
    assert all(world.calls(method, path) for method, path, _, _ in ANSWERS)


def test_without_the_extra_it_says_which_one_is_missing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "finch", None)
    with pytest.raises(Open401kError) as error:
        world.connector()
    assert "open401k[server,payroll]" in str(error.value.fix)


SECRET = base64.b64encode(b"a secret of Finch's").decode()
EVENT = {"company_id": "c-1", "account_id": "a-1", "event_type": "payment.created", "data": {"payment_id": "p-1"}}


def _signed(body: bytes, *, event: str = "e-1", second: str = "1767225600", secret: str = SECRET) -> dict[str, str]:
    made = hmac.digest(base64.b64decode(secret), f"{event}.{second}.".encode() + body, "sha256")
    signature = f"v1,AAAA v1,{base64.b64encode(made).decode()}"
    return {"finch-event-id": event, "finch-timestamp": second, "finch-signature": signature}


def test_a_webhook_is_one_that_finchs_own_client_accepts_too() -> None:
    from finch import Finch

    body = json.dumps(EVENT).encode()
    now = str(int(datetime.now(UTC).timestamp()))
    headers = _signed(body, second=now)
    Finch(access_token="x").webhooks.verify_signature(body, headers, secret=SECRET)
    told = finch.notice(headers=headers, body=body, secret=SECRET)
    assert told is not None
    assert (told.provider_id, told.company_id, told.kind, told.at_seconds) == (
        "e-1",
        "c-1",
        "payment.created",
        int(now),
    )


@pytest.mark.parametrize("second", ["0", "1767225600", "4102444800"])
def test_a_webhook_signed_by_a_clock_that_is_wrong_is_heard_since_its_id_makes_a_repeat_no_news(second: str) -> None:
    body = json.dumps(EVENT).encode()
    told = finch.notice(headers=_signed(body, second=second), body=body, secret=SECRET)
    assert told is not None
    assert (told.provider_id, told.at_seconds) == ("e-1", int(second))


@pytest.mark.parametrize("wrong", ["body", "secret", "event", "second", "none", "no secret", "not base64", "not ascii"])
def test_a_webhook_without_its_signature_is_nothing(wrong: str) -> None:
    body = json.dumps(EVENT).encode()
    good = _signed(body)
    tries: Mapping[str, tuple[dict[str, str], bytes, str]] = {
        "body": (good, body.replace(b"p-1", b"p-2"), SECRET),
        "secret": (good, body, base64.b64encode(b"another").decode()),
        "event": ({**good, "finch-event-id": "e-2"}, body, SECRET),
        "second": ({**good, "finch-timestamp": "1767225601"}, body, SECRET),
        "none": ({}, body, SECRET),
        "no secret": (_signed(body, secret=""), body, ""),
        "not base64": (good, body, "é!"),
        "not ascii": ({**good, "finch-signature": "é" * 64}, body, SECRET),
    }
    headers, altered, secret = tries[wrong]
    assert finch.notice(headers=headers, body=altered, secret=secret) is None


def test_a_match_changes_the_companys_contribution_and_nothing_else(world: World) -> None:
    defer(world, "engineer", employee=Rate(bps=600), catch_up=True)
    how: dict[str, Any] = {"employee": None, "loan_id": "pre_tax"}
    for _ in range(2):
        assert defer(world, "engineer", Field.MATCH, employer=Rate(cents=12_345), **how).state is ReceiptState.DONE
    assert world.calls("POST", BENEFIT) == 2
    (now,) = world.connector().in_force(person_id=world.who("engineer"))
    assert (now.employee, now.employer, now.catch_up) == (Rate(bps=600), Rate(cents=12_345), True)
    defer(world, "engineer", employee=Rate(bps=700))
    (now,) = world.connector().in_force(person_id=world.who("engineer"))
    assert (now.employee, now.employer) == (Rate(bps=700), Rate(cents=12_345))
    assert defer(world, "engineer", Field.MATCH, **how).state is ReceiptState.DONE
    (now,) = world.connector().in_force(person_id=world.who("engineer"))
    assert (now.employee, now.employer) == (Rate(bps=700), Rate(cents=0))
    refused = defer(world, "welder", Field.MATCH, employer=Rate(cents=1), **how)
    assert (refused.state, "no pre_tax deduction" in refused.reason) == (ReceiptState.REFUSED, True)
    assert defer(world, "welder", Field.MATCH, **how).state is ReceiptState.DONE
