"""The JSON API of ended cases' records: until when they are kept, legal holds, erasure. Not here: the rules."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from open401k.kernel import day_of
from open401k.rails.node import erasing
from open401k.rails.node.codec import BadInputError, Wrong
from open401k.rails.node.kept_deals import KeptDealUnit
from open401k.rails.node.once import Answer
from open401k.rails.node.staff import Role

from .access import Call, Operation, case_named
from .api import CASE, _now, _object, _once, _text


def retention(call: Call) -> Answer:
    """Until when the records of a case are kept, by which rule, its legal holds, and whether they were erased."""
    with call.doors.process.files.begin() as unit:
        return _shown(call, unit)


def legal_hold(call: Call) -> Answer:
    """Hold the records of a case back from erasure, or let them go."""
    body = _object(call.body, "why", ends=False)
    why, ends = _text(body["why"], "why"), body["ends"]
    if not isinstance(ends, bool):
        raise BadInputError([Wrong("ends", "is true where the hold ends, or left out")])

    def work(unit: KeptDealUnit) -> Answer:
        verb = erasing.let_go if ends else erasing.hold
        verb(unit, case_named(unit, call), by=call.token.name, why=why, at=_now(call))
        return _shown(call, unit)

    return _once(call, work)


def erase(call: Call) -> Answer:
    """Erase what is of a person in a case that ended, after its time; what proves the rollover stays."""
    _object(call.body)

    def work(unit: KeptDealUnit) -> Answer:
        case, now = case_named(unit, call), _now(call)
        erasing.erase(unit, case, by=call.token.name, on=_day(now), at=now, more_years=_more(call))
        return _shown(call, unit)

    return _once(call, work)


_READ, _ACT = frozenset(Role), frozenset({Role.OPERATOR})
RETENTION = (
    Operation("GET", f"{CASE}/retention", _READ, "Read until when records are kept", retention),
    Operation("POST", f"{CASE}/legal-hold", _ACT, "Hold records back from erasure", legal_hold),
    Operation("POST", f"{CASE}/erase", _ACT, "Erase an ended case after its time", erase),
)


def _shown(call: Call, unit: KeptDealUnit) -> Answer:
    case = case_named(unit, call)
    found = erasing.standing(unit, case, on=_day(_now(call)), more_years=_more(call))
    acts: list[dict[str, Any]] = [
        {
            "act": each.act,
            "case": each.case or None,
            "every": not each.case,
            "by": each.by_whom,
            "why": each.why,
            "at": each.at,
        }
        for each in found.acts
    ]
    return Answer(
        200,
        {
            "case": case, "kept_through": found.kept.through.isoformat() if found.kept else None,
            "cite": found.kept.cite if found.kept else None, "why_kept": found.why, "on_hold": found.on_hold,
            "erased": found.is_erased, "acts": acts,
        },
    )  # fmt: skip


def _more(call: Call) -> int:
    return call.doors.process.config.more_years or 0


def _day(at: int) -> date:
    return day_of(datetime.fromtimestamp(at, UTC))
