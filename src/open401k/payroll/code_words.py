"""Usual wordings of payroll codes, and how near a name is to one. Not here: other evidence (code_proposals.py)."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeVar

from rapidfuzz import fuzz, process

from open401k.law.pay_items import PayKind

KindT = TypeVar("KindT")

#: Less alike than this says nothing.
LEAST_ALIKE: Final = 80
#: A wording itself, or so near that only a letter differs.
ALIKE: Final = 97

#: Wordings as codes and as names, in small letters; of a wording that could be two kinds, neither is listed.
_WORDINGS: Final = {
    PayKind.REGULAR: (
        "reg|regular|regular pay|regular earnings|regular wages|regular hours|salary|salaried|sal|wages|wage|"
        "hourly|hourly pay|hourly wages|base pay|base salary|base|straight time|retro pay|retro|piecework|"
        "piece rate"
    ),
    PayKind.OVERTIME: (
        "ot|overtime|over time|overtime pay|overtime premium|ot premium|time and a half|ot 1.5|o/t|"
        "double time|doubletime|dt|double overtime|ot2|holiday overtime"
    ),
    PayKind.SHIFT_DIFFERENTIAL: (
        "shift|shift differential|shift diff|shift premium|night differential|night premium|"
        "weekend differential|evening differential|hazard pay|on call|on call pay|standby pay|call back pay"
    ),
    PayKind.BONUS: (
        "bonus|bon|bonus pay|annual bonus|year end bonus|discretionary bonus|performance bonus|holiday bonus|"
        "retention bonus|signing bonus|sign on bonus|referral bonus|spot bonus|incentive|incentive pay|"
        "gainsharing"
    ),
    PayKind.COMMISSION: "comm|commission|commissions|sales commission|draw|draw against commission|override commission",
    PayKind.TIPS: "tips|tip|cash tips|credit card tips|charged tips|reported tips|paycheck tips|gratuities",
    PayKind.PAID_LEAVE: (
        "pto|paid time off|vac|vacation|vacation pay|sick|sick pay|sick leave|hol|holiday|holiday pay|"
        "personal day|personal time|personal leave|jury duty|jury|bereavement|bereavement pay|parental leave|"
        "maternity leave|paternity leave|floating holiday|paid leave|safe and sick leave"
    ),
    PayKind.LEAVE_CASHOUT: (
        "pto payout|pto cash out|pto cashout|vacation payout|vacation cash out|accrued vacation payout|"
        "accrued pto payout|unused vacation|leave cash out|vacation payoff"
    ),
    PayKind.SEVERANCE_PAY: "sev|severance|severance pay|separation pay|termination pay|severance package",
    PayKind.ACCOUNTABLE_EXPENSES: (
        "reimb|reimbursement|reimbursements|expense reimbursement|expense reimb|mileage|"
        "mileage reimbursement|travel reimbursement|business expenses|per diem reimbursement|"
        "nontaxable reimbursement"
    ),
    PayKind.NONACCOUNTABLE_EXPENSES: (
        "allowance|auto allowance|car allowance|phone allowance|cell phone allowance|expense allowance|"
        "housing allowance|internet stipend|clothing allowance|taxable reimbursement"
    ),
    PayKind.TAXABLE_FRINGE: (
        "fringe|taxable fringe|fringe benefit|personal use of company car|personal use of auto|puca|"
        "company car|gift card|gift cards|prize|prizes and awards|imputed income|gym membership|"
        "taxable benefits"
    ),
    PayKind.TAXABLE_GROUP_TERM_LIFE: (
        "gtl|gtli|group term life|group term life insurance|group term life over 50k|excess group life|"
        "imputed life insurance|gtl imputed income|imputed gtl"
    ),
    PayKind.TAXABLE_MOVING_EXPENSES: "moving|moving expenses|relocation|relocation expenses|taxable moving",
    PayKind.NONQUALIFIED_PLAN_PAYMENT: (
        "nqdc|nqdc payout|deferred compensation|deferred comp payout|nonqualified deferred compensation|serp|"
        "serp payment"
    ),
    PayKind.NONSTATUTORY_OPTION_EXERCISE: "nso|nqso|nonqualified stock options|stock option exercise|nso exercise",
    PayKind.RESTRICTED_STOCK_VESTING: "rsu|rsu vest|rsu income|restricted stock|restricted stock units",
    PayKind.STATUTORY_OPTION_SALE: "iso disqualifying disposition|espp disqualifying disposition|espp income",
    PayKind.DIFFERENTIAL_WAGE: (
        "military differential|military pay differential|military leave differential|military diff|"
        "differential wage payment"
    ),
    PayKind.INSURED_SICK_PAY: "tpsp|third party sick pay|third party sick|3rd party sick pay|tps|insurer sick pay",
    PayKind.CONTRACTOR_PAY: "1099|1099 pay|1099 nec|contractor|contractor pay|independent contractor",
}
_KIND_OF: Final = {wording: kind for kind, text in _WORDINGS.items() for wording in text.split("|")}

#: A provider's own types of earnings, as Finch and Gusto have them; "other", "hourly" and "fixed" say nothing.
KIND_OF_TYPE: Final = {
    "salary": PayKind.REGULAR,
    "wage": PayKind.REGULAR,
    "overtime": PayKind.OVERTIME,
    "double_overtime": PayKind.OVERTIME,
    "bonus": PayKind.BONUS,
    "commission": PayKind.COMMISSION,
    "tips": PayKind.TIPS,
    "pto": PayKind.PAID_LEAVE,
    "paid_time_off": PayKind.PAID_LEAVE,
    "sick": PayKind.PAID_LEAVE,
    "severance": PayKind.SEVERANCE_PAY,
    "reimbursement": PayKind.ACCOUNTABLE_EXPENSES,
    "1099": PayKind.CONTRACTOR_PAY,
}


#: Words as payroll shortens them within a name; a whole code that is short is a wording of its own.
_SHORT: Final = {
    "reimb": "reimbursement", "reim": "reimbursement", "exp": "expense", "vac": "vacation", "hol": "holiday",
    "comm": "commission", "reg": "regular", "sal": "salary", "diff": "differential", "sev": "severance",
    "bon": "bonus", "hrs": "hours", "earn": "earnings", "prem": "premium", "pmt": "payment", "mil": "military",
}  # fmt: skip


def words_of(text: str) -> str:
    """A code or name as wordings are written: small letters, its words apart."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " ".join(re.findall(r"[a-z0-9./]+", apart.casefold()))


def _in_full(words: str) -> str:
    return " ".join(_SHORT.get(each, each) for each in words.split())


@lru_cache(maxsize=4_096)
def alike(text: str) -> tuple[PayKind, int, str] | None:
    """The kind whose wording is nearest, how near (to 100), and that wording; None where two kinds are as near."""
    words = words_of(text)
    return nearest((words, _in_full(words)), _KIND_OF)


def nearest(spellings: Sequence[str], kind_of: Mapping[str, KindT]) -> tuple[KindT, int, str] | None:
    """The same of any table of wordings; the first of the spellings of a text is the one as it stands."""
    for known in spellings:
        if known in kind_of:
            return kind_of[known], 100, known
    words = spellings[0]
    if len(words) < 4:  # of a short code a letter is too much of it
        return None
    near = process.extract(words, list(kind_of), scorer=fuzz.token_sort_ratio, limit=5, score_cutoff=LEAST_ALIKE)
    if not near:
        return None
    wording, score, _ = near[0]
    rivals = [each for each, of, _ in near if of > score - 5 and kind_of[each] is not kind_of[wording]]
    return None if rivals else (kind_of[wording], int(score), wording)
