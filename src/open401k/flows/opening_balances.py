"""What accounts held when a plan came here: one file becomes one entry, whole or not at all; a reversal takes it back.

Not here: pay and contributions of the year (year_to_date.py), whose money these balances hold.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k import census, ledger, payroll, recordkeeping
from open401k.base import audit, heads
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import EntryId, FlowId, Money, Open401kError, PlanId, Refused, SponsorId, named_uuid

from .correction import Correction, OnFile, begin, correct
from .opening_expected import OpeningBalances, expected_of


@dataclass(frozen=True, slots=True)
class Opened:
    """What is now in the books; ``already``: it was before."""

    already: bool
    entry_id: EntryId
    as_of: date
    rows: int
    people: int
    total: Money


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Balances that are in the books no longer, and the entry that took them out."""

    already: bool
    entry_id: EntryId
    reversed_by: EntryId
    as_of: date
    total: Money


class _Rejected(Exception):  # noqa: N818 (undoes the transaction)
    def __init__(self, findings: payroll.Findings) -> None:
        super().__init__("rejected")
        self.findings = findings


def bring_balances(db: Database, *, actor: Actor, told: OpeningBalances) -> Opened | payroll.Findings:
    """Post the balances by one entry, tied to the cent to the file's total; or every finding, and nothing is posted.

    The same balances again change nothing; others are refused until a reversal has taken the first ones back.
    """
    try:
        with db.begin(actor, tenants=[told.tenant_id]) as tx:
            opened = _post(tx, told)
            wanted = _follow_up(told.tenant_id, told.plan_id, opened.entry_id, opened.as_of)
            if not opened.already:  # what follows is never left for later
                begin(tx, correction=wanted)
    except _Rejected as rejected:
        return rejected.findings
    correct(db, actor=actor, correction=wanted)
    return opened


def take_back_balances(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, entry_id: EntryId, why: str
) -> TakenBack | Refused[ledger.Refusal]:
    """Reverse what was posted, so that the right balances can be sent; both entries stay on record."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        known = recordkeeping.openings(tx, tenant_id=tenant_id, plan_id=plan_id)
        wanted = next((each for each in known if each.entry_id == entry_id), None)
        if wanted is None:
            fix = "Take the id from what the loading answered, or from the opening balances of the plan."
            raise Open401kError(f"{entry_id} is no entry of this plan's opening balances.", fix=fix)
        posted = recordkeeping.reverse_opening_balances(tx, tenant_id=tenant_id, opening=wanted)
        if isinstance(posted, Refused):
            return posted
        if not posted.already:
            after = {"entry": str(entry_id), "reversed_by": str(posted.entry_id), "why": why}
            action = "plan.opening_balances_reversed"
            audit.record(tx, tenant_id=tenant_id, action=action, subject=plan_id, after=after)
        follows = _follow_up(tenant_id, plan_id, posted.entry_id, wanted.on)
        if not posted.already:
            begin(tx, correction=follows)
    correct(db, actor=actor, correction=follows)
    return TakenBack(posted.already, entry_id, posted.entry_id, wanted.on, wanted.amount)


def _follow_up(tenant_id: SponsorId, plan_id: PlanId, entry_id: EntryId, as_of: date) -> Correction:
    """Tests, projection and alerts that know the balances; a repeat goes on where the first time was stopped."""
    flow_id = FlowId(named_uuid("opening_balances", str(plan_id), str(entry_id)))
    return Correction(tenant_id, plan_id, flow_id, OnFile(f"Opening balances, as of {as_of}."))


def _post(tx: Tx, told: OpeningBalances) -> Opened:
    of: dict[str, Any] = {"tenant_id": told.tenant_id, "plan_id": told.plan_id}
    heads.lock(tx, tenant_id=told.tenant_id)  # no payroll is posted between looking for one and posting
    file = payroll.read_opening_balances(told.content, file_name=told.name)
    who = census.find_by_ssn(tx, tenant_id=told.tenant_id, ssns=[row.ssn for row in file.rows])
    payroll.check_opening_balances(file, expected_of(tx, told, frozenset(who)))
    if file.findings.rejected:
        raise _Rejected(file.findings)
    balances = [recordkeeping.OpeningBalance(who[row.ssn], row.source, Money(row.cents)) for row in file.rows]
    before = recordkeeping.openings(tx, **of)
    key = recordkeeping.opening_key(told.plan_id, before)
    posted = recordkeeping.load_opening_balances(tx, **of, on=told.as_of, balances=balances, key=key)
    if isinstance(posted, Refused):
        _refuse(file, posted, before)
        raise _Rejected(file.findings)
    opened = Opened(
        already=posted.already,
        entry_id=posted.entry_id,
        as_of=told.as_of,
        rows=len(file.rows),
        people=len({each.employee_id for each in balances if each.amount}),
        total=Money(sum(each.amount.cents for each in balances)),
    )
    if not posted.already:
        file_id = payroll.files.keep(tx, **of, name=told.name, data=told.content)
        after = {
            "file": str(file_id),
            "entry": str(posted.entry_id),
            "as_of": told.as_of.isoformat(),
            "rows": opened.rows,
            "cents": opened.total.cents,
        }
        action = "plan.opening_balances_loaded"
        audit.record(tx, tenant_id=told.tenant_id, action=action, subject=told.plan_id, after=after)
    return opened


def _refuse(file: payroll.OpeningFile, refused: Refused[ledger.Refusal], before: list[recordkeeping.Opening]) -> None:
    """Why the books did not take them: mostly, other ones are there."""
    reason, fix, code = refused.message, refused.fix, payroll.Code.AMOUNT_IMPLAUSIBLE
    if refused.reason is ledger.Refusal.KEY_REUSED:
        stands, code = before[-1], payroll.Code.OPENING_ON_FILE
        reason = f"Other balances are on file: {stands.amount} of {stands.people} people as of {stands.on}."
        fix = f"Reverse entry {stands.entry_id} first, with a reason; then send these."
    file.reject_all(code, reason, fix, column="")
