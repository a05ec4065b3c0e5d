"""The API of a node: who may ask what, once per key, from a wish to signed terms, and who is told of it."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient
from tests.rails.node.conftest import NewDatabase, another_database, migrated  # noqa: F401 (fixtures)
from tests.rails.node.deal_nodes import PARTICIPANT, PARTS
from tests.rails.node.halves import PAPER, receiving, releasing
from tests.rails.node.processes import NodeProcess, network
from tests.rails.node.test_erasing import rows_of
from tests.rails.preflight_facts import TODAY
from tests.rails.test_passkeys import PASSKEY, asserted
from tests.rails.world import founded

from open401k.base.faults import Stopped, stopping_at
from open401k.base.webhooks import Answer
from open401k.base.webhooks.signing import SECRET_BYTES, headers_of
from open401k.doors.node.api import EVENTS, LISTENERS, OPERATIONS
from open401k.doors.node.desk import Doors
from open401k.doors.node.for_pages import NodePages
from open401k.doors.node.http import create_node_app
from open401k.doors.node.provided import Act, CaseDetail, CasesAsked, NewKey, Signed, Signing
from open401k.doors.node.retention_api import RETENTION
from open401k.doors.node.signatures_api import SIGNATURES
from open401k.doors.node.voters_api import VOTERS
from open401k.kernel import FixedClock, SystemRandom
from open401k.rails.messages import attestation_hash, election_hash
from open401k.rails.node.cases import State, Way
from open401k.rails.node.codec import told
from open401k.rails.node.erasing import erase
from open401k.rails.node.hooks import Hooks, Telling
from open401k.rails.node.papers import MOST_BYTES, Paper
from open401k.rails.node.post import PLACE, Carried, Receiving, Sending
from open401k.rails.node.report import Pile, listed
from open401k.rails.node.staff import DAY, Role
from open401k.rails.node.taking_back import TakeBack

NOON = int(datetime(TODAY.year, TODAY.month, TODAY.day, 15, tzinfo=UTC).timestamp())
KNOWN = {"case": "rlv_none", "webhook": "whk_none", "role": "spouse", "code": "662", "digest": "00" * 32}


@dataclass
class Side:
    """One custodian's doors, asked in this process."""

    doors: Doors
    client: TestClient
    tokens: dict[Role, str] = field(default_factory=dict)
    keys: int = 0

    def __call__(
        self, method: str, path: str, body: Any = None, *, role: Role = Role.OPERATOR, key: str | None = None
    ) -> Any:  # fmt: skip
        self.keys += 1
        headers = {"authorization": f"Bearer {self.tokens[role]}", "idempotency-key": key or f"key {self.keys}"}
        return self.client.request(method, path, json=body, headers=headers)


@dataclass
class Hand:
    """Brings a letter without a network."""

    receiving: Receiving

    def __call__(self, url: str, sealed: bytes) -> Carried:
        return Carried(self.receiving.answer(sealed)[1])


@dataclass
class Both:
    source: Side
    receiver: Side
    nodes: list[NodeProcess]

    def carry(self) -> None:
        """Letters go to and fro until there is none."""
        for from_, to in ((self.source, self.receiver), (self.receiver, self.source)) * 2:
            post: Sending = from_.doors.office.sending()
            post.carry = Hand(to.doors.office.receiving())
            post.once(at=0.0)


@pytest.fixture
def both(another_database: NewDatabase, tmp_path: Path) -> Iterator[Both]:  # noqa: F811
    with ExitStack() as stack:
        world = founded()
        net = stack.enter_context(network(world, another_database, tmp_path, attests="receiver"))
        world.clock.now = NOON
        sides = []
        for node in net.nodes:
            node.now = NOON
            office = stack.enter_context(node.office())
            doors = Doors(office, lambda: None, dict, development=True)
            side = Side(doors, TestClient(create_node_app(doors, office.receiving())))
            for role in Role:
                side.tokens[role] = doors.entrances.add(f"the {role}", role, days=1, at=NOON).secret
            sides.append(side)
        yield Both(sides[0], sides[1], net.nodes)


def test_everyone_else_is_kept_out_of_every_route(both: Both) -> None:
    side, entrances = both.receiver, both.receiver.doors.entrances
    revoked, over = (entrances.add("gone", Role.OPERATOR, days=1, at=at) for at in (NOON, NOON - 2 * DAY))
    entrances.revoke(revoked.token.token_id, at=NOON)
    listed = {(each.method, each.path): each.roles for each in (*OPERATIONS, *VOTERS, *RETENTION, *SIGNATURES)} | {
        ("GET", EVENTS): LISTENERS
    }
    app = create_node_app(side.doors, side.doors.office.receiving())
    assert {(method, route.path) for route in app.routes if isinstance(route, Route) for method in route.methods or ()
            if method != "HEAD"} == {*listed, ("GET", "/health"), ("POST", PLACE)}  # fmt: skip
    for (method, path), roles in listed.items():
        at = path.format(**KNOWN)
        for secret in ("", "nonsense", revoked.secret, over.secret):
            answer = side.client.request(method, at, headers={"authorization": f"Bearer {secret}"} if secret else {})
            assert (answer.status_code, answer.json()["code"]) in ((401, "unauthenticated"), (429, "too_many_failures"))
        for role in set(Role) - roles:
            assert side(method, at, {}, role=role).status_code == 403, (method, path, role)
        for role in roles if path != EVENTS else ():
            assert side(method, at, {}, role=role).status_code not in (401, 403, 500), (method, path, role)


def test_a_post_wants_a_key_and_is_done_once(both: Both) -> None:
    side = both.receiver
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    bare = side.client.post("/v1/rollovers", json=body, headers={"authorization": f"Bearer {side.tokens[Role.SYSTEM]}"})
    assert (bare.status_code, bare.json()["code"]) == (400, "idempotency_key_missing")
    first = side("POST", "/v1/rollovers", body, key="one")
    again = side("POST", "/v1/rollovers", body, key="one")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = side("POST", "/v1/rollovers", body | {"source": "22" * 20}, key="one")
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    assert len(side("GET", "/v1/rollovers", role=Role.AUDITOR).json()["rollovers"]) == 1
    second = side("POST", "/v1/rollovers", body, key="two").json()["case"]
    files = side.doors.process.files
    newest = listed(files, Pile.OURS, list(State), begins="", before=None, limit=1)
    assert (newest.cases, newest.total) == ((second,), 2)
    older = listed(files, Pile.OURS, list(State), begins="rlv", before=newest.older, limit=1)
    assert (older.cases, older.older, older.total) == ((first.json()["case"],), None, 2)
    assert listed(files, Pile.OPEN, list(State), begins="", before=None, limit=1).total == 0


def test_one_leads_and_another_joins_by_a_code(both: Both) -> None:
    side, source = both.receiver, both.nodes[0].identity.member.hex()
    half = told(replace(_receiving(both), key=None))
    led = side("POST", "/v1/rollovers", {"source": source, "receiving": half, "receivers": ["33" * 20]}).json()["case"]
    ((member, code),) = side("GET", f"/v1/rollovers/{led}/codes").json()["codes"].items()
    assert (member, len(code.replace("-", ""))) == ("33" * 20, 68)
    assert side("GET", f"/v1/rollovers/{led}", role=Role.AUDITOR).json()["receivers"] == 2
    body = {"source": source, "code": "44" * 32, "receiving": half}
    case = side("POST", "/v1/rollovers/join", body, key="join").json()["case"]
    assert side("POST", "/v1/rollovers/join", body, key="join").json()["case"] == case
    shown = side("GET", f"/v1/rollovers/{case}").json()
    assert (shown["place"], shown["reference"], shown["state"]) == (1, "44" * 32, "data_requested")
    assert side("GET", f"/v1/rollovers/{case}/codes").json() == {"codes": {}}
    both.carry()  # the source does not know the code: the letter waits for who leads
    assert [each["receivers"] for each in both.source("GET", "/v1/rollovers").json()["rollovers"]] == [2]
    for wrong, pointer in (({"code": "44"}, "/code"), ({"source": "1"}, "/source")):
        assert side("POST", "/v1/rollovers/join", body | wrong).json()["errors"][0]["pointer"] == pointer
    for receivers in ("none", ["33"], ["33" * 20] * 2):
        ask = {"source": source, "receiving": half, "receivers": receivers}
        assert side("POST", "/v1/rollovers", ask).status_code == 422


def put_explanation(side: Side, case: str, paper: Paper, **other: object) -> Any:
    """The document of a case, as a custodian's system puts it."""
    content = b64encode(paper.content).decode()
    body = {"title": paper.title, "version": paper.version, "media": paper.media, "content": content}
    return side("PUT", f"/v1/rollovers/{case}/explanation", body | other, role=Role.SYSTEM)


def test_an_explanation_that_is_not_the_one_of_the_facts_is_refused(both: Both) -> None:
    source, receiver = both.source, both.receiver
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    case = receiver("POST", "/v1/rollovers", body).json()["case"]
    both.carry()
    (theirs,) = (each["case"] for each in source("GET", "/v1/rollovers").json()["rollovers"])
    assert put_explanation(receiver, case, PAPER).json()["code"] == "not_now"  # it is the source's to give
    early = put_explanation(source, theirs, PAPER).json()
    assert (early["code"], PAPER.fingerprint.hex() in early["detail"]) == ("not_now", True)
    source("PUT", f"/v1/rollovers/{theirs}/facts", told(releasing(*PARTS)))
    wrong: tuple[tuple[dict[str, object], str], ...] = (
        ({"content": b64encode(b"another").decode()}, "and the facts name"),
        ({"content": b64encode(bytes(MOST_BYTES + 3)).decode()}, "larger than 1,000,000 bytes"),
        ({"content": ""}, "is empty"),
        ({"content": "not base64!"}, "base64"),
        ({"content": b64encode(b"<p>Choose.</p>").decode()}, "HTML"),
        ({"content": b64encode(b"\x00").decode()}, "cannot be printed"),
        ({"content": b64encode(b"\xff").decode()}, "UTF-8"),
        ({"media": "application/pdf"}, "begin as a PDF"),
        ({"media": "text/html"}, "is one of"),
        ({"title": " "}, "as people call"),
        ({"more": 1}, "no others"),
    )
    for other, said in wrong:
        answer = put_explanation(source, theirs, PAPER, **other)
        assert (answer.status_code, said in str(answer.json()["errors"])) == (422, True), (other, answer.json())
    assert source("GET", f"/v1/rollovers/{theirs}/explanation").json()["explanation"] is None
    put = put_explanation(source, theirs, PAPER).json()
    assert put == put_explanation(source, theirs, PAPER).json()
    assert put["explanation"]["bytes"] == len(PAPER.content)
    assert put_explanation(source, "rlv_none", PAPER).status_code == 404


def test_whom_to_write_to_is_put_and_never_told(both: Both) -> None:
    side = both.receiver
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    at = f"/v1/rollovers/{side('POST', '/v1/rollovers', body).json()['case']}/mail"
    assert side("GET", at).json() | {"case": ""} == {"case": "", "configured": False, "participant": None, "mails": []}
    for wrong in ({}, {"email": 7}, {"email": "nobody"}, {"email": "a@b.c", "more": 1}):
        answer = side("PUT", at, wrong)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/email")
    put = side("PUT", at, {"email": "maria@example.com"}, role=Role.SYSTEM)
    assert (put.json()["participant"], "maria" in put.text) == ("on", False)
    assert side("POST", f"{at}/came-back", {"why": "maria@example.com is full"}).status_code == 422
    back = side("POST", f"{at}/came-back", {"why": "550 no such user"}, role=Role.SYSTEM)
    assert back.json()["participant"] == "refused"
    (found,) = side("GET", "/v1/exceptions").json()["exceptions"]
    assert (found["code"], found["owner"]) == (665, "operations")
    assert side("PUT", at, {"email": "maria@example.org"}).json()["participant"] == "on"
    assert side("GET", "/v1/exceptions").json()["exceptions"] == []


def test_records_are_held_back_and_not_erased_before_their_time(both: Both) -> None:
    side = both.receiver
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    at = f"/v1/rollovers/{side('POST', '/v1/rollovers', body).json()['case']}"
    found = side("GET", f"{at}/retention", role=Role.AUDITOR).json()
    assert (found["kept_through"], found["on_hold"], found["why_kept"][:7]) == (None, False, "goes on")
    held = side("POST", f"{at}/legal-hold", {"why": "docket 24-cv-1"}).json()
    assert (held["on_hold"], held["acts"][0]["why"]) == (True, "docket 24-cv-1")
    assert side("POST", f"{at}/legal-hold", {"why": " "}).status_code == 422
    assert side("POST", f"{at}/legal-hold", {"why": "x", "ends": 1}).json()["errors"][0]["pointer"] == "/ends"
    assert side("POST", f"{at}/stop", {"code": 501}).status_code == 200
    found = side("POST", f"{at}/erase", {})
    assert (found.status_code, "legal hold" in found.text) == (409, True)
    assert not side("POST", f"{at}/legal-hold", {"why": "dismissed", "ends": True}).json()["on_hold"]
    assert side("POST", f"{at}/legal-hold", {"why": "dismissed", "ends": True}).status_code == 409
    found = side("POST", f"{at}/erase", {})
    assert (found.status_code, "29 USC 1113" in found.text) == (409, True)


def test_what_cannot_be_meant_is_told_by_its_place_and_sizes_are_limited(both: Both) -> None:
    side = both.receiver
    for body, pointer in (
        ([], None),
        ({"receiving": {}}, "/source"),
        ({"source": "11", "receiving": {}}, "/source"),
        ({"source": "11" * 20, "receiving": {"deadline": "soon"}}, "/receiving/deadline"),
        ({"source": "11" * 20, "receiving": {}, "more": 1}, None),
    ):
        answer = side("POST", "/v1/rollovers", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert pointer is None or pointer in [each.get("pointer") for each in answer.json()["errors"]]
    assert side("POST", "/v1/rollovers", {"x": "x" * 600_000}).status_code == 413
    assert side.client.post(PLACE, content=b"x" * 2_100_000).status_code == 413
    refused = side.client.post(PLACE, content=b"hello")
    assert (refused.status_code, refused.json()["code"]) == (400, "not_a_letter")
    assert side.client.get("/nowhere").json()["code"] == "not_found"
    assert side.client.get("/health").json() == {"ok": True, "block": None, "waits_for": []}


def _receiving(both: Both) -> Any:
    return receiving(*PARTS, member=both.nodes[1].identity.member)


def test_from_a_wish_to_exact_terms_by_two_apis(both: Both) -> None:
    source, receiver = both.source, both.receiver
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    case = receiver("POST", "/v1/rollovers", body, role=Role.SYSTEM).json()["case"]
    both.carry()
    (theirs,) = (each["case"] for each in source("GET", "/v1/rollovers").json()["rollovers"])
    wrong = source("PUT", f"/v1/rollovers/{theirs}/facts", told(releasing(*PARTS)) | {"payment_cents": -1})  # type: ignore[operator]
    assert [each["pointer"] for each in wrong.json()["errors"]] == ["/payment_cents"]
    put = source("PUT", f"/v1/rollovers/{theirs}/facts", told(releasing(*PARTS)), role=Role.SYSTEM)
    assert (put.json()["state"], put.json()["reasons"]) == ("prevalidated", [])
    both.carry()
    early = source("POST", f"/v1/rollovers/{theirs}/ready", {})
    assert (early.status_code, early.json()["code"]) == (409, "not_now")
    digest = bytes.fromhex(receiver("GET", f"/v1/rollovers/{case}/election").json()["digest"])
    signed = {"signature": PARTICIPANT.sign(digest).hex()}
    assert receiver("POST", f"/v1/rollovers/{case}/election", signed).json()["state"] == "liquidating"
    both.carry()
    agreed = source("POST", f"/v1/rollovers/{theirs}/ready", {}).json()
    assert agreed["cents"] == 3_800_00
    both.carry()
    shown = receiver("GET", f"/v1/rollovers/{case}", role=Role.AUDITOR).json()
    with both.receiver.doors.process.files.begin() as unit:
        elected = unit.deal(case).elected
    assert elected is not None
    word = elected.attestation
    attested = attestation_hash(elected.election.participant, word)  # what the network takes to revoke it
    assert shown["attestation"] == {"id": f"0x{attested.hex()}", "attestor": f"0x{word.attestor.hex()}"}
    assert (shown["rollover"], shown["state"], shown["peer_name"]) == (agreed["rollover"], "liquidating", "the source")
    assert receiver("POST", f"/v1/rollovers/{case}/stop", {"code": 501}).json()["stop"] == 501
    link = receiver("POST", f"/v1/rollovers/{case}/links", {"days": 30}, key="link")
    assert link.json() == receiver("POST", f"/v1/rollovers/{case}/links", {"days": 30}, key="link").json()
    secret = link.json()["url"].rpartition("/")[2]
    assert receiver.doors.entrances.case_of(secret, at=NOON) == case
    assert receiver.doors.entrances.case_of(secret, at=NOON + 30 * DAY) is None
    assert receiver.doors.entrances.case_of("another", at=NOON) is None
    told_of = asyncio.run(_first(receiver.doors, 3))
    assert [each.state for each in told_of] == ["draft", "data_requested", "prevalidated"]


def test_what_was_not_paid_is_not_asked_back_and_a_half_is_read_strictly(both: Both) -> None:
    side = both.receiver
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    case = side("POST", "/v1/rollovers", body).json()["case"]
    refused = side("POST", f"/v1/rollovers/{case}/return", {"receiving": told(_receiving(both))})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_now")
    assert "the source asks back what it paid" in refused.text
    wrong = side("POST", f"/v1/rollovers/{case}/return", {"receiving": told(_receiving(both)) | {"color": 1}})  # type: ignore[operator]
    assert [each["pointer"] for each in wrong.json()["errors"]] == ["/receiving/color"]
    assert side("POST", "/v1/rollovers/nobody/return", {"receiving": told(_receiving(both))}).status_code == 404
    half = told(releasing(*PARTS))
    assert isinstance(half, dict)
    refused = side("POST", f"/v1/rollovers/{case}/residual", {"releasing": half})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_now")
    wrong = side("POST", f"/v1/rollovers/{case}/residual", {"releasing": half | {"color": 1}})
    assert wrong.json()["errors"][0]["pointer"] == "/releasing/color"
    assert side("POST", "/v1/rollovers/nobody/residual", {"releasing": half}).status_code == 404
    assert side("GET", f"/v1/rollovers/{case}").json()["gives_back"] is None


async def _first(doors: Doors, number: int) -> list[Any]:
    found: list[Any] = []
    async for each in doors.happenings.stream(None, after=0):
        found.append(each)
        if len(found) == number:
            break
    return found


def test_a_half_that_is_put_under_a_key_is_answered_as_the_first_time(both: Both) -> None:
    source, receiver = both.source, both.receiver
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    receiver("POST", "/v1/rollovers", body)
    both.carry()
    (case,) = (each["case"] for each in source("GET", "/v1/rollovers").json()["rollovers"])
    path, half = f"/v1/rollovers/{case}/facts", told(releasing(*PARTS))
    first = source("PUT", path, half, key="put")
    assert first.json()["state"] == "prevalidated"
    sent = len(_waiting(source))
    other = told(releasing(*PARTS, custodian="The Older Company"))
    assert source("PUT", path, other, key="put").status_code == 409
    assert source("PUT", path, other, key="newer").status_code == 200
    again = source("PUT", path, half, key="put")  # sent again by who did not hear the answer: it undoes nothing
    assert (again.status_code, again.json()) == (200, first.json())
    assert source("GET", path).json()["releasing"]["custodian"] == "The Older Company"
    assert len(_waiting(source)) == sent + 1


def test_no_table_holds_the_reference_after_erasure_where_halves_were_put_under_a_key(both: Both) -> None:
    source, receiver = both.source, both.receiver
    receiver(
        "POST", "/v1/rollovers", {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    )
    both.carry()
    (case,) = (each["case"] for each in source("GET", "/v1/rollovers").json()["rollovers"])
    path, half = f"/v1/rollovers/{case}", told(releasing(*PARTS))
    reference = source("PUT", f"{path}/facts", half, key="put").json()["reference"]
    assert source("POST", f"{path}/stop", {"code": 501}).status_code == 200
    both.carry()
    files = source.doors.process.files
    shown = (reference.encode(), bytes.fromhex(reference))

    def found() -> set[str]:
        return {name for name, row in rows_of(files.url) if any(form in row for form in shown)}

    assert "deal" in found()
    with files.begin() as unit:
        assert erase(unit, case, by="records desk", on=date(2060, 1, 1), at=NOON, more_years=0)
    assert found() == set()
    again = source("PUT", f"{path}/facts", half, key="put").json()  # how it stands now
    assert (again["state"], again["reference"] == reference) == ("released", False)


def _waiting(side: Side) -> list[Any]:
    with side.doors.process.files.begin() as unit:
        return list(unit.letters_out())


def test_webhooks_are_signed_in_order_and_sent_until_they_are_taken(both: Both) -> None:
    side, clock = both.receiver, FixedClock(datetime.fromtimestamp(NOON, UTC))
    made = side("POST", "/v1/webhooks", {"url": "http://localhost:1/hook"})
    assert made.status_code == 201
    assert side("POST", "/v1/webhooks", {"url": "ftp://example.com"}).status_code == 422
    again = side("POST", "/v1/webhooks", {"url": "http://localhost:1/hook"}, key="key 1")
    assert (again.status_code, again.json()) == (201, made.json())  # to who made it, its secret too
    other = side("POST", "/v1/webhooks", {"url": "http://localhost:1/hook"})
    assert (other.status_code, "secret" in other.json()) == (200, False)
    assert side("POST", "/v1/webhooks", {"url": "http://localhost:2/hook"}, key="key 1").status_code == 409
    with side.doors.process.files.connected() as conn:
        (kept,) = conn.execute("select answer::text from node.answered where key = 'key 1'").fetchone() or ("",)
    assert "secret" not in kept
    sent: list[tuple[Mapping[str, str], bytes]] = []
    answers = [Answer(500), Answer(200), Answer(200)]

    def send(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        sent.append((headers, body))
        return answers.pop(0)

    telling = Telling(side.doors.hooks, side.doors.process.files, send, clock)
    telling.once(at=0)
    assert sent == []  # nothing happened since it was made
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    case = side("POST", "/v1/rollovers", body).json()["case"]
    telling.once(at=0)
    telling.once(at=0)
    assert len(sent) == 1  # it failed, and its time has not come
    clock.advance(timedelta(seconds=5))
    telling.once(at=0)
    telling.once(at=0)
    assert sent[0][1] == sent[1][1]
    assert b'"rollover.draft"' in sent[1][1]
    assert b'"rollover.data_requested"' in sent[2][1]
    assert case.encode() in sent[2][1]
    secret = side.doors.process.vault.needed(f"webhook/{made.json()['webhook']}")
    assert sent[2][0] == headers_of(sent[2][0]["webhook-id"], sent[2][1], at=clock.now(), secrets=[secret])
    hook = side("GET", "/v1/webhooks").json()["webhooks"][0]
    assert (hook["state"], hook["failures"], "secret" in hook) == ("active", 0, False)
    at = f"/v1/webhooks/{hook['webhook']}"
    fresh = side("POST", f"{at}/rotate", {}, key="anew").json()["secret"]
    assert fresh == side("POST", f"{at}/rotate", {}, key="anew").json()["secret"] != made.json()["secret"]
    answers += [Answer(503), Answer(200), Answer(200)]
    side("POST", "/v1/rollovers", body)
    telling.once(at=0)
    newer = side.doors.process.vault.needed(f"webhook/{hook['webhook']}")
    expected = headers_of(sent[3][0]["webhook-id"], sent[3][1], at=clock.now(), secrets=[newer, secret])
    assert sent[3][0] == expected  # by both, for a day
    assert side("POST", f"{at}/rotate", {}, key="anew still").status_code == 200
    thrice = side.doors.hooks.secrets(hook["webhook"], at=int(clock.now().timestamp()))
    assert thrice[1:] == [newer, secret]  # made anew once more, it drops none that signs yet
    newer = thrice[0]
    assert side("POST", f"{at}/resume", {}).json()["failures"] == 0
    clock.advance(timedelta(days=1))
    telling.once(at=0)  # at once
    expected = headers_of(sent[4][0]["webhook-id"], sent[4][1], at=clock.now(), secrets=[newer])
    assert (sent[4][0], sent[4][1]) == (expected, sent[3][1])
    assert side("POST", "/v1/webhooks/whk_none/rotate", {}).status_code == 404
    assert side("DELETE", f"/v1/webhooks/{hook['webhook']}").status_code == 200
    assert side("DELETE", f"/v1/webhooks/{hook['webhook']}").status_code == 404
    assert side("GET", "/v1/webhooks").json() == {"webhooks": []}


def test_a_secret_that_is_made_anew_while_it_is_read_still_signs() -> None:
    old, new = b"o" * SECRET_BYTES, b"n" * SECRET_BYTES
    kept = {"webhook/x": old}

    def found(name: str) -> bytes | None:
        read = kept.get(name)
        kept.update({"webhook/x": new, "webhook-before/x": (NOON + 60).to_bytes(8, "big") + old})
        return read

    hooks = Hooks(cast("Any", None), cast("Any", SimpleNamespace(found=found, needed=found)), SystemRandom())
    assert old in hooks.secrets("x", at=NOON)


def test_a_participant_signs_on_the_pages_and_a_desk_acts_in_the_console(both: Both) -> None:
    source, receiver = both.source, both.receiver
    pages, there = NodePages(receiver.doors), NodePages(source.doors)
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(replace(_receiving(both), key=None))}
    case = receiver("POST", "/v1/rollovers", body).json()["case"]
    link = receiver("POST", f"/v1/rollovers/{case}/links", {"days": 30}).json()["url"].rpartition("/")[2]
    both.carry()
    (theirs,) = (each.case for each in there.cases(CasesAsked(Pile.OURS)).lines)
    source("PUT", f"/v1/rollovers/{theirs}/facts", told(releasing(*PARTS)))
    both.carry()
    assert pages.explanation(link) is None
    put_explanation(source, theirs, PAPER)
    both.carry()
    assert pages.followed("another") is None
    assert pages.explanation("another") is None
    assert pages.to_sign(link) is None
    shown = pages.followed(link)
    assert shown
    assert (shown.signing, shown.parts) == (Signing.KEY_NEEDED, PARTS)
    key = NewKey(PASSKEY, b"credential", "I agree")
    with stopping_at("pages.before_key_commit"), pytest.raises(Stopped):
        pages.keep_key(link, key)
    again = pages.followed(link)
    assert again
    assert again.signing is Signing.KEY_NEEDED  # key and credential, or neither
    assert pages.keep_key(link, key) is None
    both.carry()
    to_sign = pages.to_sign(link)
    assert to_sign
    assert (to_sign.passkey, to_sign.known.source_account) == (PASSKEY, "account ending in urce")
    digest = to_sign.domain.digest(election_hash(to_sign.election))
    assert (to_sign.paper, to_sign.is_read) == (PAPER, False)
    unread = pages.sign(link, Signed(digest, asserted(digest), "words"))
    assert unread
    assert "was not opened yet" in unread.reason
    assert pages.explanation(link) == pages.explanation(link) == PAPER
    to_sign = replace(to_sign, is_read=True)
    told_of = receiver("GET", f"/v1/rollovers/{case}/explanation", role=Role.AUDITOR).json()["explanation"]
    assert (told_of["shown_at"], told_of["hash"]) == (NOON, PAPER.fingerprint.hex())
    refused = pages.sign(link, Signed(b"x" * 32, asserted(digest), "words"))
    assert refused
    assert "changed since" in refused.reason
    with stopping_at("pages.before_signature_commit"), pytest.raises(Stopped):
        pages.sign(link, Signed(digest, asserted(digest), "words"))
    assert pages.to_sign(link) == to_sign
    assert pages.sign(link, Signed(digest, asserted(digest), "words")) is None
    assert pages.sign(link, Signed(digest, asserted(digest), "words")) is None
    both.carry()
    signed = pages.followed(link)
    assert signed
    assert (signed.signing, signed.seen.source.state) == (Signing.SIGNED, "liquidating")
    assert set(signed.takes_back) == {TakeBack.MOVE, TakeBack.SCREEN}
    receiver("PUT", f"/v1/rollovers/{case}/mail", {"email": "maria@example.com"})
    at = f"/v1/rollovers/{case}/take-back"
    assert receiver("POST", at, {"what": "all"}).json()["errors"][0]["pointer"] == "/what"
    assert receiver("POST", at, {"what": "mail"}).status_code == 200
    assert receiver("GET", f"/v1/rollovers/{case}/mail").json()["participant"] == "stopped"
    assert pages.take_back(link, TakeBack.SCREEN) is None
    assert pages.take_back("another", TakeBack.MOVE)
    assert [each.waiting.raised.code for each in pages.exceptions()] == [266]
    assert receiver("POST", f"/v1/rollovers/{case}/paper-sent").status_code == 200
    assert pages.exceptions() == []
    staff = pages.staff(receiver.tokens[Role.OPERATOR])
    assert staff
    assert pages.staff("another") is None
    assert pages.stop(staff, case, code=501, key="k") is None
    assert pages.stop(staff, case, code=501, key="k") is None
    assert pages.stop(staff, case, code=502, key="k")  # the key is on file with another request
    detail = pages.case(case)
    assert detail
    assert (detail.line.state, detail.acts) == ("released", (Act.AGAIN, Act.OFF_RAIL))
    assert pages.again(staff, case, key="a") is None
    again_as = _shown(pages, case).again_as or ""
    assert _shown(pages, case).acts == ()  # the one that followed moves the money, or is closed
    assert f"last as case {again_as}" in _shown(pages, case).moves_otherwise
    assert pages.stop(staff, again_as, code=501, key="s") is None
    assert _shown(pages, again_as).acts == (Act.AGAIN, Act.OFF_RAIL)
    case = again_as
    assert pages.off_rail(staff, case, way=Way.WIRE, reference=" ", key="w")
    assert pages.off_rail(staff, case, way=Way.WIRE, reference="wire 7", key="w") is None
    off = pages.case(case)
    assert off
    assert (off.line.state, off.off_rail) == ("off_rail", (Way.WIRE, "wire 7"))
    assert pages.case("none") is None
    assert pages.exceptions() == []
    both.carry()
    assert there.cases(CasesAsked(Pile.ENDED)).lines[0].state == "off_rail"
    assert there.cases(CasesAsked(Pile.ENDED, begins="other")).total == 0


def _shown(pages: NodePages, case: str) -> CaseDetail:
    found = pages.case(case)
    assert found
    return found
