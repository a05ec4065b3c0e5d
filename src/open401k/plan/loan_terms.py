"""The loan program of a plan: typed terms. Not here: what of them is lawful (lawful_loans.py), one loan."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loans:
    """Loans to participants, as the plan's loan program says (IRC 72(p)(2); 29 CFR 2550.408b-1(d)).

    The rate is ``over_prime_bps`` above the prime rate, which a person states when a loan is approved. A loan that buys
    the principal residence may run ``residence_years``; None: there are none that run longer than five years.
    ``cure_months`` after a missed installment, 0 for none; None: as long as Reg. 1.72(p)-1 Q&A-10(a) allows.
    ``pauses_on_leave`` and ``pauses_in_service``: installments pause while somebody is on unpaid leave, for a year at
    most, or serves in uniform (Q&A-9).
    """

    minimum_cents: int = 100_000
    most_at_once: int = 1
    over_prime_bps: int = 100
    residence_years: int | None = None
    cure_months: int | None = None
    pauses_on_leave: bool = False
    pauses_in_service: bool = False
