"""The sandbox sponsors as takeovers: their terms, people, history and balances. Not here: who they are (people.py)."""

from datetime import date
from typing import TypedDict

from open401k import census, plan
from open401k.flows.plan_takeover import Takeover
from open401k.kernel import EmployeeId, Ids, Money, PlanId, Source, SponsorId, named_uuid
from open401k.kernel.ids import AnyId
from open401k.recordkeeping import OpeningBalance

from .people import Company

#: The first day of the sandbox; who is hired later comes in with a payroll file.
STARTS_ON = date(2026, 1, 1)


class Terms(TypedDict):
    """What both plans provide."""

    eligibility: plan.Eligibility
    deferrals: plan.Deferrals
    match: plan.Match
    vesting: plan.Vesting
    testing: plan.Testing


#: Both plans match half of the first 6 % of pay and test on the current year's averages.
TERMS: Terms = {
    "eligibility": plan.Eligibility(minimum_age=21, service_months=12, hours_in_year=None),
    "deferrals": plan.Deferrals(sources=(Source.PRE_TAX, Source.ROTH)),
    "match": plan.Match((plan.MatchTier(5_000, 600),)),
    "vesting": plan.Vesting(((Source.MATCH, plan.GRADED_6),)),
    "testing": plan.Testing(plan.TestingMethod.CURRENT_YEAR),
}


class WorldIds:
    """Ids that follow from the name of a world and a company: a set-up stopped half way goes on as the same one."""

    def __init__(self, world: str, company: Company) -> None:
        self._names = (world, company.ein)
        self._made = 0

    def new(self, kind: type[AnyId]) -> AnyId:
        """The next id of this company in this world."""
        self._made += 1
        return kind(named_uuid(*self._names, kind.prefix, str(self._made)))


def takeover_of(company: Company, ids: Ids) -> Takeover:
    """Everything of one company, with 2025 pay (it fixes the HCEs of 2026) and balances of December 31, 2025."""
    here = [person for person in company.people if person.hired_on < STARTS_ON]
    who = {person.ssn: ids.new(EmployeeId) for person in here}
    return Takeover(
        sponsor_id=ids.new(SponsorId),
        plan_id=ids.new(PlanId),
        sponsor_name=company.name,
        ein=company.ein,
        established_on=company.established_on,
        plan_name=company.plan_name,
        provisions=plan.Provisions(adopted_on=company.adopted_on, **TERMS),
        people=[
            census.NewEmployee(
                first_name=person.first_name,
                last_name=person.last_name,
                ssn=person.ssn,
                birth_date=person.birth_date,
                hired_on=person.hired_on,
                ownership_bps=person.ownership_bps,
                officer=person.officer,
                annual_pay={
                    2025: census.AnnualPay(
                        section_415_cents=person.pay_2025_cents,
                        plan_cents=person.pay_2025_cents,
                        fica_cents=person.pay_2025_cents,
                        hours_hundredths=208_000,
                    )
                },
                employee_id=who[person.ssn],
            )
            for person in here
        ],
        family=[
            (who[person.ssn], census.Family(who[person.spouse_of], census.Relation.SPOUSE))
            for person in here
            if person.spouse_of
        ],
        balances=[
            OpeningBalance(who[person.ssn], Source.PRE_TAX, Money(person.balance_2025_cents))
            for person in here
            if person.balance_2025_cents
        ],
        balances_on=date(2025, 12, 31),
    )
