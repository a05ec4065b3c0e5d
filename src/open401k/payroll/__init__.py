"""Payroll: files and API bodies into checked rows, and the runs they make. Not here: posting (recordkeeping)."""

from . import files, remittance, runs
from .checks import FileCheck, Outcome, check, missing_figures
from .code_proposals import Proposal, Seen, propose_kind, seen_from
from .code_questions import Question, answer, questions
from .code_watch import CodeWatch, names_in
from .codes_seen import SeenOn, note_codes, seen_last
from .columns import REQUIRED, findings_of, propose, settle
from .findings import Code, Finding, Findings, Hold, Severity
from .formats import API_PROVIDER, LAYOUTS, Layout, as_json, period_of, read_json
from .gathering import Asked, OfLastDay, ToDate, codes_of, expectation, gather_standing, to_date
from .mapping import Column, DateOrder, Mapping, MappingProposal, ProposedColumn, Reading, letter
from .opening_balances import (
    OpeningExpected,
    OpeningFile,
    OpeningRow,
    check_opening_balances,
    read_opening_balances,
)
from .pay_codes import NO_CODES, CodesOfPlan, codes_by
from .reading import Opened, known_layout, open_upload
from .roster_file import PersonRow, RosterFile, check_relatives, read_roster
from .rows import Field, PayrollRow, masked_ssn
from .said import CONTROL_TOTALS, NOTHING_SAID, ROWS, Said, control_totals
from .standing import NOBODY, UNKNOWN, Expectation, OtherPlan, PlanTerms, Standing
from .year_to_date import (
    Boundary,
    YearToDateExpected,
    YearToDateFile,
    YearToDateRow,
    check_year_to_date,
    read_year_to_date,
    straddled,
)

__all__ = [
    "API_PROVIDER",
    "CONTROL_TOTALS",
    "LAYOUTS",
    "NOBODY",
    "NOTHING_SAID",
    "NO_CODES",
    "REQUIRED",
    "ROWS",
    "UNKNOWN",
    "Asked",
    "Boundary",
    "Code",
    "CodeWatch",
    "CodesOfPlan",
    "Column",
    "DateOrder",
    "Expectation",
    "Field",
    "FileCheck",
    "Finding",
    "Findings",
    "Hold",
    "Layout",
    "Mapping",
    "MappingProposal",
    "OfLastDay",
    "Opened",
    "OpeningExpected",
    "OpeningFile",
    "OpeningRow",
    "OtherPlan",
    "Outcome",
    "PayrollRow",
    "PersonRow",
    "PlanTerms",
    "Proposal",
    "ProposedColumn",
    "Question",
    "Reading",
    "RosterFile",
    "Said",
    "Seen",
    "SeenOn",
    "Severity",
    "Standing",
    "ToDate",
    "YearToDateExpected",
    "YearToDateFile",
    "YearToDateRow",
    "answer",
    "as_json",
    "check",
    "check_opening_balances",
    "check_relatives",
    "check_year_to_date",
    "codes_by",
    "codes_of",
    "control_totals",
    "expectation",
    "files",
    "findings_of",
    "gather_standing",
    "known_layout",
    "letter",
    "masked_ssn",
    "missing_figures",
    "names_in",
    "note_codes",
    "open_upload",
    "period_of",
    "propose",
    "propose_kind",
    "questions",
    "read_json",
    "read_opening_balances",
    "read_roster",
    "read_year_to_date",
    "remittance",
    "runs",
    "seen_from",
    "seen_last",
    "settle",
    "straddled",
    "to_date",
]
