"""HTTP to a provider: what is tried again, what is waited for, what goes to a person."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest
from tests.support.standin import HeldTokens

from open401k.kernel import FixedClock, SeededRandom
from open401k.payroll import providers
from open401k.payroll.providers import Client, Patience, ProviderError, Surroundings, Tokens, Trouble

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
FRESH = Tokens("access-1", "refresh-1", NOON + timedelta(hours=2))


@dataclass
class World:
    """A provider that answers as it was told to, in order."""

    answers: Sequence[httpx2.Response | Exception]
    keeper: HeldTokens = field(default_factory=lambda: HeldTokens(FRESH))
    asked: list[httpx2.Request] = field(default_factory=list)
    paused: list[timedelta] = field(default_factory=list)
    takes: timedelta = timedelta(0)  # each answer

    def client(self, patience: Patience | None = None) -> Client:
        clock = FixedClock(NOON)

        def answer(request: httpx2.Request) -> httpx2.Response:
            self.asked.append(request)
            clock.advance(self.takes)
            said = self.answers[len(self.asked) - 1]
            if isinstance(said, Exception):
                raise said
            return said

        around = Surroundings(
            clock, self.paused.append, SeededRandom(1), httpx2.MockTransport(answer), patience or Patience()
        )
        return Client(base_url="https://provider.test", headers={}, tokens=self.keeper, refresh=_refresh, around=around)


def _refresh(client: Client, used: Tokens) -> Tokens:
    said = client.send_openly("/oauth/token", {"refresh_token": used.refresh}).told
    return Tokens(said.text("access_token"), said.text("refresh_token"), NOON + timedelta(hours=2))


def ok(body: Any = None) -> httpx2.Response:
    return httpx2.Response(200, content=json.dumps(body if body is not None else {"ok": True}))


def status(code: int, **headers: str) -> httpx2.Response:
    return httpx2.Response(code, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_an_outage_is_waited_for_longer_each_time_and_not_for_ever() -> None:
    world = World([status(503)] * 5)
    with pytest.raises(ProviderError) as error:
        world.client().get("/v1/companies/1")
    assert error.value.trouble is Trouble.TRY_AGAIN
    assert len(world.asked) == 5
    halves = [timedelta(milliseconds=250 * 2**n) for n in range(4)]
    assert all(half <= waited <= half * 2 for half, waited in zip(halves, world.paused, strict=True))


def test_one_that_hangs_is_given_up_as_a_whole_and_not_by_each_try() -> None:
    world = World([httpx2.ReadTimeout("slow")] * 5, takes=timedelta(seconds=60))
    with pytest.raises(ProviderError) as error:
        world.client().get("/v1/companies/1")
    assert (error.value.trouble, len(world.asked)) == (Trouble.TRY_AGAIN, 2)


def test_a_short_outage_is_not_noticed() -> None:
    world = World([status(502), httpx2.ConnectError("refused"), httpx2.ReadTimeout("slow"), ok()])
    assert world.client().get("/v1/companies/1").told.flag("ok")


@pytest.mark.parametrize(
    ("said", "waited"),
    [
        ("7", timedelta(seconds=7)),
        (format_datetime(NOON + timedelta(seconds=9), usegmt=True), timedelta(seconds=9)),
        (format_datetime(NOON - timedelta(seconds=9), usegmt=True), timedelta(0)),
    ],
)
def test_a_throttled_request_comes_back_when_the_provider_says(said: str, waited: timedelta) -> None:
    world = World([status(429, retry_after=said), ok()])
    assert world.client().get("/v1/companies/1").told.flag("ok")
    if waited:
        assert world.paused == [waited]


def test_a_long_wait_is_left_to_the_next_pull() -> None:
    world = World([status(429, retry_after="3600")])
    with pytest.raises(ProviderError) as error:
        world.client().get("/v1/companies/1")
    assert error.value.retry_after == timedelta(hours=1)
    assert world.paused == []


def test_data_that_is_still_gathered_is_no_answer() -> None:
    world = World([status(202)])
    with pytest.raises(ProviderError) as error:
        world.client().get("/v1/payrolls")
    assert (error.value.trouble, error.value.retry_after) == (Trouble.TRY_AGAIN, timedelta(minutes=5))


@pytest.mark.parametrize("fault", [httpx2.ReadTimeout("slow"), httpx2.RemoteProtocolError("cut"), status(500)])
def test_what_makes_something_new_is_not_sent_twice_when_nobody_knows_whether_it_was_done(
    fault: httpx2.Response | Exception,
) -> None:
    world = World([fault, ok()])
    with pytest.raises(ProviderError) as error:
        world.client().send("POST", "/v1/employee_benefits", {})
    assert error.value.trouble is Trouble.TRY_AGAIN
    assert len(world.asked) == 1


@pytest.mark.parametrize("fault", [httpx2.ConnectError("refused"), status(429), status(503)])
def test_what_never_arrived_is_sent_again(fault: httpx2.Response | Exception) -> None:
    world = World([fault, ok()])
    assert world.client().send("POST", "/v1/employee_benefits", {}).told.flag("ok")


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        (400, Trouble.REFUSED),
        (403, Trouble.ASK_A_PERSON),
        (404, Trouble.REFUSED),
        (409, Trouble.CONFLICT),
        (422, Trouble.REFUSED),
        (301, Trouble.BUG),
        (418, Trouble.BUG),
    ],
)
def test_an_answer_says_whose_turn_it_is(code: int, trouble: Trouble) -> None:
    world = World([status(code)])
    with pytest.raises(ProviderError) as error:
        world.client().get("/v1/companies/1")
    assert error.value.trouble is trouble
    assert len(world.asked) == 1


def test_expired_tokens_are_renewed_before_they_are_used() -> None:
    granted = {"access_token": "access-2", "refresh_token": "refresh-2"}
    world = World([ok(granted), ok()], HeldTokens(Tokens("access-1", "refresh-1", NOON)))
    world.client().get("/v1/companies/1")
    assert [request.headers.get("authorization") for request in world.asked] == [None, "Bearer access-2"]
    assert json.loads(world.asked[0].content) == {"refresh_token": "refresh-1"}
    assert world.keeper.tokens.refresh == "refresh-2"


def test_tokens_the_provider_forgot_are_renewed_once() -> None:
    granted = {"access_token": "access-2", "refresh_token": "refresh-2"}
    world = World([status(401), ok(granted), ok()])
    assert world.client().get("/v1/companies/1").told.flag("ok")


def test_somebody_elses_renewal_is_used() -> None:
    world = World([status(401), ok()])
    client = world.client()
    used = world.keeper.current
    calls: list[Tokens] = []

    def current() -> Tokens:
        calls.append(used())
        world.keeper.tokens = Tokens("access-9", "refresh-9", NOON + timedelta(hours=2))  # another process, meanwhile
        return calls[0]

    world.keeper.current = current  # type: ignore[method-assign]
    assert client.get("/v1/companies/1").told.flag("ok")
    assert world.keeper.renewals == 0
    assert world.asked[1].headers["authorization"] == "Bearer access-9"


def test_a_revoked_authorization_goes_to_a_person() -> None:
    world = World([status(401), status(401)])
    with pytest.raises(ProviderError) as error:
        world.client().get("/v1/companies/1")
    assert error.value.trouble is Trouble.ASK_A_PERSON
    assert "connects again" in error.value.fix


def test_a_fresh_token_that_is_refused_goes_to_a_person() -> None:
    granted = {"access_token": "access-2", "refresh_token": "refresh-2"}
    world = World([status(401), ok(granted), status(401)])
    with pytest.raises(ProviderError) as error:
        world.client().get("/v1/companies/1")
    assert error.value.trouble is Trouble.ASK_A_PERSON
    assert world.keeper.renewals == 1


def test_pages_are_read_to_the_end() -> None:
    world = World([ok([1, 2]), ok([3, 4]), ok([5])])
    assert [each.value for each in world.client().pages("/v1/employees", {"a": "b"}, per=2)] == [1, 2, 3, 4, 5]
    assert [str(request.url.query, "ascii") for request in world.asked] == [
        "a=b&page=1&per=2",
        "a=b&page=2&per=2",
        "a=b&page=3&per=2",
    ]


def counted(found: list[int], count: int) -> httpx2.Response:
    return httpx2.Response(200, content=json.dumps(found), headers={"x-total-count": str(count)})


def test_a_list_that_changes_while_it_is_read_is_read_anew() -> None:
    # 2 is deleted after the first page, so that 3 moves to it and would be missed.
    world = World([counted([1, 2], 3), counted([], 2), counted([1, 3], 2), counted([], 2)])
    assert [each.value for each in world.client().pages("/v1/payrolls", {}, per=2)] == [1, 3]
    assert len(world.asked) == 4
    restless = World([counted([1, 2], 3), counted([3], 4)] * 3)
    with pytest.raises(ProviderError) as error:
        list(restless.client(Patience(tries=3)).pages("/v1/payrolls", {}, per=2))
    assert error.value.trouble is Trouble.TRY_AGAIN


@pytest.mark.parametrize("told", [[[1, 2], [3, 4], []], [[1, 2], [1, 2], [5]]])
def test_a_list_that_lost_a_page_or_tells_one_twice_is_not_taken(told: list[list[int]]) -> None:
    world = World([counted(page, 5) for _ in range(2) for page in told])
    with pytest.raises(ProviderError) as error:
        list(world.client(Patience(tries=2)).pages("/v1/employees", {}, per=2))
    assert (error.value.trouble, "lost a part of it" in error.value.message) == (Trouble.TRY_AGAIN, True)


def test_a_list_whose_page_comes_again_and_again_is_not_read_for_ever() -> None:
    world = World([ok([1, 2])] * 4)
    with pytest.raises(ProviderError) as error:
        list(world.client(Patience(tries=2)).pages("/v1/employees", {}, per=2))
    assert (error.value.trouble, len(world.asked)) == (Trouble.TRY_AGAIN, 4)


class Endless(httpx2.SyncByteStream):
    """An answer that goes on; ``each``: what happens between two parts of it."""

    def __init__(self, part: bytes, each: Callable[[], object]) -> None:
        self.part, self.each = part, each

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.each()
            yield self.part


@pytest.mark.parametrize(
    ("part", "takes", "said"),
    [(b" " * 2**20, timedelta(0), "too large"), (b" ", timedelta(seconds=30), "did not end")],
)
def test_an_answer_that_does_not_end_is_given_up(part: bytes, takes: timedelta, said: str) -> None:
    clock = FixedClock(NOON)
    endless = Endless(part, lambda: clock.advance(takes))
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, stream=endless))
    around = Surroundings(clock, lambda _: None, SeededRandom(1), transport, Patience(tries=1))
    client = Client(
        base_url="https://provider.test", headers={}, tokens=HeldTokens(FRESH), refresh=_refresh, around=around
    )
    with pytest.raises(ProviderError, match=said):
        client.get("/v1/companies/1")


def damaged() -> httpx2.Response:
    """An answer that says that it is packed, and is not, or was cut off inside."""
    return httpx2.Response(200, stream=Whole(b"\x1f\x8b\x08 cut"), headers={"content-encoding": "gzip"})


class Whole(httpx2.SyncByteStream):
    """Bytes as they come over the wire."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self.content


def test_a_packed_answer_that_cannot_be_unpacked_is_asked_for_again_and_never_sent_twice() -> None:
    assert World([damaged(), ok()]).client().get("/v1/companies/1").told.flag("ok")
    with pytest.raises(ProviderError, match="DecodingError") as error:
        World([damaged(), ok()]).client().send("POST", "/v1/employee_benefits", {})
    assert error.value.trouble is Trouble.TRY_AGAIN


def test_a_list_that_is_counted_otherwise_is_taken_once_it_is_read_twice_alike() -> None:
    pages = World([counted(page, 2) for _ in range(2) for page in ([1, 2], [3])])  # two pages
    assert [each.value for each in pages.client().pages("/v1/employees", {}, per=2)] == [1, 2, 3]
    other = World([counted(page, 2) for page in ([1, 2], [3], [1, 2], [4], [1, 2], [3])])
    with pytest.raises(ProviderError):
        list(other.client(Patience(tries=3)).pages("/v1/employees", {}, per=2))


def test_an_error_of_the_provider_repeats_nothing_personal() -> None:
    body = {"errors": [{"error_key": "ssn", "category": "invalid_attribute_value", "message": "123-45-6789 is taken"}]}
    world = World([httpx2.Response(422, content=json.dumps(body))])
    with pytest.raises(ProviderError) as error:
        world.client().send("POST", "/v1/employees", {})
    assert error.value.fix == "ssn invalid_attribute_value"
    assert "6789" not in f"{error.value} {error.value.fix}"


def test_tokens_are_not_shown() -> None:
    assert "secret" not in repr(Tokens("secret-1", "secret-2"))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"<html>", "here"),
        (b'{"a": NaN}', "here"),
        (b'{"amount": "12.345"}', "here.amount"),
        (b'{"amount": 12.345}', "here.amount"),
        (b'{"amount": "1E+999999"}', "here.amount"),
        (b'{"amount": "Infinity"}', "here.amount"),
        (b'{"amount": true}', "here.amount"),
        (b'{"amount": "1_000.00"}', "here.amount"),
        (b'{"amount": "12,50"}', "here.amount"),
        ('{"amount": "\uff11\uff12"}'.encode(), "here.amount"),
        (b'{"amount": ""}', "here.amount"),
        (b'{"amount": null}', "here.amount"),
        (b"{}", "here.amount"),
        (b"[]", "here"),
    ],
)
def test_an_odd_answer_is_named_by_its_path(body: bytes, path: str) -> None:
    with pytest.raises(ProviderError) as error:
        providers.decoded(body, where="here").cents("amount")
    assert (error.value.trouble, error.value.where) == (Trouble.BUG, path)


@pytest.mark.parametrize(
    ("body", "cents"),
    [
        (b'{"amount": "1234.50"}', 123_450),
        (b'{"amount": 1234.5}', 123_450),
        (b'{"amount": "-0.01"}', -1),
        (b'{"amount": 2.675000}', None),
        (b'{"amount": 0.29}', 29),  # 28 by way of a float
        (b'{"amount": 1e3}', 100_000),
        (b'{"amount": "999999999999.99"}', 99_999_999_999_999),
        (b'{"amount": "1000000000000.00"}', None),
    ],
)
def test_dollars_are_exact_to_the_cent(body: bytes, cents: int | None) -> None:
    told = providers.decoded(body, where="here")
    if cents is None:
        with pytest.raises(ProviderError):
            told.cents("amount")
    else:
        assert told.cents("amount") == cents


@pytest.mark.parametrize("written", ["2026-02-30", "2026-W01-1", "01/31/2026", "20260131", 20260131, "2026-1-31"])
def test_only_days_are_days(written: object) -> None:
    with pytest.raises(ProviderError) as error:
        providers.decoded(json.dumps({"list": [{"on": written}]}).encode(), where="here").at(
            "list"
        ).items().__next__().day("on")
    assert error.value.where == "here.list[0].on"


@pytest.mark.parametrize("written", ["0001-01-01", "1899-12-31", "3000-01-01", "9999-12-31"])
def test_a_day_that_stands_for_none_is_no_day(written: str) -> None:
    told = providers.decoded(json.dumps({"on": written}).encode(), where="here")
    with pytest.raises(ProviderError, match="1900 to 2999"):
        told.maybe_day("on")


@pytest.mark.parametrize("written", ["a\0b", "\ud800", "x\udfff"])
def test_a_text_that_no_database_takes_is_odd(written: str) -> None:
    told = providers.decoded(json.dumps({"name": written}).encode(), where="here")
    for read in (told.text, told.text_or):
        with pytest.raises(ProviderError, match="characters only") as error:
            read("name")
        assert error.value.where == "here.name"
    assert providers.decoded(b'{"name": "\\ud83d\\ude00"}', where="here").text("name") == "\U0001f600"
