"""The year-end census as a page to confirm: everybody of a plan year, what changed since it was confirmed, as CSV."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta

from open401k import census, compliance, plan
from open401k.base.db import Tx
from open401k.compliance import CensusRow
from open401k.kernel import EmployeeId, Money, PlanId, SponsorId, anniversary
from open401k.law import participant_count

from .heading import heading
from .shown import PlanHeading
from .who_is_who import open_questions

#: A spreadsheet takes cells that begin so for formulas (OWASP: CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_EMPLOYEE = re.compile(r"emp_\w+", re.ASCII)
_MOST_DIFFERENCES = 200
_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class CensusLine:
    """One person; the whole number is nobody's to see."""

    row: CensusRow
    ssn_masked: str

    @property
    def key_notes(self) -> str:
        """Why somebody is key; an office and shares that did not decide it are told with it."""
        row, told = self.row, self.row.why_key
        office = "an officer" if row.officer and "officer" not in told else ""
        shares = (
            f"now owns {Money(row.ownership_bps).plain()} %" if row.ownership_bps and "directly" not in told else ""
        )
        return " · ".join(filter(None, (told, office, shares)))


@dataclass(frozen=True, slots=True)
class CensusYear:
    """The census of a plan year, or a page of its people; ``more`` is where the next page begins.

    ``differences`` are what it says otherwise than when it was confirmed. ``recomputed`` is False where the same facts
    no longer give what was confirmed: a rule of this program changed since then.
    """

    heading: PlanHeading
    year: int
    first_day: date
    last_day: date
    as_of: date
    over: bool
    earlier: bool
    """Whether the plan was there in the year before."""
    known_at: datetime
    sha256: str
    people: int
    lines: tuple[CensusLine, ...]
    counts: compliance.ParticipantCounts
    mandate: str
    mandate_why: str
    missing: str
    confirmation: census.Confirmation | None
    differences: tuple[compliance.Difference, ...]
    recomputed: bool
    open_questions: int
    more: int | None = None
    #: What everybody owns directly, together: above the whole, a share that was sold is still on file.
    owned_bps: int = 0
    #: Everybody's, by their id: relatives are told by name.
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def hce_from(self) -> date:
        """Shares count from the first day of the year before the plan year on (IRC 414(q)(1)(A), (2))."""
        return anniversary(self.first_day, -1)

    @property
    def key_on(self) -> date:
        """The determination date: the day before the plan year, of a first one its last day (IRC 416(g)(4)(C))."""
        return self.first_day - timedelta(days=1) if self.counts.counted_on == self.first_day else self.last_day

    @property
    def asks_filed(self) -> bool:
        """Whether the category of the year before may be kept, or is on file (29 CFR 2520.103-1(d))."""
        near = participant_count.KEEP_FROM <= self.counts.counted <= participant_count.KEEP_UP_TO
        return near or self.counts.filed_as_small_before is not None

    @property
    def owned_too_much(self) -> str:
        """What they own in percent, where it is more than there is."""
        return Money(self.owned_bps).plain() if self.owned_bps > _WHOLE else ""

    @property
    def changes(self) -> tuple["ChangedLine", ...]:
        """The differences as a person reads them."""
        return tuple(changed_line(each, self.names) for each in self.differences)


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """One difference from what was confirmed, in words."""

    employee_id: str
    name: str
    what: str
    before: str
    now: str


def changed_line(each: compliance.Difference, names: Mapping[str, str] | None = None) -> ChangedLine:
    """A difference in words: amounts as dollars, shares as percent, relatives by name.

    >>> line = changed_line(compliance.Difference("emp_1", "A Person", "ownership_bps", "0", "1000"))
    >>> line.what, line.before, line.now
    ('ownership', '0.00 %', '10.00 %')
    >>> own = compliance.Difference("emp_1", "A Person", "family", "", "child emp_2")
    >>> changed_line(own, {"emp_2": "B Person"}).now
    'child B Person'
    >>> changed_line(compliance.Difference("emp_1", "A Person", "key_employee", "None", "True")).before
    '–'
    """
    what = re.sub(r"_(cents|bps|hundredths)$", "", each.field).replace("_", " ")
    before, now = (_told(each.field, _named(text, names or {})) for text in (each.before, each.now))
    return ChangedLine(each.employee_id, each.name, what or "the person", before, now)


def _named(text: str, names: Mapping[str, str]) -> str:
    return _EMPLOYEE.sub(lambda found: names.get(found[0], found[0]), text)


_TOLD = {"True": "yes", "False": "no", "None": "–", "": "–"}


def _told(field: str, text: str) -> str:
    if text in _TOLD or not _NUMBER.fullmatch(text) or "." in text:
        return _TOLD.get(text, text)
    if field.endswith("_cents"):
        return str(Money(int(text)))
    if field.endswith(("_bps", "_hundredths")):
        return Money(int(text)).plain() + (" %" if field.endswith("_bps") else "")
    return text


def load(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year: int, start: int = 0, limit: int | None = None
) -> CensusYear:
    """The census of the plan year that begins in ``year``, as known now."""
    now = compliance.census_of_year(tx, tenant_id=tenant_id, plan_id=plan_id, year=year)
    confirmed = census.confirmed_year(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=now.plan_year.start)
    changed: list[compliance.Difference] = []
    recomputed = True
    if confirmed is not None and confirmed.sha256 != now.sha256:
        then = compliance.census_of_year(
            tx, tenant_id=tenant_id, plan_id=plan_id, year=year, known_at=confirmed.known_at
        )
        changed, recomputed = compliance.differences(then, now), then.sha256 == confirmed.sha256
    end = len(now.rows) if limit is None else max(0, start) + limit
    some = now.rows[max(0, start) : end]
    ids = [EmployeeId.parse(row.employee_id) for row in some]
    last4 = {
        str(person.employee_id): person.ssn_last4 for person in census.roster(tx, tenant_id=tenant_id, employee_ids=ids)
    }
    return CensusYear(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        year=year,
        first_day=now.plan_year.start,
        last_day=now.plan_year.last_day,
        as_of=now.as_of,
        earlier=_was_there(tx, tenant_id, plan_id, now.plan_year.start),
        over=now.as_of >= now.plan_year.last_day,
        known_at=now.known_at,
        sha256=now.sha256,
        people=len(now.rows),
        lines=tuple(CensusLine(row, _masked(last4.get(row.employee_id, ""))) for row in some),
        counts=now.counts,
        mandate=now.mandate.status.value,
        mandate_why=f"{now.mandate.reason} ({now.mandate.citation})",
        missing=now.missing,
        confirmation=confirmed,
        differences=tuple(changed[:_MOST_DIFFERENCES]),
        recomputed=recomputed,
        open_questions=len(open_questions(tx, tenant_id=tenant_id, plan_id=plan_id)),
        more=end if end < len(now.rows) else None,
        owned_bps=sum(row.ownership_bps for row in now.rows),
        names={row.employee_id: row.name for row in now.rows},
    )


def as_csv(shown: CensusYear) -> str:
    """Everybody as a table for a spreadsheet: money as dollars, no cell that it could take for a formula."""
    names = [each.name for each in fields(CensusRow)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["ssn_masked", *(_heading(name) for name in names)])
    for line in shown.lines:
        writer.writerow([safe_cell(line.ssn_masked), *(safe_cell(_cell(name, line.row)) for name in names)])
    return out.getvalue()


def safe_cell(text: str) -> str:
    """A cell that a spreadsheet reads as text or as a number, never as a formula.

    >>> safe_cell("=1+1"), safe_cell("-5.00")
    ("'=1+1", '-5.00')
    """
    if text.lstrip(" \\n").startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def _was_there(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, day: date) -> bool:
    """Whether the plan had terms on the day before."""
    before = day - timedelta(days=1)
    return bool(plan.provisions_between(tx, tenant_id=tenant_id, plan_id=plan_id, start=before, end=day))


def _masked(last4: str) -> str:
    return census.mask_ssn(last4) if last4 else ""


def _heading(name: str) -> str:
    return name.removesuffix("_cents").replace("hours_hundredths", "hours").replace("_bps", "_percent")


def _cell(name: str, row: CensusRow) -> str:
    value = getattr(row, name)
    if value is None:
        return ""
    if name.endswith("_cents"):
        return Money(value).plain()
    if name in ("hours_hundredths", "ownership_bps"):
        return Money(value).plain()  # hundredths of hours, or of a percent, as of dollars
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(value) if isinstance(value, tuple) else str(value)
