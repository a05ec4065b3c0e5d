"""An amendment as the form of a page has it: read whole, everything wrong told at once by its place."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from open401k import plan

from .amending import ProvisionsChanges
from .problems import FieldProblem
from .texts import Name, what_is_wrong
from .written import document

_WHY: TypeAdapter[str] = TypeAdapter(Name)
#: Of one text no more mistakes are told than anybody corrects at once.
_MOST = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for; ``as_json`` is what changes, as the API takes it."""

    changes: BaseModel
    as_json: str
    effective_on: date
    why: str


def read(
    told: Mapping[str, Any], effective_on: str, why: str, *, shown: plan.Provisions, wrong: Mapping[str, str]
) -> Asked | tuple[FieldProblem, ...]:
    """What a form asks for: of all terms, those that are other than those ``shown``; ``wrong`` is what it found."""
    before = document(shown)
    changed = {name: value for name, value in told.items() if value != before[name]}
    found = [
        FieldProblem(reason, "Correct it, or leave the provision as it is.", pointer=path)
        for path, reason in wrong.items()
    ]
    if not changed and not found:
        found.append(FieldProblem("These are the terms in force already.", "Change a provision.", pointer="provisions"))
    return _asked(json.dumps(changed), effective_on, why, found)


def of_other_terms(asked: Asked, *, shown: plan.Provisions, held: plan.Provisions) -> tuple[FieldProblem, ...]:
    """Why a form shown from other terms than those ``held`` on its day is not taken: what it changes would undo more.

    A subject is changed whole: what another amendment made of it would go back to what was shown.
    """
    before, then = document(shown), document(held)
    others = [name for name in json.loads(asked.as_json) if before[name] != then[name]]
    if not others:
        return ()
    words = f"On {asked.effective_on} other terms are in force than those shown here: {', '.join(others)}."
    fix = f"Show the terms in force on {asked.effective_on}, and change these."
    return (FieldProblem(words, fix, pointer="effective_on"),)


def read_text(changes: str, effective_on: str, why: str) -> Asked | tuple[FieldProblem, ...]:
    """What changes, as the API takes it: what a preview put into the form that adopts it."""
    return _asked(changes, effective_on, why, [])


def _asked(as_json: str, effective_on: str, why: str, wrong: list[FieldProblem]) -> Asked | tuple[FieldProblem, ...]:
    changes = None if wrong else _changes(as_json, wrong)
    day, reason = _day(effective_on, wrong), _reason(why, wrong)
    if wrong or changes is None or day is None:
        return tuple(wrong)
    return Asked(changes, as_json, day, reason)


def _changes(as_json: str, wrong: list[FieldProblem]) -> BaseModel | None:
    try:
        found: BaseModel = ProvisionsChanges.model_validate_json(as_json)
    except RecursionError:
        wrong.append(FieldProblem("This cannot be read.", "Preview the terms again.", pointer="provisions"))
        return None
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False)[:_MOST]:
            place = ".".join(map(str, each["loc"])) or "provisions"
            wrong.append(FieldProblem(*what_is_wrong(each), pointer=place))
        return None
    return found


def _day(text: str, wrong: list[FieldProblem]) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        wrong.append(FieldProblem(f"{text!r} is no date.", "Write it as 2026-09-01.", pointer="effective_on"))
        return None


def _reason(text: str, wrong: list[FieldProblem]) -> str:
    try:
        return _WHY.validate_python(text)
    except ValidationError:
        fix = "Say in a sentence of at most 200 characters why the plan is amended."
        wrong.append(FieldProblem("The reason is blank or too long.", fix, pointer="why"))
        return ""
