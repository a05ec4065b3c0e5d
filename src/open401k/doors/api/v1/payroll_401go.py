"""Payroll in the shape that 401GO publishes, for everyone who sends it. Not here: reading it (payroll/formats/go401).

Answers are in its shape, too: a payroll file, or errors nested as the body is.
"""

import hashlib
import json
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from open401k.base.access import Permission
from open401k.base.db import Tx
from open401k.payroll.formats.go401 import Misfit, Submitted, errors_of, place_of, read_submitted
from open401k.payroll.rows import PayrollRow
from open401k.views import payroll_history
from open401k.views.shown import FindingLine, RunState

from ...guard import Caller, Needs
from ...problems import FieldProblem, Problem, ProblemError
from ...provided import RunHeader, RunOutcome
from . import models
from .once import Answering
from .payroll import done

router = APIRouter(tags=["Payroll"])
Sender = Annotated[Caller, Depends(Needs(Permission.PAYROLL_SUBMIT))]
_OFF_CYCLE = "off-cycle payroll"
_WORDS = {"pattern": r"^\d{0,10}(\.\d{0,2})?$", "examples": ["2000.00"]}


class OtherAddition(BaseModel):
    """A part of a loan's payment."""

    additional_amount: str
    other_type: Annotated[str, Field(description="Loan Principal or Loan Interest")]


class SubmittedLine(BaseModel):
    """One participant's pay; `participant_id` is the employee's id here."""

    participant_id: str
    hours: Annotated[str, Field(examples=["80.00"])]
    gross_pay: Annotated[str, Field(json_schema_extra=_WORDS, description="Pay eligible for the plan")]
    pre_tax_amount: str = "0.00"
    post_tax_amount: Annotated[str, Field(description="Roth")] = "0.00"
    company_contribution: Annotated[str | None, Field(description="The match")] = None
    other_additions: list[OtherAddition] = []
    hours_ytd: str | None = None
    gross_pay_ytd: str | None = None


class SubmittedPayroll(BaseModel):
    """A payroll as 401GO publishes it."""

    check_date: date
    pay_period_start: date | None = None
    pay_period_end: date | None = None
    is_off_cycle: bool = False
    payroll_lines: list[SubmittedLine]


class TakenLine(BaseModel):
    """A line as it was taken, with what it defers in percent of its pay."""

    participant_id: str
    hours: str
    gross_pay: str
    pre_tax_amount: str
    post_tax_amount: str
    company_contribution: str | None
    pre_tax_percent: str
    post_tax_percent: str


class TakenFinding(BaseModel):
    """Something that was found and stops nothing, or holds the money of its line, and where."""

    place: list[str | int]
    user_error_message: str
    developer_error_detail: str | None


class TakenPayroll(BaseModel):
    """The payroll file; besides what 401GO publishes: its id and state here, and what was found."""

    check_date: date
    pay_period_start: date | None
    pay_period_end: date | None
    ach_date: Annotated[date | None, Field(description="By when the money is to be sent; null until it is posted")]
    is_off_cycle: bool
    payroll_lines: list[TakenLine]
    payroll_run_id: str
    state: str
    findings: list[TakenFinding]


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": models.reference(SubmittedPayroll)}},
    }
}
_ENVELOPE: dict[str, Any] = {
    "description": "What does not fit, nested as the body is: pairs of user_error_message and developer_error_detail",
    "content": {"application/json": {"schema": {"type": "object"}}},
}


@router.post(
    "/401go/companies/{plan_id}/submit-payroll/",
    openapi_extra=_BODY,
    response_model=TakenPayroll,
    responses={400: _ENVELOPE, 409: _ENVELOPE},
)
async def submit_payroll(
    request: Request,
    caller: Sender,
    idempotent_key: Annotated[
        str | None, Header(alias="Idempotent-Key", max_length=190, description="Without it the body itself is the key")
    ] = None,
) -> Response:
    """Send a payroll as 401GO's partners do; the company is the plan.

    It is checked and posted as rows of `POST /v1/payroll-runs` are, and the same key gives the first answer for ever.
    """
    return await run_in_threadpool(_submitted, caller, idempotent_key, await request.body())


def _submitted(caller: Caller, given: str | None, body: bytes) -> Response:
    try:
        sent = read_submitted(json.loads(body, parse_float=str, parse_constant=str))
    except (ValueError, RecursionError):
        sent = Submitted(misfits=[Misfit((), "The body is not JSON.", "Send application/json.")])
    if sent.misfits or sent.check_date is None:
        return _refused(400, sent.misfits)
    key = f"401go/{(given or '').strip() or hashlib.sha256(body).hexdigest()}"
    try:
        return JSONResponse(_taken(caller, key, sent, sent.check_date, body))
    except ProblemError as error:
        problem = error.problem
        status = 409 if problem.status == 409 else 400 if problem.status == 422 else problem.status
        places = [Misfit(place_of(e.row, e.column or ""), e.reason, e.fix) for e in problem.errors]
        return _refused(status, places or [Misfit((), problem.title, f"{problem.detail} {problem.fix}".strip())])


def _refused(status: int, misfits: list[Misfit]) -> JSONResponse:
    return JSONResponse(errors_of(misfits), status_code=status)


def _taken(caller: Caller, key: str, sent: Submitted, check_date: date, body: bytes) -> dict[str, Any]:
    header = RunHeader(
        pay_date=check_date,
        period_start=sent.pay_period_start,
        period_end=sent.pay_period_end,
        provider="401GO shape",
        second_run_reason=_OFF_CYCLE if sent.is_off_cycle else "",
    )
    answering = Answering(caller, key=key, what=f"401go payroll {caller.plan}", body=body)

    def keep(tx: Tx, outcome: RunOutcome) -> None:
        answering.keep(tx, _answer(tx, caller, sent, check_date, outcome))

    def work() -> dict[str, Any]:
        order = replace(caller.order(key), keep=keep)
        outcome = done(caller.services.payroll.receive_rows(order, run=header, rows=sent.rows))
        with caller.begin() as tx:
            return _answer(tx, caller, sent, check_date, outcome)

    return answering.first(work, claims=False)


def _answer(tx: Tx, caller: Caller, sent: Submitted, check_date: date, outcome: RunOutcome) -> dict[str, Any]:
    if outcome.state is RunState.REJECTED:
        places = [FieldProblem(e.reason, e.fix, e.code, None, e.row, e.column) for e in outcome.findings]
        raise ProblemError(Problem(422, "payroll_rejected", "The payroll was rejected.", errors=places))
    shown = None
    if outcome.posted:
        shown = payroll_history.load_run(tx, tenant_id=caller.tenant, plan_id=caller.plan, run_id=outcome.run_id)
    told = TakenPayroll(
        check_date=check_date,
        pay_period_start=sent.pay_period_start,
        pay_period_end=sent.pay_period_end,
        ach_date=shown.deposit.due_on if shown and shown.deposit else None,
        is_off_cycle=sent.is_off_cycle,
        payroll_lines=[_line(row) for row in sent.rows],
        payroll_run_id=str(outcome.run_id),
        state=str(outcome.state),
        findings=[_finding(each) for each in outcome.findings],
    )
    return told.model_dump(mode="json")


def _line(row: PayrollRow) -> TakenLine:
    return TakenLine(
        participant_id=row.employee_id,
        hours=_text(row.hours_hundredths or 0),
        gross_pay=_text(row.gross_cents),
        pre_tax_amount=_text(row.pre_tax_cents),
        post_tax_amount=_text(row.roth_cents),
        company_contribution=None if row.match_cents is None else _text(row.match_cents),
        pre_tax_percent=_percent(row.pre_tax_cents, row.gross_cents),
        post_tax_percent=_percent(row.roth_cents, row.gross_cents),
    )


def _finding(line: FindingLine) -> TakenFinding:
    place = list(place_of(line.row, line.column))
    return TakenFinding(place=place, user_error_message=line.reason, developer_error_detail=line.fix or None)


def _text(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _percent(part_cents: int, whole_cents: int) -> str:
    """Half a hundredth of a percent is rounded up; of no pay it is none."""
    return _text((part_cents * 20_000 + whole_cents) // (whole_cents * 2)) if whole_cents else "0.00"
