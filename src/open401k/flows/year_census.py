"""A sponsor confirms the census of a plan year: what they saw is on file by its hash. Not here: the census itself."""

from enum import StrEnum

from open401k import census, compliance, plan
from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import PlanId, Refused, SponsorId, day_of


class Refusal(StrEnum):
    """Why a census was not confirmed. Listed in order of precedence."""

    YEAR_NOT_OVER = "year_not_over"
    CHANGED_MEANWHILE = "changed_meanwhile"


def confirm(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year: int, sha256: str, signed_as: str
) -> census.Confirmation | Refused[Refusal]:
    """Keep that the census shown with this hash is right; the same again is the confirmation that is on file."""
    heads.lock(tx, tenant_id=tenant_id)  # no fact is recorded between the look and the word
    shown = compliance.census_of_year(tx, tenant_id=tenant_id, plan_id=plan_id, year=year)
    if shown.as_of < shown.plan_year.last_day:
        message = f"The plan year runs to {shown.plan_year.last_day}: its census is not complete before."
        return Refused(Refusal.YEAR_NOT_OVER, message, "Confirm it once the last payroll of the year is posted.")
    if shown.sha256 != sha256:
        message = "A fact of the census has changed since it was shown."
        return Refused(Refusal.CHANGED_MEANWHILE, message, "Look at it again, and confirm what it says now.")
    start = shown.plan_year.start
    before = census.confirmed_year(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=start)
    if before is not None and before.sha256 == sha256:
        return before
    census.confirm_year(
        tx, tenant_id=tenant_id, plan_id=plan_id, year_start=start, known_at=shown.known_at, sha256=sha256,
        people=len(shown.rows), signed_as=signed_as,
    )  # fmt: skip
    kept = census.confirmed_year(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=start)
    if kept is None:
        raise LookupError(f"the confirmation of {start} was not kept")
    return kept


def state_filed(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year: int, small: bool) -> bool | Refused[Refusal]:
    """As what the plan year that begins in ``year`` was reported: whether as small, which is on file then."""
    today = day_of(tx.now)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    of = terms.plan_year_of(terms.plan_year_start.in_year(year))
    if of.last_day >= today:
        message = f"The plan year runs to {of.last_day}: no report was filed for it yet."
        return Refused(Refusal.YEAR_NOT_OVER, message, "Say it of a plan year that is over.")
    census.state_filed(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=of.start, small=small)
    return small
