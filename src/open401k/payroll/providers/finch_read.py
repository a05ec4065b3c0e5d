"""Finch's answers into the common vocabulary: cents as they come, types beside names. Not here: asking for them."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..rows import Field
from . import doubts
from .finch_client import error_code, trouble
from .reading import Told
from .statements import (
    CodeKind,
    Company,
    Earning,
    Employed,
    InForce,
    PayCode,
    PayrollKind,
    PayStatement,
    Person,
    ProviderPayroll,
    Rate,
    Tier,
    Totals,
    Withheld,
)

#: Finch's benefit types that are money of a 401(k) plan; the employer's under them is a match until proven.
BENEFIT_TYPES: Final[Mapping[str, Field]] = {
    "401k": Field.PRE_TAX,
    "401k_roth": Field.ROTH,
    "401k_loan": Field.LOAN_PAYMENT,
}
#: What a loan's benefit is called by :mod:`.finch_write`; a sponsor's own name is not guessed at.
LOAN_NAME: Final = re.compile(r"401\(k\) loan (?P<loan>\S.{0,60})", re.IGNORECASE)
#: A name without a type that could be money of a plan is not passed over as none of it.
_LIKE_A_PLANS: Final = re.compile(r"401|roth|deferral|retire|pension|loan|match|catch.?up|safe.?harbor", re.IGNORECASE)
_OUTSIDE_GROSS = frozenset({"reimbursement"})
_CONTRACTORS = "1099"
_OFF_CYCLE = frozenset({"off_cycle_payroll", "one_time_payment"})
_CATEGORIES: Final = {
    "earnings": CodeKind.EARNING,
    "employee_deductions": CodeKind.DEDUCTION,
    "employer_contributions": CodeKind.CONTRIBUTION,
}


@dataclass(frozen=True, slots=True)
class Benefit:
    """A deduction that is written through Finch: what it is called, and what its type makes of it."""

    provider_id: str
    name: str
    benefit_type: str

    @property
    def means(self) -> Field | None:
        """The money it is, as far as its type tells."""
        return BENEFIT_TYPES.get(self.benefit_type)

    @property
    def loan_id(self) -> str:
        """The loan that it repays, where its name says which."""
        loan = LOAN_NAME.fullmatch(self.name) if self.means is Field.LOAN_PAYMENT else None
        return loan["loan"] if loan else ""


def company(told: Told) -> Company:
    """The employer."""
    return Company(provider_id=told.text("id"), name=told.text_or("legal_name"), ein=told.text_or("ein"))


def bodies(told: Told, *, key: str, by: str) -> dict[str, Told]:
    """The answer of each element that was asked for at once; one that failed fails them all, as its code has it."""
    found: dict[str, Told] = {}
    for each in told.items(key):
        body, code = each.at("body"), each.number("code")
        if code != 200:
            raise trouble(code, error_code(body), body.path)
        if isinstance(body.value, dict) and body.value.get("id", each.text(by)) != each.text(by):
            raise body.at("id").odd("the one that was asked for")
        found[each.text(by)] = body
    return found


def person(individual: Told, employment: Told) -> Person | None:
    """Somebody on the roster; None for a contractor, who is nobody's employee."""
    kind = employment.maybe("employment")
    if kind is not None and kind.text_or("type") == "contractor":
        return None
    department = employment.maybe("department")
    subtype = kind.text_or("subtype") if kind else ""
    return Person(
        provider_id=individual.text("id"),
        first_name=individual.text("first_name"),
        last_name=individual.text("last_name"),
        birth_date=individual.maybe_day("dob"),
        employment=_spans(employment),
        ssn=_ssn(individual),
        status=subtype or employment.text_or("employment_status"),
        department=department.text_or("name") if department else "",
        employee_number=employment.text_or("source_id"),
    )


def _spans(told: Told) -> tuple[Employed, ...]:
    """Finch tells the first hire, the latest rehire and one end: which of two employments ended follows from the days.

    Of a rehire after an end that is not told any more nothing is known but that it was: ``ends_unknown``.
    """
    start, again, end = (told.maybe_day(key) for key in ("start_date", "latest_rehire_date", "end_date"))
    if start is None:
        return (Employed(again, end),) if again else ()
    if again is None or again <= start:
        return (Employed(start, end),)
    if end is not None and end < again:
        return (Employed(start, end), Employed(again))
    return (Employed(start, ends_unknown=True), Employed(again, end))


def _ssn(told: Told) -> str | None:
    said = re.sub(r"[-\s]", "", told.text_or("ssn"))
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) == 9):
        raise told.at("ssn").odd("nine digits")
    return said


def pay_codes(items: Iterable[Told]) -> list[PayCode]:
    """Every item that a pay statement showed: each earnings, deduction and contribution name."""
    found = []
    for told in items:
        kind = _CATEGORIES.get(told.text("category"))
        if kind is None:  # a tax
            continue
        said, name = told.at("attributes"), told.text("name")
        provider_type = said.text_or("type")
        means = BENEFIT_TYPES.get(provider_type)
        if kind is CodeKind.CONTRIBUTION:
            means = Field.MATCH if means in (Field.PRE_TAX, Field.ROTH) else None
        pre_tax = said.flag("pre_tax") if said.has("pre_tax") else None
        found.append(PayCode(kind, name, name, "", provider_type, means, pre_tax))
    return found


def fingerprint(told: Told) -> str:
    """Changes with everything that a list says of a payment, so that a changed one is read again."""
    return hashlib.sha256(json.dumps(told.value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def payroll(told: Told, statements: Sequence[Told], *, counted: int | None = None) -> ProviderPayroll:
    """One payment with its pay statements; contractors are left out, and taken off what Finch says of the whole.

    ``counted``: how many pay statements there are said to be.
    """
    period = told.maybe("pay_period")
    ours = [each for each in statements if not _of_a_contractor(each)]
    theirs = sum(_money(each, "gross_pay") or 0 for each in statements if _of_a_contractor(each))
    said = _money(told, "gross_pay")
    off_cycle = bool(ours) and all(each.text_or("type") in _OFF_CYCLE for each in ours)
    return ProviderPayroll(
        provider_id=told.text("id"),
        pay_date=told.day("pay_date"),
        period_start=period.maybe_day("start_date") if period else None,
        period_end=period.maybe_day("end_date") if period else None,
        kind=PayrollKind.OFF_CYCLE if off_cycle else PayrollKind.REGULAR,
        statements=tuple(_statement(each) for each in ours),
        totals=Totals(gross_cents=None if said is None else said - theirs),
        pay_group=_pay_group(told),
        doubts=_doubts(told, statements, counted),
    )


def _doubts(told: Told, statements: Sequence[Told], counted: int | None) -> tuple[str, ...]:
    """Somebody may have two checks in one payment, but not the same one twice. Contractors need not be listed."""
    listed = [each.value for each in told.items("individual_ids") if isinstance(each.value, str)]
    came = [who for each in statements if (who := each.text("individual_id")) in listed or not _of_a_contractor(each)]
    return (
        *doubts.in_pages(counted=counted, came=len(statements)),
        *doubts.told_twice(repr(each.value) for each in statements),
        *doubts.against_list(listed=listed, came=came, complete=_money(told, "gross_pay") is None),
    )


def _pay_group(told: Told) -> str:
    """The one group that is paid; a payment of several groups is of none."""
    groups = [each.value for each in told.items("pay_group_ids") if isinstance(each.value, str)]
    return groups[0] if len(groups) == 1 else ""


def _of_a_contractor(told: Told) -> bool:
    kinds = {each.text_or("type") for each in told.items("earnings") if each.value is not None}
    return kinds == {_CONTRACTORS}


def _statement(told: Told) -> PayStatement:
    gross = _money(told, "gross_pay")
    if gross is None:
        raise told.odd("gross pay")
    hours = told.maybe("total_hours")
    deducted = [_deduction(each) for each in told.items("employee_deductions")]
    contributed = [_contribution(each) for each in told.items("employer_contributions")]
    earnings = [each for each in told.items("earnings") if each.value is not None]
    return PayStatement(
        person_id=told.text("individual_id"),
        gross_cents=gross,
        earnings=tuple(
            _earning(each) for each in earnings if _cents(each) and each.text_or("type") not in _OUTSIDE_GROSS
        ),
        withheld=tuple(each for each in [*deducted, *contributed] if each.employee_cents or each.employer_cents),
        hours_hundredths=hours.in_hundredths("hours", round_down=True) if hours else None,
        net_cents=_money(told, "net_pay"),
    )


def _earning(told: Told) -> Earning:
    hours = told.maybe("hours")
    return Earning(
        code=told.text_or("name") or told.text("type"),
        cents=_cents(told),
        provider_type=told.text_or("type"),
        hours_hundredths=hours.in_hundredths("hours", round_down=True) if hours else None,
    )


def _deduction(told: Told) -> Withheld:
    name = _name(told)
    means = BENEFIT_TYPES.get(told.text_or("type"))
    loan = LOAN_NAME.fullmatch(name) if means is Field.LOAN_PAYMENT else None
    return Withheld(
        code=name,
        employee_cents=_cents(told),
        provider_type=_type(told, name),
        means=means,
        loan_id=loan["loan"] if loan else "",
    )


def _contribution(told: Told) -> Withheld:
    name = _name(told)
    means = BENEFIT_TYPES.get(told.text_or("type"))
    ours = Field.MATCH if means in (Field.PRE_TAX, Field.ROTH) else None
    return Withheld(name, 0, _cents(told), _type(told, name), employer_means=ours)


def _name(told: Told) -> str:
    return told.text_or("name") or told.text_or("type") or "unnamed"


def _type(told: Told, name: str) -> str:
    """Finch's type. Without one it is no money of the plan, unless its name sounds like it: then nobody knows."""
    return told.text_or("type") or ("" if _LIKE_A_PLANS.search(name) or name == "unnamed" else "untyped")


def _cents(told: Told) -> int:
    """Whole cents; null where the provider did not say, which is nothing."""
    return told.number("amount") if told.has("amount") else 0


def _money(told: Told, key: str) -> int | None:
    """Whole cents of US dollars."""
    found = told.maybe(key)
    if found is None or not found.has("amount"):
        return None
    if found.text("currency").casefold() != "usd":
        raise found.at("currency").odd("US dollars")
    return found.number("amount")


def benefit(told: Told) -> Benefit:
    """A company benefit."""
    return Benefit(told.text("benefit_id"), told.text_or("description"), told.text_or("type"))


def in_force(told: Told, of: Benefit) -> InForce | None:
    """What is withheld of one person under a benefit; None where they are not enrolled."""
    body, code = told.at("body"), told.number("code")
    if code == 404:
        return None
    if code != 200:
        raise trouble(code, error_code(body), body.path)
    employee, employer = body.maybe("employee_deduction"), body.maybe("company_contribution")
    if employee is None and employer is None:
        return None
    person_id = told.text("individual_id")
    return InForce(
        provider_id=f"{of.provider_id}/{person_id}",
        person_id=person_id,
        means=of.means,
        version=fingerprint(body),
        active=True,
        employee=_rate(employee) if employee else Rate(cents=0),
        employer=_employer(employer) if employer else None,
        annual_maximum_cents=body.number("annual_maximum") if body.has("annual_maximum") else None,
        catch_up=body.flag("catch_up", default=False),
        loan_id=of.loan_id,
    )


def _rate(told: Told) -> Rate:
    """Cents or basis points: only the type beside the number says which."""
    kind, amount = told.text("type"), told.number("amount")
    if kind not in ("fixed", "percent"):
        raise told.at("type").odd("fixed or percent")
    if amount < 0:
        raise told.at("amount").odd("no amount below zero")
    return Rate(bps=amount) if kind == "percent" else Rate(cents=amount)


def _employer(told: Told) -> Rate | tuple[Tier, ...]:
    if told.text("type") != "tiered":
        return _rate(told)
    return tuple(Tier(each.number("match"), each.number("threshold")) for each in told.items("tiers"))


def job_reason(told: Told) -> str:
    """Why a job came to nothing for somebody; empty where it went well. Finch's codes, never its messages."""
    if told.text("status") == "error":
        inner = [each for each in told.items("body") if isinstance(each.value, dict)]
        return next((code for each in inner if (code := _element(each))), "Finch could not carry it out.")
    for each in told.items("body"):
        if isinstance(each.value, dict) and (code := _element(each)):
            return code
    return ""


def _element(told: Told) -> str:
    """One person's outcome within a job: none of the 400s and 500s is done."""
    code: Any = told.value.get("code")
    if not isinstance(code, int) or code < 400:
        return ""
    body = told.maybe("body")
    said = error_code(body) if body is not None and isinstance(body.value, dict) else error_code(told)
    return f"The payroll provider answered {code}{f', {said}' if said else ''}."
