"""What is read beyond shares and offices for who is highly compensated or key: counts of employees, and earlier years.

Nearly every plan has neither the top-paid group election, nor many officers, nor officers who were key and are not: of
these nothing more is asked. Not here: shares and offices themselves (gather_owners.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from open401k import law
from open401k.kernel import EmployeeId, PlanYear

from .facts import Cents, Flags, KeyFacts, Workforce
from .gather_former import ALWAYS_KEY, may_matter, with_former
from .gather_owners import Owners
from .gather_people import Places
from .gather_workforce import Asked, workforce


@dataclass(frozen=True, slots=True)
class Standings:
    """The counts that the plan's terms and officers ask for, and who was key in earlier years, too."""

    former_owners: Flags
    key_facts: KeyFacts
    lookback: Workforce | None
    determination: Workforce | None


def standings(
    asked: Asked,
    year: PlanYear,
    until: date,
    place: Places,
    undated: Mapping[EmployeeId, int],
    prior_pay: Cents,
    balances: Cents,
) -> Standings:
    """Of the plan year ``year``; ``undated``: shares of owners who never worked here."""
    owners = Owners(
        asked.tx, tenant_id=asked.tenant_id, known_at=asked.known_at, place=place, undated=undated,
        provisions=asked.provisions, year=year, until=until,
    )  # fmt: skip
    before, facts, officers = year.previous(), owners.key_facts(), owners.officers_then()

    def counted(some: PlanYear, in_office: frozenset[EmployeeId] = frozenset()) -> Workforce:
        ended = min(until, some.end)
        return workforce(asked, some, until=ended, people=place.ids, officers=in_office)

    many = len(officers) > ALWAYS_KEY
    determined_in = law.top_heavy.determination_date_year(year, first_plan_year=owners.first)
    lookback = counted(before, officers if many else frozenset()) if asked.provisions.testing.top_paid_group else None
    determination = None
    if many:
        same = lookback is not None and determined_in == before
        determination = lookback if same else counted(determined_in, officers)
    earlier = owners.earlier_years()
    if earlier:
        matters = may_matter(facts, year=before, pay=prior_pay, balances=balances, several=len(asked.plan_ids) > 1)
        facts = with_former(
            asked, facts, earlier, place=place, matters=matters, counted_in=lambda some: counted(some).counted
        )
    return Standings(owners.former_owners(), facts, lookback, determination)
