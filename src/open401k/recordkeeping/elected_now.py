"""Elections and defaults together, of some people on a pay date. Not here: what they come to (withholding.py)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, Source, SponsorId
from open401k.plan import Provisions

from .contributions import Cents, PayOfDate, People, YearToDate
from .defaults import Days, Defaults, Past, defaults_on, rehires, with_defaults
from .election_book import election_columns
from .elections import Columns, Elected, elected_by_all
from .withholding import as_elected


@dataclass(frozen=True, slots=True, eq=False)
class ElectionsOnFile:
    """Of a plan: every election up to a day, and the pay dates that increases are counted from."""

    columns: Columns
    pay_dates: Days


def read_on_file(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    provisions: Provisions,
    until: date,
    known_at: datetime | None = None,
) -> ElectionsOnFile | None:
    """Read once for a whole payroll; None, and nothing is read, where the plan's elections are not kept here."""
    if provisions.elections is None:
        return None
    columns = election_columns(tx, tenant_id=tenant_id, plan_id=plan_id, until=until, known_at=known_at)
    days: list[date] = []
    if provisions.automatic_enrollment is not None:
        runs = census.pay_runs(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
        days = sorted({run.pay_date for run in runs if run.current and not run.brought and run.pay_date <= until})
    return ElectionsOnFile(columns, np.array(days, dtype="datetime64[D]"))


def elected_with_defaults(
    on_file: ElectionsOnFile,
    provisions: Provisions,
    *,
    employees: Sequence[census.Employee],
    entered_on: Sequence[date | None],
    on: date,
) -> tuple[Elected, Defaults]:
    """What is to be withheld from these people, and why where it is a default.

    An election ends with the employment it was made in: who is hired again elects anew, or has the default.
    """
    ids = IdColumn.of(EmployeeId, [each.employee_id for each in employees])
    again, left = rehires(employees, on)
    elected = elected_by_all(on_file.columns, ids, on, not_before=again)
    past = Past(again, left, *_until(on_file.columns, ids, again, on))
    entered = np.array(entered_on, dtype="datetime64[D]")
    defaults = defaults_on(
        provisions, on=on, elected=elected, entered_on=entered, past=past, pay_dates=on_file.pay_dates
    )
    return with_defaults(elected, defaults), defaults


def asked_of(
    on_file: ElectionsOnFile | None,
    provisions: Provisions,
    employees: Sequence[census.Employee],
    people: People,
    before: YearToDate,
) -> Callable[[PayOfDate, Cents | int, Mapping[Source, Cents]], Mapping[Source, Cents] | None]:
    """What is to be withheld from a paycheck of these people, beside what the books credit for it; None: not known."""
    once: dict[date, Elected] = {}

    def to_withhold(
        pay: PayOfDate, bonus: Cents | int, credited: Mapping[Source, Cents]
    ) -> Mapping[Source, Cents] | None:
        if on_file is None:
            return None
        if pay.on not in once:
            once[pay.on], _ = elected_with_defaults(
                on_file, provisions, employees=employees, entered_on=people.entered_on, on=pay.on
            )
        return as_elected(provisions, people, pay, bonus, once[pay.on], before, credited).cents

    return to_withhold


def _until(
    columns: Columns, ids: IdColumn[EmployeeId], again: Days, on: date
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.bool_]], Days]:
    """Whose own election lapsed, and the first default brought from elsewhere."""
    lapsed = np.zeros(len(ids), dtype=np.bool_)
    since = np.full(len(ids), np.datetime64("NaT", "D"), dtype="datetime64[D]")
    who = columns.employee_id.places_in(ids)
    counted = (who >= 0) & columns.stands & (columns.event_on <= np.datetime64(on, "D"))
    own = np.flatnonzero(counted & ~columns.by_default)
    gone = own[columns.event_on[own] < again[who[own]]]
    lapsed[who[gone]] = True
    default = np.flatnonzero(counted & columns.by_default)
    for place, day in zip(who[default].tolist(), columns.event_on[default], strict=True):
        since[place] = np.fmin(since[place], day)
    return lapsed, since
