"""Payroll pages: history, upload, columns, one run. Every form works without JavaScript and may be sent twice."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base import messages
from open401k.base.access import Permission
from open401k.kernel import FileId, Id, Open401kError, Refused, RunId
from open401k.payroll import ROWS, Code, Said, control_totals, encoding_of, runs
from open401k.views import payroll_history, payroll_upload
from open401k.views.payroll_words import total_label
from open401k.views.shown import RunState

from ..guard import Caller, Needs, file_of, posted_form, word
from ..problems import NOT_FOUND, Problem, ProblemError
from ..provided import RunHeader, RunOutcome
from .frame import frame, page, see_other

router = APIRouter(include_in_schema=False, prefix="/plans/{plan_id}/payrolls")
Reader = Annotated[Caller, Depends(Needs(Permission.PAYROLL_VIEW))]
Sender = Annotated[Caller, Depends(Needs(Permission.PAYROLL_SUBMIT))]
Posted = Annotated[FormData, Depends(posted_form)]
Kind = TypeVar("Kind", bound=Id)
Answer = TypeVar("Answer")

#: The control totals that the form asks for; the other doors take one of every field.
FORM_TOTALS = (ROWS, "gross", "employee_money", "employer_money")
_SUM = re.compile(r"\$?(\d{1,3}(,\d{3})+|\d+)(\.\d{2})?", re.ASCII)


@router.get("")
def history(request: Request, caller: Reader, after: str | None = None) -> Response:
    """Every payroll, newest first."""
    with caller.begin() as tx:
        shown = payroll_history.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, after=after)
    around = frame(request, "Payrolls", caller=caller, current="payroll")
    return page(request, "payrolls", around, heading=shown.heading, history=shown)


@router.get("/upload")
def upload_page(request: Request, caller: Sender, replaces: str = "") -> Response:
    """The page that takes a file."""
    return _upload_page(request, caller, replaces)


@router.post("/upload")
def upload(request: Request, caller: Sender, form: Posted) -> Response:
    """Store the file; go on to its columns, or to the run where they are known."""
    file, replaces = file_of(form, "file"), word(form, "replaces")
    content = file.file.read(caller.services.settings.largest_file_bytes + 1)
    try:
        said = _said(form)
    except ValueError as error:
        problem = Problem(422, "said_invalid", "The file was not taken.", f"{error}.", "Choose the file again.")
        return _upload_page(request, caller, replaces, problem, given=form)
    outcome = caller.services.payroll.receive_file(
        caller.order(word(form, "key")),
        name=(file.filename or "payroll")[:200],
        content=content,
        provider=word(form, "provider") or None,
        pay_date=_day(word(form, "pay_date")),
        replaces=named(RunId, replaces) if replaces else None,
        said=said,
    )
    if isinstance(outcome, Refused):
        return _twin(caller, outcome) or _upload_page(request, caller, replaces, _problem(outcome), given=form)
    if outcome.already and outcome.posted:
        return see_other(f"/plans/{caller.plan}/payrolls/{outcome.run_id}?sent_again=1")
    return _next(caller, outcome)


def _said(form: FormData) -> Said:
    """The control totals that were filled in, and the encoding that was chosen."""
    given = {name: word(form, f"total-{name}") for name in FORM_TOTALS}
    totals = control_totals({name: _plain(text) for name, text in given.items() if text})
    return Said(totals, encoding=encoding_of(word(form, "encoding")))


def _plain(text: str) -> str:
    """A sum as people write it, without the dollar sign and the commas between thousands."""
    return text.removeprefix("$").replace(",", "") if _SUM.fullmatch(text) else text


@router.post("/nothing")
def nothing(request: Request, caller: Sender, form: Posted) -> Response:
    """Nothing is contributed on a pay date: on file as its payroll, unless something has to be confirmed first."""
    replaces, day = word(form, "replaces"), _day(word(form, "pay_date"))
    if day is None:
        missing = Problem(422, "pay_date_missing", "Not put on file.", "Nothing says the pay date.", "Choose it.")
        return _upload_page(request, caller, replaces, missing)
    header = RunHeader(day, replaces=named(RunId, replaces) if replaces else None, said=Said(no_contributions=True))
    outcome = caller.services.payroll.receive_rows(caller.order(word(form, "key")), run=header, rows=())
    if isinstance(outcome, Refused):
        return _upload_page(request, caller, replaces, _problem(outcome, "Not put on file."))
    return _next(caller, outcome)


def _twin(caller: Caller, refused: Refused[Any]) -> Response | None:
    """The page of the run that was refused for its likeness: there somebody can say that it is meant."""
    run_id = refused.detail.get("refused_run_id") if refused.reason is runs.Refusal.LOOKS_LIKE else None
    return None if run_id is None else see_other(f"/plans/{caller.plan}/payrolls/{run_id}")


@router.get("/{run_id}/mapping")
def mapping_page(request: Request, caller: Sender, run_id: str) -> Response:
    """How we propose to read the run's file."""
    return _mapping_page(request, caller, run_id)


@router.post("/{run_id}/mapping")
def confirm_mapping(request: Request, caller: Sender, form: Posted, run_id: str) -> Response:
    """Settle the columns and check every row; what cannot be settled is asked again, as it was chosen."""
    prefix = "column-"
    fields = {int(name[len(prefix) :]): word(form, name) or None for name in form if _is_column(name, prefix)}
    run_known, order = named(RunId, run_id), caller.order(f"{run_id} mapping")
    try:
        outcome = caller.services.payroll.confirm_mapping(order, run_id=run_known, fields=fields)
    except Open401kError as error:
        problem = Problem(422, "columns_do_not_fit", "Not settled yet.", error.message, error.fix)
        return _mapping_page(request, caller, run_id, chosen=fields, problem=problem)
    if isinstance(outcome, Refused):
        problem = _problem(outcome, "Not settled yet.")
        return _twin(caller, outcome) or _mapping_page(request, caller, run_id, chosen=fields, problem=problem)
    return _next(caller, outcome)


@router.get("/{run_id}")
def run(request: Request, caller: Reader, run_id: str, after_row: int = 0, sent_again: int = 0) -> Response:
    """One run: steps, findings, rows (by the page), entries, deposit."""
    with caller.begin() as tx:
        drawn_at = messages.newest_cursor(tx, tenant_id=caller.tenant)
        shown = payroll_history.load_run(
            tx, tenant_id=caller.tenant, plan_id=caller.plan, run_id=named(RunId, run_id), after_row=after_row
        )
    shown = _found(shown)
    asks = any(finding.confirm for finding in shown.findings)
    asks_codes = any(finding.code == Code.PAY_CODE_UNCONFIRMED for finding in shown.findings)
    around = frame(request, f"Payroll of {shown.run.pay_date}", caller=caller, current="payroll")
    return page(
        request,
        "payroll_run",
        around,
        heading=shown.heading,
        detail=shown,
        asks=asks,
        asks_codes=asks_codes,
        drawn_at=drawn_at,
        sent_again=sent_again,
    )


@router.post("/{run_id}/post")
def post(caller: Sender, form: Posted, run_id: str) -> Response:
    """Record, post, test and project the run."""
    outcome = caller.services.payroll.post(
        caller.order(run_id), run_id=named(RunId, run_id), confirmed=word(form, "confirmed") == "yes"
    )
    return _next(caller, _unless_refused(outcome))


@router.post("/{run_id}/close")
def close(caller: Sender, form: Posted, run_id: str) -> Response:
    """The run is not to be posted: nothing of it ever is."""
    why = word(form, "why")
    outcome = caller.services.payroll.close(caller.order(run_id), run_id=named(RunId, run_id), why=why)
    return _next(caller, _unless_refused(outcome))


@router.post("/{run_id}/again")
def again(caller: Sender, form: Posted, run_id: str) -> Response:
    """The run's file is a payroll of its own, because of the reason given: check it as one."""
    reason = word(form, "reason").strip()[:200]
    if not reason:
        raise ProblemError(
            Problem(422, "reason_missing", "Not sent again.", "A second payroll of the same amounts needs a reason.",
                    "Go back and say why it is meant twice.")
        )  # fmt: skip
    order = caller.order(f"{run_id} again")
    outcome = caller.services.payroll.send_again(order, run_id=named(RunId, run_id), reason=reason)
    return _next(caller, _unless_refused(outcome))


def _next(caller: Caller, outcome: RunOutcome) -> Response:
    here = f"/plans/{caller.plan}/payrolls/{outcome.run_id}"
    return see_other(f"{here}/mapping" if outcome.state is RunState.MAPPING else here)


def named(kind: type[Kind], text: str) -> Kind:
    """An id of an address or a form; what is none is not found."""
    try:
        return kind.parse(text)
    except ValueError:
        raise ProblemError(NOT_FOUND) from None


def _mapping_page(
    request: Request,
    caller: Caller,
    run_id: str,
    *,
    chosen: Mapping[int, str | None] | None = None,
    problem: Problem | None = None,
) -> Response:
    with caller.begin() as tx:
        shown = payroll_upload.load_mapping(
            tx, tenant_id=caller.tenant, plan_id=caller.plan, run_id=named(RunId, run_id)
        )
    shown = _found(shown)
    if chosen:
        columns = (replace(each, field=chosen.get(each.position, each.field)) for each in shown.columns)
        shown = replace(shown, columns=tuple(columns))
    around = frame(request, "Columns", caller=caller, current="payroll")
    return page(
        request,
        "payroll_mapping",
        around,
        status=problem.status if problem else 200,
        heading=shown.heading,
        mapping=shown,
        problem=problem,
    )


def _upload_page(
    request: Request,
    caller: Caller,
    replaces: str,
    problem: Problem | None = None,
    given: FormData | None = None,
) -> Response:
    with caller.begin() as tx:
        shown = payroll_upload.load(
            tx,
            tenant_id=caller.tenant,
            plan_id=caller.plan,
            replaces=named(RunId, replaces) if replaces else None,
        )
    return page(
        request,
        "payroll_upload",
        frame(request, "Upload payroll", caller=caller, current="payroll"),
        status=problem.status if problem else 200,
        heading=shown.heading,
        upload=shown,
        problem=problem,
        key=str(caller.services.ids.new(FileId)),
        given={name: word(given, name) for name in ("provider", "pay_date", "encoding")} if given else {},
        totals=[(name, total_label(name), word(given, f"total-{name}") if given else "") for name in FORM_TOTALS],
        max_megabytes=caller.services.settings.largest_file_bytes // 1_048_576,
    )


def _is_column(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and name[len(prefix) :].isascii() and name[len(prefix) :].isdigit()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ProblemError(Problem(422, "date_invalid", "That is not a date.", fix="Write it as 2026-08-14.")) from None


def _found(shown: Answer | None) -> Answer:
    if shown is None:
        raise ProblemError(NOT_FOUND)
    return shown


def _problem(refused: Refused[Any], title: str = "The file was not taken.") -> Problem:
    return Problem(422, str(refused.reason), title, refused.message, refused.fix)


def _unless_refused(outcome: Answer | Refused[Any]) -> Answer:
    if isinstance(outcome, Refused):
        raise ProblemError(_problem(outcome))
    return outcome
