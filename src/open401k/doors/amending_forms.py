"""An amendment as the form of a page has it: read whole, everything wrong told at once by its place."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from open401k import plan

from .amending import ProvisionsChanges
from .problems import FieldProblem
from .texts import Name
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


def as_text(terms: plan.Provisions) -> str:
    """Provisions as the API gives them, a member to a line, without the day of adoption."""
    lines = [f"  {json.dumps(name)}: {_section(value)}" for name, value in _members(terms).items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def read(text: str, effective_on: str, why: str, *, shown: plan.Provisions | None) -> Asked | tuple[FieldProblem, ...]:
    """What was entered; of ``shown``, the terms that the text began with, only what is other now is a change."""
    wrong: list[FieldProblem] = []
    told = _told(text, wrong)
    if shown is not None:
        before = _members(shown)
        told = {name: value for name, value in told.items() if name not in before or value != before[name]}
    as_json = json.dumps(told)
    changes = _changes(as_json, wrong)
    day, reason = _day(effective_on, wrong), _reason(why, wrong)
    if not wrong and not told:
        wrong.append(FieldProblem("These are the terms in force already.", "Change a provision.", pointer="provisions"))
    if wrong or changes is None or day is None:
        return tuple(wrong)
    return Asked(changes, as_json, day, reason)


def _members(terms: plan.Provisions) -> dict[str, Any]:
    found: dict[str, Any] = document(terms)
    return {name: value for name, value in found.items() if name != "adopted_on"}


def _section(value: Any) -> str:
    if not isinstance(value, dict):
        return json.dumps(value)
    return "{\n" + ",\n".join(f"    {json.dumps(name)}: {json.dumps(each)}" for name, each in value.items()) + "\n  }"


def _told(text: str, wrong: list[FieldProblem]) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"provisions, line {error.lineno}, column {error.colno}"
        fix = "Write it as JSON; the terms in force, below the list, show how."
        wrong.append(FieldProblem(f"This is not JSON: {error.msg}.", fix, pointer=place))
        return {}
    except (ValueError, RecursionError):
        wrong.append(
            FieldProblem("This cannot be read.", "Write provisions as the API takes them.", pointer="provisions")
        )
        return {}
    if isinstance(told, dict):
        return told
    wrong.append(FieldProblem("This names no provision.", 'Write {"match": ...}.', pointer="provisions"))
    return {}


def _changes(as_json: str, wrong: list[FieldProblem]) -> BaseModel | None:
    try:
        found: BaseModel = ProvisionsChanges.model_validate_json(as_json)
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False, include_context=False)[:_MOST]:
            place = ".".join(map(str, each["loc"])) or "provisions"
            wrong.append(FieldProblem(f"{each['msg']}.", "docs/reference/api.md names what may stand.", pointer=place))
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
