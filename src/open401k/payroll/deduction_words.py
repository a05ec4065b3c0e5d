"""Usual wordings of deduction codes, and providers' types. Not here: other evidence (deduction_proposals.py)."""

from functools import lru_cache
from typing import Final

from open401k.census import DeductionKind

from .code_words import nearest, words_of

#: As codes and as names, in small letters; of a wording that could be two kinds ("hsa", "life"), neither is listed.
_WORDINGS: Final = {
    DeductionKind.PRE_TAX_DEFERRAL: (
        "401k|401 k|401k pre tax|401k pretax|pre tax 401k|pretax 401k|traditional 401k|401k traditional|401k deferral|"
        "elective deferral|salary deferral|401k contribution|401k ee|ee 401k|401kpt|403b|403 b|simple ira"
    ),
    DeductionKind.ROTH_DEFERRAL: (
        "roth|roth 401k|401k roth|roth deferral|roth contribution|ee roth|rth|roth 403b|401kr|401k roth deferral"
    ),
    DeductionKind.PRE_TAX_CATCH_UP: (
        "401k catch up|catch up|catchup|401k catchup|pre tax catch up|401k catch up pre tax|401kcu"
    ),
    DeductionKind.ROTH_CATCH_UP: "roth catch up|roth catchup|401k roth catch up|roth 401k catch up|rothcu",
    DeductionKind.AFTER_TAX: (
        "401k after tax|after tax 401k|after tax contribution|voluntary after tax|aftertax|after tax|401kat"
    ),
    DeductionKind.LOAN_PAYMENT: (
        "401k loan|401k loan 1|401k loan 2|401k loan repayment|loan 401k|401l|401kl|k loan|retirement loan|401k ln|"
        "plan loan|401k loan payment"
    ),
    DeductionKind.CAFETERIA_REDUCTION: (
        "medical|med|medical insurance|health|health insurance|medical pre tax|med pre tax|dental|den|dental insurance|"
        "dental pre tax|vision|vis|vision insurance|vision pre tax|medical 125|med125|dental 125|den125|vision 125|"
        "vis125|section 125|s125|125|cafeteria|cafeteria plan|fsa|health fsa|medical fsa|flexible spending|"
        "flexible spending account|limited purpose fsa|fsa medical|dependent care|dependent care fsa|dcfsa|dcap|dfsa|"
        "fsa dependent care|hsa pre tax|hsa pretax|pre tax hsa|hsa 125|health savings account pre tax|hsapt|"
        "premium only plan|pop|health premium|medical premium|dental premium|vision premium"
    ),
    DeductionKind.TRANSPORTATION_REDUCTION: (
        "commuter|transit|parking|commuter transit|commuter parking|commuter benefits|qualified parking|transit pass|"
        "pre tax parking|pre tax transit|commuter pre tax|transportation|132f|section 132"
    ),
    DeductionKind.OTHER_AFTER_TAX: (
        "garnishment|garn|wage garnishment|child support|support order|tax levy|levy|irs levy|student loan garnishment|"
        "union dues|dues|charity|charitable|united way|donation|uniform|uniforms|tools|voluntary life|vol life|"
        "life insurance after tax|supplemental life|hsa after tax|hsa post tax|529|college savings|loan to employee|"
        "employee advance|advance|employee loan|gym|bankruptcy|creditor garnishment|legal plan|pet insurance|roth ira|"
        "accident insurance after tax|critical illness after tax|student loan repayment"
    ),
}  # fmt: skip
_KIND_OF: Final = {wording: kind for kind, text in _WORDINGS.items() for wording in text.split("|")}

_CAFETERIA, _TAXED = DeductionKind.CAFETERIA_REDUCTION, DeductionKind.OTHER_AFTER_TAX
#: Finch's types of benefits; "custom_pre_tax" could be of a cafeteria plan or not, and 457 is no plan of ours to judge.
_OF_FINCH: Final = {
    "401k": DeductionKind.PRE_TAX_DEFERRAL,
    "401k_roth": DeductionKind.ROTH_DEFERRAL,
    "401k_loan": DeductionKind.LOAN_PAYMENT,
    "403b": DeductionKind.PRE_TAX_DEFERRAL,
    "403b_roth": DeductionKind.ROTH_DEFERRAL,
    "simple": DeductionKind.PRE_TAX_DEFERRAL,
    "simple_ira": DeductionKind.PRE_TAX_DEFERRAL,
    **dict.fromkeys(("s125_medical", "s125_dental", "s125_vision"), _CAFETERIA),
    **dict.fromkeys(("fsa_medical", "fsa_dependent_care", "hsa_pre"), _CAFETERIA),
    "commuter": DeductionKind.TRANSPORTATION_REDUCTION,
    **dict.fromkeys(("hsa_post", "custom_post_tax"), _TAXED),
}
#: Gusto's numbers of benefit types, as its list of supported benefits has them: pre-tax or post-tax, by category.
_OF_GUSTO: Final = {
    **dict.fromkeys(("1", "2", "3", "6", "7", "11", "996", "997"), _CAFETERIA),  # health, HSA, FSA, pre-tax disability
    **dict.fromkeys(("10", "113", "114"), DeductionKind.TRANSPORTATION_REDUCTION),
    **dict.fromkeys(("5", "8", "9", "109"), DeductionKind.PRE_TAX_DEFERRAL),
    **dict.fromkeys(("105", "110"), DeductionKind.ROTH_DEFERRAL),
    **dict.fromkeys(("100", "111", "112", "991", "992", "993", "998", "999"), _TAXED),
}
KIND_OF_DEDUCTION_TYPE: Final = _OF_FINCH | _OF_GUSTO

#: Words as payroll shortens them within a name.
_SHORT: Final = {
    "ins": "insurance", "pretax": "pre tax", "pt": "pre tax", "posttax": "after tax", "post": "after",
    "aftertax": "after tax", "ded": "", "deduction": "", "med": "medical", "den": "dental", "vis": "vision",
    "ln": "loan", "garn": "garnishment", "catchup": "catch up", "dep": "dependent", "ee": "", "employee": "",
    "contrib": "contribution", "plan": "", "sect": "section", "repay": "repayment", "pmt": "payment",
}  # fmt: skip


def _spellings(text: str) -> tuple[str, ...]:
    words = words_of(text.replace("(k)", "k").replace("(K)", "k").replace("§", "section "))
    in_full = " ".join(part for each in words.split() if (part := _SHORT.get(each, each)))
    return words, in_full


@lru_cache(maxsize=4_096)
def alike_deduction(text: str) -> tuple[DeductionKind, int, str] | None:
    """The kind whose wording is nearest, how near (to 100), and that wording; None where two kinds are as near."""
    return nearest(_spellings(text), _KIND_OF)
