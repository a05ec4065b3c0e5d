"""The rows of one payroll: as its file says, or with what was posted and held of each. Not here: the run itself."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from open401k import census, ledger, payroll, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, Open401kError, Source, SponsorId
from open401k.payroll import PayrollRow, runs

from . import _store

#: Columns of the table, each with the sources that it sums up.
_COLUMNS = {
    "pre_tax": (Source.PRE_TAX,),
    "roth": (Source.ROTH,),
    "after_tax": (Source.AFTER_TAX,),
    "match": (Source.MATCH, Source.SAFE_HARBOR_MATCH, Source.QMAC),
    "nonelective": (Source.NONELECTIVE, Source.SAFE_HARBOR_NONELECTIVE, Source.PROFIT_SHARING, Source.QNEC),
}
_OF_EMPLOYEE = ("pre_tax", "roth", "after_tax")


@dataclass(frozen=True, slots=True)
class RunRow:
    """One paid person of a run: what was paid and what became of it."""

    line_no: int
    employee_id: EmployeeId | None
    name: str
    ssn_masked: str
    plan_compensation: Money
    pre_tax: Money
    roth: Money
    after_tax: Money
    match: Money
    nonelective: Money
    held: Money
    findings: int = 0


def posted_rows(
    tx: Tx, *, tenant_id: SponsorId, run: runs.Run, replaced: Sequence[runs.Run], findings: Counter[int]
) -> list[RunRow]:
    """What the books have for each row of a posted run. A corrected file posts a difference to what it ``replaced``.

    Money is posted per person and pay date: of somebody with two rows, each shows its part as reported.
    """
    lines = _lines(tx, tenant_id, run)
    credited, held = _gains(tx, tenant_id, run, replaced)
    mine: dict[EmployeeId, list[_store.PaidRow]] = defaultdict(list)
    for line in lines:
        mine[EmployeeId(line.employee_id)].append(line)
    people = _people(tx, tenant_id, list(mine))
    rows = [
        row
        for employee_id, theirs in mine.items()
        for row in _rows_of(people[employee_id], theirs, credited[employee_id], held[employee_id], findings)
    ]
    return sorted(rows, key=lambda row: row.line_no)


def sent_rows(
    tx: Tx, *, tenant_id: SponsorId, run: runs.Run, findings: Counter[int], after: int, limit: int
) -> list[RunRow]:
    """Rows below row ``after`` as the file says, as far as its columns are settled and its cells can be read."""
    taken: list[PayrollRow] = []
    for row in _read(tx, tenant_id, run):
        if len(taken) == limit:
            break
        if row.row > after:
            taken.append(row)
    named = [_named(row) for row in taken]
    people = _people(tx, tenant_id, [each for each in named if each is not None])
    known = [people.get(each) if each is not None else None for each in named]
    codes = _codes(tx, tenant_id, run)
    on_file = census.find_by_ssn(tx, tenant_id=tenant_id, ssns=_numbers(taken))
    return [
        replace(
            _as_sent(row, who, findings[row.row], codes),
            employee_id=who.employee_id if who is not None else on_file.get(row.ssn or ""),
        )
        for row, who in zip(taken, known, strict=True)
    ]


def _codes(tx: Tx, tenant_id: SponsorId, run: runs.Run) -> payroll.CodesOfPlan:
    """What the pay codes mean for the plan on the pay date, as far as there is one and terms on it."""
    if run.pay_date is None:
        return payroll.NO_CODES
    until = run.pay_date + timedelta(days=1)
    terms = plan.provisions_between(tx, tenant_id=tenant_id, plan_id=run.plan_id, start=run.pay_date, end=until)
    if not terms:
        return payroll.NO_CODES
    asked = payroll.Asked(tenant_id, run.plan_id, run.pay_date, terms[0].provisions)
    return payroll.codes_of(tx, asked=asked)


def _named(row: PayrollRow) -> EmployeeId | None:
    """Whom a row names by our own id; a number of the provider's says nothing here."""
    try:
        return EmployeeId.parse(row.employee_id) if row.employee_id and not row.ssn else None
    except ValueError:
        return None


def _numbers(rows: Sequence[PayrollRow]) -> list[str]:
    """The numbers of the rows that somebody can have."""
    found = set()
    for row in rows:
        with suppress(Open401kError):  # one that nobody can have is a finding of its own
            found.add(census.parse_ssn(row.ssn or ""))
    return sorted(found)


def _lines(tx: Tx, tenant_id: SponsorId, run: runs.Run) -> list[_store.PaidRow]:
    """The facts of a run. Of a replaced one, whose pay codes mean nothing any more, pay is the whole of it."""
    if run.replaced_by is not None or run.pay_date is None:
        return _store.lines_paid(tx, tenant_id=tenant_id, run_id=run.run_id)
    start, end = run.pay_date, run.pay_date + timedelta(days=1)
    found = census.current_lines(tx, tenant_id=tenant_id, plan_id=run.plan_id, start=start, end=end)
    return [
        _store.PaidRow(
            line.line_no,
            line.employee_id.uuid,
            line.plan_cents,
            line.pre_tax_cents + line.catch_up_pre_tax_cents,
            line.roth_cents + line.catch_up_roth_cents,
            line.after_tax_cents,
            line.match_cents or 0,
            line.nonelective_cents or 0,
        )
        for line in found
        if line.run_id == run.run_id
    ]


def _gains(
    tx: Tx, tenant_id: SponsorId, run: runs.Run, replaced: Sequence[runs.Run]
) -> tuple[dict[EmployeeId, Counter[str]], Counter[EmployeeId]]:
    """Cents credited by column, and cents held, of each person."""
    causes = [str(each.run_id) for each in (run, *replaced)]
    column_of = {source.value: column for column, sources in _COLUMNS.items() for source in sources}
    credited: dict[EmployeeId, Counter[str]] = defaultdict(Counter)
    held: Counter[EmployeeId] = Counter()
    for gain in _store.gains(tx, tenant_id=tenant_id, plan_id=run.plan_id, causes=causes, on=run.pay_date):
        if gain.kind == ledger.Kind.SUSPENSE:
            held[EmployeeId(gain.employee_id)] += gain.cents
        elif gain.source in column_of:
            credited[EmployeeId(gain.employee_id)][column_of[gain.source]] += gain.cents
    return credited, held


def _people(tx: Tx, tenant_id: SponsorId, ids: Sequence[EmployeeId]) -> dict[EmployeeId, census.Employee]:
    found = census.roster(tx, tenant_id=tenant_id, employee_ids=sorted(set(ids)))
    return {each.employee_id: each for each in found}


def _rows_of(
    person: census.Employee, lines: Sequence[_store.PaidRow], credited: Counter[str], held: int, findings: Counter[int]
) -> Iterator[RunRow]:
    shares = {column: shared(credited[column], [getattr(line, column) for line in lines]) for column in _COLUMNS}
    not_credited = [
        max(0, sum(getattr(line, column) - shares[column][place] for column in _OF_EMPLOYEE))
        for place, line in enumerate(lines)
    ]
    for place, (line, waits) in enumerate(zip(lines, shared(held, not_credited), strict=True)):
        yield RunRow(
            line_no=line.line_no,
            employee_id=person.employee_id,
            name=f"{person.first_name} {person.last_name}",
            ssn_masked=census.mask_ssn(person.ssn_last4) if person.ssn_last4 else "",
            plan_compensation=Money(line.pay_cents),
            **{column: Money(cents[place]) for column, cents in shares.items()},
            held=Money(waits),
            findings=findings[line.line_no],
        )


def shared(cents: int, reported: Sequence[int]) -> list[int]:
    """A posted amount over the rows of one person, to each as much as it reported; the last one has the rest.

    >>> shared(250, [100, 100, 0])
    [100, 100, 50]
    """
    parts = []
    for amount in reported[:-1]:
        parts.append(min(amount, cents))
        cents -= parts[-1]
    return [*parts, cents]


def _read(tx: Tx, tenant_id: SponsorId, run: runs.Run) -> Iterator[PayrollRow]:
    data = payroll.files.content(tx, tenant_id=tenant_id, file_id=run.file_id)
    if run.provider == payroll.API_PROVIDER:
        chunks = payroll.read_json(json.loads(data), payroll.Findings())
    else:
        chunks = payroll.reopen(tx, tenant_id=tenant_id, run=run, data=data).chunks()
    for rows in chunks:
        yield from rows


def _as_sent(row: PayrollRow, known: census.Employee | None, findings: int, codes: payroll.CodesOfPlan) -> RunRow:
    employer = (row.nonelective_cents, row.safe_harbor_nonelective_cents, row.profit_sharing_cents)
    last4 = known.ssn_last4 if known else ""
    return RunRow(
        line_no=row.row,
        employee_id=known.employee_id if known else None,
        name=f"{known.first_name} {known.last_name}" if known else f"{row.first_name} {row.last_name}".strip(),
        ssn_masked=payroll.masked_ssn(row.ssn) if row.ssn else census.mask_ssn(last4) if last4 else "",
        plan_compensation=Money(codes.pay_of(row)),
        pre_tax=Money(row.pre_tax_cents + row.pre_tax_catch_up_cents),
        roth=Money(row.roth_cents + row.roth_catch_up_cents),
        after_tax=Money(row.after_tax_cents),
        match=Money((row.match_cents or 0) + (row.safe_harbor_match_cents or 0)),
        nonelective=Money(sum(cents or 0 for cents in employer)),
        held=Money(0),
        findings=findings,
    )
