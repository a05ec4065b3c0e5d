"""The explanation of a case by the API: put by the paying custodian's systems, read by whoever may read cases."""

from __future__ import annotations

from typing import Any

from open401k.rails.node.codec import BadInputError, Wrong
from open401k.rails.node.deal import DealUnit
from open401k.rails.node.explaining import put_paper
from open401k.rails.node.once import Answer
from open401k.rails.node.papers import MOST_BYTES, Media, Paper, bytes_of

from .access import Call, case_named

#: A document in base64, and its names.
MOST_BODY = MOST_BYTES * 4 // 3 + 4_096
_FIELDS = ("title", "version", "media", "content")


def put_explanation(call: Call) -> Answer:
    """The document whose hash our facts name: the participant reads it before they sign. Text or PDF, in base64."""
    paper = _paper(call.body)
    with call.doors.process.files.begin() as unit:
        case = case_named(unit, call)
        put_paper(unit, case, paper)
        told = _shown(unit, case)
    call.doors.wake()
    return Answer(200, told)


def explanation(call: Call) -> Answer:
    """Which document the participant is shown, and when they first were; not its bytes."""
    with call.doors.process.files.begin() as unit:
        return Answer(200, _shown(unit, case_named(unit, call)))


def _shown(unit: DealUnit, case: str) -> dict[str, Any]:
    found = unit.paper(case)
    if found is None:
        return {"case": case, "explanation": None}
    paper = found.paper
    told = {"title": paper.title, "version": paper.version, "media": paper.media, "bytes": len(paper.content),
            "hash": paper.fingerprint.hex(), "shown_at": found.shown_at}  # fmt: skip
    return {"case": case, "explanation": told}


def _paper(given: Any) -> Paper:
    if not isinstance(given, dict) or set(given) != set(_FIELDS):
        raise BadInputError([Wrong("", f"is an object with {', '.join(_FIELDS)}, and no others")])
    wrong = [Wrong(name, "is a text") for name in _FIELDS if not isinstance(given[name], str)]
    if not wrong and given["media"] not in set(Media):
        wrong = [Wrong("media", f"is one of: {', '.join(Media)}")]
    if wrong:
        raise BadInputError(wrong)
    return Paper(given["title"], given["version"], Media(given["media"]), bytes_of([given["content"]]))
