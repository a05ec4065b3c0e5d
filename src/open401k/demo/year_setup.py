"""The plan of the payroll year: Acme with elections kept here, its provider and its bank connected.

Not here: what happens in the year (year_script.py), playing it (payroll_year.py).
"""

from dataclasses import replace
from datetime import date
from typing import TypedDict

from open401k import custody, plan
from open401k.base.db import Actor, Database
from open401k.custody.accounts import NewAccount, Purpose
from open401k.flows.plan_takeover import Takeover
from open401k.kernel import Ids, Open401kError, Refused, Source
from open401k.payroll import connections
from open401k.payroll.providers import Company, Provider, Tokens
from open401k.recordkeeping import How, NewElection, Slot

from . import year_bank
from .people import ACME, Person
from .setup import STARTS_ON, takeover_of
from .year_provider import AtProvider

ELECTED_ON = date(2025, 12, 1)
#: Nora's year of birth is typed in wrongly: she seems to be 19, and nobody enrolls her.
NORA = Person("219-11-1013", "Nora", "Quill", date(2006, 4, 4), date(2025, 9, 8), 5_200_000, pay_2025_cents=1_600_000)
NORA_BORN_ON = date(1996, 4, 4)
HERE = (*(each for each in ACME.people if each.hired_on < STARTS_ON), NORA)
EMPLOYER = replace(ACME, people=HERE)
#: Half of the first 6 % of pay, as the provider writes it.
MATCH = {"type": "tiered", "value": [{"rate": "50.00", "threshold": "6.00"}]}


class Terms(TypedDict):
    """What the plan provides otherwise than the plan of the demo."""

    eligibility: plan.Eligibility
    elections: plan.ElectionTerms
    automatic_enrollment: plan.AutomaticEnrollment


TERMS: Terms = {
    "eligibility": plan.Eligibility(minimum_age=21, service_months=3, hours_in_year=None, entry=plan.EntryRule.MONTHLY),
    "elections": plan.ElectionTerms(),
    "automatic_enrollment": plan.AutomaticEnrollment(
        date(2026, 1, 1), initial_bps=300, step_bps=0, covers=plan.Covered.NEW_ENTRANTS
    ),
}


def year_takeover(ids: Ids) -> Takeover:
    """Acme by other terms: three months of service, automatic enrollment at 3 %, elections kept here."""
    takeover = takeover_of(EMPLOYER, ids)
    who = {new.ssn: new.employee_id for new in takeover.people}
    elections = [
        NewElection(employee_id, Slot(source), ELECTED_ON, How.PARTICIPANT, bps=bps, made_on=ELECTED_ON)
        for person in HERE
        if person is not NORA and (employee_id := who[person.ssn]) is not None
        for source, bps in ((Source.PRE_TAX, person.pre_tax_bps), (Source.ROTH, person.roth_bps))
        if bps or source is Source.PRE_TAX
    ]
    provisions = replace(takeover.provisions, **TERMS)
    return replace(takeover, provisions=provisions, elections=elections)


def connect_provider(db: Database, actor: Actor, takeover: Takeover, at: AtProvider) -> connections.Connection:
    """The connection of the plan, once."""
    tenant_id, plan_id = takeover.sponsor_id, takeover.plan_id
    with db.begin(actor, tenants=[tenant_id]) as tx:
        known = connections.of_plan(tx, tenant_id=tenant_id, plan_id=plan_id)
        if known:
            return known[0]
        made = connections.add(
            tx,
            tenant_id=tenant_id,
            plan_id=plan_id,
            provider=Provider.GUSTO,
            company=Company(at.company, ACME.name, ACME.ein),
            tokens=Tokens(at.access, at.refresh, None),
            since=STARTS_ON,
        )
    if isinstance(made, Refused):
        raise Open401kError(made.message, fix=made.fix)
    return made


def open_accounts(db: Database, actor: Actor, takeover: Takeover) -> None:
    """The employer's account, which is debited, and the plan's own."""
    with db.begin(actor, tenants=[takeover.sponsor_id]) as tx:
        known = custody.accounts.on_file(tx, tenant_id=takeover.sponsor_id, plan_id=takeover.plan_id)
        for account in (
            NewAccount(Purpose.EMPLOYER, "Acme Tool & Die", "121042882", "744567899012"),
            NewAccount(Purpose.PLAN, "Acme 401k Plan", "231380104", year_bank.ACCOUNT, bank_name="Custody Bank"),
        ):
            if account.purpose not in known:
                custody.accounts.add(tx, tenant_id=takeover.sponsor_id, plan_id=takeover.plan_id, account=account)
