"""A line of the bank that paid a payroll by its sum alone may be overpaid money that came again: a person says which.

Money flow: what the line paid goes back by a new entry, and the same money waits as the employer's since its day.
"""

from datetime import date

from open401k import custody, recordkeeping
from open401k.base.db import Tx
from open401k.custody.doubles import OVERPAID
from open401k.custody.matching import BY_SUM
from open401k.custody.statements import Finding, Kind, Line
from open401k.kernel import Money, PlanId, Refused, SponsorId
from open401k.recordkeeping.overpaid_decided import SAME_MONEY, Became, Decision, DecisionRefusal, ever_decided

from .bank_posting import posted


def paid_by_sum(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, decision: Decision
) -> Refused[DecisionRefusal] | None:
    """Look for such a line; where there is one and nobody said what it is, the decision waits for that.

    One that is said to be this money pays its payroll no more, and waits for the decision.
    """
    known = {each.decision_id for each in ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id)}
    if decision.became is Became.LEFT or decision.decision_id in known or decision.line == "other":
        return None
    found = _line(tx, tenant_id, plan_id, decision.cents, decision.on)
    if found is None:
        return None
    line, paid = found
    if decision.line != "same":
        message = f"A line of the bank of {line.line.booked_on} of that sum paid a payroll, by its sum alone."
        fix = "Say whether that line is this money: then it pays the payroll no more. Else say that it is other money."
        return Refused(DecisionRefusal.LINE_NOT_SAID, message, fix)
    _move(tx, tenant_id, plan_id, line, paid)
    return None


def _line(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, cents: int, on: date) -> tuple[Line, Finding] | None:
    findings = custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id)
    standing = {
        each.entry_id
        for each in recordkeeping.deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
        if each.taken_back is None
    }
    fitting = {
        each.key: each
        for each in findings
        if each.kind is Kind.DEPOSIT and each.rule == BY_SUM and each.cents == cents and each.entry_id in standing
        and abs(each.booked_on - on) <= SAME_MONEY
    }  # fmt: skip
    every = custody.statements.lines(tx, tenant_id=tenant_id, plan_id=plan_id, open_only=False) if fitting else []
    return next(((line, fitting[line.key]) for line in every if line.key in fitting), None)


def _move(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, line: Line, paid: Finding) -> None:
    on = line.line.booked_on
    if paid.entry_id is None:
        raise ValueError(f"{line.name} paid a payroll without an entry")
    back = recordkeeping.take_back(tx, tenant_id=tenant_id, entry_id=paid.entry_id, on=on, reason="deposit_overpaid")
    waits = recordkeeping.record_employer_money(
        tx, tenant_id=tenant_id, plan_id=plan_id, on=on, amount=Money(paid.cents),
        key=f"deposit/{line.name}/overpaid", reference=line.name,
    )  # fmt: skip
    for kind, cents, entry_id, run_id in (
        (Kind.DEPOSIT, -paid.cents, posted(back), paid.run_id),
        (Kind.EMPLOYER_MONEY, paid.cents, posted(waits), None),
    ):
        custody.statements.note(
            tx, tenant_id=tenant_id, plan_id=plan_id, line=line, kind=kind, cents=cents, rule=OVERPAID,
            run_id=run_id, entry_id=entry_id,
        )  # fmt: skip
