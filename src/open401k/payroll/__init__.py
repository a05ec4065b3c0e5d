"""Payroll: files and API bodies into checked rows, and the runs they make. Not here: posting (recordkeeping)."""

from . import files, remittance, runs
from .checks import FileCheck, Outcome, check, missing_figures
from .columns import REQUIRED, findings_of, propose, settle
from .findings import Code, Finding, Findings, Hold, Severity
from .formats import API_PROVIDER, LAYOUTS, Layout, as_json, read_json
from .gathering import Asked, OfLastDay, ToDate, codes_left_out, expectation, gather_standing, to_date
from .mapping import Column, DateOrder, Mapping, MappingProposal, ProposedColumn, Reading, letter
from .reading import Opened, known_layout, open_upload
from .rows import Field, PayrollRow, masked_ssn
from .standing import NOBODY, UNKNOWN, Expectation, OtherPlan, PlanTerms, Standing

__all__ = [
    "API_PROVIDER",
    "LAYOUTS",
    "NOBODY",
    "REQUIRED",
    "UNKNOWN",
    "Asked",
    "Code",
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
    "OtherPlan",
    "Outcome",
    "PayrollRow",
    "PlanTerms",
    "ProposedColumn",
    "Reading",
    "Severity",
    "Standing",
    "ToDate",
    "as_json",
    "check",
    "codes_left_out",
    "expectation",
    "files",
    "findings_of",
    "gather_standing",
    "known_layout",
    "letter",
    "masked_ssn",
    "missing_figures",
    "open_upload",
    "propose",
    "read_json",
    "remittance",
    "runs",
    "settle",
    "to_date",
]
