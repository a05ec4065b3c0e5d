"""How long records of a plan are kept (ERISA 107, 209). Not here: what a record is made of, deleting anything."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ..kernel import anniversary
from . import given
from .given import check_facts

#: Six years from the filing, or from the day a filing would have been due but for an exemption (ERISA 107).
FILING_YEARS = 6
#: At least three years of Forms 1099-R and the like, four of employment taxes (Reg. 31.6001-1(e)(2)).
_WITHHOLDING_YEARS = 4


class Record(StrEnum):
    """What a record is about, as far as the time to keep it differs."""

    BEHIND_A_FILING = "behind_a_form_5500_or_other_erisa_filing"
    BENEFITS_OF_A_PERSON = "benefits_of_a_person"
    PLAN_DOCUMENT = "plan_document_or_amendment"
    WITHHOLDING = "withholding_and_its_returns"
    SELF_CORRECTION = "correction_and_its_computation"


@dataclass(frozen=True, slots=True)
class Retention:
    """Until when a record is kept; None: as long as a benefit may become due, so not to be destroyed yet."""

    record: Record
    keep_through: date | None
    cite: str


def retention(
    *, record: Record, filed_or_due_on: date | None = None, last_benefit_paid_on: date | None = None
) -> Retention:
    """The day through which a record is kept at least (ERISA 107, 29 USC 1027; ERISA 209, 29 USC 1059).

    What is behind a filing: six years after its filing, or after it would have been due. What determines a person's
    benefits, and the plan's own documents: as long as a benefit "may become due", then six years more, since the last
    payment is itself behind a filing.
    """
    check_facts(locals())
    given.days(filed_or_due_on=filed_or_due_on)
    given.days(last_benefit_paid_on=last_benefit_paid_on)
    match record:
        case Record.BEHIND_A_FILING | Record.SELF_CORRECTION:
            if filed_or_due_on is None:
                raise given.ImpossibleInput("filed_or_due_on", "the day of the filing is missing.")
            return Retention(record, _through(filed_or_due_on, FILING_YEARS), "ERISA 107 (29 USC 1027)")
        case Record.WITHHOLDING:
            if filed_or_due_on is None:
                raise given.ImpossibleInput("filed_or_due_on", "the day on which the tax was due or paid is missing.")
            return Retention(record, _through(filed_or_due_on, _WITHHOLDING_YEARS), "IRC 6001; Reg. 31.6001-1(e)(2)")
        case Record.BENEFITS_OF_A_PERSON | Record.PLAN_DOCUMENT:
            days = [day for day in (last_benefit_paid_on, filed_or_due_on) if day is not None]
            until = None if last_benefit_paid_on is None else _through(max(days), FILING_YEARS)
            return Retention(record, until, "ERISA 209(a)(1) (29 USC 1059), 107")


def _through(day: date, years: int) -> date:
    return anniversary(day, years)
