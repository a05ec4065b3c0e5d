"""Files of a takeover, written from what the demo's way of loading is given."""

import csv
import io
from collections.abc import Mapping, Sequence

from open401k import census
from open401k.flows.plan_takeover import Takeover
from open401k.kernel import EmployeeId, Money, Source

ROSTER = (
    "ssn", "first_name", "last_name", "birth_date", "hired_on", "terminated_on", "employee_class", "ownership_percent",
    "officer", "relative", "relation", "pay_year", "plan_compensation", "section_415_compensation", "fica_wages",
    "hours",
)  # fmt: skip


def roster_csv(takeover: Takeover, left: Mapping[str, str] | None = None) -> bytes:
    """The people of a takeover; ``left`` is the last day of some, by number."""
    numbers = {each.employee_id: each.ssn for each in takeover.people}
    family = dict(takeover.family)
    rows = [
        _person(each, family, numbers) | {"terminated_on": (left or {}).get(each.ssn or "", "")}
        for each in takeover.people
    ]
    return table(ROSTER, rows, summed=ROSTER[12:])


def _person(
    each: census.NewEmployee,
    family: Mapping[EmployeeId, census.Family],
    numbers: Mapping[EmployeeId | None, str | None],
) -> dict[str, str]:
    relative = family.get(each.employee_id) if each.employee_id else None
    row = {
        "ssn": each.ssn or "",
        "first_name": each.first_name,
        "last_name": each.last_name,
        "birth_date": str(each.birth_date),
        "hired_on": str(each.hired_on),
        "ownership_percent": Money(each.ownership_bps).plain(),
        "officer": "yes" if each.officer else "no",
        "relative": (numbers[relative.relative] or "") if relative else "",
        "relation": relative.relation.value if relative else "",
    }
    for year, pay in each.annual_pay.items():
        row |= {
            "pay_year": str(year),
            "plan_compensation": Money(pay.plan_cents).plain(),
            "section_415_compensation": Money(pay.section_415_cents).plain(),
            "fica_wages": Money(pay.fica_cents).plain(),
            "hours": Money(pay.hours_hundredths).plain(),
        }
    return row


def balances_csv(held: Mapping[tuple[str, Source], int]) -> bytes:
    """Cents by number and source."""
    rows = [
        {"ssn": ssn, "source": source.value, "balance": Money(cents).plain()} for (ssn, source), cents in held.items()
    ]
    return table(("ssn", "source", "balance"), rows, summed=("balance",))


def table(columns: Sequence[str], rows: Sequence[Mapping[str, str]], *, summed: Sequence[str]) -> bytes:
    """Rows and their total."""
    out = io.StringIO()
    written = csv.DictWriter(out, columns, restval="")
    written.writeheader()
    written.writerows(rows)
    total = {name: Money(sum(Money.usd(row.get(name) or "0").cents for row in rows)).plain() for name in summed}
    written.writerow({"ssn": "total"} | total)
    return out.getvalue().encode()
