"""Payroll over HTTP: canonical rows or a file in, findings and runs out."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from open401k.base.access import Permission
from open401k.base.db import Tx
from open401k.kernel import Id, PlanId, Refused, RunId
from open401k.payroll import ENCODINGS, CalledCode, Said, encoding_of
from open401k.views import payroll_history, payroll_upload
from open401k.views.shown import RunState

from ...described import given
from ...guard import Caller, Needs
from ...problems import NOT_FOUND, FieldProblem, Problem, ProblemError
from ...provided import Keep, RunHeader, RunOutcome
from ...texts import what_is_wrong
from ...written import document
from . import models
from .convert import finding, rows, run, run_line, said
from .once import KEY_REUSED, Answering, key_of
from .paging import LIMIT, Cursor, Limit, page_by_place, place_of
from .payroll_body import bodies_of_before, body_of

router = APIRouter(tags=["Payroll"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.PAYROLL_VIEW))]
Sender = Annotated[Caller, Depends(Needs(Permission.PAYROLL_SUBMIT))]
SenderAnywhere = Annotated[Caller, Depends(Needs(Permission.PAYROLL_SUBMIT, anywhere=True))]
Kind = TypeVar("Kind", bound=Id)
Answer = TypeVar("Answer")
RowModel: Any = given(payroll_history.RunRow)

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": models.reference(models.NewPayrollRun)},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["plan_id", "file"],
                    "properties": {
                        "plan_id": {"type": "string"},
                        "file": {"type": "string", "format": "binary"},
                        "provider": {"type": "string"},
                        "pay_date": {"type": "string", "format": "date"},
                        "replaces": {"type": "string"},
                        "second_run_reason": {
                            "type": "string",
                            "maxLength": 200,
                            "description": "Why the same file, or the same amounts, are a second payroll",
                        },
                        "encoding": {
                            "type": "string",
                            "enum": ["utf-8", *ENCODINGS],
                            "description": "Of the file, if it is not UTF-8",
                        },
                        "control_totals": models.reference(models.ControlTotals),
                        "no_contributions": {
                            "type": "boolean",
                            "description": "A file without rows is meant: nothing is contributed on the pay date",
                        },
                    },
                }
            },
        },
    }
}


@router.post("/payroll-runs", status_code=201, openapi_extra=_BODY, response_model=models.PayrollRun)
async def send_payroll(request: Request, response: Response, caller: SenderAnywhere, key: Key) -> models.PayrollRun:
    """Send a payroll: canonical rows as JSON, or a provider's file as multipart.

    Rows are checked and posted at once, unless a finding asks for a person's yes. A file is checked (state
    ``checked``), and posted by its route ``post``; one whose columns are not known yet waits for its mapping (state
    ``mapping``). The same key and body give the first answer for ever. What cannot be posted at all is a problem
    `payroll_rejected`, every finding in its `errors`; nothing of it is kept in the books.
    """
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        plan_id, answer = await _file(request, caller, key)
    else:
        sent = _valid(await request.body())
        plan_id, answer = sent.plan_id, await run_in_threadpool(_rows, caller, key, sent)
    response.headers["Location"] = f"/v1/plans/{plan_id}/payroll-runs/{answer.run_id}"
    return answer


@router.get("/plans/{plan_id}/payroll-runs")
def list_runs(caller: Reader, after: Cursor = None) -> models.Page[models.PayrollRunLine]:
    """The payrolls of a plan, newest first."""
    with caller.begin() as tx:
        shown = payroll_history.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, after=after)
    return models.Page(items=[run_line(each) for each in shown.payrolls], next=shown.older)


@router.get("/plans/{plan_id}/payroll-runs/{run_id}", response_model=given(payroll_history.RunDetail))
def get_run(caller: Reader, run_id: str) -> dict[str, Any]:
    """One run: steps, findings, rows (masked), journal entries, deposit.

    Of a large run these are the first 500 rows, and `more_rows` is the last of them: see its rows.
    """
    with caller.begin() as tx:
        shown = payroll_history.load_run(tx, tenant_id=caller.tenant, plan_id=caller.plan, run_id=named(RunId, run_id))
    return dict(document(found(shown)))


@router.get("/plans/{plan_id}/payroll-runs/{run_id}/rows", response_model=models.Page[RowModel])
def get_rows(caller: Reader, run_id: str, after: Cursor = None, limit: Limit = LIMIT) -> dict[str, Any]:
    """Every row of a run (masked), in the order of the file, with what was posted and held of it."""
    with caller.begin() as tx:
        shown = payroll_history.load_rows(
            tx,
            tenant_id=caller.tenant,
            plan_id=caller.plan,
            run_id=named(RunId, run_id),
            after_row=place_of(after) or 0,
            limit=limit,
        )
    rows, following = found(shown)
    return {"items": document(rows), "next": None if following is None else str(following)}


@router.get("/plans/{plan_id}/payroll-runs/{run_id}/findings")
def get_findings(
    caller: Reader, run_id: str, after: Cursor = None, limit: Limit = LIMIT
) -> models.Page[models.Finding]:
    """What was found in a run, as one reads the file."""
    with caller.begin() as tx:
        shown = payroll_history.load_run(tx, tenant_id=caller.tenant, plan_id=caller.plan, run_id=named(RunId, run_id))
    items, following = page_by_place(
        found(shown).findings,
        after=after,
        limit=limit,
    )
    return models.Page(items=[finding(each) for each in items], next=following)


@router.post("/plans/{plan_id}/payroll-runs/{run_id}/post")
def post_run(caller: Sender, key: Key, run_id: str, sent: models.Confirmation) -> models.PayrollRun:
    """Post a checked run, with a person's yes where findings ask for it."""

    def work(keep: Keep) -> RunOutcome:
        story, named_run = caller.services.payroll, named(RunId, run_id)
        return done(story.post(replace(caller.order(key), keep=keep), run_id=named_run, confirmed=sent.confirmed))

    return _kept(caller, key, f"post {run_id}", sent.model_dump_json().encode(), work, claims=True)


@router.post("/plans/{plan_id}/payroll-runs/{run_id}/close")
def close_run(caller: Sender, key: Key, run_id: str, sent: models.WhyClosed) -> models.PayrollRun:
    """Close a run that waits and is not to be posted, such as a provider's telling of what a file told before."""

    def work(_: Keep) -> RunOutcome:
        story, named_run = caller.services.payroll, named(RunId, run_id)
        return done(story.close(caller.order(key), run_id=named_run, why=sent.why))

    return _kept(caller, key, f"close {run_id}", sent.model_dump_json().encode(), work, claims=True)


@router.get("/plans/{plan_id}/payroll-runs/{run_id}/mapping", response_model=given(payroll_upload.PayrollMapping))
def get_mapping(caller: Sender, run_id: str) -> dict[str, Any]:
    """How we propose to read a file, with masked samples."""
    with caller.begin() as tx:
        shown = payroll_upload.load_mapping(
            tx, tenant_id=caller.tenant, plan_id=caller.plan, run_id=named(RunId, run_id)
        )
    return dict(document(found(shown)))


@router.post("/plans/{plan_id}/payroll-runs/{run_id}/mapping")
def confirm_mapping(caller: Sender, key: Key, run_id: str, sent: models.MappingChoice) -> models.PayrollRun:
    """Settle the columns of a file; every row is checked, nothing is posted yet."""

    def work(_: Keep) -> RunOutcome:
        fields = {int(place): field and field.value for place, field in sent.fields.items()}
        story, named_run = caller.services.payroll, named(RunId, run_id)
        return done(story.confirm_mapping(caller.order(key), run_id=named_run, fields=fields))

    return _kept(caller, key, f"mapping {run_id}", sent.model_dump_json().encode(), work, claims=True)


def named(kind: type[Kind], text: str) -> Kind:
    """An id of an address or a body; what is none is not found."""
    try:
        return kind.parse(text)
    except ValueError:
        raise ProblemError(NOT_FOUND) from None


def found(shown: Answer | None) -> Answer:
    """What was loaded; nothing is not found."""
    if shown is None:
        raise ProblemError(NOT_FOUND)
    return shown


def done(outcome: Answer | Refused[Any], *, file_sha256: str = "") -> Answer:
    """What a story did; a refusal is a problem with its own code."""
    if not isinstance(outcome, Refused):
        return outcome
    if str(outcome.reason) == "key_reused":
        raise ProblemError(KEY_REUSED)
    more = {"file_sha256": file_sha256} if file_sha256 else {}
    title = "The payroll was not taken."
    raise ProblemError(
        Problem(422, str(outcome.reason), title, outcome.message, outcome.fix, more=more | outcome.detail)
    )


def _kept(
    caller: Caller,
    key: str,
    what: str,
    body: bytes,
    work: Callable[[Keep], RunOutcome],
    *,
    claims: bool = False,
    before: Callable[[], Iterable[bytes]] = tuple,
) -> models.PayrollRun:
    """The first answer to the key; a run that was rejected is a problem, and is not kept."""
    answering = Answering(caller, key=key, what=what, body=body, before=before)

    def keep(tx: Tx, outcome: RunOutcome) -> None:
        answering.keep(tx, told(outcome))

    def told(outcome: RunOutcome) -> dict[str, Any]:
        return run(_unless_rejected(outcome)).model_dump(mode="json")

    return models.PayrollRun.model_validate(answering.first(lambda: told(work(keep)), claims=claims))


def _unless_rejected(outcome: RunOutcome) -> RunOutcome:
    if outcome.state is not RunState.REJECTED:
        return outcome
    places = [
        FieldProblem(each.reason, each.fix, each.code, None, each.row, each.column, each.value_masked)
        for each in outcome.findings
    ]
    more = {
        "run_id": str(outcome.run_id),
        "file_sha256": outcome.file_sha256,
        "rows_read": outcome.rows_read,
        "found": outcome.found,
    }
    title, told = "The payroll was rejected.", "Nothing of it was posted, and no fact about anybody was changed."
    raise ProblemError(
        Problem(422, "payroll_rejected", title, told, "Correct what errors names, and send it again.", places, more)
    )


def _rows(caller: Caller, key: str, sent: models.NewPayrollRun) -> models.PayrollRun:
    placed = caller.at(named(PlanId, sent.plan_id), Permission.PAYROLL_SUBMIT)
    header = RunHeader(
        pay_date=sent.pay_date,
        period_start=sent.period_start,
        period_end=sent.period_end,
        provider=sent.provider,
        replaces=named(RunId, sent.replaces) if sent.replaces else None,
        confirmed=sent.confirmed,
        second_run_reason=sent.second_run_reason.strip(),
        said=said(sent.control_totals, no_contributions=sent.no_contributions),
        codes=[CalledCode(each.code, each.name, each.type, each.side) for each in sent.codes],
    )

    def work(keep: Keep) -> RunOutcome:
        order = replace(placed.order(key), keep=keep)
        return done(caller.services.payroll.receive_rows(order, run=header, rows=rows(sent)))

    return _kept(placed, key, "payroll rows", body_of(sent), work, before=lambda: bodies_of_before(sent))


async def _file(request: Request, caller: Caller, key: str) -> tuple[str, models.PayrollRun]:
    async with request.form(max_files=1, max_fields=10) as form:
        file, words = form.get("file"), {name: value for name, value in form.items() if isinstance(value, str)}
        if not isinstance(file, UploadFile) or "plan_id" not in words:
            there = {"plan_id": "plan_id" in words, "file": isinstance(file, UploadFile)}
            missing = [name for name, found in there.items() if not found]
            lacking = [
                FieldProblem("It is missing.", f"Send a part named {each}.", "missing", f"/{each}") for each in missing
            ]
            raise ProblemError(Problem(422, "invalid", "The request is not valid.", errors=lacking))
        content, name = await file.read(), (file.filename or "payroll")[:200]

    return words["plan_id"], await run_in_threadpool(_receive, caller, key, words, name, content)


def _receive(caller: Caller, key: str, words: dict[str, str], name: str, content: bytes) -> models.PayrollRun:
    placed = caller.at(named(PlanId, words["plan_id"]), Permission.PAYROLL_SUBMIT)
    told = {part: words.get(part, "") for part in ("provider", "pay_date", "replaces")}
    reason = words.get("second_run_reason", "").strip()[:200]
    if reason:
        told["second_run_reason"] = reason
    besides = _said(words)
    if besides:
        told["said"] = besides.text
    pay_date = _day(told["pay_date"])
    replaces = named(RunId, told["replaces"]) if told["replaces"] else None

    def work(_: Keep) -> RunOutcome:
        received = placed.services.payroll.receive_file(
            placed.order(key),
            name=name,
            content=content,
            provider=told["provider"] or None,
            pay_date=pay_date,
            replaces=replaces,
            second_run_reason=reason,
            said=besides,
        )
        return done(received, file_sha256=hashlib.sha256(content).hexdigest())

    return _kept(placed, key, "payroll file", json.dumps(told, sort_keys=True).encode() + content, work)


def _said(words: dict[str, str]) -> Said:
    """What a form says of the rows of its file; a control total is written as in a body."""
    nothing = words.get("no_contributions", "").strip()
    if nothing not in ("", "true", "false"):
        place = FieldProblem("It is neither.", "Write true or false.", "bool_parsing", "/no_contributions")
        raise ProblemError(Problem(422, "invalid", "The request is not valid.", errors=[place]))
    totals, given = None, words.get("control_totals", "").strip()
    if given:
        try:
            totals = models.ControlTotals.model_validate_json(given)
        except ValidationError as error:
            raise ProblemError(_invalid(error, "control_totals")) from None
    try:
        encoding = encoding_of(words.get("encoding", ""))
    except ValueError as error:
        place = FieldProblem(f"{error}.", "Name one of them, or none for UTF-8.", "enum", "/encoding")
        raise ProblemError(Problem(422, "invalid", "The request is not valid.", errors=[place])) from None
    return replace(said(totals, no_contributions=nothing == "true"), encoding=encoding)


def _valid(body: bytes) -> models.NewPayrollRun:
    try:
        return models.NewPayrollRun.model_validate_json(body)
    except ValidationError as error:
        raise ProblemError(_invalid(error)) from None


def _invalid(error: ValidationError, *within: str) -> Problem:
    told = error.errors(include_input=False, include_url=False)
    places = [_place(each, within) for each in told[:1_000]]
    return Problem(422, "invalid", "The payroll is not valid.", "See errors.", errors=places)


def _place(error: Any, within: tuple[str, ...] = ()) -> FieldProblem:
    place = (*within, *error["loc"])
    row = place[1] + 1 if len(place) > 1 and place[0] == "rows" and isinstance(place[1], int) else None
    column = f"rows[{place[1]}].{place[2]}" if row and len(place) > 2 else None
    pointer = "/" + "/".join(map(str, place))
    reason, fix = what_is_wrong(error)
    return FieldProblem(reason, fix, code=str(error["type"]), pointer=pointer, row=row, column=column)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        place = FieldProblem("It is no date.", "Write it as 2026-08-14.", "date.invalid", "/pay_date")
        raise ProblemError(Problem(422, "invalid", "That is not a date.", errors=[place])) from None
