"""When the plan that receives a rollover may take it for a valid one. Not here: which kinds of money go where.

IRC 401(a)(31); Reg. 1.401(a)(31)-1 A-14; Rev. Rul. 2014-9. What it says holds for the receiving plan's qualification:
whoever is paid what could not be rolled over is taxed on it all the same.
"""

from dataclasses import dataclass
from enum import StrEnum

from .given import ImpossibleInput, check_facts


class SourceEvidence(StrEnum):
    """What the receiving administrator has in hand about the plan or IRA that pays."""

    NONE = "none"
    #: A letter of the paying plan's administrator that the plan has a favorable determination letter (A-14(c) Ex. 1).
    DETERMINATION_LETTER = "determination_letter"
    #: Its letter that the plan is qualified, or meant to be, and that it knows of nothing against it (A-14(c) Ex. 2).
    ADMINISTRATOR_STATES_QUALIFIED = "administrator_states_qualified"
    #: The latest annual report (Form 5500 line 8a, 5500-SF line 9a) looked up by the receiver (Rev. Rul. 2014-9 S. 1).
    ANNUAL_REPORT = "annual_report"
    #: The payment itself names a traditional IRA as its source (Rev. Rul. 2014-9 S. 2).
    IRA_NAMED = "ira_named"


class AcceptanceGap(StrEnum):
    """What is missing for a reasonable conclusion. Checked, and listed, in order of precedence."""

    EVIDENCE_TO_THE_CONTRARY = "evidence_to_the_contrary"
    NO_EVIDENCE_OF_SOURCE = "no_evidence_of_source"
    SOURCE_NOT_NAMED_BY_PAYMENT = "source_not_named_by_payment"
    REPORTED_AS_NOT_QUALIFIED = "reported_as_not_qualified"
    KINDS_NOT_CERTIFIED = "kinds_not_certified"
    MINIMUM_NOT_RULED_OUT = "minimum_not_ruled_out"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Whether the receiving administrator may conclude that the rollover is valid, and what it still lacks.

    A rollover that is later found invalid is paid out with its earnings, within a reasonable time (A-14(b)(1)(ii)).
    """

    evidence: SourceEvidence
    gaps: tuple[AcceptanceGap, ...]
    cite: str

    @property
    def reasonable(self) -> bool:
        return not self.gaps


_CITES = {
    SourceEvidence.NONE: "Reg. 1.401(a)(31)-1 A-14(a)",
    SourceEvidence.DETERMINATION_LETTER: "Reg. 1.401(a)(31)-1 A-14(c) Ex. 1",
    SourceEvidence.ADMINISTRATOR_STATES_QUALIFIED: "Reg. 1.401(a)(31)-1 A-14(c) Ex. 2",
    SourceEvidence.ANNUAL_REPORT: "Rev. Rul. 2014-9 Situation 1",
    SourceEvidence.IRA_NAMED: "Rev. Rul. 2014-9 Situation 2",
}
_BY_PAYMENT = (SourceEvidence.ANNUAL_REPORT, SourceEvidence.IRA_NAMED)


def reasonable_conclusion(
    *,
    evidence: SourceEvidence,
    payment_names_source: bool,
    reported_code_3c: bool = False,
    kinds_certified: bool,
    minimum_ruled_out: bool,
    evidence_to_the_contrary: bool = False,
) -> Acceptance:
    """Whether a potential rollover may be taken for a valid one (Reg. 1.401(a)(31)-1 A-14; Rev. Rul. 2014-9).

    No determination letter is needed (A-14(a)). Under the ruling check or wire name their source; the annual report
    lacks code 3C, which marks a plan that is not meant to be qualified. ``kinds_certified``: no after-tax or Roth money
    that the plan does not take; ``minimum_ruled_out``: no required minimum in it, by age or by the payer's word.
    """
    check_facts(locals())
    if reported_code_3c and evidence is not SourceEvidence.ANNUAL_REPORT:
        raise ImpossibleInput("reported_code_3c", "is read in the annual report, which is not the evidence here")
    missing = (
        (AcceptanceGap.EVIDENCE_TO_THE_CONTRARY, evidence_to_the_contrary),
        (AcceptanceGap.NO_EVIDENCE_OF_SOURCE, evidence is SourceEvidence.NONE),
        (AcceptanceGap.SOURCE_NOT_NAMED_BY_PAYMENT, evidence in _BY_PAYMENT and not payment_names_source),
        (AcceptanceGap.REPORTED_AS_NOT_QUALIFIED, reported_code_3c),
        (AcceptanceGap.KINDS_NOT_CERTIFIED, not kinds_certified),
        (AcceptanceGap.MINIMUM_NOT_RULED_OUT, not minimum_ruled_out),
    )
    return Acceptance(evidence, tuple(gap for gap, found in missing if found), _CITES[evidence])
