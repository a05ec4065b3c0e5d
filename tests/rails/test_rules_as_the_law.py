"""The rules made of the law, on the real contract: what preflight calls lawful is accepted, to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.law import NotEnacted
from open401k.law.distribution_events import Event
from open401k.law.rollover_acceptance import SourceEvidence
from open401k.law.rollover_matrix import rollover_route
from open401k.rails.calls import call_of
from open401k.rails.kinds import OF_PLANS, SOURCE, Into, Kind, destination
from open401k.rails.messages import NOBODY, Attestation, Role, Voter
from open401k.rails.preflight.facts import Explanation, Facts, Opened, Part, PayingPlan, Proof, Roth, Screening, Timing
from open401k.rails.preflight.reasons import ON_CHAIN_TOO, Code
from open401k.rails.preflight.rule_version import RuleVersion, end_of, rule_version
from open401k.rails.preflight.verdict import preflight

from . import world as world_of
from .preflight_facts import held, lawful
from .world import DAY, RELAY, RULES, Case, ContractRefusedError, World, action_of, founded, leg

MOST = 100_000_00


def publish(world: World, rules: RuleVersion, *, after: int) -> None:
    """The council passes the version, waits, and publishes it."""
    world.motion(action_of("publish", f"uint32,{RULES}", after, rules.told))
    world.clock.now += world_of.DELAY
    world.send(RELAY, world.network, call_of(f"publish({RULES})", rules.told))


@cache
def published() -> tuple[World, RuleVersion]:
    """A network whose second version of the rules is that of the law."""
    world, rules = founded(), rule_version(2026, most_total_cents=MOST)
    publish(world, rules, after=1)
    return world, rules


def facts_of(world: World, parts: list[Part], *, days: int, level: int = 2) -> Facts:
    """A rollover of these parts today, with nothing in its way but what the parts, the level or the days are."""
    today = datetime.fromtimestamp(world.clock.now, UTC).date()
    roth = sum(each.cents for each in parts if each.kind is Kind.ROTH)
    return replace(
        lawful(*parts),
        parts=tuple(parts),
        held=held(tuple(parts)),
        payment_cents=sum(each.cents for each in parts),
        timing=Timing(today, today, today + timedelta(days=days)),
        opened=Opened(Event.SEVERANCE, today),
        explanation=Explanation(today, told_of_thirty_days=True, of_roth_money=True, of_other_money=True),
        screening=Screening(today, clear=True),
        receivers=tuple(replace(each, screening=Screening(today, clear=True)) for each in lawful().receivers),
        roth=Roth(2025, roth * 4 // 5, roth, stated_qualified=False),
        proof=Proof(level, today + timedelta(days=20)),
        paying=PayingPlan(
            SourceEvidence.ADMINISTRATOR_STATES_QUALIFIED,
            payment_names_source=True,
            kinds_certified=True,
            simple_participation_began_on=date(2020, 1, 1),
        ),
    )


def case_of(world: World, parts: list[Part], taxable: list[int], *, days: int, level: int) -> Case:
    legs = [
        leg(part.kind, part.cents, into=part.into, to=part.to, taxable=taxed)
        for part, taxed in zip(parts, taxable, strict=True)
    ]
    pays = any(part.into is Into.PERSON for part in parts)
    case = world.case(
        *(legs or [leg(Kind.PRE_TAX, 1)]),
        receivers=("receiver", "other"),
        withholder=world.members["withholder"].address if pays else NOBODY,
    )
    deadline = world.clock.now + days * DAY
    election = replace(case.election, kinds_mask=0xFFFF, rule_version=2, deadline=deadline)
    attestation = Attestation(case.attestation.attestor, level, world.clock.now + 20 * DAY, case.attestation.evidence)
    terms = replace(case.terms, rule_version=2, deadline=deadline, legs=tuple(legs))
    return world.elected(election, attestation, terms)


def test_every_pair_of_the_matrix_is_the_law() -> None:
    rules = rule_version(2026)
    for kind in Kind:
        for into in Into:
            to = destination(kind, into)
            if to is None:
                assert rules.allows(kind, into) is (kind in OF_PLANS)
                assert rules.rate_bps(kind) == (2_000 if kind in OF_PLANS else 0)
                continue
            route = rollover_route(
                source=SOURCE[kind],
                destination=to,
                on=date(2026, 6, 1),
                direct=True,
                simple_participation_began_on=date(2020, 1, 1),
            )
            assert rules.allows(kind, into) is route.allowed, (kind, into)


def test_roth_money_never_lands_in_a_traditional_account() -> None:
    rules = rule_version(2026)
    for kind in (Kind.ROTH, Kind.ROTH_IRA):
        assert not any(rules.allows(kind, into) for into in (Into.TRADITIONAL_IRA, Into.SEP_IRA, Into.SIMPLE_IRA))
    assert not any(rules.allows(Kind.ROTH_IRA, into) for into in (Into.PLAN, Into.PLAN_403B, Into.GOVERNMENT_457B))


def test_a_version_is_one_year_and_its_text_is_hashed_and_cites_the_law() -> None:
    rules = rule_version(2026, voters={Kind.PRE_TAX: frozenset({Role.ADMINISTRATOR})})
    assert (rules.active_until - rules.active_from) == 365 * DAY
    assert end_of(date(2026, 12, 31)) == rules.active_until - 1
    assert rules.voters_for(Kind.PRE_TAX) == {Role.ADMINISTRATOR}
    assert rules.voters_for(Kind.ROTH) == frozenset()
    assert "IRC 402A(c)(3)" in rules.document
    assert rules.document == rule_version(2026, voters={Kind.PRE_TAX: frozenset({Role.ADMINISTRATOR})}).document
    assert rules.document_hash != rule_version(2026).document_hash
    with pytest.raises(NotEnacted):
        rule_version(2040)


ALLOWED = [(kind, into) for kind in Kind for into in Into if rule_version(2026).allows(kind, into)]
CASH = [(kind, Into.PERSON) for kind in sorted(OF_PLANS)]
good_part = st.builds(
    lambda pair, to, cents: Part(pair[0], pair[1], to, cents),
    st.one_of(st.sampled_from(ALLOWED), st.sampled_from(CASH)),
    st.integers(0, 1),
    st.integers(200_00, MOST // 3),
)
any_part = st.builds(
    Part,
    kind=st.sampled_from(Kind),
    into=st.sampled_from(Into),
    to=st.integers(0, 1),
    cents=st.one_of(st.just(0), st.integers(1, MOST // 2), st.just(MOST + 1)),
)


@settings(max_examples=40, deadline=None, database=None, derandomize=True)
@given(
    parts=st.one_of(st.lists(good_part, min_size=1, max_size=3), st.lists(any_part, max_size=2)),
    level=st.sampled_from([2, 3, 2, 1]),
    days=st.sampled_from([5, 5, 5, 25]),
)
def test_preflight_and_contract_agree_and_withhold_the_same_cents(parts: list[Part], level: int, days: int) -> None:
    world, rules = published()
    facts = facts_of(world, parts, days=days, level=level)
    found = preflight(facts, rules=rules)
    on_chain = {reason.code for reason in found.reasons} & (ON_CHAIN_TOO - {Code.MEMBER_LAPSES})
    taxable = [each.on_chain_taxable_cents for each in found.parts] if found.parts else [0] * len(parts)
    case = case_of(world, parts, taxable, days=days, level=level)
    before = world.money()
    if on_chain:
        with pytest.raises(ContractRefusedError) as refused:
            world.settle(case)
        assert refused.value.code in on_chain
        return
    world.settle(case)
    moved = world.moved(before)
    assert moved.get("withholder", 0) == found.withheld_cents
    assert -moved["source"] == sum(each.cents for each in parts)
    if found.lawful and found.parts is not None:
        for place, name in enumerate(("receiver", "other")):
            due = sum(each.arrives_cents for each in found.parts if each.part.to == place)
            assert moved.get(name, 0) == due


@pytest.mark.parametrize("cents", [200_02, 200_03, 333_33, 1_000_07, 12_345_68])
def test_a_fifth_is_rounded_on_chain_as_in_law(cents: int) -> None:
    world, rules = published()
    parts = [Part(Kind.PRE_TAX, Into.PERSON, 1, cents), Part(Kind.ROTH, Into.PERSON, 1, cents)]
    found = preflight(facts_of(world, parts, days=5), rules=rules)
    assert found.lawful, found.reasons
    assert found.parts is not None
    before = world.money()
    world.settle(case_of(world, parts, [each.on_chain_taxable_cents for each in found.parts], days=5, level=2))
    moved = world.moved(before)
    assert moved == {
        "source": -2 * cents,
        "other": 2 * cents - found.withheld_cents,
        "withholder": found.withheld_cents,
    }


def test_a_voter_whom_the_rules_ask_for_is_told_by_preflight_and_asked_by_the_contract() -> None:
    world = founded()
    rules = rule_version(2026, most_total_cents=MOST, voters={Kind.PRE_TAX: frozenset({Role.ADMINISTRATOR})})
    publish(world, rules, after=1)
    parts = [Part(Kind.PRE_TAX, Into.PLAN, 0, 1_000_00)]
    found = preflight(facts_of(world, parts, days=5), rules=rules)
    assert found.lawful
    assert found.voters == {Role.ADMINISTRATOR}
    case = case_of(world, parts, [0], days=5, level=2)
    with pytest.raises(ContractRefusedError) as refused:
        world.settle(case)
    assert refused.value.code == 204
    told = tuple(Voter(role, world.members["administrator"].address) for role in found.voters)
    world.settle(world.changed(case, voters=told))
