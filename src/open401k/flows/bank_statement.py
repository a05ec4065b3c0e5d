"""A bank statement comes in: kept, each line matched to what is expected, posted. Rules: custody.matching.

Money flow: employer receivable -> cash clearing for what came; back by a new entry for what a bank returned.
"""

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any

from open401k import custody, wire
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.base.secrets import Keyring
from open401k.base.steps import FlowResults, run_flow
from open401k.custody.matching import BY_SUM, BY_SUMS, Part, decide
from open401k.custody.repeats import TOLD_BEFORE, of_their_own, told_before
from open401k.custody.statements import Kind
from open401k.kernel import FlowId, Open401kError, PlanId, SponsorId, named_uuid

from .bank_posting import post_part, read_books
from .correction_money import place_correction
from .overpaid_decided import came_again, place_overpaid

FLOW = "bank_statement"


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A file as a person or a bank sent it; the balances are for a CSV that has none."""

    tenant_id: SponsorId
    plan_id: PlanId
    name: str
    data: bytes
    opening_cents: int | None = None
    closing_cents: int | None = None

    def flow_id(self, keyring: Keyring) -> FlowId:
        """The same bytes for the same plan are the same story; keyed, as the hash that is kept of them is."""
        digest = keyring.blind_index("custody.statement", hashlib.sha256(self.data).hexdigest()).hex()
        return FlowId(named_uuid(FLOW, str(self.tenant_id), str(self.plan_id), digest))


def read_in(db: Database, *, actor: Actor, of: StatementFile) -> FlowResults | wire.Unreadable:
    """Take a statement in; the same bytes again change nothing. What cannot be read is told, and nothing is kept.

    What was left out as another account's is taken from the same bytes once that account is on file as the plan's.
    """
    read = wire.read_statement(of.data, opening_cents=of.opening_cents, closing_cents=of.closing_cents)
    if isinstance(read, wire.Unreadable):
        return read
    flow_id = of.flow_id(db.keyring)
    run = partial(run_flow, db, flow=FLOW, tenant_id=of.tenant_id, actor=actor, steps=STEPS, ctx=of)
    results = run(flow_id=flow_id)
    if results[sort_out.__name__]["others"]:
        with db.begin(actor, tenants=[of.tenant_id]) as tx:
            ours = sort_out(tx, of, {})["ours"]
        if ours != results[sort_out.__name__]["ours"]:
            results = run(flow_id=FlowId(named_uuid(FLOW, str(flow_id), str(ours))))
    return results


def sort_out(tx: Tx, of: StatementFile, results: dict[str, Any]) -> dict[str, Any]:
    """Which statements of the file are of the plan's account; the others are left out, and named by four digits."""
    told = [statement.account for statement in _read(of)]
    if keep.__name__ in results:  # taken in whole, before files were sorted out
        return {"ours": list(range(len(told))), "others": []}
    found = custody.accounts.sort_out(tx, tenant_id=of.tenant_id, plan_id=of.plan_id, told=told)
    return {"ours": list(found.ours), "others": list(found.others)}


def keep(tx: Tx, of: StatementFile, results: dict[str, Any]) -> list[str]:
    """The plan's statements of the file, sealed, with their lines."""
    read = _read(of)
    ours = {at: read[at] for at in results[sort_out.__name__]["ours"]}
    kept = custody.statements.keep(
        tx, tenant_id=of.tenant_id, plan_id=of.plan_id, name=of.name, data=of.data, read=ours
    )
    return [str(statement_id) for statement_id in kept]


def settle(tx: Tx, of: StatementFile, results: dict[str, Any]) -> list[dict[str, Any]]:
    """Every line that explains itself is posted; the others wait for a person. Answers what is known of this file."""
    settle_open(tx, tenant_id=of.tenant_id, plan_id=of.plan_id)
    found = custody.statements.findings(tx, tenant_id=of.tenant_id, plan_id=of.plan_id)
    ours = set(results[keep.__name__])
    return [
        {"line": each.line_no, "kind": str(each.kind), "cents": each.cents, "run_id": str(each.run_id or "")}
        for each in found
        if str(each.statement_id) in ours
    ]


def settle_open(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> int:
    """Try every line that nothing is known of yet; returns how many found their place."""
    heads.lock(tx, tenant_id=tenant_id)
    waiting = custody.statements.lines(tx, tenant_id=tenant_id, plan_id=plan_id)
    if not waiting:
        return 0
    books, found = read_books(tx, tenant_id=tenant_id, plan_id=plan_id), 0
    every = custody.statements.lines(tx, tenant_id=tenant_id, plan_id=plan_id, open_only=False)
    noted = custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id)
    dismissed = {each.key for each in noted if each.kind is Kind.DISMISSED}
    repeated = told_before(every, waiting, of_their_own(noted)[1], dismissed)
    for line in waiting:
        if line.key in repeated:
            if any(each.outstanding_cents == line.line.cents for each in books.expected):
                continue  # told before, or the money of another payroll that owes as much: a person says which
            parts = [Part(Kind.SEEN_BEFORE, line.line.cents, TOLD_BEFORE)]
        else:
            parts = decide(
                line.line,
                expected=books.expected,
                standing=books.standing,
                taken_back=books.taken_back,
                files=books.files,
            )
        if _by_sum_alone(parts) and came_again(tx, tenant_id=tenant_id, plan_id=plan_id, line=line):
            continue  # a payroll's, or overpaid money that came again and is in the books: a person says which
        for number, part in enumerate(parts, 1):
            post_part(tx, tenant_id=tenant_id, plan_id=plan_id, line=line, part=part, number=number)
        if parts:
            found += 1
            books = read_books(tx, tenant_id=tenant_id, plan_id=plan_id)
        elif any(place(tx, tenant_id=tenant_id, plan_id=plan_id, line=line) for place in _BEYOND_PAYROLLS):
            found += 1
    return found


def _by_sum_alone(parts: list[Part]) -> bool:
    """Whether nothing but its sum says which payroll a line pays."""
    return bool(parts) and all(each.rule in (BY_SUM, BY_SUMS) for each in parts)


def _read(of: StatementFile) -> tuple[wire.Statement, ...]:
    read = wire.read_statement(of.data, opening_cents=of.opening_cents, closing_cents=of.closing_cents)
    if isinstance(read, wire.Unreadable):
        raise Open401kError(str(read))
    return read


#: What a line may be that no payroll explains.
_BEYOND_PAYROLLS = (place_correction, place_overpaid)
STEPS = (sort_out, keep, settle)
