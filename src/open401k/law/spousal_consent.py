"""Whether a spouse must consent to a payment in another form than an annuity for two, and whether a consent counts.

IRC 401(a)(11), 417; ERISA 205 says the same. Not here: naming a beneficiary, loans (417(a)(4)), IRAs, which are no
plans under either section.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..kernel import CalendarYear
from . import figures, given
from .given import ImpossibleInput, check_facts

#: The period before the annuity starting date in which an election can be made (IRC 417(a)(6)(A)).
ELECTION_DAYS = 180
#: The explanation comes at least so many days before the start (417(a)(7)(B)) ...
EXPLANATION_DAYS = 30
#: ... or, if that is waived, the payment "commences more than 7 days after" it (417(a)(7)(B)).
WAIVED_DAYS = 7


class ConsentPath(StrEnum):
    """What decided whether a consent is needed. Checked, and listed, in order of precedence."""

    NOT_UNDER_THE_ANNUITY_RULES = "not_under_the_annuity_rules"
    SMALL_AMOUNT = "small_amount"
    NO_SPOUSE = "no_spouse"
    SPOUSE_NOT_FOUND = "spouse_not_found"
    SEPARATED_BY_COURT_ORDER = "separated_by_court_order"
    CONSENT_NEEDED = "consent_needed"


class SpouseStanding(StrEnum):
    """What was established, to the satisfaction of a plan representative, about a spouse (IRC 417(a)(2)(B))."""

    MARRIED = "married"
    NO_SPOUSE = "no_spouse"
    NOT_FOUND = "not_found"
    #: Legally separated or abandoned, with a court order to that effect (Reg. 1.401(a)-20 A-27).
    SEPARATED_BY_COURT_ORDER = "separated_by_court_order"


class Witness(StrEnum):
    """Who saw the spouse sign."""

    PLAN_REPRESENTATIVE = "plan_representative"
    NOTARY = "notary"
    NOBODY = "nobody"


class ConsentProblem(StrEnum):
    """Why a consent has no effect. Checked, and listed, in order of precedence."""

    NOT_IN_WRITING = "not_in_writing"
    FORM_NOT_NAMED = "form_not_named"
    EFFECT_NOT_ACKNOWLEDGED = "effect_not_acknowledged"
    NOT_WITNESSED = "not_witnessed"
    OUTSIDE_ELECTION_PERIOD = "outside_election_period"


@dataclass(frozen=True, slots=True)
class SpouseConsent:
    """Whether the spouse must consent, and which rule decided."""

    needed: bool
    path: ConsentPath
    cite: str


@dataclass(frozen=True, slots=True)
class ConsentChecked:
    """A consent against what it must be: in effect if nothing is wrong with it."""

    problems: tuple[ConsentProblem, ...]
    from_day: date
    until: date
    cite: str = "IRC 417(a)(2)(A), (6)(A)"

    @property
    def in_effect(self) -> bool:
        return not self.problems


_CITES = {
    ConsentPath.NOT_UNDER_THE_ANNUITY_RULES: "IRC 401(a)(11)(B)(iii); Reg. 1.401(a)-20 A-3",
    ConsentPath.SMALL_AMOUNT: "IRC 417(e)(1), 411(a)(11)(A)",
    ConsentPath.NO_SPOUSE: "IRC 417(a)(2)(B)",
    ConsentPath.SPOUSE_NOT_FOUND: "IRC 417(a)(2)(B)",
    ConsentPath.SEPARATED_BY_COURT_ORDER: "Reg. 1.401(a)-20 A-27",
    ConsentPath.CONSENT_NEEDED: "IRC 417(a)(2), (e)(2)",
}


def spousal_consent(
    *,
    on: date,
    vested_cents: int,
    spouse: SpouseStanding,
    minimum_funding_applies: bool = False,
    spouse_is_full_death_beneficiary: bool = True,
    life_annuity_elected: bool = False,
    transferred_from_annuity_plan: bool = False,
) -> SpouseConsent:
    """Whether a lump sum or rollover of a married participant needs the spouse's consent (IRC 401(a)(11)(B), 417(a)).

    A profit-sharing or 401(k) plan is free of it for a participant if the spouse receives all on death (unless the
    spouse agreed otherwise), no life annuity is elected, and nothing of it was transferred from a plan under the
    rules (401(a)(11)(B)(iii)). Up to the amount that is paid without consent anyway, none is needed (417(e)(1)).
    A QDRO may treat a former spouse as the spouse: that is for whoever says which spouse there is.
    """
    check_facts(locals())
    given.amounts(vested_cents=vested_cents)
    free = spouse_is_full_death_beneficiary and not life_annuity_elected and not transferred_from_annuity_plan
    if not minimum_funding_applies and free:
        path = ConsentPath.NOT_UNDER_THE_ANNUITY_RULES
    elif vested_cents <= figures.cents("cashout_threshold", CalendarYear(on.year)):
        path = ConsentPath.SMALL_AMOUNT
    else:
        path = {
            SpouseStanding.MARRIED: ConsentPath.CONSENT_NEEDED,
            SpouseStanding.NO_SPOUSE: ConsentPath.NO_SPOUSE,
            SpouseStanding.NOT_FOUND: ConsentPath.SPOUSE_NOT_FOUND,
            SpouseStanding.SEPARATED_BY_COURT_ORDER: ConsentPath.SEPARATED_BY_COURT_ORDER,
        }[spouse]
    return SpouseConsent(path is ConsentPath.CONSENT_NEEDED, path, _CITES[path])


def consent_checked(
    *,
    consented_on: date,
    starts_on: date,
    in_writing: bool,
    names_form_or_beneficiary: bool,
    acknowledges_effect: bool,
    witness: Witness,
) -> ConsentChecked:
    """What keeps a spouse's consent from having effect (IRC 417(a)(2)(A), (6)(A)).

    In writing, to a form or beneficiary that cannot be changed without it, acknowledging its effect, witnessed by a
    plan representative or a notary public, within the 180 days that end on the annuity starting date ``starts_on``.
    """
    check_facts(locals())
    given.days(consented_on=consented_on)
    given.days(starts_on=starts_on)
    first = starts_on - timedelta(days=ELECTION_DAYS)
    wrong = (
        (ConsentProblem.NOT_IN_WRITING, not in_writing),
        (ConsentProblem.FORM_NOT_NAMED, not names_form_or_beneficiary),
        (ConsentProblem.EFFECT_NOT_ACKNOWLEDGED, not acknowledges_effect),
        (ConsentProblem.NOT_WITNESSED, witness is Witness.NOBODY),
        (ConsentProblem.OUTSIDE_ELECTION_PERIOD, not first <= consented_on <= starts_on),
    )
    return ConsentChecked(tuple(problem for problem, found in wrong if found), first, starts_on)


def earliest_start_after_explanation(*, explained_on: date, waived: bool) -> date:
    """First day of a payment after the annuity's explanation (IRC 417(a)(3)(A), (7)(B)).

    30 days later, or, where the participant (with the spouse) waives them, the eighth day: more than 7 days after.
    """
    check_facts(locals())
    if explained_on.year >= 2199:
        raise ImpossibleInput("explained_on", f"{explained_on} is not a day that a plan can know")
    return explained_on + timedelta(days=WAIVED_DAYS + 1 if waived else EXPLANATION_DAYS)
