"""Exact terms of a deal: legs from preflight's worked parts, and what of terms that came is not what follows from both
halves. Both sides work them out for themselves. Not here: the transfer file (file_of).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from eth_hash.auto import keccak

from ..kinds import Into, Kind
from ..messages import NOBODY, Election, Leg, Role, Terms, Voter
from ..preflight import checks_people
from ..preflight.facts import Facts
from ..preflight.reasons import Reason
from ..preflight.rule_version import RuleVersion
from ..preflight.verdict import Preflight, preflight
from .cases import Agreed
from .codec import written
from .core import Side
from .deal import Deal, facts_of
from .desk import DAY, Desk
from .elections import commitment
from .halves import Half
from .letters import TermsTold
from .opening import Signed, TaxFacts, agreed_of


@dataclass(frozen=True, slots=True)
class Worked:
    """A deal worked out under the rules of its election: facts, verdict, and what each leg moves."""

    facts: Facts
    rules: RuleVersion
    found: Preflight

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.found.reasons


def worked(deal: Deal, desk: Desk) -> Worked | None:
    """The preflight of a deal as it is now; None while a half is missing or nobody knows the rules of its election."""
    facts = facts_of(deal, on=desk.today)
    number = deal.elected.election.rule_version if deal.elected else desk.rule_number
    if facts is None or number not in desk.rules:
        return None
    rules = desk.rules[number]
    found = preflight(facts, rules=rules, policy=desk.policy)
    if deal.many > 1 and deal.side is Side.SOURCE:  # each receiver knows the person for itself, and is compared alone
        halves = (replace(facts, receiving=half.identity) for half in (deal.halves or ())[1:])
        others = {each for told in halves for each in checks_people.identity(told, rules)}
        reasons = sorted({*found.reasons, *others}, key=lambda each: (each.code, each.detail))
        found = replace(found, reasons=tuple(reasons))
    return Worked(facts, rules, found)


def legs_of(deal: Deal, done: Worked) -> tuple[Leg, ...]:
    """One leg for each part, in the order of the election's wishes."""
    return tuple(
        Leg(
            kind=int(each.part.kind),
            into=int(each.part.into),
            to=each.part.to,
            amount=each.part.cents,
            taxable=each.on_chain_taxable_cents,
            commitment=_account_at(deal, place, each.part.to),
        )
        for place, each in enumerate(done.found.parts or ())
    )


def _account_at(deal: Deal, place: int, to: int) -> bytes:
    """What stands for the account of a leg; zeros where it is another receiver's, which checks it."""
    salt = deal.salt_at(to)
    return bytes(32) if salt is None else commitment(salt, f"leg {place}", (deal.halves or ())[to].account)


def _but_others(legs: tuple[Leg, ...], deal: Deal) -> tuple[Leg, ...]:
    """Without the commitments of other receivers' accounts."""
    return tuple(leg if deal.salt_at(leg.to) else replace(leg, commitment=bytes(32)) for leg in legs)


def tax_facts(done: Worked) -> Mapping[int, TaxFacts]:
    """What goes into the books beside the cents of each leg."""
    first = done.facts.roth.first_year if done.facts.roth else None
    return {
        place: TaxFacts(each.basis_cents, first if each.part.kind is Kind.ROTH else None, each.withheld_cents)
        for place, each in enumerate(done.found.parts or ())
    }


def voters_of(deal: Deal, done: Worked, desk: Desk) -> tuple[Voter, ...] | Role:
    """Who approves besides the custodians; a role in which nobody can sign yet, where there is one.

    A spouse is of one case and never set for a desk; who else approves is, unless the case names another.
    """
    named: dict[Role, bytes] = {each.role: each.who for each in deal.voters}
    for role, who in desk.voters.items():
        if role is not Role.SPOUSE:
            named.setdefault(role, who)
    asked = sorted(done.found.voters)
    for role in asked:
        if role not in named:
            return role
    return tuple(Voter(role, named[role]) for role in asked)


def terms_for(
    deal: Deal, desk: Desk, done: Worked, *, election: Election, until: int, data_root: bytes,
    voters: tuple[Voter, ...],
) -> Terms:  # fmt: skip
    """The exact terms until a moment, with the root of the transfer file that was made for them and names it, too."""
    legs = legs_of(deal, done)
    return Terms(
        part=deal.part,
        rule_version=election.rule_version,
        deadline=until,
        token=desk.token,
        withholder=desk.withholder if pays_person(legs) else NOBODY,
        data_root=data_root,
        parent=deal.parent or bytes(32),
        salt=desk.random.token(32),
        voters=voters,
        legs=legs,
    )


def deadline_of(election: Election, desk: Desk, *, at: int) -> int:
    """How long terms of this moment stand, within the election."""
    return min(election.deadline, at + desk.terms_days * DAY)


def pays_person(legs: tuple[Leg, ...]) -> bool:
    """Whether a part is paid out, so that tax is withheld."""
    return any(leg.into == Into.PERSON for leg in legs)


def unfit_terms(terms: Terms, deal: Deal, desk: Desk, done: Worked, *, election: Election) -> list[str]:
    """Fields of terms that came that are not within the election, or not what both halves work out to."""
    legs = legs_of(deal, done)
    expected = {
        "part": deal.part,
        "rule_version": election.rule_version,
        "token": desk.token,
        "parent": deal.parent or bytes(32),
        "legs": legs,
    }
    told = {name: getattr(terms, name) for name in expected} | {"legs": _but_others(terms.legs, deal)}
    found = [name for name, value in expected.items() if told[name] != value]
    # Whose address each is, the source says, and the contract asks the network whether they may.
    if pays_person(legs) is not any(terms.withholder):
        found.append("withholder")
    named = {each.role: each.who for each in deal.voters}
    others = any(named.get(each.role, each.who) != each.who for each in terms.voters)
    if [each.role for each in terms.voters] != sorted(done.found.voters) or others:
        found.append("voters")
    if not desk.now() < terms.deadline <= election.deadline:
        found.append("deadline")
    if any(not election.kinds_mask >> leg.kind & 1 or leg.to >= len(election.receivers) for leg in terms.legs):
        found.append("legs outside of the election")
    if sum(leg.amount for leg in terms.legs) > election.max_total:
        found.append("more than the election allows")
    return found


def evidence_of(deal: Deal, half: Half) -> bytes:
    """The hash of what our approval rests on; the reference, which no chain sees, is its salt."""
    return keccak(b"open401k evidence" + deal.reference + written(half))


def agreed_with(deal: Deal, told: TermsTold, done: Worked) -> Agreed:
    """Our side of terms that were checked."""
    half, one = deal.releasing if deal.side is Side.SOURCE else deal.receiving, deal.elected
    if one is None or half is None:
        raise ValueError(f"case {deal.case} is not signed, or has no half of ours")
    signed = Signed(one.election, one.signature, one.attestation, one.attested, told.terms)
    return agreed_of(signed, us=deal.us, side=deal.side, facts=tax_facts(done), evidence=evidence_of(deal, half))
