"""Any order of steps of any party, honest or not: the contracts do exactly what their model says.

More by command: ``python -m benchmarks contract-machine --examples 500 --steps 60``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.rails.machine import FORGED, HOLDERS, PEOPLE, SPOUSE, Model, forged
from tests.rails.world import AFTER_TAX, DAY, PERSON, PLAN, PRE_TAX, ROTH, ROTH_IRA, TRADITIONAL_IRA, Case, key, leg

from open401k.rails.messages import NOBODY, Mode, Role, Voter

CUSTODIANS = ("source", "receiver", "other", "administrator")
#: Kind, account: the last is against the rules.
DIRECT = [(PRE_TAX, PLAN), (PRE_TAX, TRADITIONAL_IRA), (ROTH, PLAN), (ROTH, ROTH_IRA), (AFTER_TAX, ROTH_IRA)] * 2
DIRECT.append((ROTH, TRADITIONAL_IRA))
TROUBLES = (
    "time passes", "suspended", "admitted", "admitted", "key changed", "key revoked", "attestation revoked",
    "published",    "retired", "paused", "minted", "refunded", "frozen", "thawed", "thawed",
)  # fmt: skip
#: Steps of honest parties more often than others, so that something happens.
STEPS = (
    *("propose", "vote", "everybody votes", "settle", "post") * 8,
    *("batch", "expire", "abort", "give back") * 3,
    *TROUBLES, "forge", "forge", "a stranger aborts", "next part", "other terms",
)  # fmt: skip
cents = st.integers(1, 900_000)
numbers = st.integers(0, 10**6)


class Rollovers(RuleBasedStateMachine):
    """Steps are drawn; the model foretells each."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.cases: list[Case] = []

    def _one(self, drawn: int, *states: str) -> Case:
        """One of the last cases; three times of four one in such a state, if there is any."""
        fit = [case for case in self.cases[-6:] if drawn % 4 and (not states or self.model.state(case) in states)]
        chosen = fit or self.cases[-6:]
        return chosen[drawn // 4 % len(chosen)]

    @initialize()
    def two_cases(self) -> None:
        """One that is simple and one that is not."""
        world = self.model.world
        person = leg(PRE_TAX, 1_003, into=PERSON, taxable=777)
        spouse, withholder = Voter(Role.SPOUSE, SPOUSE.address), world.members["withholder"].address
        self.cases.append(world.case(leg(PRE_TAX, 5_000), mode=Mode.ALL, most=7_000))
        legs = leg(ROTH, 12_345, to=1), person
        self.cases.append(world.case(*legs, receivers=("receiver", "other"), voters=[spouse], withholder=withholder))

    @rule(
        chosen=st.lists(st.tuples(st.sampled_from(DIRECT), cents), min_size=1, max_size=3),
        person=st.one_of(st.none(), st.tuples(cents, st.integers(0, 11))),
        back=st.booleans(),
        two=st.booleans(),
        voters=st.sampled_from(["", "", "spouse", "administrator", "both"]),
        everything=st.booleans(),
        version=st.integers(0, 9),
    )
    def elect(
        self,
        chosen: list[tuple[tuple[int, int], int]],
        person: tuple[int, int] | None,
        back: bool,
        two: bool,
        voters: str,
        everything: bool,
        version: int,
    ) -> None:
        world = self.model.world
        receivers = ("source" if back else "receiver", "other")[: 2 if two else 1]
        legs = [leg(kind, of, into=into, to=at % len(receivers)) for at, ((kind, into), of) in enumerate(chosen)]
        withholder = NOBODY
        if person is not None:
            legs.append(leg(PRE_TAX, person[0], into=PERSON, taxable=person[0] * person[1] // 10))
            withholder = world.members["withholder"].address
        asked = [Voter(Role.SPOUSE, SPOUSE.address)] if voters in ("spouse", "both") else []
        if voters in ("administrator", "both"):
            asked.append(Voter(Role.ADMINISTRATOR, world.members["administrator"].address))
        case = world.case(
            *legs, receivers=receivers, voters=asked, withholder=withholder, source="receiver" if back else "source",
            mode=Mode.ALL if everything else Mode.FIXED, most=2_000_000,
        )  # fmt: skip
        if version in self.model.versions:
            case = world.changed(case, rule_version=version)
        self.cases.append(case)

    @rule(what=st.sampled_from(STEPS), which=numbers, place=numbers)
    def step(self, what: str, which: int, place: int) -> None:
        """One rule for nearly all, or an example would repeat a few of them."""
        if what in TROUBLES:
            self.trouble(what, which, place % 15)
        elif what == "batch":
            self.batch([which, place, which + place][: place % 4])
        elif what == "post":
            self.post(which, CUSTODIANS[place % 3], (Role.SOURCE, Role.RECEIVER)[place // 3 % 2])
        elif what == "forge":
            self.forge(which, place, FORGED[place % len(FORGED)], place % 2 == 0)
        elif what == "a stranger aborts":
            self.a_stranger_aborts(which, Role(1 + place % 6))
        elif what == "next part":
            self.next_part(which, 1 + place % 3_000)
        elif what == "expire":
            self.expire(which, place % 2 == 0)
        elif what == "give back":
            self.give_back(which, place % 5)
        elif what == "vote" or what == "abort":
            (self.vote if what == "vote" else self.abort)(which, place)
        else:
            only = {"propose": self.propose, "settle": self.settle, "everybody votes": self.everybody_votes}
            only.get(what, self.other_terms_under_the_same_key)(which)

    def next_part(self, which: int, of: int) -> None:
        case = self._one(which)
        legs = (leg(case.terms.legs[0].kind, of, into=PLAN),)
        change = {"part": case.terms.part + 1, "deadline": self.model.now + DAY, "legs": legs, "withholder": NOBODY}
        self.cases.append(self.model.world.changed(case, **change))

    def other_terms_under_the_same_key(self, which: int) -> None:
        case = self._one(which)
        self.cases.append(self.model.world.changed(case, salt=bytes(31) + b"\1"))

    def give_back(self, which: int, how: int) -> None:
        """What one received, or a cent more of it, or to another, or by the way that is not for returns."""
        parent = self._one(which, "committed", "closed")
        giver = self.model.names[parent.election.receivers[0]]
        legs = [replace(each, to=0) for each in parent.terms.legs if each.to == 0 and each.into != PERSON]
        if how == 1 and legs:
            legs[0] = replace(legs[0], amount=legs[0].amount + 1)
        taker = "other" if how == 2 else self.model.names[parent.election.source]
        if not legs or giver == "other" or taker == giver:
            return
        told = self.model.world.case(*legs, source=giver, receivers=(taker,))
        back = self.model.world.changed(told, parent=parent.id, rule_version=len(self.model.versions))
        self.cases.append(back)
        self.model.propose(back, None if how == 3 else parent)

    def propose(self, which: int) -> None:
        self.model.propose(self._one(which, "absent"))

    def vote(self, which: int, place: int) -> None:
        case = self._one(which, "preparing")
        self.model.vote(case, place % len(self.model.parties(case)))

    def everybody_votes(self, which: int) -> None:
        case = self._one(which, "preparing")
        for place in range(len(self.model.parties(case)) - 1, 0, -1):
            self.model.vote(case, place)

    def forge(self, which: int, place: int, how: str, alone: bool) -> None:
        case, model = self._one(which), self.model
        place %= len(model.parties(case))
        if alone:
            model.step(False, lambda: model.world.approve(case, place, forged(model, case, place, how)))
            return
        told = [model.approval(case, each) for each in range(len(model.parties(case)))]
        told[place] = forged(model, case, place, how)
        model.step(False, lambda: model.world.settle(case, told))

    def settle(self, which: int) -> None:
        self.model.settle(self._one(which, "absent"))

    def abort(self, which: int, place: int) -> None:
        case = self._one(which, "absent", "preparing")
        everybody = [(Role.PARTICIPANT, case.election.participant), *self.model.parties(case)]
        self.model.abort(case, *everybody[place % len(everybody)])

    def a_stranger_aborts(self, which: int, role: Role) -> None:
        case, model, stranger = self._one(which), self.model, key("a stranger")
        model.step(False, lambda: model.world.abort(case, stranger.address, role, stranger))

    def expire(self, which: int, late: bool) -> None:
        case = self._one(which, "preparing")
        if late and case.key in self.model.escrow:
            self.model.world.clock.now = max(self.model.now, self.model.deadline(case.key) + 1)
        self.model.expire(case)

    def post(self, which: int, name: str, role: Role) -> None:
        self.model.post(self._one(which, "committed"), name, role)

    def batch(self, which: list[int]) -> None:
        self.model.batch([self._one(each, "absent") for each in which])

    def trouble(self, what: str, which: int, days: int) -> None:
        """One rule for all of it, or there would be little else."""
        model, latest = self.model, len(self.model.versions)
        custodian, holder = CUSTODIANS[which % 4], HOLDERS[which % 4]
        if what == "time passes":
            model.world.clock.now += (1, 3_600, DAY, 5 * DAY)[which % 4]
        elif what == "suspended":
            model.suspend_member(PEOPLE[which % 6])
        elif what == "admitted":
            for name in PEOPLE:
                if model.until[name] < model.now + 20 * DAY or model.signer[name] is None:
                    model.admit_member(name)
        elif what == "key changed":
            model.change_key(custodian)
        elif what == "key revoked":
            model.revoke_key(custodian)
        elif what == "attestation revoked":
            model.revoke_attestation(self._one(which), ("attestor", "source")[days % 2])
        elif what == "published" and latest < 9:
            model.publish(asks_spouse=days % 2 == 1, bps=(0, 2_000, 3_333, 10_000)[which % 4])
        elif what == "retired" and latest > 1 and days % 3 == 0:
            model.retire(latest)
        elif what == "paused":
            model.pause(latest, days % 3)
        elif what == "minted":
            model.mint(holder, 1_234, b"wire %d" % model.supply)
        elif what == "refunded":
            model.refund(holder)
        elif what == "frozen":
            model.freeze(holder, frozen=True)
        else:
            for name in sorted(model.frozen):
                model.freeze(name, frozen=False)

    @invariant()
    def the_contracts_say_what_the_model_says(self) -> None:
        self.model.compare(self.cases[-6:])


TestRollovers = Rollovers.TestCase
TestRollovers.settings = settings(
    max_examples=3, stateful_step_count=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def told_by_chance(seed: int, steps: int) -> Counter[str]:
    """A story of so many steps; how many rollovers came into which state."""
    story, draw, done = Rollovers(), Random(seed), Counter[str]()  # noqa: S311 (no secret)
    story.two_cases()
    for _ in range(steps):
        drawn = [(draw.choice(DIRECT), draw.randint(1, 600_000)) for _ in range(draw.randint(1, 3))]
        if draw.random() < 0.4:
            paid = (draw.randint(1, 200_000), draw.randint(0, 11)) if draw.random() < 0.3 else None
            latest = len(story.model.versions)
            voters = draw.choice(["", "", "spouse", "administrator", "both"])
            story.elect(drawn, paid, draw.random() < 0.3, draw.random() < 0.3, voters, draw.random() < 0.5, latest)
        before = dict(story.model.words)
        story.step(draw.choice(STEPS), draw.randint(0, 10**6), draw.randint(0, 10**6))
        done.update(told[1] for where, told in story.model.words.items() if before.get(where) != told)
        story.the_contracts_say_what_the_model_says()
    done["batched"], done["returns"] = len(story.model.batched), len(story.model.returns)
    return done


@pytest.mark.parametrize("seed", [5, 12])
def test_long_stories_in_which_much_succeeds(seed: int) -> None:
    """Hypothesis draws the same steps again and again while it is young; plain chance does not."""
    done = told_by_chance(seed, 60)
    assert {"preparing", "committed", "aborted"} <= set(done), done
    assert done["returns"]
