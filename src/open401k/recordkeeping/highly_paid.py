"""Who is highly compensated in a plan year, where a plan gives its safe harbor contribution to the others alone.

The same facts and the same rule as in the tests (compliance/standing.py). Not here: the top-paid group, which no such
plan elects here (plan/lawful_match.py).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, PlanYear, SponsorId
from open401k.law import highly_compensated, ownership

Flags = NDArray[np.bool_]


def highly_paid(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    employees: Sequence[census.Employee],
    year: PlanYear,
    known_at: datetime | None = None,
) -> Flags:
    """Owners of more than 5 % on any day of this year or the one before, and who was paid more than the threshold."""
    before = year.previous()
    of: dict[str, Any] = {"tenant_id": tenant_id, "known_at": known_at}
    paid = census.employer_pay(tx, **of, plan_id=plan_id, start=before.start, end=before.end)
    ids = IdColumn.of(EmployeeId, [each.employee_id for each in employees])
    places = ids.places_in(paid.employee_id)
    pay = np.zeros(len(ids), dtype=np.int64)
    pay[places >= 0] = paid.section_415_cents[places[places >= 0]]
    loaded = [each.annual_pay.get(before.start.year) for each in employees]
    told = np.array([0 if each is None else each.section_415_cents for each in loaded], dtype=np.int64)
    return highly_compensated.highly_compensated(
        plan_year=year,
        five_percent_owner=_owners(tx, of, [each.employee_id for each in employees], year),
        lookback_compensation=np.maximum(np.maximum(pay, told), 0),
    ).is_hce


def touched(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, who: EmployeeId, fact: census.Fact
) -> list[EmployeeId] | None:
    """Whose money follows from a fact about one; None is everybody: a share makes relatives highly compensated, too.

    IRC 318; only where a plan of the sponsor gives its safe harbor contribution to the others alone.
    """
    if not isinstance(fact, census.Ownership | census.Family):
        return [who]
    plans = (plan_id, *plan.other_plans(tx, tenant_id=tenant_id, plan_id=plan_id))
    asked = any(
        not span.provisions.safe_harbor_hces
        for each in plans
        for span in plan.provisions_between(tx, tenant_id=tenant_id, plan_id=each, start=date.min, end=date.max)
    )
    return None if asked else [who]


def _owners(tx: Tx, of: dict[str, Any], people: Sequence[EmployeeId], year: PlanYear) -> Flags:
    """Day by day, with what is attributed from relatives who are not among these people, or never worked here."""
    everybody = census.roster(tx, **of)
    undated = {each.employee_id: each.ownership_bps for each in everybody if each.ownership_bps and not each.employment}
    found = np.zeros(len(people), dtype=np.bool_)
    for day in census.ownership_during(tx, **of, start=year.previous().start, end=year.end):
        shares = {**undated, **day.direct_bps}
        those = dict.fromkeys((*people, *shares, *(one for pair in day.family for one in pair[:2])))
        place = {who: at for at, who in enumerate(those)}
        direct = np.zeros(len(place), dtype=np.int64)
        direct[[place[who] for who in shares]] = list(shares.values())
        kin = [
            ownership.Kin(place[one], place[other], ownership.Relation(relation.value))
            for one, other, relation in day.family
        ]
        found |= ownership.ownership(direct, kin).five_percent_owner[: len(people)]
    return found
