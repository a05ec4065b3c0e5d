"""What a plan says about rollovers into it and out of it: typed terms. Not here: what is lawful of them."""

from dataclasses import dataclass
from enum import StrEnum


class RolloverKind(StrEnum):
    """Money that a plan may take in, by what it comes from. A Roth IRA never goes into a plan (IRC 408A(e)).

    After-tax money only of a plan, directly, into an account apart (402(c)(2)(A)); of an IRA never (408(d)(3)(A)(ii)).
    """

    PRE_TAX = "pre_tax"
    ROTH = "roth"
    AFTER_TAX = "after_tax"
    PRE_TAX_403B = "pre_tax_403b"
    GOVERNMENT_457B = "government_457b"
    TRADITIONAL_IRA = "traditional_ira"
    SIMPLE_IRA = "simple_ira"
    SEP_IRA = "sep_ira"


class QualifiedBy(StrEnum):
    """What the administrator can hand to whoever receives a rollover (Reg. 1.401(a)(31)-1 A-14(c) Ex. 1 and 2)."""

    DETERMINATION_LETTER = "determination_letter"
    ADMINISTRATOR_STATES_QUALIFIED = "administrator_states_qualified"


@dataclass(frozen=True, slots=True)
class Rollovers:
    """Which money the plan takes, as its letters of acceptance say; when it pays one out, and whether a spouse agrees.

    Somebody who left may always take theirs. ``paid_from_59_5`` opens every account in service from age 59 1/2,
    ``rolled_in_paid_any_time`` what was rolled in. ``before_entry``: who works here and has not entered may roll in.
    ``spouse_takes_all_on_death`` and ``holds_annuity_money`` decide on a spouse's consent (IRC 401(a)(11)(B)(iii));
    None is not known. ``qualified_by`` None: the administrator states nothing.
    """

    takes: tuple[RolloverKind, ...] = (RolloverKind.PRE_TAX,)
    trustee: str = ""
    letter_days: int = 90
    before_entry: bool = False
    paid_from_59_5: bool = False
    rolled_in_paid_any_time: bool = False
    spouse_takes_all_on_death: bool | None = None
    holds_annuity_money: bool | None = None
    qualified_by: QualifiedBy | None = None

    def __post_init__(self) -> None:
        """Keep the kinds in their own order, so that equal terms are equal values."""
        object.__setattr__(self, "takes", tuple(each for each in RolloverKind if each in self.takes))
