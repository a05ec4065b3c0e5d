"""Form 1099-R for one event: boxes, distribution codes, in whose name. Not here: filing, state boxes, IRAs, annuities.

Codes and pairs are those of the Instructions for Forms 1099-R and 5498, Table 1, whose text was not readable to us: two
public copies of the table agree on the pairs (level B). What neither settles is refused.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ..kernel import CalendarYear, Refused
from . import figures, given
from .given import ImpossibleInput, check_facts, check_fields

_CITE = "IRC 6047(d); Instructions for Forms 1099-R and 5498"
#: Second codes that each code of this file may stand beside (Table 1).
PAIRS: dict[str, frozenset[str]] = {
    "1": frozenset("8BDKLMP"),
    "2": frozenset("8BDKLMP"),
    "3": frozenset("D"),
    "4": frozenset("8ABDGHKLMP"),
    "7": frozenset("ABDKLM"),
    "8": frozenset("124BJK"),
    "B": frozenset("12478GLMPU"),
    "E": frozenset(),
    "G": frozenset("4BK"),
    "H": frozenset("4"),
    "L": frozenset("1247B"),
    "M": frozenset("1247B"),
    "P": frozenset("124BJ"),
    "U": frozenset("B"),
}


class Event(StrEnum):
    """What happened."""

    #: Paid to the person: lump sums, installments, hardship, required minimums, offsets that are not qualified.
    PAID = "paid"
    DIRECT_ROLLOVER = "direct_rollover"
    #: Of any money to a Roth IRA; from a designated Roth account it has a code of its own.
    DIRECT_ROLLOVER_TO_ROTH_IRA = "direct_rollover_to_roth_ira"
    IN_PLAN_ROTH_ROLLOVER = "in_plan_roth_rollover"
    #: An excess contribution (ADP) or excess aggregate contribution (ACP), with its income.
    REFUND_OF_EXCESS_CONTRIBUTION = "refund_of_excess_contribution"
    #: An excess deferral over 402(g) returned by 15 April, with its income.
    REFUND_OF_EXCESS_DEFERRAL = "refund_of_excess_deferral"
    RETURN_FOR_415 = "return_for_415"
    AUTOMATIC_ENROLMENT_WITHDRAWAL = "automatic_enrolment_withdrawal"
    DEEMED_LOAN = "deemed_loan"
    QUALIFIED_LOAN_OFFSET = "qualified_loan_offset"
    DIVIDEND_404K = "dividend_404k"


class Payee(StrEnum):
    """Who is paid; it decides on the name and on code 4."""

    PARTICIPANT = "participant"
    BENEFICIARY = "beneficiary"
    #: A spouse or former spouse under a QDRO: taxed on it (IRC 402(e)(1)(A)).
    ALTERNATE_PAYEE_SPOUSE = "alternate_payee_spouse"
    #: A child or other dependent under a QDRO: the participant is taxed.
    ALTERNATE_PAYEE_OTHER = "alternate_payee_other"


class EarlyException(StrEnum):
    """Why a payment before 59 1/2 bears no 10 % tax, as far as the payer knows (IRC 72(t)(2))."""

    NONE = "none"
    SEVERANCE_AT_55 = "severance_at_55"
    PUBLIC_SAFETY = "public_safety"
    EQUAL_PAYMENTS = "equal_payments"
    LEVY = "levy"
    DISABILITY = "disability"
    MEDICAL_EXPENSES = "medical_expenses"
    RESERVIST = "reservist"
    BIRTH_OR_ADOPTION = "birth_or_adoption"
    EMERGENCY_EXPENSE = "emergency_expense"
    DOMESTIC_ABUSE = "domestic_abuse"
    TERMINAL_ILLNESS = "terminal_illness"
    DISASTER_RECOVERY = "disaster_recovery"
    LONG_TERM_CARE = "long_term_care"


_PAYER_KNOWS = frozenset(
    {
        EarlyException.SEVERANCE_AT_55,
        EarlyException.PUBLIC_SAFETY,
        EarlyException.EQUAL_PAYMENTS,
        EarlyException.LEVY,
    }
)
#: The payee claims these on Form 5329; the form says code 1.
_PAYEE_CLAIMS = frozenset(
    {
        EarlyException.NONE,
        EarlyException.MEDICAL_EXPENSES,
        EarlyException.RESERVIST,
        EarlyException.BIRTH_OR_ADOPTION,
    }
)


class FormRefusal(StrEnum):
    """Why no form is told. Checked, and listed, in order of precedence."""

    CODE_NOT_SETTLED = "code_not_settled"
    CODES_CANNOT_STAND_TOGETHER = "codes_cannot_stand_together"


@dataclass(frozen=True, slots=True)
class Reported:
    """One event in cents. gross = taxable + basis + appreciation + untaxed; ``untaxed`` is what was rolled over, or
    income of a qualified Roth distribution.

    Of a corrective distribution ``earnings_cents`` is the income in it; with a loss it is 0, gross is what was paid.
    """

    event: Event
    on: date
    gross_cents: int
    taxable_cents: int
    basis_cents: int = 0
    appreciation_cents: int = 0
    untaxed_cents: int = 0
    withheld_cents: int = 0
    earnings_cents: int = 0
    roth: bool = False
    roth_first_year: int | None = None
    recapture_cents: int = 0
    total_distribution: bool = False
    payee: Payee = Payee.PARTICIPANT
    #: Of the participant, or of the former spouse who is paid under a QDRO.
    taxpayer_born_on: date | None = None
    early_exception: EarlyException = EarlyException.NONE
    #: Of an excess deferral: the year in which it was deferred.
    deferred_in: CalendarYear | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class Form1099R:
    """The boxes of one form in cents. The payer is the plan's trust or administrator; the IRA box is not marked.

    ``payee``: whose name and number it bears. ``required``: from $10 in the year. ``untaxed_cents`` stands in no box.
    """

    tax_year: CalendarYear
    payee: Payee
    box_1_gross_cents: int
    box_2a_taxable_cents: int
    box_2b_total_distribution: bool
    box_4_withheld_cents: int
    box_5_basis_cents: int
    box_6_appreciation_cents: int
    box_7_codes: str
    box_10_recapture_cents: int
    box_11_roth_first_year: int | None
    untaxed_cents: int
    required: bool
    cite: str = _CITE


def form_1099r(*, reported: Reported) -> tuple[Form1099R, ...] | Refused[FormRefusal]:
    """The forms of one event, of which the gross amounts add up to what was paid (IRC 6047(d)).

    One form, but two for an excess deferral returned after its year with income: code P for the deferral, taxed in the
    year before, and 8 for the income, taxed in the year of payment (Reg. 1.402(g)-1(e)(8)).
    """
    _check(reported)
    codes = _codes(reported)
    if isinstance(codes, Refused):
        return codes
    for code in codes:
        if len(code) > 1 and code[1] not in PAIRS[code[0]]:
            return Refused(
                FormRefusal.CODES_CANNOT_STAND_TOGETHER,
                f"Box 7 would need codes {' and '.join(code)}, which Table 1 of the instructions does not let stand "
                "together.",
                "Read the instructions of the tax year and report by hand.",
            )
    if len(codes) == 1:
        return (_form(reported, codes[0], reported.gross_cents, reported.taxable_cents, reported.basis_cents),)
    deferral = reported.gross_cents - reported.earnings_cents
    already_taxed = deferral if reported.roth else 0
    first = _form(reported, codes[0], deferral, deferral - already_taxed, already_taxed)
    second = _form(reported, codes[1], reported.earnings_cents, reported.earnings_cents, 0, withheld=0)
    return (first, second)


def early_code(*, on: date, taxpayer_born_on: date, exception: EarlyException) -> str | Refused[FormRefusal]:
    """Code 7 from 59 1/2, 3 for disability, 2 for an exception that the payer knows, otherwise 1 (IRC 72(t)(2)).

    Exceptions that the payee claims keep code 1. For those of the SECURE 2.0 Act the instructions could not be read, so
    they are refused.
    """
    check_facts(locals())
    given.days(taxpayer_born_on=taxpayer_born_on, on=on)
    if exception is EarlyException.DISABILITY:
        return "3"
    if on >= given.half_year_after(taxpayer_born_on, 59):
        return "7"
    if exception in _PAYER_KNOWS:
        return "2"
    if exception in _PAYEE_CLAIMS:
        return "1"
    return Refused(
        FormRefusal.CODE_NOT_SETTLED,
        f"Whether a payment for {exception.value} is coded 1 or 2 was not read in the instructions of the tax year.",
        "Read the Guide to Distribution Codes and report by hand.",
    )


def _check(reported: Reported) -> None:
    given.amounts(
        gross_cents=reported.gross_cents,
        taxable_cents=reported.taxable_cents,
        basis_cents=reported.basis_cents,
        appreciation_cents=reported.appreciation_cents,
        untaxed_cents=reported.untaxed_cents,
        withheld_cents=reported.withheld_cents,
        earnings_cents=reported.earnings_cents,
        recapture_cents=reported.recapture_cents,
    )
    parts = reported.taxable_cents + reported.basis_cents + reported.appreciation_cents + reported.untaxed_cents
    if parts != reported.gross_cents:
        raise ImpossibleInput("gross_cents", f"{reported.gross_cents} is not the sum of its parts, {parts}")
    given.within("withheld_cents", reported.withheld_cents, "gross_cents", reported.gross_cents)
    given.within("earnings_cents", reported.earnings_cents, "gross_cents", reported.gross_cents)
    to_roth_ira = reported.roth and reported.event is Event.DIRECT_ROLLOVER_TO_ROTH_IRA
    if (reported.event is Event.DIRECT_ROLLOVER or to_roth_ira) and reported.taxable_cents + reported.withheld_cents:
        raise ImpossibleInput("taxable_cents", "nothing of such a direct rollover is taxed or withheld from")
    if reported.event is Event.REFUND_OF_EXCESS_DEFERRAL:
        if reported.deferred_in is None:
            raise ImpossibleInput("deferred_in", "the year of the excess deferral is needed")
        returned_by = date(reported.deferred_in.year + 1, 4, 15)
        if not date(reported.deferred_in.year, 1, 1) <= reported.on <= returned_by:
            raise ImpossibleInput(
                "on", f"{reported.on} is not from {reported.deferred_in} to {returned_by} (IRC 402(g)(2))"
            )
        expected = reported.earnings_cents if reported.roth else reported.gross_cents
        if reported.taxable_cents != expected:
            raise ImpossibleInput("taxable_cents", f"{reported.taxable_cents}, while {expected} of it is taxed")
    if reported.roth and reported.roth_first_year is None:
        raise ImpossibleInput(
            "roth_first_year", "a payment from a designated Roth account has its first year in box 11"
        )


def _codes(reported: Reported) -> tuple[str, ...] | Refused[FormRefusal]:
    """One code word per form: one or two characters, the numeric one first."""
    roth = "B" if reported.roth else ""
    match reported.event:
        case Event.REFUND_OF_EXCESS_CONTRIBUTION:
            return (f"8{roth}",)
        case Event.REFUND_OF_EXCESS_DEFERRAL:
            return _excess_deferral_codes(reported, roth)
        case Event.RETURN_FOR_415:
            return ("E",)
        case Event.DIVIDEND_404K:
            return (f"U{roth}",)
        case Event.DIRECT_ROLLOVER | Event.DIRECT_ROLLOVER_TO_ROTH_IRA | Event.IN_PLAN_ROTH_ROLLOVER:
            return _direct_codes(reported, roth)
        case Event.PAID | Event.AUTOMATIC_ENROLMENT_WITHDRAWAL | Event.DEEMED_LOAN | Event.QUALIFIED_LOAN_OFFSET:
            return _paid_codes(reported, roth)


def _excess_deferral_codes(reported: Reported, roth: str) -> tuple[str, ...]:
    if reported.deferred_in is not None and reported.on.year == reported.deferred_in.year:
        return (f"8{roth}",)
    return (f"P{roth}", f"8{roth}") if reported.earnings_cents else (f"P{roth}",)


def _direct_codes(reported: Reported, roth: str) -> tuple[str, ...] | Refused[FormRefusal]:
    died = "4" if reported.payee is Payee.BENEFICIARY else ""
    if reported.roth and reported.event is Event.DIRECT_ROLLOVER_TO_ROTH_IRA:
        return (f"{died}H",)
    if died and roth:
        return Refused(
            FormRefusal.CODES_CANNOT_STAND_TOGETHER,
            "A beneficiary's direct rollover between designated Roth accounts would need codes 4, B and G.",
            "Read the instructions of the tax year and report by hand.",
        )
    return (f"{died}G" if died else f"{roth}G",)


def _paid_codes(reported: Reported, roth: str) -> tuple[str, ...] | Refused[FormRefusal]:
    letter = {Event.DEEMED_LOAN: "L", Event.QUALIFIED_LOAN_OFFSET: "M"}.get(reported.event, "")
    number = _number(reported)
    if isinstance(number, Refused):
        return number
    if letter and roth:
        return Refused(
            FormRefusal.CODES_CANNOT_STAND_TOGETHER,
            f"Codes {number}, {letter} and B would stand together, and box 7 takes two.",
            "Read the instructions of the tax year and report by hand.",
        )
    return (f"{number}{letter}{roth}",)


def _number(reported: Reported) -> str | Refused[FormRefusal]:
    if reported.payee is Payee.BENEFICIARY:
        return "4"
    if reported.taxpayer_born_on is None:
        raise ImpossibleInput("taxpayer_born_on", "the birth date decides on the code")
    exception = reported.early_exception
    qdro = reported.payee in (Payee.ALTERNATE_PAYEE_SPOUSE, Payee.ALTERNATE_PAYEE_OTHER)
    if qdro or reported.event is Event.AUTOMATIC_ENROLMENT_WITHDRAWAL:
        # Both are exceptions that the payer knows: IRC 72(t)(2)(C), 414(w)(1)(B).
        old_enough = reported.on >= given.half_year_after(reported.taxpayer_born_on, 59)
        return "7" if old_enough else "2"
    return early_code(on=reported.on, taxpayer_born_on=reported.taxpayer_born_on, exception=exception)


def _form(
    reported: Reported, codes: str, gross: int, taxable: int, basis: int, *, withheld: int | None = None
) -> Form1099R:
    year = CalendarYear(reported.on.year)
    whole = gross == reported.gross_cents
    other = reported.payee is Payee.ALTERNATE_PAYEE_OTHER
    return Form1099R(
        tax_year=year,
        payee=Payee.PARTICIPANT if other else reported.payee,
        box_1_gross_cents=gross,
        box_2a_taxable_cents=taxable,
        box_2b_total_distribution=reported.total_distribution,
        box_4_withheld_cents=reported.withheld_cents if withheld is None else withheld,
        box_5_basis_cents=basis,
        box_6_appreciation_cents=reported.appreciation_cents if whole else 0,
        box_7_codes=codes,
        box_10_recapture_cents=reported.recapture_cents if whole else 0,
        box_11_roth_first_year=reported.roth_first_year if reported.roth else None,
        untaxed_cents=reported.untaxed_cents if whole else 0,
        required=reported.gross_cents >= figures.cents("form_1099r_floor", year),
    )
