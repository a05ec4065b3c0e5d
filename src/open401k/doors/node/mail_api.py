"""E-mail of a case by the API: whom to write to, what became of each mail, that one came back. No address is told."""

from __future__ import annotations

from typing import Any

from open401k.rails.node.codec import BadInputError, Wrong
from open401k.rails.node.codes import PAPER_WANTED
from open401k.rails.node.kept_deals import KeptDealUnit
from open401k.rails.node.mailing import Addresses, mails_of
from open401k.rails.node.once import Answer
from open401k.rails.node.taking_back import TakeBack

from .access import Call, case_named
from .for_pages import take_back
from .showing import standings_of


def put_mail(call: Call) -> Answer:
    """The participant's e-mail address, as they gave it to us: they are written to at each state, without any data."""
    if not isinstance(call.body, dict) or set(call.body) != {"email"} or not isinstance(call.body["email"], str):
        raise BadInputError([Wrong("email", "is missing: an object with email, a text, and nothing else")])
    with call.doors.process.files.begin() as unit:
        case = case_named(unit, call)
        _addresses(call).put(unit, case, call.body["email"], at=_now(call))
        return Answer(200, _shown(call, unit, case))


def mail(call: Call) -> Answer:
    """Whether the participant is written to, and what became of each mail; never the address."""
    with call.doors.process.files.begin() as unit:
        return Answer(200, _shown(call, unit, case_named(unit, call)))


def came_back(call: Call) -> Answer:
    """A mail came back later, as the sender's mailbox tells: nothing more is sent there, and somebody looks."""
    if not isinstance(call.body, dict) or set(call.body) != {"why"} or not _is_words(call.body["why"]):
        raise BadInputError([Wrong("why", "is a text of at most 300 letters that names nobody, as 550 no such user")])

    def work(unit: Any) -> Answer:
        case = case_named(unit, call)
        _addresses(call).came_back(unit, case, call.body["why"], at=_now(call))
        return Answer(200, _shown(call, unit, case))

    return call.doors.once.first(call.token.token_id, call.key, call.asked(), at=_now(call), work=work)


def taken_back(call: Call) -> Answer:
    """The participant takes something back through a desk, by phone or letter: move, rest, screen or mail."""
    if not isinstance(call.body, dict) or set(call.body) != {"what"} or call.body["what"] not in set(TakeBack):
        raise BadInputError([Wrong("what", f"is one of: {', '.join(TakeBack)}")])
    doors, what = call.doors, TakeBack(call.body["what"])
    with doors.process.files.begin() as unit:
        file = unit.case(case_named(unit, call))
    _, last = standings_of(file.id, doors.process)

    def work(unit: Any) -> Answer:
        take_back(unit, doors, file.id, what, last.verdict if last else None)
        after = unit.case(file.id)
        return Answer(200, {"case": after.id, "state": str(after.state), "stop": after.stop})

    answer = doors.once.first(call.token.token_id, call.key, call.asked(), at=_now(call), work=work)
    doors.wake()
    return answer


def paper_sent(call: Call) -> Answer:
    """Somebody sent the participant, who asked for paper, what was due: that exception is over."""

    def work(unit: Any) -> Answer:
        case = case_named(unit, call)
        unit.resolve(case, PAPER_WANTED)
        return Answer(200, {"case": case, "state": str(unit.case(case).state)})

    return call.doors.once.first(call.token.token_id, call.key, call.asked(), at=_now(call), work=work)


def _shown(call: Call, unit: KeptDealUnit, case: str) -> dict[str, Any]:
    rows = [{"event": each.seq, "to": each.recipient, "state": each.state, "tries": each.tries,
             "problem": each.problem} for each in mails_of(unit, case)]  # fmt: skip
    return {"case": case, "configured": call.doors.process.config.mail is not None,
            "participant": _addresses(call).standing(unit, case), "mails": rows}  # fmt: skip


def _addresses(call: Call) -> Addresses:
    return Addresses(call.doors.process.vault)


def _now(call: Call) -> int:
    return call.doors.process.around.seconds()


def _is_words(given: object) -> bool:
    return (
        isinstance(given, str)
        and len(given.strip()) > 0
        and len(given) <= 300
        and given.isprintable()
        and "@" not in given
    )
