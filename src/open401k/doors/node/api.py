"""The JSON API of a node: rollovers from a wish to their end, for the custodian's systems and staff. Not here: rules.

Answers name cases, states, cents and codes; of a person only what the caller's own systems put in comes back nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from open401k.rails.messages import election_hash
from open401k.rails.node import again as onward
from open401k.rails.node import by_hand, deals, returning
from open401k.rails.node.cases import Way
from open401k.rails.node.codec import BadInputError, Wrong, read, told
from open401k.rails.node.codes import beyond, queue_of, queued
from open401k.rails.node.core import Side
from open401k.rails.node.deal import DealUnit
from open401k.rails.node.halves import Half, ReceivingHalf, ReleasingHalf
from open401k.rails.node.once import Answer
from open401k.rails.node.report import case_ids, newest_event
from open401k.rails.node.shares import code_for, handed_codes
from open401k.rails.node.signed_here import attest_and_elect
from open401k.rails.node.staff import Role, link_for

from ..problems import NOT_FOUND, ProblemError
from . import mail_api, papers_api
from .access import Call, Operation, case_named
from .evidence_api import evidence, paid
from .for_pages import onward_again, onward_rest
from .shown import case_shown, hook_shown

_READ = frozenset(Role)
_FEED = frozenset({Role.OPERATOR, Role.SYSTEM})
_ACT = frozenset({Role.OPERATOR})
_MOST_LISTED = 100
#: Letters of a code without what is added where people hand it over.
_BARE = 64


def ask(call: Call) -> Answer:
    """Somebody asks another custodian for a rollover to us."""
    told_of = _object(call.body, "source", "receiving", receivers=[])
    source = _octets(told_of["source"], 20, "source")
    half = read(ReceivingHalf, told_of["receiving"], at="receiving")
    if not isinstance(told_of["receivers"], list):
        raise BadInputError([Wrong("receivers", "is a list of members")])
    others = [_octets(each, 20, f"receivers[{place}]") for place, each in enumerate(told_of["receivers"])]
    case = f"rlv_{call.doors.process.around.random.token(12).hex()}"

    def work(unit: DealUnit) -> Answer:
        deals.request(unit, call.doors.office.desk, case, source=source, half=half, receivers=others)
        return Answer(201, {"case": case, "state": str(unit.case(case).state)})

    return _once(call, work)


def join(call: Call) -> Answer:
    """We receive a part of what another custodian leads, whose code its desk or the participant gave us."""
    told_of = _object(call.body, "source", "code", "receiving")
    source, text = _octets(told_of["source"], 20, "source"), _text(told_of["code"], "code")
    half = read(ReceivingHalf, told_of["receiving"], at="receiving")
    is_bare = len(text.removeprefix("0x")) == _BARE  # without what finds a wrong letter
    code = _octets(text, 32, "code") if is_bare else code_for(text, source, half)
    case = f"rlv_{call.doors.process.around.random.token(12).hex()}"

    def work(unit: DealUnit) -> Answer:
        deals.join(unit, call.doors.office.desk, case, source=source, code=code, half=half)
        return Answer(201, {"case": case, "state": str(unit.case(case).state)})

    return _once(call, work)


def codes(call: Call) -> Answer:
    """We lead, or pay: by which code each other receiver joins. Who is named and has it may; hand it over with care."""
    with call.doors.process.files.begin() as unit:
        found = handed_codes(unit.deal(case_named(unit, call)))
    return Answer(200, {"codes": {member.hex(): code for member, code in found.items()}})


def listed(call: Call) -> Answer:
    """Cases by id, a hundred at a time."""
    after = call.query.get("after", "")
    found = case_ids(call.doors.process.files, after=after, limit=_MOST_LISTED)
    shown = []
    for each in found:
        with call.doors.process.files.begin() as unit:  # one after the other: a file is locked while it is read
            shown.append(case_shown(unit, each, call.doors.process.config))
    return Answer(200, {"rollovers": shown, "next": found[-1] if len(found) == _MOST_LISTED else None})


def one(call: Call) -> Answer:
    """Where a case stands, with its reasons, its events and its open exceptions."""
    with call.doors.process.files.begin() as unit:
        return Answer(200, case_shown(unit, case_named(unit, call), call.doors.process.config, whole=True))


def put_facts(call: Call) -> Answer:
    """Our half of the facts, whole; preflight answers with every reason at once. It may have an Idempotency-Key."""

    def work(unit: DealUnit) -> Answer:
        deal = unit.deal(case_named(unit, call))
        ours: Half = read(ReleasingHalf, call.body) if deal.side is Side.SOURCE else read(ReceivingHalf, call.body)
        deals.put_facts(unit, call.doors.office.desk, deal.case, ours)
        return _state(unit, call)

    if call.key:  # on file with the key is a state: a repeat does nothing, and is told how it stands now
        _once(call, work)
        with call.doors.process.files.begin() as unit:
            return Answer(200, case_shown(unit, case_named(unit, call), call.doors.process.config))
    with call.doors.process.files.begin() as unit:
        work(unit)
        answer = Answer(200, case_shown(unit, call.names["case"], call.doors.process.config))
    call.doors.wake()
    return answer


def halves(call: Call) -> Answer:
    """Both halves of the facts, as far as they are known: for the custodian's own systems, which answer them.

    ``others``: those of the other receivers, in the order of the election; null of one that did not join yet.
    """
    with call.doors.process.files.begin() as unit:
        deal = unit.deal(case_named(unit, call))
    others = [told(each.half) for each in sorted(deal.others, key=lambda one: one.place)]
    return Answer(200, {"releasing": told(deal.releasing), "receiving": told(deal.receiving), "others": others})


def member(call: Call) -> Answer:
    """Who we are in the network, and until when, by its newest final block."""
    process = call.doors.process
    until, _, _ = process.asked.member(process.config.member)
    last = datetime.fromtimestamp(until, UTC).date().isoformat() if until else None
    return Answer(200, {"member": process.config.member.hex(), "name": process.config.name, "until": last})


def election(call: Call) -> Answer:
    """What the participant is to sign: each field, and the digest (EIP-712) that is signed."""
    with call.doors.process.files.begin() as unit:
        made = deals.election_of(unit, call.doors.office.desk, case_named(unit, call))
    domain = call.doors.process.domain
    at = {"name": domain.name, "version": "1", "chain_id": domain.chain_id, "contract": domain.contract.hex()}
    return Answer(200, {"election": told(made), "domain": at, "digest": domain.digest(election_hash(made)).hex()})


def elect(call: Call) -> Answer:
    """The participant's signature of that digest, by another way than our page; our attestor stands behind the key."""
    signature = _octets(_object(call.body, "signature")["signature"], None, "signature")

    def work(unit: DealUnit) -> Answer:
        attest_and_elect(unit, call.doors.office, case_named(unit, call), signature)
        return _state(unit, call)

    return _once(call, work)


def link(call: Call) -> Answer:
    """A participant's link to this case, for so many days; whoever has it may look, and sign with their passkey."""
    days = _whole(_object(call.body, "days")["days"], "days", most=180)
    doors = call.doors

    def work(unit: Any) -> Answer:
        link_for(unit, case_named(unit, call), f"{call.token.token_id}|{call.key}", days=days, at=_now(call))
        return Answer(201, {"case": call.names["case"]})

    made = _once(call, work)
    secret = doors.entrances.link_of(call.names["case"], f"{call.token.token_id}|{call.key}")
    return Answer(made.status, made.told | {"url": f"{doors.process.config.shown_at}/r/{secret}"})


def ready(call: Call) -> Answer:
    """We pay, and the cash is there: exact terms are made, agreed by us, and sent."""

    def work(unit: DealUnit) -> Answer:
        agreed = deals.ready(unit, call.doors.office.desk, case_named(unit, call))
        return Answer(200, {"case": call.names["case"], "rollover": agreed.rollover.hex(), "cents": agreed.cents})

    return _once(call, work)


def decline(call: Call) -> Answer:
    """We receive, and will not agree to what is signed or proposed."""
    return _ended(call, deals.decline)


def stop(call: Call) -> Answer:
    """We want it ended, for a code of the work queues; who has voted waits for the network's word."""
    return _ended(call, deals.stop)


def _ended(call: Call, verb: Callable[..., object]) -> Answer:
    body = _object(call.body, "code", words="")
    code, words = _whole(body["code"], "code", most=699), _text(body["words"], "words")

    def work(unit: DealUnit) -> Answer:
        verb(unit, call.doors.office.desk, case_named(unit, call), code, words)
        return _state(unit, call)

    return _once(call, work)


def note(call: Call) -> Answer:
    """Words for the other desk; they stand in its console."""
    words = _text(_object(call.body, "words")["words"], "words")

    def work(unit: DealUnit) -> Answer:
        deals.note(unit, call.doors.office.desk, case_named(unit, call), words)
        return _state(unit, call)

    return _once(call, work)


def again(call: Call) -> Answer:
    """Propose again what was released, under the same signature: a new case, its child."""

    def work(unit: DealUnit) -> Answer:
        deal = onward_again(unit, call.doors, case_named(unit, call))
        return Answer(201, {"case": deal.case, "parent": call.names["case"], "state": str(unit.case(deal.case).state)})

    return _once(call, work)


def give_back(call: Call) -> Answer:
    """Ask back what we paid: a new case that names this one, which the participant signs; our half, as who receives.

    Where several received, ``by`` is the member that gives back its own part.
    """
    body = _object(call.body, "receiving", by=None)
    half = read(ReceivingHalf, body["receiving"], at="receiving")
    by = None if body["by"] is None else _octets(body["by"], 20, "by")
    new = f"rlv_{call.doors.process.around.random.token(12).hex()}"

    def work(unit: DealUnit) -> Answer:
        case = case_named(unit, call)
        made = returning.give_back(unit, call.doors.office.desk, case, new, half, at="receiving", by=by)
        return Answer(201, {"case": made.case, "parent": call.names["case"], "state": str(unit.case(made.case).state)})

    return _once(call, work)


def residual(call: Call) -> Answer:
    """Move what came in after all was moved: a new case, its child; our half, with what is there now.

    Each receiver gets its part of each kind in the ratio in which all was moved.
    """
    half = read(ReleasingHalf, _object(call.body, "releasing")["releasing"], at="releasing")

    def work(unit: DealUnit) -> Answer:
        made = onward_rest(unit, call.doors, case_named(unit, call), half)
        return Answer(201, {"case": made.case, "parent": call.names["case"], "state": str(unit.case(made.case).state)})

    return _once(call, work)


def off_rail(call: Call) -> Answer:
    """Close it by check or wire, with the reference of that; what holds money is released first."""
    body = _object(call.body, "way", "reference")
    reference = _text(body["reference"], "reference")
    if body["way"] not in set(Way) or not reference.strip():
        raise BadInputError(
            [Wrong("way" if body["way"] not in set(Way) else "reference", "is check or wire, and its id")]
        )

    def work(unit: DealUnit) -> Answer:
        onward.off_rail(unit, case_named(unit, call), Way(body["way"]), reference)
        return _state(unit, call)

    return _once(call, work)


def exceptions(call: Call) -> Answer:
    """Open exceptions, what is due first first, with their desk, their clock and what may come next."""
    with call.doors.process.files.begin() as unit:
        raised = unit.raised()
    today = datetime.fromtimestamp(_now(call), UTC).date()
    rows = [
        {
            "case": each.raised.case, "code": each.raised.code, "words": queue_of(each.raised.code).words,
            "detail": beyond(each.raised.words, each.queue.words),
            "raised_at": each.raised.raised_at, "owner": str(each.queue.owner), "due_on": each.due_on.isoformat(),
            "is_overdue": each.is_overdue, "steps": [step.name.lower() for step in each.queue.steps],
        }
        for each in queued(raised, on=today)
    ]  # fmt: skip
    return Answer(200, {"exceptions": rows})


def close_exception(call: Call) -> Answer:
    """Close an exception that nothing else closes, with what was found; the words name no participant.

    One of a payment that the bank returned after it was booked needs ``way`` and ``reference`` of what pays instead.
    """
    body = _object(call.body, "words", way=None, reference="")
    words, reference = _text(body["words"], "words").strip(), _text(body["reference"], "reference")
    code = int(call.names["code"]) if call.names["code"].isdecimal() else 0
    if not words:
        raise BadInputError([Wrong("words", "says what was found")])
    if body["way"] not in (None, *Way):
        raise BadInputError([Wrong("way", "is check or wire")])
    paid = (Way(body["way"]), reference) if body["way"] else None

    def work(unit: DealUnit) -> Answer:
        by_hand.close_exception(unit, case_named(unit, call), code, words, by=call.token.name, paid=paid)
        return _state(unit, call)

    return _once(call, work)


def webhooks(call: Call) -> Answer:
    """Who is told of events, and how far each is."""
    return Answer(200, {"webhooks": [hook_shown(each) for each in call.doors.hooks.listed()]})


def add_webhook(call: Call) -> Answer:
    """An endpoint that is told of each state from now on; its secret is shown to who made it, under the same key."""
    url, hooks = _text(_object(call.body, "url")["url"], "url"), call.doors.hooks
    newest = newest_event(call.doors.process.files)

    def work(unit: Any) -> Answer:
        hook, is_new = hooks.add(unit.conn, url, newest=newest, at=_now(call))
        return Answer(201 if is_new else 200, hook_shown(hook))

    first = _once(call, work)
    secret = hooks.secret_of(first.told["webhook"]) if first.status == 201 else None
    return Answer(first.status, first.told | ({"secret": secret} if secret else {}))


def remove_webhook(call: Call) -> Answer:
    """It is told nothing any more."""
    if not call.doors.hooks.remove(call.names["webhook"]):
        raise ProblemError(NOT_FOUND)
    return Answer(200, {"webhook": call.names["webhook"], "state": "removed"})


def rotate_webhook(call: Call) -> Answer:
    """A fresh secret, shown to who asked for it; for a day what is sent is signed with the one before, too."""
    hooks, name = call.doors.hooks, call.names["webhook"]

    def work(unit: Any) -> Answer:
        hook = hooks.rotate(unit.conn, name, at=_now(call))
        if hook is None:
            raise ProblemError(NOT_FOUND)
        return Answer(200, hook_shown(hook))

    first = _once(call, work)
    return Answer(first.status, first.told | {"secret": hooks.secret_of(name)})


def resume_webhook(call: Call) -> Answer:
    """Go on where it stood, at once and with fresh patience: after it was given up, or while it waits to be tried."""
    name = call.names["webhook"]
    if not call.doors.hooks.resume(name):
        raise ProblemError(NOT_FOUND)
    call.doors.wake()
    return Answer(200, next(hook_shown(each) for each in call.doors.hooks.listed() if each.webhook_id == name))


ROLLOVERS, CASE = "/v1/rollovers", "/v1/rollovers/{case}"
OPERATIONS = (
    Operation("POST", ROLLOVERS, _FEED, "Ask for a rollover to us", ask),
    Operation("POST", f"{ROLLOVERS}/join", _FEED, "Join a rollover that another receiver leads", join),
    Operation("GET", ROLLOVERS, _READ, "List cases", listed),
    Operation("GET", CASE, _READ, "Read a case", one),
    Operation("PUT", f"{CASE}/facts", _FEED, "Put our half of the facts", put_facts),
    Operation("GET", f"{CASE}/facts", _FEED, "Read both halves of the facts", halves),
    Operation(
        "PUT",
        f"{CASE}/explanation",
        _FEED,
        "Put the explanation of choices",
        papers_api.put_explanation,
        papers_api.MOST_BODY,
    ),
    Operation("GET", f"{CASE}/explanation", _READ, "Read which explanation is shown", papers_api.explanation),
    Operation("PUT", f"{CASE}/mail", _FEED, "Write to the participant by e-mail", mail_api.put_mail),
    Operation("GET", f"{CASE}/mail", _READ, "Read what became of e-mails", mail_api.mail),
    Operation("POST", f"{CASE}/mail/came-back", _FEED, "Say that an e-mail came back", mail_api.came_back),
    Operation("POST", f"{CASE}/paper-sent", _ACT, "Say that paper was sent", mail_api.paper_sent),
    Operation("POST", f"{CASE}/take-back", _ACT, "Take back for the participant", mail_api.taken_back),
    Operation("GET", "/v1/member", _READ, "Read who we are in the network", member),
    Operation("GET", f"{CASE}/codes", _FEED, "Read by which codes other receivers join", codes),
    Operation("GET", f"{CASE}/election", _FEED, "Read what the participant is to sign", election),
    Operation("POST", f"{CASE}/election", _FEED, "Bring the participant's signature", elect),
    Operation("POST", f"{CASE}/links", _FEED, "Make a participant's link", link),
    Operation("POST", f"{CASE}/ready", _FEED, "Say that the cash is there", ready),
    Operation("POST", f"{CASE}/decline", _ACT, "Decline an election or terms", decline),
    Operation("POST", f"{CASE}/stop", _ACT, "Stop a case", stop),
    Operation("POST", f"{CASE}/notes", _ACT, "Write to the other desk", note),
    Operation("POST", f"{CASE}/again", _ACT, "Propose again", again),
    Operation("POST", f"{CASE}/residual", _ACT, "Move what came in later", residual),
    Operation("POST", f"{CASE}/return", _ACT, "Ask back what was paid", give_back),
    Operation("POST", f"{CASE}/off-rail", _ACT, "Close by check or wire", off_rail),
    Operation("GET", f"{CASE}/evidence", _READ, "Read the evidence of a case", evidence),
    Operation("GET", f"{CASE}/paid", _READ, "Read what the network paid", paid),
    Operation("POST", f"{CASE}/exceptions/{{code}}/close", _ACT, "Close an exception", close_exception),
    Operation("GET", "/v1/exceptions", _READ, "List open exceptions", exceptions),
    Operation("GET", "/v1/webhooks", _ACT, "List webhooks", webhooks),
    Operation("POST", "/v1/webhooks", _ACT, "Add a webhook", add_webhook),
    Operation("POST", "/v1/webhooks/{webhook}/rotate", _ACT, "Make a webhook's secret anew", rotate_webhook),
    Operation("POST", "/v1/webhooks/{webhook}/resume", _ACT, "Have a webhook go on", resume_webhook),
    Operation("DELETE", "/v1/webhooks/{webhook}", _ACT, "Remove a webhook", remove_webhook),
)
#: A stream of server-sent events; who may listen.
EVENTS, LISTENERS = "/v1/events", _READ


def _once(call: Call, work: Callable[[Any], Answer]) -> Answer:
    answer = call.doors.once.first(call.token.token_id, call.key, call.asked(), at=_now(call), work=work)
    call.doors.wake()
    return answer


def _now(call: Call) -> int:
    return call.doors.process.around.seconds()


def _state(unit: DealUnit, call: Call) -> Answer:
    case = unit.case(call.names["case"])
    return Answer(200, {"case": case.id, "state": str(case.state), "stop": case.stop})


def _object(given: Any, *needed: str, **otherwise: Any) -> dict[str, Any]:
    """An object with these members and no others."""
    if not isinstance(given, dict):
        raise BadInputError([Wrong("", f"is an object with {', '.join([*needed, *otherwise])}")])
    wrong = [Wrong(name, "is missing") for name in needed if name not in given]
    names = {*needed, *otherwise}
    wrong += [Wrong("", f"has a member that is not known; there are: {', '.join(sorted(names))}")
              for name in given if name not in names][:1]  # fmt: skip
    if wrong:
        raise BadInputError(wrong)
    return otherwise | given


def _octets(given: Any, size: int | None, name: str) -> bytes:
    try:
        found = bytes.fromhex(given.removeprefix("0x")) if isinstance(given, str) else b""
    except ValueError:
        found = b""
    if not found or (size is not None and len(found) != size) or len(found) > 1_024:
        raise BadInputError([Wrong(name, f"is {size or 'some'} bytes in hexadecimal")])
    return found


def _whole(given: Any, name: str, *, most: int) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= most:
        raise BadInputError([Wrong(name, f"is a whole number from 1 to {most}")])
    return given


def _text(given: Any, name: str) -> str:
    if not isinstance(given, str) or len(given) > 2_000 or not given.isprintable():
        raise BadInputError([Wrong(name, "is a text of at most 2,000 letters that can be printed")])
    return given
