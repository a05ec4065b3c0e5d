"""A payroll file on its way in: which column means what, before anything of it is recorded."""

from dataclasses import dataclass
from datetime import date

from open401k.kernel import RunId

from .shown import FindingLine, PayrollLine, PlanHeading


@dataclass(frozen=True, slots=True)
class PayrollUpload:
    """The page that takes a file; ``replaces`` names the run that a corrected file takes the place of."""

    heading: PlanHeading
    recent: tuple[PayrollLine, ...]
    providers: tuple[str, ...]
    next_payroll_on: date | None
    replaces: RunId | None = None


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One field of the canonical row that a column can be mapped to."""

    key: str
    label: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class ColumnProposal:
    """One column of the file, what we take it for and why, with masked samples."""

    position: int
    heading: str
    field: str | None
    sure: bool
    why: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PayrollMapping:
    """The proposed reading of one file, for the sponsor to confirm once per provider."""

    heading: PlanHeading
    run_id: RunId
    file_name: str
    provider: str
    rows: int
    pay_date: date | None
    columns: tuple[ColumnProposal, ...]
    fields: tuple[FieldChoice, ...]
    remembered: bool
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    problems: tuple[FindingLine, ...] = ()
    replaces: RunId | None = None
