"""What a person approved to leave the accounts as excess annual additions: no test counts it any more.

For qualification an Excess Allocation that is corrected so is disregarded under 402(g), 415, the ADP test and the ACP
test (Rev. Proc. 2021-30 section 6.06(2), told in our words: its text was not at hand). Not here: how much leaves
(excess_additions.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from open401k import recordkeeping
from open401k.base.db import Tx
from open401k.kernel import Source

from .facts import Cents, PlanFacts

_DEFERRALS = (Source.PRE_TAX, Source.ROTH)
_MATCH = (Source.MATCH, Source.SAFE_HARBOR_MATCH, Source.QMAC)
_NONELECTIVE = (Source.NONELECTIVE, Source.SAFE_HARBOR_NONELECTIVE, Source.PROFIT_SHARING)


def left_out(tx: Tx, facts: PlanFacts, *, known_at: datetime | None) -> PlanFacts:
    """The facts without it: less of each source, and no part of what corrections contributed.

    Deferrals of a plan year that is not the calendar year stay in 402(g): of which calendar year they are is not known.
    """
    if facts.corrective is None:
        return facts
    of: dict[str, Any] = {"tenant_id": facts.tenant_id, "plan_id": facts.plan_id, "known_at": known_at}
    rows = recordkeeping.corrective_of_year(tx, **of, year_start=facts.plan_year.start)
    place = {who: index for index, who in enumerate(facts.employee_ids)}
    taken: dict[Source, Cents] = {}
    for each in rows:
        if each.cents < 0 and each.employee_id in place:
            column = taken.setdefault(each.source, np.zeros(len(facts), dtype=np.int64))
            column[place[each.employee_id]] -= each.cents
    return replace(_changed(facts, taken, -1), given_back=taken)


def as_allocated(facts: PlanFacts) -> PlanFacts:
    """The facts with it again: how much is over the limit is asked of all that was allocated."""
    return replace(_changed(facts, facts.given_back, 1), given_back={}) if facts.given_back else facts


def _changed(facts: PlanFacts, taken: Mapping[Source, Cents], sign: int) -> PlanFacts:
    def of(sources: Sequence[Source]) -> Cents:
        return sign * sum((taken[each] for each in sources if each in taken), np.zeros(len(facts), dtype=np.int64))

    deferred, as_roth = of(_DEFERRALS), of((Source.ROTH,))
    corrective = (0 if facts.corrective is None else facts.corrective) - of(tuple(taken))
    same = (facts.plan_year.start, facts.plan_year.end) == (facts.calendar_year.start, facts.calendar_year.end)
    return replace(
        facts,
        pre_tax=facts.pre_tax + of((Source.PRE_TAX,)),
        roth=facts.roth + as_roth,
        after_tax=facts.after_tax + of((Source.AFTER_TAX,)),
        calendar_deferrals=facts.calendar_deferrals + deferred if same else facts.calendar_deferrals,
        calendar_roth=facts.calendar_roth + as_roth if same else facts.calendar_roth,
        match=facts.match + of(_MATCH),
        nonelective=facts.nonelective + of(_NONELECTIVE),
        qnec=facts.qnec + of((Source.QNEC,)),
        corrective=corrective if corrective.any() else None,
    )
