"""Annual additions over 415(c) that are in the accounts, as a person decides about them. Not here: the law."""

from typing import Any

from open401k import compliance
from open401k.base.db import Tx
from open401k.kernel import Open401kError, PlanId, PlanYear, SponsorId, day_of


def excess_additions(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[str, compliance.Content]]:
    """Each limitation year that is over and has some, with all of it, whatever was approved before."""
    years = compliance.years_over(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [(compliance.about_additions(plan_id, year), _content(tx, tenant_id, plan_id, year)) for year in years]


def excess_now(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, about: str) -> compliance.Content:
    """The same of one year, as of today."""
    for year in compliance.years_over(tx, tenant_id=tenant_id, plan_id=plan_id):
        if compliance.about_additions(plan_id, year) == about:
            return _content(tx, tenant_id, plan_id, year)
    raise Open401kError("Nobody's additions of that year are over 415(c).", fix="Look at the corrections that wait.")


def _content(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, year: PlanYear) -> compliance.Content:
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    known = compliance.proposals(tx, **of, about=compliance.about_additions(plan_id, year))
    return compliance.excess_content(tx, **of, year=year, known=known, on=day_of(tx.now))
