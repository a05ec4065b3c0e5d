"""Payroll: files and API bodies into checked rows, and the runs they make. Not here: posting (recordkeeping)."""

from . import files, remittance, runs
from .checks import FileCheck, Outcome, check, missing_figures
from .columns import REQUIRED, findings_of, propose, settle
from .elections_file import ElectionRow, ElectionsFile, read_elections_file
from .findings import Code, Finding, Findings, Hold, Severity
from .formats import API_PROVIDER, LAYOUTS, Layout, as_json, period_of, read_json
from .gathering import Asked, OfLastDay, ToDate, codes_left_out, expectation, gather_standing, to_date
from .mapping import Column, DateOrder, Mapping, MappingProposal, ProposedColumn, Reading, letter
from .opening_balances import (
    OpeningExpected,
    OpeningFile,
    OpeningRow,
    check_opening_balances,
    read_opening_balances,
)
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
    "REQUIRED",
    "ROWS",
    "UNKNOWN",
    "Asked",
    "Boundary",
    "Code",
    "Column",
    "DateOrder",
    "ElectionRow",
    "ElectionsFile",
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
    "ProposedColumn",
    "Reading",
    "RosterFile",
    "Said",
    "Severity",
    "Standing",
    "ToDate",
    "YearToDateExpected",
    "YearToDateFile",
    "YearToDateRow",
    "as_json",
    "check",
    "check_opening_balances",
    "check_relatives",
    "check_year_to_date",
    "codes_left_out",
    "control_totals",
    "expectation",
    "files",
    "findings_of",
    "gather_standing",
    "known_layout",
    "letter",
    "masked_ssn",
    "missing_figures",
    "open_upload",
    "period_of",
    "propose",
    "read_elections_file",
    "read_json",
    "read_opening_balances",
    "read_roster",
    "read_year_to_date",
    "remittance",
    "runs",
    "settle",
    "straddled",
    "to_date",
]
