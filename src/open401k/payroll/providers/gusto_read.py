"""Gusto's answers into the common vocabulary, by its OpenAPI description of 2025-06-15. Not here: asking for them."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..rows import Field
from . import doubts
from .connector import ProviderError, Trouble
from .reading import Told
from .statements import (
    CodeKind,
    Company,
    Earning,
    Employed,
    InForce,
    PayCode,
    PayrollKind,
    PaySchedule,
    PayStatement,
    Person,
    ProviderPayroll,
    Rate,
    Tier,
    Totals,
    Withheld,
)

#: Gusto's benefit types that are money of a 401(k) plan; the employer's money beside them is a match until proven.
BENEFIT_TYPES: Final[Mapping[int, Field]] = {5: Field.PRE_TAX, 105: Field.ROTH}
#: What a deduction that repays a loan is called by :mod:`.gusto_write`; a sponsor's own name is not guessed at.
LOAN_NAME: Final = re.compile(r"401\(k\) loan (?P<loan>\S.{0,60})", re.IGNORECASE)
_NOT_IN_GROSS = frozenset({"reimbursement"})
_REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Benefit:
    """A company benefit: what payrolls name it by, and what its type makes of it."""

    provider_id: str
    name: str
    benefit_type: int
    active: bool
    loans: Mapping[str, str]  # employee to loan, where it repays loans

    @property
    def means(self) -> Field | None:
        """The money it is, as far as its type tells."""
        return BENEFIT_TYPES.get(self.benefit_type)


def company(told: Told, schedules: Iterable[Told]) -> Company:
    """The employer."""
    return Company(
        provider_id=told.text("uuid"),
        name=told.text_or("name"),
        ein=told.text_or("ein"),
        schedules=tuple(
            PaySchedule(
                each.text("uuid"), each.text_or("custom_name") or each.text_or("name"), each.text_or("frequency")
            )
            for each in schedules
        ),
    )


def person(told: Told, history: Iterable[Told] | None = None) -> Person:
    """Somebody on the roster. ``history`` has each employment of who was hired more than once."""
    return Person(
        provider_id=told.text("uuid"),
        first_name=told.text("first_name"),
        last_name=told.text("last_name"),
        birth_date=told.maybe_day("date_of_birth"),
        employment=_employment(told) if history is None else _history(told, history),
        version=told.text_or("version"),
        status=told.text_or("current_employment_status"),
        department=told.text_or("department"),
        employee_number=told.text_or("employee_code"),
    )


def _employment(told: Told) -> tuple[Employed, ...]:
    """One employment: the first day of any job, the last day of the termination that stands."""
    starts = [day for job in told.items("jobs") if (day := job.maybe_day("hire_date")) is not None]
    starts = starts or [day for day in [told.maybe_day("hired_at")] if day is not None]
    if not starts:
        return ()
    ends = [day for each in told.items("terminations") if (day := each.maybe_day("effective_date")) is not None]
    return (Employed(min(starts), max(ends, default=None)),)


def _history(told: Told, history: Iterable[Told]) -> tuple[Employed, ...]:
    spans = sorted(
        (Employed(each.day("hire_date"), each.maybe_day("termination_date")) for each in history),
        key=lambda span: span.hired_on,
    )
    return tuple(spans) or _employment(told)


def was_here_before(told: Told) -> bool:
    """Whether one employment may not be all: a termination on file, whether or not it was undone by a rehire."""
    return any(True for _ in told.items("terminations"))


def benefit(told: Told, loans: Mapping[str, str]) -> Benefit:
    """A company benefit."""
    number = told.number("benefit_type")
    return Benefit(told.text("uuid"), told.text("description"), number, told.flag("active", default=True), loans)


def loans_of(enrolled: Iterable[Told]) -> dict[str, str]:
    """Whose enrolments in a benefit repay a loan, and which; two loans of one person there cannot be told apart."""
    found: dict[str, str] = {}
    for each in enrolled:
        loan, who = each.text_or("retirement_loan_identifier"), each.text("employee_uuid")
        if loan and found.setdefault(who, loan) != loan:
            found[who] = ""
    return found


def pay_codes(benefits: Sequence[Benefit], rates: Told, earning_types: Told) -> list[PayCode]:
    """Every code there is: rates of pay, earning types, benefits on both sides."""
    codes: dict[str, PayCode] = {}
    for kind in ("hourly", "fixed", "paid_time_off") if rates.has("compensations") else ():
        for each in rates.at("compensations").items(kind):
            name = each.text("name")
            codes[name] = PayCode(CodeKind.EARNING, name, name, provider_type=kind)
    for kind in ("default", "custom"):
        for each in earning_types.items(kind):
            name, active = each.text("name"), each.flag("active", default=True)
            codes[name] = PayCode(CodeKind.EARNING, name, name, each.text("uuid"), kind, active=active)
    made = list(codes.values())
    for known in benefits:
        both: dict[str, Any] = {
            "code": known.name,
            "name": known.name,
            "provider_id": known.provider_id,
            "active": known.active,
        }
        kind_of = str(known.benefit_type)
        means = Field.LOAN_PAYMENT if known.loans else known.means
        made.append(PayCode(CodeKind.DEDUCTION, provider_type=kind_of, means=means, **both))
        if known.means:
            made.append(PayCode(CodeKind.CONTRIBUTION, provider_type=kind_of, means=Field.MATCH, **both))
    return made


def fingerprint(told: Told) -> str:
    """Changes with everything that a list says of a payroll, so that a changed one is read again."""
    return hashlib.sha256(repr(told.value).encode()).hexdigest()[:16]


def is_processed(told: Told) -> bool:
    """Whether a listed payroll has been run."""
    return told.flag("processed")


def payroll(
    told: Told, compensations: Sequence[Told], benefits: Sequence[Benefit], reverses: Mapping[str, str]
) -> ProviderPayroll:
    """One processed payroll; ``reverses`` says which payroll a reversal takes back."""
    payroll_id = told.text("payroll_uuid")
    reason = told.text_or("off_cycle_reason")
    period = told.maybe("pay_period")
    by_name = _by_name(benefits)
    statements = [_statement(each, by_name) for each in compensations if not each.flag("excluded", default=False)]
    return ProviderPayroll(
        provider_id=payroll_id,
        pay_date=told.day("check_date"),
        period_start=period.maybe_day("start_date") if period else None,
        period_end=period.maybe_day("end_date") if period else None,
        kind=_kind(told, reason, payroll_id in reverses),
        statements=tuple(statements),
        totals=_totals(told.maybe("totals")),
        processed_on=told.maybe_day("processed_date"),
        reverses=reverses.get(payroll_id, ""),
        reversed_by=reversals_of(told),
        reason=reason,
        pay_group=period.text_or("pay_schedule_uuid") if period else "",
        doubts=doubts.told_twice(each.person_id for each in statements),
    )


def reversals_of(told: Told) -> tuple[str, ...]:
    """The payrolls that take this one back."""
    found = []
    for each in told.items("reversal_payroll_uuids"):
        if not isinstance(each.value, str) or not each.value:
            raise each.odd("a text")
        found.append(each.kept())
    return tuple(found)


def _kind(told: Told, reason: str, is_reversal: bool) -> PayrollKind:
    if is_reversal or reason.casefold() == _REVERSAL:
        return PayrollKind.REVERSAL
    if told.flag("external", default=False):
        return PayrollKind.EXTERNAL
    return PayrollKind.OFF_CYCLE if told.flag("off_cycle", default=False) else PayrollKind.REGULAR


def _totals(told: Told | None) -> Totals:
    if told is None:
        return Totals()
    said: dict[str, int | None] = {
        name: told.cents(name) if told.has(name) else None
        for name in ("gross_pay", "employee_benefits_deductions", "other_deductions", "benefits")
    }
    deducted, other = said["employee_benefits_deductions"], said["other_deductions"]
    employee = None if deducted is None or other is None else deducted + other
    return Totals(said["gross_pay"], employee, said["benefits"])


def _by_name(benefits: Sequence[Benefit]) -> dict[str, Benefit]:
    """Payrolls name a benefit by its description alone: where two of different types share it, nobody can tell."""
    found: dict[str, Benefit] = {}
    for each in benefits:
        twin = found.setdefault(each.name, each)
        if twin.means is not each.means or bool(twin.loans) is not bool(each.loans):
            fix = "Give one of them another description at Gusto."
            message = "Two benefits of different types have one description, and payrolls name them by that alone."
            raise ProviderError(Trouble.ASK_A_PERSON, message, where="company_benefits", fix=fix)
    return found


def _statement(told: Told, benefits: Mapping[str, Benefit]) -> PayStatement:
    who = told.text("employee_uuid")
    hourly, fixed = list(told.items("hourly_compensations")), list(told.items("fixed_compensations"))
    earnings = [Earning(each.text("name"), each.cents_or("amount"), "hourly", _hours(each)) for each in hourly]
    earnings += [
        Earning(each.text("name"), each.cents("amount"), "fixed")
        for each in fixed
        if each.text("name").casefold() not in _NOT_IN_GROSS
    ]
    hours = [_hours(each) for each in (*hourly, *told.items("paid_time_off"))]
    withheld = [_benefit_line(each, who, benefits) for each in told.items("benefits")]
    withheld += [_deduction_line(each) for each in told.items("deductions")]
    return PayStatement(
        person_id=who,
        gross_cents=told.cents("gross_pay"),
        earnings=tuple(each for each in earnings if each.cents),
        withheld=tuple(each for each in withheld if each.employee_cents or each.employer_cents),
        hours_hundredths=sum(hours) if hours else None,
        net_cents=told.cents_or("net_pay"),
    )


def _hours(told: Told) -> int:
    """Hours come to the thousandth; ours are hundredths."""
    found = told.maybe("hours")
    return found.in_hundredths("hours", round_down=True) if found else 0


def _benefit_line(told: Told, who: str, benefits: Mapping[str, Benefit]) -> Withheld:
    name = told.text("name")
    known = benefits.get(name)
    means = known.means if known else None
    loan_id = known.loans.get(who, "") if known and known.loans else ""
    return Withheld(
        code=name,
        employee_cents=told.cents_or("employee_deduction"),
        employer_cents=told.cents_or("company_contribution"),
        provider_type=str(known.benefit_type) if known else "",
        means=Field.LOAN_PAYMENT if loan_id else means,
        employer_means=Field.MATCH if means else None,
        loan_id=loan_id,
    )


def _deduction_line(told: Told) -> Withheld:
    name = told.text("name")
    loan = LOAN_NAME.fullmatch(name)
    return Withheld(
        code=name,
        employee_cents=told.cents("amount"),
        provider_type="deduction",
        means=Field.LOAN_PAYMENT if loan else None,
        loan_id=loan["loan"] if loan else "",
    )


def in_force(told: Told, kinds: Mapping[str, Field | None]) -> InForce:
    """An enrolment in a benefit; ``kinds`` says what each company benefit is."""
    loan_id = told.text_or("retirement_loan_identifier")
    maximum = told.maybe("employee_deduction_annual_maximum")
    return InForce(
        provider_id=told.text("uuid"),
        person_id=told.text("employee_uuid"),
        means=Field.LOAN_PAYMENT if loan_id else kinds.get(told.text("company_benefit_uuid")),
        version=told.text("version"),
        active=told.flag("active", default=True),
        employee=_rate(told, "employee_deduction", percent=told.flag("deduct_as_percentage", default=False)),
        employer=_employer(told),
        annual_maximum_cents=maximum.in_hundredths("dollars") if maximum and maximum.value != "" else None,
        catch_up=told.flag("catch_up", default=False),
        loan_id=loan_id,
        effective_on=told.maybe_day("effective_date"),
    )


def loan_in_force(told: Told) -> InForce | None:
    """A deduction that repays a loan, as :mod:`.gusto_write` names them; None for any other."""
    loan = LOAN_NAME.fullmatch(told.text_or("description"))
    if loan is None or told.flag("court_ordered", default=False):
        return None
    return InForce(
        provider_id=told.text("uuid"),
        person_id=told.text("employee_uuid"),
        means=Field.LOAN_PAYMENT,
        version=told.text("version"),
        active=told.flag("active", default=True),
        employee=_rate(told, "amount", percent=told.flag("deduct_as_percentage", default=False)),
        loan_id=loan["loan"],
    )


def _rate(told: Told, key: str, *, percent: bool) -> Rate:
    """``"5.0"`` is five percent or five dollars: only the flag beside it says which, never how it is written."""
    found = told.maybe(key)
    value = 0 if found is None else found.in_hundredths("a percentage" if percent else "dollars")
    if value < 0:
        raise (found or told).odd("no amount below zero")
    return Rate(bps=value) if percent else Rate(cents=value)


def _employer(told: Told) -> Rate | tuple[Tier, ...] | None:
    found = told.maybe("contribution")
    if found is None:
        return None
    kind = found.text("type")
    if kind == "tiered":
        tiers = found.at("value")
        return tuple(Tier(_bps(each, "rate"), _bps(each, "threshold")) for each in tiers.items("tiers"))
    if kind not in ("amount", "percentage"):
        raise found.at("type").odd("amount, percentage or tiered")
    return _rate(found, "value", percent=kind == "percentage")


def _bps(told: Told, key: str) -> int:
    return told.at(key).in_hundredths("a percentage")


def tokens_of(told: Told) -> tuple[str, str, int]:
    """Access token, refresh token and seconds until it ends."""
    lasts: Any = told.at("expires_in")
    return told.text("access_token"), told.text_or("refresh_token"), lasts.in_hundredths("seconds") // 100
