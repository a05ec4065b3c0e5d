"""Where a finding of a payroll is repaired: a page of the plan, one click away. Not here: what was found (payroll)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, QuestionId, RunId, SponsorId
from open401k.payroll import Code, Finding, runs

_WHO = frozenset({Code.PERSON_CONFLICT, Code.PERSON_UNKNOWN})
_CODES = frozenset({Code.PAY_CODE_UNCONFIRMED, Code.PLAN_PAY_MISMATCH})
_ELECTIONS = frozenset({Code.ELECTION_MISMATCH, Code.ELECTION_REFUSED})
_COLUMNS = frozenset({Code.HEADER_MISSING, Code.HEADER_UNKNOWN, Code.HEADER_BLANK, Code.COLUMNS_SWAPPED})
#: What a column that was taken for another looks like, cell by cell.
_CELLS = frozenset({Code.EIN_FORMAT, Code.AMOUNT_FORMAT, Code.DATE_FORMAT, Code.DATE_INVALID, Code.HOURS_FORMAT})
_LOANS = frozenset({Code.LOAN_UNKNOWN, Code.LOAN_OVERPAY, Code.LOAN_MISSED})
_PERSON = frozenset(
    {
        Code.PERSON_NAME_CHANGED, Code.PERSON_TERMINATED, Code.PERSON_NOT_ELIGIBLE, Code.HIRE_DATE_MISSING,
        Code.HIRE_DATE_CHANGED, Code.DOB_PLACEHOLDER, Code.DOB_RANGE, Code.DOB_CHANGED, Code.LIMIT_402G,
        Code.LIMIT_CATCHUP_AGE, Code.LIMIT_ROTH_CATCHUP, Code.LIMIT_415, Code.LIMIT_415_EMPLOYER, Code.LIMIT_PLAN,
        Code.MATCH_MISMATCH, Code.AMOUNT_EXCEEDS_PAY, Code.AMOUNT_IMPLAUSIBLE, Code.HOURS_RANGE,
        Code.ROW_SLID,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Places:
    """What of a run leads to pages: who its rows are, which of them are asked about, whether its columns may change.

    ``shown`` are the rows that the page itself shows; others are on a page of rows of their own.
    """

    run_id: RunId
    columns: bool
    people: Mapping[int, EmployeeId] = field(default_factory=dict)
    questions: Mapping[int, QuestionId] = field(default_factory=dict)
    shown: Collection[int] = ()


def places(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    run: runs.Run,
    found: Sequence[Finding],
    people: Mapping[int, EmployeeId],
    shown: Collection[int] = (),
) -> Places:
    """The places of one run; questions are looked up only where a finding is about who somebody is."""
    asked: dict[int, QuestionId] = {}
    if any(each.code in _WHO for each in found):
        known = census.questions(tx, tenant_id=tenant_id)
        asked = {each.row: each.question_id for each in known if each.run_id == run.run_id and not each.reply}
    closed = (runs.Status.POSTED, runs.Status.CONFIRMED, runs.Status.CANCELED)
    changeable = run.status not in closed and bool(run.file_name)
    return Places(run.run_id, changeable, people, asked, shown)


def way(found: Finding, at: Places) -> tuple[str, str]:
    """The page below the plan's, and what its link says; both empty where only the file itself can be repaired."""
    employee_id = at.people.get(found.row) if found.row is not None else None
    if found.code is Code.PERSON_NOT_PAID:
        return f"/people/{dict(found.detail)['employee_id']}", "See the person"
    if found.code is Code.RUN_UNDONE:
        return f"/payrolls/{dict(found.detail)['run_id']}", "See that run"
    if found.code in _WHO:
        asked = at.questions.get(found.row or 0)
        return f"/who-is-who{f'#h-{asked}' if asked else ''}", "Say who it is"
    if found.code in _CODES:
        told = dict(found.detail)
        if "code" not in told:
            return "/pay-codes", "See pay codes"
        code, of = told["code"], "deduction " if told.get("side") == census.Side.DEDUCTION else ""
        words = f"Confirm {code}" if told.get("proposed") else f"Say what {code} is"
        return f"/pay-codes#{code_anchor(of + code)}", words
    if found.code in _COLUMNS | _CELLS and at.columns:
        return f"/payrolls/{at.run_id}/mapping", "Look at the columns"
    if found.code in _ELECTIONS:
        return ("/elections", "See elections") if employee_id is None else (
            f"/elections#person-{employee_id}", "See the election")  # fmt: skip
    if found.code in _LOANS:
        return "/loans", "See loans"
    if found.code in _PERSON and found.row is not None:
        return (f"/people/{employee_id}", "See the person") if employee_id else (_row(found.row, at), "See the row")
    return "", ""


def _row(number: int, at: Places) -> str:
    """The row in its run: the row itself says who it is, where nobody on file is known by it."""
    page = "" if number in at.shown else f"?after_row={number - 1}"
    return f"/payrolls/{at.run_id}{page}#row-{number}"


def code_anchor(code: str) -> str:
    """The place of a pay code on its page; other characters than letters and digits would break an address.

    >>> code_anchor("BON 2")
    'code-BON_20_2'
    """
    return "code-" + "".join(each if each.isascii() and each.isalnum() else f"_{ord(each):x}_" for each in code)
