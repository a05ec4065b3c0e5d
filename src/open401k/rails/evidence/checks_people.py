"""Who signed what, and who they are: proved by keys, or named by somebody. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .. import slots
from ..messages import Role, approval_hash, attestation_hash, election_hash
from .calls import approvals_in, approvers, proves_election
from .checks_chain import is_settled
from .file import Approval
from .findings import Finding, failed, missing, proved, stated
from .proven import Context, people
from .signed import is_a_wallets, is_by
from .wording import capital, moment, name

_MEMBERS = (Role.SOURCE, Role.RECEIVER, Role.ADMINISTRATOR, Role.DEPOSITORY)


def election(context: Context) -> Iterator[Finding]:
    """The participant's signature, and that the terms keep within it."""
    case, who = context.case, context.case.election.participant
    digest = context.domain.digest(election_hash(case.election))
    words = f"the election: control number {case.election.number}, valid until {moment(case.election.deadline)}"
    if is_by(who, digest, case.signature):
        by = "a key" if len(case.signature) == 65 else "a passkey, its owner present and verified,"
        yield proved("election", f"The participant signed {words}, by {by} known as 0x{who.hex()}.")
    elif _is_taken(context):
        yield proved("election", f"The coordinator took the participant's signature under {words}.")
    elif (asked := context.contract_says(who, digest, case.signature)) is True:
        yield proved("election", f"The participant's wallet 0x{who.hex()} signed {words}, as its chain says.")
    elif asked is None and context.may_be_a_wallets(who, case.signature):
        yield missing("election", f"A wallet's signature under {words}: {context.why_not}")
    else:
        yield failed("election", f"The signature under {words} is not by 0x{who.hex()}.{context.or_a_wallet}")
    yield stated(
        "participant",
        "Who the participant is: not in this file. The chain knows a key of this one rollover; that a person stands "
        "behind it is the attestor's word.",
        by=f"attestor 0x{case.attestation.attestor.hex()}",
    )
    yield from _within(context)


def _within(context: Context) -> Iterator[Finding]:
    """What the coordinator checks of terms against their election, once more."""
    election_, terms = context.case.election, context.case.terms
    total, kinds = sum(leg.amount for leg in terms.legs), {leg.kind for leg in terms.legs}
    wrong = []
    if total > election_.max_total:
        wrong.append("more is moved than was elected")
    if any(not election_.kinds_mask >> kind & 1 for kind in kinds):
        wrong.append("a kind of money is moved that was not elected")
    if any(leg.to >= len(election_.receivers) for leg in terms.legs):
        wrong.append("a receiver is paid that was not elected")
    if terms.deadline > election_.deadline or terms.rule_version < election_.rule_version:
        wrong.append("the terms outlast the election, or follow older rules")
    if wrong:
        yield failed("limits", f"The terms are not within the election: {'; '.join(wrong)}.")
    else:
        yield proved("limits", "The terms keep within the election: amount, kinds of money, receivers, time, rules.")


def attestation(context: Context) -> Iterator[Finding]:
    """The attestor's word for the person behind the key."""
    case, told = context.case, context.case.attestation
    hashed = attestation_hash(case.election.participant, told)
    who = f"attestor 0x{told.attestor.hex()}"
    words = f"that a person proofed at level {told.level} stands behind the participant's key"
    if context.signs(told.attestor, hashed, case.attested):
        yield proved("attestation", f"The {who} signed {words}, valid until {moment(told.valid_until)}.", by=who)
    elif _is_taken(context):
        yield proved("attestation", f"The coordinator took the {who}'s signature {words}.", by=who)
    elif _is_unread(context, told.attestor, hashed, case.attested):
        yield missing("attestation", f"The {who}'s wallet's signature {words}: {context.why_not}")
    elif told.attestor not in context.keys:
        yield missing("attestation", f"The key of the {who} is not proved in this file.")
    else:
        yield failed("attestation", f"The signature {words} is not by a key of the {who}.")
    revoked = context.of_network(slots.revoked_slot(told.attestor, hashed))
    if revoked == 0:
        yield proved("attestation", "It was not revoked at the head.")
    elif revoked is not None:
        yield stated("attestation", "It was REVOKED at the head; whether before the verdict is not shown.", by=who)


def members(context: Context) -> Iterator[Finding]:
    """Members of the network, as its state at the head has them. Names of companies are not on chain."""
    for who in people(context.case):
        word = context.of_network(slots.member_slot(who))
        if word is None:
            yield missing("members", f"0x{who.hex()}: the file does not prove what the network says of it.")
        elif word == 0:
            yield missing("members", f"0x{who.hex()} is no member of the network at the head.")
        else:
            until, signer = moment(word & (2**64 - 1)), f"0x{word >> 96:040x}"
            yield proved(
                "members", f"0x{who.hex()} is a member, its identity proven until {until}; {signer} signs for it."
            )


def approvals(context: Context) -> Iterator[Finding]:
    """Everybody who must approve: their signature under exactly these terms, and on what it rests."""
    expected = approvers(context.case)
    told: dict[tuple[Role, bytes], Approval] = {}
    for each in context.evidence.approvals:
        if (each.role, each.who) not in expected or (each.role, each.who) in told:
            yield failed(
                "approvals", f"An approval of {name(each.role, each.who)} is there twice, or is not asked for."
            )
        told.setdefault((each.role, each.who), each)
    for role, who in expected:
        yield _approval(context, role, who, told.get((role, who)))


def _approval(context: Context, role: Role, who: bytes, told: Approval | None) -> Finding:
    by = name(role, who)
    if told is None:
        if is_settled(context):
            return proved(
                "approvals", f"{capital(by)} approved, or there were no verdict. On what evidence: not here.", by
            )
        return missing("approvals", f"No approval of {by}.")
    words = f"approved these terms; its evidence has the hash 0x{told.evidence.hex()}"
    hashed = approval_hash(context.rollover, role, told.evidence)
    mine = context.signs(who, hashed, told.signature)
    if mine or (role not in _MEMBERS and is_by(who, context.domain.digest(hashed), told.signature)):
        return proved("approvals", f"{capital(by)} {words}.", by)
    if any(
        told in approvals_in(one.transaction.data, context.evidence.case, context.case) for one in context.transactions
    ):
        return proved("approvals", f"{capital(by)} {words}, as the coordinator found.", by)
    asked = None if role in _MEMBERS else context.contract_says(who, context.domain.digest(hashed), told.signature)
    if asked:
        return proved("approvals", f"{capital(by)} {words}, as the chain says of the wallet.", by)
    if role in _MEMBERS:
        unread = _is_unread(context, who, hashed, told.signature)
    else:
        unread = asked is None and context.may_be_a_wallets(who, told.signature)
    if unread:
        return missing("approvals", f"The signature of {by}'s wallet under its approval: {context.why_not}")
    or_a_wallet = "" if role in _MEMBERS else context.or_a_wallet
    return failed("approvals", f"The approval of {by} is not by a key that this file proves to be its.{or_a_wallet}")


def _is_unread(context: Context, who: bytes, hashed: bytes, signature: bytes) -> bool:
    """Whether it may be a contract's, and none that has the block was asked. A form that no key's signature has is none
    of a member whose signing key is proved to be no contract."""
    return context.says(who, hashed, signature) is None or (who not in context.keys and is_a_wallets(signature))


def _is_taken(context: Context) -> bool:
    """Whether a proven transaction shows that the coordinator checked the signatures of exactly this case."""
    return any(proves_election(one.transaction.data, context.evidence.case) for one in context.transactions)
