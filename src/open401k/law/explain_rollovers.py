"""A rollover's explanation, its Roth statement, the receiving plan's conclusion, a spouse's consent in words."""

from ..kernel import Money
from .explain import explain
from .rollover_acceptance import Acceptance, AcceptanceGap
from .rollover_statements import ExplanationInTime, ExplanationPath, ModelExplanations, RothStatement
from .spousal_consent import ConsentChecked, ConsentPath, ConsentProblem, SpouseConsent


@explain.register
def _consent(found: SpouseConsent) -> str:
    why = {
        ConsentPath.NOT_UNDER_THE_ANNUITY_RULES: "No spouse must consent: the plan owes nobody an annuity for two",
        ConsentPath.SMALL_AMOUNT: "No spouse must consent to so small a payment",
        ConsentPath.NO_SPOUSE: "Nobody must consent: there is no spouse",
        ConsentPath.SPOUSE_NOT_FOUND: "Nobody must consent: the spouse cannot be located",
        ConsentPath.SEPARATED_BY_COURT_ORDER: "No spouse must consent: a court ordered the separation",
        ConsentPath.CONSENT_NEEDED: "The spouse must consent in writing",
    }[found.path]
    return f"{why} ({found.cite})."


@explain.register
def _checked(found: ConsentChecked) -> str:
    if found.in_effect:
        return f"The spouse's consent has effect for a payment on {found.until} ({found.cite})."
    why = {
        ConsentProblem.NOT_IN_WRITING: "it is not in writing",
        ConsentProblem.FORM_NOT_NAMED: "it names no form of payment or beneficiary",
        ConsentProblem.EFFECT_NOT_ACKNOWLEDGED: "it does not acknowledge its effect",
        ConsentProblem.NOT_WITNESSED: "neither a plan representative nor a notary witnessed it",
        ConsentProblem.OUTSIDE_ELECTION_PERIOD: f"it is not from {found.from_day} to {found.until}",
    }
    told = "; ".join(why[problem] for problem in found.problems)
    return f"The spouse's consent has no effect: {told} ({found.cite})."


@explain.register
def _acceptance(found: Acceptance) -> str:
    if found.reasonable:
        return (
            f"The receiving plan may take the rollover for a valid one ({found.cite}). If it turns out not to be, it "
            "pays the amount out with its earnings (Reg. 1.401(a)(31)-1 A-14(b))."
        )
    why = {
        AcceptanceGap.EVIDENCE_TO_THE_CONTRARY: "there is evidence against it",
        AcceptanceGap.NO_EVIDENCE_OF_SOURCE: "nothing shows that the source is a qualified plan or an IRA",
        AcceptanceGap.SOURCE_NOT_NAMED_BY_PAYMENT: "the payment does not name its source",
        AcceptanceGap.REPORTED_AS_NOT_QUALIFIED: "the plan's annual report says that it is not meant to be qualified",
        AcceptanceGap.KINDS_NOT_CERTIFIED: "nobody certified that no after-tax or Roth money is in it",
        AcceptanceGap.MINIMUM_NOT_RULED_OUT: "a required minimum in it is not ruled out",
    }
    told = "; ".join(why[gap] for gap in found.gaps)
    return f"The receiving plan may not take the rollover for a valid one yet: {told} ({found.cite})."


@explain.register
def _in_time(found: ExplanationInTime) -> str:
    told = {
        ExplanationPath.AFTER_THE_PAYMENT: "The explanation came after the payment",
        ExplanationPath.TOO_OLD: f"The explanation was good for payments until {found.last}: give it again",
        ExplanationPath.WITHIN_THE_WINDOW: "The explanation was given in time",
        ExplanationPath.THIRTY_DAYS_WAIVED: "The explanation was given, and the 30 days were waived by electing",
        ExplanationPath.RIGHT_TO_THIRTY_DAYS_NOT_TOLD: "The election came early, and nobody told of the right to 30 "
        f"days: pay from {found.earliest_without_waiver}",
        ExplanationPath.TOO_EARLY_A_PAYMENT: f"Without an election the payment waits until "
        f"{found.earliest_without_waiver}",
    }[found.path]
    return f"{told} ({found.cite})."


@explain.register
def _models(found: ModelExplanations) -> str:
    kinds = [name for name, given in (("other", found.not_roth), ("Roth", found.roth)) if given]
    told = " and for ".join(f"{kind} money" for kind in kinds) or "no money at all"
    return f"{found.notice} has the model explanation for {told} ({found.cite})."


@explain.register
def _statement(found: RothStatement) -> str:
    if found.first_year is None or found.basis_cents is None:
        what = "that the distribution is qualified"
    else:
        what = f"{found.first_year} as the first of the five years and {Money(found.basis_cents)} as basis"
    return f"The paying plan states by {found.due_by}, to the receiving one, {what} ({found.cite})."
