"""Who is highly compensated and who is key in a plan year, with the reasons. Not here: the rules themselves (law)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from open401k import law
from open401k.law import NotEnacted
from open401k.law.ownership import Kin as LawKin
from open401k.law.ownership import Ownership, Relation

from .facts import Flags, PlanFacts, at_least_nothing
from .results import PersonStatus


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Derived standing of everybody in a plan year, aligned to the facts."""

    is_hce: Flags
    is_key: Flags
    ownership: Ownership
    hce: law.highly_compensated.HighlyCompensated
    key: law.key_employees.KeyEmployees | None
    key_missing: str = ""
    """Why it is not known who is key: a figure is not on file."""

    def status(self, place: int) -> PersonStatus:
        """One person's standing with its reasons."""
        return PersonStatus(
            hce=bool(self.is_hce[place]),
            hce_reasons=tuple(self._hce_reasons(place)),
            key=bool(self.is_key[place]),
            key_reasons=tuple(self._key_reasons(place)),
        )

    def reasons(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """For everybody, the reasons as one text each (empty: neither), HCE first, then key."""
        hce = ["; ".join(self._hce_reasons(i)) if self.is_hce[i] else "" for i in range(len(self.is_hce))]
        key = ["; ".join(self._key_reasons(i)) if self.is_key[i] else "" for i in range(len(self.is_key))]
        return tuple(hce), tuple(key)

    def _hce_reasons(self, i: int) -> list[str]:
        told = []
        if self.hce.by_ownership[i]:
            now = self.ownership.five_percent_owner[i]
            share = self._share(i) if now else "earlier in this year or the year before"
            told.append(f"5-percent owner: {share} (IRC 414(q)(1)(A), 318)")
        if self.hce.by_compensation[i]:
            size = self.hce.top_paid_group_size
            best = "" if size is None else f" and among the {size} best paid"
            told.append(
                f"paid more than {_dollars(self.hce.threshold_cents)} in {self.hce.lookback_year}{best} "
                "(IRC 414(q)(1)(B))"
            )
        return told

    def _key_reasons(self, i: int) -> list[str]:
        told: list[str] = []
        if self.key is None:
            return told
        if self.key.by_office[i]:
            told.append(f"officer paid more than {_dollars(self.key.officer_threshold_cents)} (IRC 416(i)(1)(A)(i))")
        if self.key.by_five_percent[i]:
            now = self.ownership.five_percent_owner[i]
            share = self._share(i) if now else "in the year of the determination date"
            told.append(f"5-percent owner: {share} (IRC 416(i)(1)(A)(ii))")
        if self.key.by_one_percent[i]:
            told.append("1-percent owner paid more than $150,000 (IRC 416(i)(1)(A)(iii))")
        return told

    def _share(self, i: int) -> str:
        own = _percent(int(self.ownership.direct_bps[i]))
        lent = [
            f"{_percent(share.share_bps)} of a {share.relation.value}"
            for share in self.ownership.attributed
            if share.person == i
        ]
        return " and ".join([f"{own} directly", *lent])


def people_of(facts: PlanFacts) -> People:
    """Derive who is highly compensated and who is key.

    Raises ``NotEnacted`` where the figure of 414(q) is missing; where it is that of 416, nobody is marked as key, and
    the answer says why.
    """
    owned = law.ownership.ownership(
        facts.ownership_bps, [LawKin(kin.person, kin.relative, Relation(kin.relation)) for kin in facts.kin]
    )
    at_any_time = owned.five_percent_owner
    if facts.former_owners is not None:
        at_any_time = at_any_time | facts.former_owners
    hce = law.highly_compensated.highly_compensated(
        plan_year=facts.plan_year,
        five_percent_owner=at_any_time,
        lookback_compensation=at_least_nothing(facts.prior_section_415),
        top_paid_group=facts.provisions.testing.top_paid_group,
        counted_employees=None if facts.lookback is None else facts.lookback.counted,
        ranked=None if facts.lookback is None else facts.lookback.ranked,
        others_compensation=None if facts.lookback is None else facts.lookback.others_pay,
    )
    try:
        key = _key_of(facts, owned)
    except NotEnacted as missing:
        return People(hce.is_hce, nobody(len(facts)), owned, hce, None, str(missing))
    return People(is_hce=hce.is_hce, is_key=key.is_key, ownership=owned, hce=hce, key=key)


def _key_of(facts: PlanFacts, owned: Ownership) -> law.key_employees.KeyEmployees:
    first, then, counted = facts.first_plan_year, facts.key_facts, facts.determination
    return law.key_employees.key_employees(
        determination_year=law.top_heavy.determination_date_year(facts.plan_year, first_plan_year=first),
        officer=facts.officer if then is None else then.officer,
        five_percent_owner=owned.five_percent_owner if then is None else then.five_percent_owner,
        one_percent_owner=owned.one_percent_owner if then is None else then.one_percent_owner,
        compensation=at_least_nothing(facts.section_415 if first else facts.prior_section_415),
        counted_employees=None if counted is None else counted.counted,
        other_officers_compensation=None if counted is None else counted.other_officers_pay,
    )


def nobody(count: int) -> Flags:
    """No flags set: for tests that do not ask who is highly compensated."""
    return np.zeros(count, dtype=np.bool_)


def _dollars(cents: int) -> str:
    return f"${cents // 100:,}"


def _percent(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d} %"
