"""How much of a QNEC or match may count in the ADP and ACP tests when it is aimed at few people (Reg.
1.401(k)-2(a)(6)(iv), 1.401(m)-2(a)(5)(ii), (6)(v)). Rates are whole hundredths of a percent. Not here: the tests.
"""

from dataclasses import dataclass

import numpy as np

from . import matching
from .arrays import Cents, Flags, half_up_quotient
from .given import check_facts, of_one_person
from .matching import MatchFormula

_WHOLE = 10_000
#: 5 % of pay always counts.
_ALWAYS = 500
#: What is owed as a prevailing wage counts up to 10 % of pay.
_PREVAILING_WAGE = 1_000
#: What a safe harbor match may stay out of the ACP test with, and that of a QACA.
_SAFE_HARBOR_MATCH, _QACA_MATCH = 400, 350
#: The deferral at which a rate that varies is read.
_ASSUMED_DEFERRAL = 600


@dataclass(frozen=True, slots=True, eq=False)
class Countable:
    """Per employee what counts, and the representative rate of the NHCEs that set the limit."""

    counted: Cents
    representative_rate: int


def countable_qnec(
    *,
    qnec: Cents,
    compensation: Cents,
    eligible_nhce: Flags,
    employed_on_last_day: Flags,
    beside: Cents | None = None,
    prevailing_wage: Flags | None = None,
) -> Countable:
    """QNEC that counts: up to pay times the greater of 5 % and twice the representative rate.

    Reg. 1.401(k)-2(a)(6)(iv) with the QMAC that counts in the ADP test ``beside`` it, 1.401(m)-2(a)(6)(v) with the
    match of the ACP test. The rates are of both together, the limit is on the QNEC alone: QMAC has the limit of
    :func:`countable_match` (1.401(k)-2(a)(6)(v)). What is owed as a prevailing wage counts up to 10 % of pay ((D) of
    both). Contributions for HCEs are not limited here.
    """
    check_facts(locals())
    together = qnec if beside is None else qnec + beside
    of_one_person(together=together, compensation=compensation)
    rates = half_up_quotient(together * _WHOLE, np.maximum(compensation, 1))
    representative = representative_rate(rates, eligible_nhce, employed_on_last_day)
    rate = max(_ALWAYS, 2 * representative)
    most = half_up_quotient(compensation * rate, _WHOLE)
    if prevailing_wage is not None:
        most = np.where(prevailing_wage, half_up_quotient(compensation * max(rate, _PREVAILING_WAGE), _WHOLE), most)
    return Countable(np.where(eligible_nhce, np.minimum(qnec, most), qnec), representative)


def countable_match(
    *,
    match: Cents,
    deferrals: Cents,
    compensation: Cents,
    eligible_nhce: Flags,
    employed_on_last_day: Flags,
    matching_rates: Cents | None = None,
) -> Countable:
    """Match that counts: up to the greatest of 5 % of pay, the deferrals, and twice the representative rate times them.

    Reg. 1.401(m)-2(a)(5)(ii); the representative matching rate looks at NHCEs who deferred. A rate is match over
    deferrals; where it is not the same at all levels of deferral, ``matching_rates`` has each one's at 6 % of pay
    (:func:`matching_rate`). ``deferrals`` are those that are matched, with or of after-tax contributions ((D)).
    """
    check_facts(locals())
    of_one_person(match=match, deferrals=deferrals, compensation=compensation)
    rates = half_up_quotient(match * _WHOLE, np.maximum(deferrals, 1)) if matching_rates is None else matching_rates
    deferring = eligible_nhce & (deferrals > 0)
    representative = representative_rate(rates, deferring, employed_on_last_day)
    by_rate = half_up_quotient(deferrals * 2 * representative, _WHOLE)
    most = np.maximum(half_up_quotient(compensation * _ALWAYS, _WHOLE), np.maximum(deferrals, by_rate))
    return Countable(np.where(eligible_nhce, np.minimum(match, most), match), representative)


def match_beyond_safe_harbor(*, match: Cents, compensation: Cents, qaca: bool = False) -> Cents:
    """What of the match an ACP test may be of, where a safe harbor match excuses from the ADP test and not from this.

    Up to 4 % of each one's pay may be left out, 3 1/2 % in a QACA, for everybody who is eligible or for nobody (Reg.
    1.401(m)-2(a)(5)(iv)). A plan excused from both tests but for its after-tax contributions may leave all match out.
    """
    check_facts(locals())
    of_one_person(match=match, compensation=compensation)
    left_out = half_up_quotient(compensation * (_QACA_MATCH if qaca else _SAFE_HARBOR_MATCH), _WHOLE)
    return np.asarray(np.maximum(match - left_out, 0), dtype=np.int64)


def representative_rate(rates: Cents, group: Flags, employed_on_last_day: Flags) -> int:
    """The lowest rate in the best half of the group or, if greater, the lowest among those employed on the last day."""
    check_facts(locals())
    of_group = np.sort(rates[group])[::-1]
    if not len(of_group):
        return 0
    best_half = int(of_group[(len(of_group) + 1) // 2 - 1])
    last_day = rates[group & employed_on_last_day]
    return max(best_half, int(last_day.min()) if len(last_day) else 0)


def matching_rate(formula: MatchFormula) -> int:
    """A formula's matching rate, in hundredths of a percent of the deferral (Reg. 1.401(m)-2(a)(5)(ii)(C)).

    Where it is not the same at all levels, that of somebody who defers 6 % of pay.
    """
    deferral, pay = np.array([_ASSUMED_DEFERRAL * _WHOLE]), np.array([_WHOLE * _WHOLE])
    given = matching.match(deferral, pay, MatchFormula(formula.tiers))
    return int(half_up_quotient(given * _WHOLE, deferral)[0])
