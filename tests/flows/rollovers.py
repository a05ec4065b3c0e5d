"""A plan that takes rollovers in and pays them out, with somebody who left and somebody who works there."""

from dataclasses import dataclass, replace
from datetime import date

from tests.flows.bookkeeping import Plan
from tests.support.database import TESTER

from open401k import census, ledger
from open401k.base.db import Database
from open401k.demo.people import ACME
from open401k.demo.setup import takeover_of
from open401k.flows.plan_takeover import take_over
from open401k.flows.rollover_core import plan_core
from open401k.kernel import EmployeeId, FixedClock, Money, Source, day_of
from open401k.plan import QualifiedBy, RolloverKind, Rollovers
from open401k.rails.node.adapters.own_ledger import OwnLedger
from open401k.recordkeeping import OpeningBalance

TERMS = Rollovers(
    takes=(RolloverKind.PRE_TAX, RolloverKind.ROTH, RolloverKind.TRADITIONAL_IRA),
    trustee="Acme 401(k) Trust",
    before_entry=True,
    spouse_takes_all_on_death=True,
    holds_annuity_money=False,
    qualified_by=QualifiedBy.DETERMINATION_LETTER,
)
LEFT_ON = date(2026, 1, 5)


@dataclass
class World(Plan):
    """The plan; ``leaver`` left with 40 % of the match vested, ``worker`` works there."""

    @property
    def leaver(self) -> EmployeeId:
        return self.employee(ACME.people[4].ssn[-4:])

    @property
    def worker(self) -> EmployeeId:
        return self.employee(ACME.people[2].ssn[-4:])

    def today(self) -> date:
        return day_of(self.clock.now())

    def core(self) -> OwnLedger:
        """The plan's books behind its custodian's node."""
        return plan_core(self.db, actor=TESTER, plan_id=self.plan, today=self.today)

    def held(self, who: EmployeeId) -> dict[Source, int]:
        """Cash by source."""
        with self.db.begin(TESTER, tenants=[self.sponsor]) as tx:
            found = ledger.balances(tx, tenant_id=self.sponsor, plan_id=self.plan)
        rows = zip(found.kind, found.employee_id, found.source, found.amount, strict=True)
        return {Source(s): cents for kind, owner, s, cents in rows if owner == who.uuid and kind == "participant" and s}


def world(
    db: Database,
    clock: FixedClock,
    terms: Rollovers | None = TERMS,
    *,
    leaves: bool = True,
    roth_cents: int = 0,
    after_tax_cents: int = 0,
) -> World:
    """Acme with these terms; the leaver has pre-tax money and a match, and was hired three and a half years ago."""
    takeover = takeover_of(ACME, db.ids)
    people = list(takeover.people)
    left = next(place for place, each in enumerate(people) if each.ssn == ACME.people[4].ssn)
    people[left] = replace(people[left], hired_on=date(2022, 6, 1))
    who = people[left].employee_id
    assert who is not None
    mine = [OpeningBalance(who, Source.PRE_TAX, Money(1_000_00)), OpeningBalance(who, Source.MATCH, Money(500_00))]
    mine += [OpeningBalance(who, Source.ROTH, Money(roth_cents))] if roth_cents else []
    mine += [OpeningBalance(who, Source.AFTER_TAX, Money(after_tax_cents))] if after_tax_cents else []
    balances = [each for each in takeover.balances if each.employee_id != who] + mine
    provisions = replace(takeover.provisions, rollovers=terms)
    takeover = replace(takeover, provisions=provisions, people=people, balances=balances)
    take_over(db, actor=TESTER, takeover=takeover)
    made = World(db, clock, takeover)
    made.at(date(2026, 1, 20))
    if leaves:
        with db.begin(TESTER, tenants=[made.sponsor]) as tx:
            census.record_fact(
                tx, tenant_id=made.sponsor, employee_id=made.leaver, fact=census.Terminated(), event_on=LEFT_ON
            )
    return made
