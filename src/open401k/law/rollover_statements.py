"""What must be told before and after a rollover: the explanation of 402(f), the statement about Roth money.

Not here: the words of either, Form 1099-R, the window without a waiver (notices.py), the annuity's explanation
(spousal_consent.py).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..kernel import CalendarYear, Refused
from . import given
from .given import check_facts
from .notices import rollover_notice
from .roth import FiveYearPeriod, RothPayment

#: From when on the explanations of Notice 2026-13, which replace those of Notice 2020-62, are the safe harbor.
NOTICE_2026_13 = date(2026, 1, 15)
#: The explanation is given so many days before the payment (Reg. 1.402(f)-1 A-2; PPA s. 1102(a)(1)).
LEAST_DAYS, MOST_DAYS = 30, 180
#: The statement about Roth money follows the direct rollover within so many days (Reg. 1.402A-2 A-2).
ROTH_STATEMENT_DAYS = 30


class ExplanationPath(StrEnum):
    """What decided whether the explanation was in time. Checked, and listed, in order of precedence."""

    AFTER_THE_PAYMENT = "after_the_payment"
    TOO_OLD = "too_old"
    WITHIN_THE_WINDOW = "within_the_window"
    THIRTY_DAYS_WAIVED = "thirty_days_waived"
    RIGHT_TO_THIRTY_DAYS_NOT_TOLD = "right_to_thirty_days_not_told"
    TOO_EARLY_A_PAYMENT = "too_early_a_payment"


@dataclass(frozen=True, slots=True)
class ExplanationInTime:
    """Whether a payment may be made on a day, after an explanation that was given on another."""

    in_time: bool
    path: ExplanationPath
    earliest_without_waiver: date
    last: date
    cite: str = "IRC 402(f); Reg. 1.402(f)-1 A-2; PPA s. 1102(a)(1)"


class StatementRefusal(StrEnum):
    """Why nothing is told. Checked, and listed, in order of precedence."""

    MODEL_TEXT_NOT_ON_FILE = "model_text_not_on_file"


@dataclass(frozen=True, slots=True)
class ModelExplanations:
    """Which of the two model explanations are given, and where their text is."""

    roth: bool
    not_roth: bool
    notice: str
    cite: str = "IRC 402(f); Notice 2026-13"


@dataclass(frozen=True, slots=True)
class RothStatement:
    """What the administrator of the paying plan states to the receiving one about a direct rollover of Roth money.

    Either that the distribution is qualified, or the first year of the five and the basis in it: not all three.
    """

    qualified: bool
    first_year: CalendarYear | None
    basis_cents: int | None
    due_by: date
    cite: str = "Reg. 1.402A-2 A-2"


def explanation_in_time(
    *, given_on: date, distribution_on: date, told_of_thirty_days: bool, elected_since: bool
) -> ExplanationInTime:
    """Whether the 402(f) explanation was given in time for a payment (IRC 402(f); Reg. 1.402(f)-1 A-2).

    30 to 180 days before it. Earlier payment is in order if the administrator clearly told of the right to consider for
    at least 30 days, and the distributee, having received the explanation, affirmatively elects.
    """
    check_facts(locals())
    given.days(given_on=given_on)
    given.days(distribution_on=distribution_on)
    window = rollover_notice(distribution_on=distribution_on)
    if given_on > distribution_on:
        path = ExplanationPath.AFTER_THE_PAYMENT
    elif window.first is not None and given_on < window.first:
        path = ExplanationPath.TOO_OLD
    elif given_on <= window.last:
        path = ExplanationPath.WITHIN_THE_WINDOW
    elif elected_since:
        told = told_of_thirty_days
        path = ExplanationPath.THIRTY_DAYS_WAIVED if told else ExplanationPath.RIGHT_TO_THIRTY_DAYS_NOT_TOLD
    else:
        path = ExplanationPath.TOO_EARLY_A_PAYMENT
    in_time = path in (ExplanationPath.WITHIN_THE_WINDOW, ExplanationPath.THIRTY_DAYS_WAIVED)
    earliest, last = (given_on + timedelta(days=count) for count in (LEAST_DAYS, MOST_DAYS))
    return ExplanationInTime(in_time, path, earliest, last)


def model_explanations(
    *, given_on: date, roth_money: bool, other_money: bool
) -> ModelExplanations | Refused[StatementRefusal]:
    """Which model explanations of Notice 2026-13 a distributee is given: one each for Roth and other money (402(f)).

    A plan may write its own. For a day before the notice nothing is told: the texts that it replaced are not on file.
    """
    check_facts(locals())
    if given_on < NOTICE_2026_13:
        return Refused(
            StatementRefusal.MODEL_TEXT_NOT_ON_FILE,
            f"Which model text counted on {given_on} is not on file; Notice 2026-13 is of {NOTICE_2026_13}.",
            "Take the notice that was in force on that day, or the plan's own explanation.",
        )
    return ModelExplanations(roth_money, other_money, "Notice 2026-13")


def roth_statement(
    *, rolled_over_on: date, payment: RothPayment, qualified: bool, period: FiveYearPeriod
) -> RothStatement:
    """What goes with a direct rollover between designated Roth accounts of two plans (Reg. 1.402A-2 A-2).

    The first year of the 5-taxable-year period and the portion that is investment in the contract, or that the
    distribution is qualified; 30 days after the rollover at the latest. A Roth IRA counts its own five years
    (Reg. 1.408A-10 A-4(a)).
    """
    check_facts(locals())
    given.days(first_year=date(period.first_year.year, 1, 1), rolled_over_on=rolled_over_on)
    return RothStatement(
        qualified=qualified,
        first_year=None if qualified else period.first_year,
        basis_cents=None if qualified else payment.basis_cents,
        due_by=rolled_over_on + timedelta(days=ROTH_STATEMENT_DAYS),
    )
