"""What the law or the engine does not allow in a plan's loan program. Not here: one loan (law/loans.py)."""

from collections.abc import Iterator

from open401k.law.loan_schedules import TERM_YEARS

from .problem import ProvisionProblem
from .provisions import Provisions

#: With a minimum up to this, loans are still there on a reasonably equivalent basis (29 CFR 2550.408b-1(b)(2)). Whether
#: a higher one is a breach hangs on who could borrow that much: the engine does not judge it, and takes none.
HIGHEST_MINIMUM_CENTS = 100_000
#: Longer notes on a residence, and higher spreads, are nothing that a commercial lender offers (2550.408b-1(e)).
LONGEST_RESIDENCE_YEARS = 30
HIGHEST_SPREAD_BPS = 1_000
#: The longest cure period is shorter than that: from the first day of a quarter to the last of the next one.
LONGEST_CURE_MONTHS = 5


def loans(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """A minimum that keeps people out, a rate nobody lends at, terms that are no loan any more."""
    terms = provisions.loans
    if terms is None:
        return
    if not 0 <= terms.minimum_cents <= HIGHEST_MINIMUM_CENTS:
        yield ProvisionProblem(
            "loans.minimum_cents",
            "Up to a minimum of $1,000 loans are there for everybody alike; above it that hangs on who has so much.",
            "29 CFR 2550.408b-1(b)(2)",
            "Set it from 0 to 100,000 cents.",
        )
    if terms.most_at_once < 1:
        yield ProvisionProblem(
            "loans.most_at_once",
            f"{terms.most_at_once} loans at once are none.",
            "29 CFR 2550.408b-1(d)(5)",
            "Set it to 1 or more, or take the terms of loans out.",
        )
    if not 0 <= terms.over_prime_bps <= HIGHEST_SPREAD_BPS:
        yield ProvisionProblem(
            "loans.over_prime_bps",
            f"{terms.over_prime_bps} basis points over prime is no rate that lenders ask for in like circumstances.",
            "29 CFR 2550.408b-1(e)",
            "Set it from 0 to 1,000 basis points.",
        )
    years = terms.residence_years
    if years is not None and not TERM_YEARS < years <= LONGEST_RESIDENCE_YEARS:
        yield ProvisionProblem(
            "loans.residence_years",
            "A loan for the principal residence runs longer than the five years of any other, and ends some day.",
            "IRC 72(p)(2)(B)(ii)",
            f"Set it from {TERM_YEARS + 1} to {LONGEST_RESIDENCE_YEARS} years, or leave it out.",
        )
    cure = terms.cure_months
    if cure is not None and not 0 <= cure <= LONGEST_CURE_MONTHS:
        yield ProvisionProblem(
            "loans.cure_months",
            "A cure period ends with the quarter after that of the missed installment at the latest.",
            "Reg. 1.72(p)-1 Q&A-10(a)",
            f"Set it from 0 to {LONGEST_CURE_MONTHS} months, or leave it out for the longest.",
        )
