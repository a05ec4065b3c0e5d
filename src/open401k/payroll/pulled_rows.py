"""A provider's payroll as rows of ours: reversals taken off, lines added up by their meaning. Pure; writes nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from open401k.census import Side
from open401k.kernel import EmployeeId, Money

from .catalogue import CalledCode
from .providers import PayStatement, ProviderPayroll, Unread, Withheld
from .providers.doubts import is_twice
from .rows import DEFERRALS, EMPLOYER_MONEY, Field, PayrollRow

#: A reference of a row has at most so many characters.
_LONGEST = 60


_ASKED_AGAIN = "It is asked again with the next pull; if it stays, ask the provider."


class Why(StrEnum):
    """Why a payroll does not become a run yet, and is asked for again. Checked in this order."""

    TOTALS_DIFFER = "totals_differ"
    IN_DOUBT = "in_doubt"
    PERSON_UNKNOWN = "person_unknown"
    NOT_ON_ROSTER = "not_on_roster"
    CODE_UNKNOWN = "code_unknown"
    BELOW_ZERO = "below_zero"


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits, for what, and what to do."""

    why: Why
    message: str
    fix: str
    twice: str = ""  # which telling looks doubled and may be real: a person can say so


def waiting(payroll: ProviderPayroll, why: str, message: str, fix: str) -> dict[str, Any]:
    """A payroll that waits, as it is kept with its connection and shown."""
    pay_date = payroll.pay_date.isoformat()
    said = {"what": "payroll", "provider_id": payroll.provider_id, "pay_date": pay_date}
    return {**said, "why": str(why), "message": message, "fix": fix}


def unread(provider: str, what: str, odd: Unread) -> dict[str, Any]:
    """A person or payroll that is not told as it is described, as it is kept with its connection and shown."""
    message = f"One {what} of {provider.title()} cannot be read ({odd.provider_id}). {odd.why}"
    said = {"what": f"unread {what}", "provider_id": odd.provider_id, "why": "unread"}
    return {**said, "message": message, "fix": "Complete it at the provider; it is asked again with the next pull."}


def rows_of(
    payroll: ProviderPayroll,
    *,
    reversals: Sequence[ProviderPayroll],
    who: Mapping[str, EmployeeId],
    employer_ein: str = "",
    sure: Collection[str] = (),
) -> list[PayrollRow] | Waits:
    """What is left of a payroll after its reversals, one row a person; or why there are none.

    ``employer_ein`` is that of the company whose payroll it is; ``sure``: tellings in which a person said that what
    looks doubled is real.
    """
    for each in (payroll, *reversals):
        for what, said, added in each.differences():
            message = (
                f"The provider says {Money(said)} of {what} for {each.pay_date}; its lines add up to {Money(added)}."
            )
            return Waits(Why.TOTALS_DIFFER, message, _ASKED_AGAIN)
        doubled = all(map(is_twice, each.doubts))
        if each.doubts and not (doubled and each.provider_id in sure):
            message = f"The payroll of {each.pay_date} contradicts itself. {' '.join(each.doubts)}"
            return Waits(Why.IN_DOUBT, message, _ASKED_AGAIN, twice=each.provider_id if doubled else "")
    statements: dict[str, list[PayStatement]] = defaultdict(list)
    for each in (payroll, *reversals):
        for statement in each.statements:
            statements[statement.person_id].append(statement)
    unknown = [person_id for person_id in statements if person_id not in who]
    if unknown:
        message = f"{len(unknown)} of {len(statements)} people of {payroll.pay_date} are not settled yet."
        return Waits(Why.PERSON_UNKNOWN, message, "Say who they are; each is listed with the connection.")
    taken_back = {each.person_id for one in reversals for each in one.statements}
    taken_back |= {each.person_id for each in payroll.statements if each.gross_cents < 0}
    rows: list[PayrollRow] = []
    for person_id, theirs in statements.items():
        row = _row(len(rows) + 1, who[person_id], theirs, payroll, hours_known=person_id not in taken_back)
        if isinstance(row, Waits):
            return row
        if row is not None:
            rows.append(replace(row, employer_ein=employer_ein))
    return rows


def not_on_roster(payroll: ProviderPayroll, roster: Collection[str]) -> Waits | None:
    """Why nobody can say who somebody is: they were never told with the people."""
    paid = {each.person_id for each in payroll.statements}
    strange = len(paid.difference(roster))
    if not strange:
        return None
    message = f"{strange} of {len(paid)} people of {payroll.pay_date} are not among those that the provider told."
    return Waits(Why.NOT_ON_ROSTER, message, "People and payroll are asked again; if it stays, ask the provider.")


def codes_of(payroll: ProviderPayroll) -> list[CalledCode]:
    """The codes of a payroll beside the plan's own money, with the provider's types; its names are the codes."""
    paid = [line for each in payroll.statements for line in each.earnings]
    taken = [line for each in payroll.statements for line in each.withheld if _beside(line)]
    called = {e.code: e.provider_type for e in paid}
    deducted = {e.code[:_LONGEST]: e.provider_type for e in taken}
    return [
        *(CalledCode(code, provider_type=said) for code, said in called.items()),
        *(CalledCode(code, provider_type=said, side=Side.DEDUCTION) for code, said in deducted.items()),
    ]


def _beside(line: Withheld) -> bool:
    """Whether something was taken off that is no money of the plan."""
    return line.means is None and bool(line.employee_cents)


def _row(
    number: int, employee_id: EmployeeId, statements: Sequence[PayStatement], payroll: ProviderPayroll, *,
    hours_known: bool,
) -> PayrollRow | Waits | None:  # fmt: skip
    """One person; None where reversals left nothing.

    ``hours_known``: nothing of it was reversed. A reversal takes hours back as a positive number or not at all.
    """
    cents = _by_meaning(line for each in statements for line in each.withheld)
    if isinstance(cents, Waits):
        return cents
    loans = _sums((line.loan_id or line.code, line.employee_cents) for each in statements for line in _loans(each))
    earnings = _sums((line.code, line.cents) for each in statements for line in each.earnings)
    worked = _sums(
        (line.code, line.hours_hundredths) for each in statements for line in each.earnings if line.hours_hundredths
    )
    taken = _sums(
        (line.code[:_LONGEST], line.employee_cents) for each in statements for line in each.withheld if _beside(line)
    )
    gross = sum(each.gross_cents for each in statements)
    hours = [each.hours_hundredths for each in statements if each.hours_hundredths is not None]
    amounts = [gross, *cents.values(), *loans.values(), *earnings.values(), *taken.values()]
    if min(amounts) < 0:
        message = f"The payroll of {payroll.pay_date} takes back more from somebody than it paid."
        fix = "It is asked again; if it stays, ask the provider which payroll it corrects, and send that one corrected."
        return Waits(Why.BELOW_ZERO, message, fix)
    if not any(amounts):
        return None
    values: dict[str, Any] = {f"{field}_cents": cents.get(field, 0) for field in DEFERRALS}
    values |= {f"{field}_cents": cents[field] for field in EMPLOYER_MONEY if cents.get(field)}
    return PayrollRow(
        row=number,
        line=number,
        employee_id=str(employee_id),
        pay_date=payroll.pay_date,
        period_start=payroll.period_start,
        period_end=payroll.period_end,
        gross_cents=gross,
        hours_hundredths=sum(hours) if hours_known and hours else None,
        loan_payments=tuple((name, paid) for name, paid in loans.items() if paid),
        earnings=tuple((code, paid) for code, paid in earnings.items() if paid),
        deductions=tuple((code, cents) for code, cents in taken.items() if cents),
        earnings_hours=tuple(worked.items()) if hours_known else (),
        pay_group=payroll.pay_group[:_LONGEST],
        **values,
    )


def _by_meaning(lines: Iterable[Withheld]) -> dict[Field, int] | Waits:
    """Cents of each source. One without a meaning is no money of the plan, if its type says what it is."""
    found: dict[Field, int] = defaultdict(int)
    for line in lines:
        if line.means is None and not line.provider_type:
            message = f"Nothing says what the deduction {line.code!r} is."
            return Waits(
                Why.CODE_UNKNOWN, message, "Give it a benefit of its type at the provider, under the same name."
            )
        if line.means is not None and line.means is not Field.LOAN_PAYMENT:
            found[line.means] += line.employee_cents
        if line.employer_means is not None:
            found[line.employer_means] += line.employer_cents
    return found


def _loans(statement: PayStatement) -> list[Withheld]:
    return [line for line in statement.withheld if line.means is Field.LOAN_PAYMENT]


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for name, cents in pairs:
        found[name] += cents
    return found
