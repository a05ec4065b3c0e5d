"""The calculators as pages, for anyone: a list by subject, and one form each. Not here: forms from schemas."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.calculators import (
    Calculator,
    InputRefused,
    Pairs,
    calculators,
    example_of,
    in_words,
    label,
    parsed,
    source_of,
    told,
)

from ..calculating import BECAUSE, calculated, found
from ..guard import Open
from . import calculator_forms
from .frame import frame, page

router = APIRouter(include_in_schema=False, dependencies=[Depends(Open(BECAUSE))])
#: A longer input makes no address that every program takes.
_MOST_SHARED = 3_000
_MOST_FIELDS = 4_000
#: What people ask for most, first.
_FIRST = (
    "adp-test", "acp-test", "adp-refund", "coverage-ratio", "top-heavy", "highly-compensated-employees",
    "deferral-limit", "annual-additions", "match", "maximum-loan", "rmd", "lost-earnings",
)  # fmt: skip


async def _form(request: Request) -> AsyncIterator[FormData]:
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
        yield form


@router.get("/calculators")
def every(request: Request, q: str = "") -> Response:
    """Every calculator by subject, or those in which the words stand."""
    words = q[:100].lower().replace("-", " ").split()
    shown = [each for each in calculators().values() if all(word in _searched(each) for word in words)]
    subjects: dict[str, list[Calculator]] = {}
    for each in sorted(shown, key=lambda one: (label(one.subject), one.name)):
        subjects.setdefault(label(each.subject), []).append(each)
    first = [] if words else [calculators()[name] for name in _FIRST]
    around = frame(request, "Calculators")
    return page(request, "calculators", around, subjects=subjects, first=first, q=q[:100], count=len(shown))


@router.get("/calculators/{name}")
async def one(request: Request, name: str) -> Response:
    """The form, filled with an example; an address that carries an input has its answer, too."""
    calculator = found(name)
    shared = request.query_params.get("input")
    if shared is None:
        return _page(request, calculator, example_of(calculator), is_example=True)
    return await _answered(request, calculator, shared)


@router.post("/calculators/{name}")
async def compute(request: Request, name: str, form: Annotated[FormData, Depends(_form)]) -> Response:
    """The answer to a form or to JSON; or the same form with one row more."""
    calculator = found(name)
    filled = {key: value for key, value in form.items() if isinstance(value, str)}
    if "json" in filled:
        return await _answered(request, calculator, filled["json"])
    document = calculator_forms.document_of(calculator.schema(), filled)
    if more := filled.get("more"):
        _one_row_more(document, more)
        return _page(request, calculator, document)
    return await _answered(request, calculator, document)


async def _answered(request: Request, calculator: Calculator, given: Any) -> Response:
    document: Any = {}
    try:
        document = parsed(given) if isinstance(given, str) else given
        answer = await calculated(request, calculator, document)
    except InputRefused as error:
        return _page(request, calculator, document, refused=error, sent=given if isinstance(given, str) else "")
    return _page(request, calculator, document, answer=answer)


def _page(
    request: Request,
    calculator: Calculator,
    document: Any,
    *,
    answer: Mapping[str, Any] | None = None,
    refused: InputRefused | None = None,
    is_example: bool = False,
    sent: str = "",
) -> Response:
    problems = {".".join(map(str, each.path)): each.message for each in refused.problems} if refused else {}
    as_json = json.dumps(document, indent=1, ensure_ascii=False) if document or not sent else sent
    link = f"/calculators/{calculator.name}?input={quote(json.dumps(document, separators=(',', ':')))}"
    return page(
        request,
        "calculator",
        frame(request, calculator.title),
        status=422 if refused else 200,
        calculator=calculator,
        inputs=calculator_forms.inputs(calculator.schema(), document, problems),
        answer=answer,
        blocks=told(answer) if answer else [],
        is_pairs=lambda block: isinstance(block, Pairs),
        answer_json=json.dumps(answer, indent=1, ensure_ascii=False) if answer else "",
        refused=refused,
        as_json=as_json,
        link=link if answer and len(link) <= _MOST_SHARED else "",
        rule=in_words(calculator.about).split("\n"),
        source=source_of(calculator) if is_example else "",
        is_example=is_example,
    )


def _one_row_more(document: dict[str, Any], path: str) -> None:
    """An empty row at the end of the rows of that name; a name that there is not changes nothing."""
    inside: Any = document
    *outer, last = path.split(".")[:8]
    for part in outer:
        inside = inside.setdefault(part, {}) if isinstance(inside, dict) else {}
    if isinstance(inside, dict) and isinstance(inside.setdefault(last, []), list):
        inside[last].append({})


def _searched(calculator: Calculator) -> str:
    words = (calculator.name, calculator.title, calculator.citation, calculator.subject, calculator.about)
    return " ".join(words).lower().replace("-", " ").replace("_", " ")
