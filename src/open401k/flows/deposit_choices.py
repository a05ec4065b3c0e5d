"""What a person decides about a line of the bank: which payroll it pays, or that it is none. Not here: the rules.

Money flow: as in bank_posting.py. What waiting money is for: waiting_money.py.
"""

from open401k import custody
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.custody import StatementId
from open401k.custody.matching import Part, Recorded
from open401k.custody.repeats import of_its_own, of_their_own
from open401k.custody.statements import Kind, Line, Name
from open401k.kernel import Open401kError, PlanId, RunId, SponsorId

from .bank_posting import post_part, read_books, still_owed
from .overpaid_decided import place_overpaid


def place_line(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    statement_id: StatementId,
    line_no: int,
    run_id: RunId | None,
    employers: bool = False,
) -> None:
    """A person says which payroll a line belongs to, or (None) that it is none of the plan's deposits.

    Money that came pays the payroll, what is over waits; money that went undoes the payroll's deposit of that sum.
    What came twice, or is due to nobody, is the ``employers`` and waits; none may be overpaid money that came again.
    Placed once, again changes nothing; what was set aside as told before may be money of its own after all.
    """
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        name, some = (statement_id, line_no), run_id is not None or employers
        line = _open_line(tx, tenant_id, plan_id, name) or (some and _taken_out(tx, tenant_id, plan_id, name)) or None
        if line is None:
            _same_as_before(tx, tenant_id, plan_id, name, run_id, employers)
            return
        if not some and place_overpaid(tx, tenant_id=tenant_id, plan_id=plan_id, line=line):
            return
        parts = _employers(line) if employers else _parts(tx, tenant_id, plan_id, line, run_id)
        found = custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id)
        for number, part in enumerate(parts, 1 + sum(each.key == name for each in found)):
            post_part(tx, tenant_id=tenant_id, plan_id=plan_id, line=line, part=part, number=number)


def _open_line(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, name: Name) -> Line | None:
    waiting = custody.statements.lines(tx, tenant_id=tenant_id, plan_id=plan_id)
    return {each.key: each for each in waiting}.get(name)


def _taken_out(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, name: Name) -> Line | None:
    """A line that was set aside as told before, and is not any more."""
    if name not in of_their_own(custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id))[1]:
        return None
    every = custody.statements.lines(tx, tenant_id=tenant_id, plan_id=plan_id, open_only=False)
    line = {each.key: each for each in every}[name]
    post_part(tx, tenant_id=tenant_id, plan_id=plan_id, line=line, part=of_its_own(line), number=0)
    return line


def _same_as_before(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, name: Name, run_id: RunId | None, employers: bool
) -> None:
    found = custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id)
    mine = [each for each in of_their_own(found)[0] if each.key == name]
    if not mine:
        raise Open401kError("There is no such line.", fix="See the plan's deposits for lines that wait.")
    same = run_id in {each.run_id for each in mine} and (mine[0].kind is Kind.EMPLOYER_MONEY) is employers
    if not same:
        raise Open401kError("The line has its place already.", fix="See what it was found to be.")


def _employers(line: Line) -> list[Part]:
    if line.line.cents < 0:
        raise Open401kError(
            "Money that went is not the employer's to come.", fix="Choose what was taken back, or none."
        )
    return [Part(Kind.EMPLOYER_MONEY, line.line.cents, "a person")]


def _parts(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, line: Line, run_id: RunId | None) -> list[Part]:
    cents = line.line.cents
    if run_id is None:
        return [Part(Kind.DISMISSED, cents, "a person")]
    owed = still_owed(tx, tenant_id=tenant_id, plan_id=plan_id, run_id=run_id)
    if cents < 0:
        standing = read_books(tx, tenant_id=tenant_id, plan_id=plan_id).standing
        fitting: list[Recorded] = [each for each in standing if each.run_id == run_id and each.cents == -cents]
        if not fitting:
            raise Open401kError("The payroll has no deposit of that sum.", fix="Choose the payroll that came back.")
        return [Part(Kind.RETURNED, cents, "a person", run_id, fitting[-1].entry_id)]
    if not owed:
        fix = "Choose another one, or say that it is the employer's."
        raise Open401kError("Nothing is due for that payroll.", fix=fix)
    paid = min(cents, owed)
    over = [Part(Kind.EMPLOYER_MONEY, cents - paid, "a person, over")] if cents > paid else []
    return [Part(Kind.DEPOSIT, paid, "a person", run_id), *over]
