"""Nodes with a mistake, as somebody could write them; the simulator must find each. Not here: the real node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace

from eth_hash.auto import keccak

from open401k.rails.calls import call_of
from open401k.rails.chain.interface import Head
from open401k.rails.node.batches import Batches
from open401k.rails.node.batching import Batch, Stage
from open401k.rails.node.cases import Agreed, Case, Kind, State
from open401k.rails.node.coordinator import Coordinator, Refusal
from open401k.rails.node.core import Answer, CustodianCore, HoldState, Order, Side
from open401k.rails.node.following import Standing, Verdict
from open401k.rails.node.settled import Settlement
from open401k.rails.node.signing import ROLE_OF, PolicyError, SignerAwayError, receipt_call, vote_call
from open401k.rails.node.wanted import AwaitedError
from open401k.rails.node.worker import Node
from open401k.rails.simulation.parties import Assembled, FaultyCore, Party, as_it_is


@dataclass
class Reading:
    """A coordinator that is read by another rule."""

    real: Coordinator
    rule: Callable[[Agreed, Coordinator], Standing]

    def final_block(self) -> Head:
        return self.real.final_block()

    def news(self, after: int, block: Head) -> frozenset[bytes] | None:
        return self.real.news(after, block)

    def block_at(self, number: int) -> Head:
        return self.real.block_at(number)

    def piece_end(self, after: int, block: Head) -> Head:
        return self.real.piece_end(after, block)

    def votes_of(self, us: bytes, after: int, block: Head) -> Sequence[tuple[bytes, Side]]:
        return self.real.votes_of(us, after, block)

    def keys_in(self, after: int, block: Head) -> Mapping[bytes, int]:
        return self.real.keys_in(after, block)

    def open_until(self, rollover: bytes, key: int) -> int | None:
        return self.real.open_until(rollover, key)

    def settlements(self, after: int, block: Head) -> Sequence[Settlement]:
        return self.real.settlements(after, block)

    def sides_in(self, settlement: Settlement, us: bytes) -> Sequence[tuple[bytes, Side]]:
        return self.real.sides_in(settlement, us)

    def read_ahead(self, agreed: Sequence[Agreed]) -> None:
        self.real.read_ahead(agreed)

    def final(self, agreed: Agreed) -> Standing:
        return self.rule(agreed, self.real)

    def newest(self, agreed: Agreed) -> Standing:
        return self.real.newest(agreed)

    def send(self, data: bytes) -> Refusal | None:
        return self.real.send(data)

    def foretold(self, data: bytes) -> Refusal | None:
        return self.real.foretold(data)


def _reads(rule: Callable[[Party, Agreed, Coordinator], Standing]) -> Assembled:
    def assembled(party: Party, core: CustodianCore, coordinator: Coordinator) -> Node:
        return as_it_is(party, core, Reading(coordinator, lambda agreed, real: rule(party, agreed, real)))

    return assembled


def _post_at_latest(_: Party, agreed: Agreed, real: Coordinator) -> Standing:
    newest = real.newest(agreed)
    return newest if newest.verdict is Verdict.COMMITTED else real.final(agreed)


def _release_at_latest(_: Party, agreed: Agreed, real: Coordinator) -> Standing:
    newest = real.newest(agreed)
    return newest if newest.verdict is Verdict.ABORTED else real.final(agreed)


def _release_on_own_clock(party: Party, agreed: Agreed, real: Coordinator) -> Standing:
    final = real.final(agreed)
    waits = final.verdict in (Verdict.ABSENT, Verdict.PREPARING)
    return replace(final, verdict=Verdict.ABORTED) if waits and party.own_now() > agreed.deadline else final


def _absent_at_latest(_: Party, agreed: Agreed, real: Coordinator) -> Standing:
    final = real.final(agreed)
    return replace(final, block=real.newest(agreed).block)


def _absent_by_the_word_alone(_: Party, agreed: Agreed, real: Coordinator) -> Standing:
    """What is preparing and past its deadline is taken for ended, before anybody expired it."""
    final = real.final(agreed)
    late = final.verdict is Verdict.PREPARING and final.block.time > agreed.deadline - 86_400
    return replace(final, verdict=Verdict.ABORTED) if late else final


def _overlooks_batches(_: Party, agreed: Agreed, real: Coordinator) -> Standing:
    """Only the word of the key: what a batch settled looks absent."""
    final = real.final(agreed)
    return replace(final, verdict=Verdict.ABSENT, voted=False, batched=False) if final.batched else final


def _own_vote_is_enough(_: Party, agreed: Agreed, real: Coordinator) -> Standing:
    """A receiver books its part once its own vote is final, though another's is awaited."""
    final = real.final(agreed)
    early = agreed.place and final.verdict is Verdict.PREPARING and final.voted
    return replace(final, verdict=Verdict.COMMITTED) if early else final


def _signed_is_settled(party: Party, agreed: Agreed, real: Coordinator) -> Standing:
    """What both signed in a batch is taken for settled."""
    final, signed = real.final(agreed), party.cases.shelf.batches.values()
    if any(each.stage is Stage.SIGNED and agreed.rollover in each.ids for each in signed):
        return replace(final, verdict=Verdict.COMMITTED, voted=True)
    return final


class HastyBatches(Batches):
    """Signs what comes to where it could be signed."""

    def _judged(
        self, batch: Batch, cases: Sequence[Case | None], live: Sequence[Batch], block: Head
    ) -> tuple[list[str], dict[bytes, str], bool]:  # fmt: skip
        whole, unfit, _ = super()._judged(batch, cases, live, block)
        return whole, unfit, False


def _signs_early(party: Party, core: CustodianCore, coordinator: Coordinator) -> Node:
    node = as_it_is(party, core, coordinator)
    if isinstance(node.batches, Batches):
        node.batches = HastyBatches(**{each.name: getattr(node.batches, each.name) for each in fields(Batches)})
    return node


class EagerNode(Node):
    """Votes first, holds later."""

    def _hold(self, case: Case, agreed: Agreed, final: Standing) -> bool:
        kind = Kind.PROPOSE if case.side is Side.SOURCE else Kind.APPROVE
        if case.stop is None:
            self.coordinator.send(vote_call(case, kind, self.signer, at=final.block.time))
        return super()._hold(case, agreed, final)


class ReceiptFirstNode(Node):
    """Tells that its books followed before they did."""

    def _post(self, case: Case, agreed: Agreed, final: Standing) -> bool:
        self.coordinator.send(receipt_call(case, "soon", self.salt, self.signer, at=final.block.time))
        return super()._post(case, agreed, final)


class TalkativeNode(Node):
    """Tells that its books followed by what they call the entry, hashed, without a salt."""

    def _post(self, case: Case, agreed: Agreed, final: Standing) -> bool:
        done = super()._post(case, agreed, final)
        told, role = keccak(case.account.encode()), ROLE_OF[case.side]
        signature = self.signer.posted(agreed.rollover, role, told, at=final.block.time)
        given = (agreed.encoded, int.from_bytes(agreed.us, "big"), role, told, signature)
        self.coordinator.send(call_of("post(bytes,uint256,uint256,bytes32,bytes)", *given))
        return done


class HastyNode(Node):
    """Gives free what it holds as soon as somebody wants the end, whether it has voted or not."""

    def _put_out(self, case: Case, final: Standing, kind: Kind) -> bool:
        if case.state is State.VOTED and case.agreed is not None:
            self.core.release(case.agreed.rollover, case.side)
        return super()._put_out(case, final, kind)


class CredulousNode(Node):
    """Gives free what its file knows no vote of as soon as somebody wants the end: the file may be an older one."""

    def _put_out(self, case: Case, final: Standing, kind: Kind) -> bool:
        if case.state in (State.LIQUIDATING, State.HELD) and case.agreed is not None:
            self.core.release(case.agreed.rollover, case.side)
        return super()._put_out(case, final, kind)


class EagerlyAskingNode(Node):
    """Asks its wallet, and holds then."""

    def _hold(self, case: Case, agreed: Agreed, final: Standing) -> bool:
        kind = Kind.PROPOSE if case.side is Side.SOURCE else Kind.APPROVE
        with suppress(AwaitedError):
            vote_call(case, kind, self.signer, at=final.block.time)
        return super()._hold(case, agreed, final)


class ImpatientNode(Node):
    """Gives free what its wallet has signed nothing for, as far as it knows."""

    def unsigned(self, case: str, why: SignerAwayError | PolicyError, *, at: int) -> None:
        super().unsigned(case, why, at=at)
        with self.cases.begin() as unit:
            file = unit.case(case)
        if file.state is State.HELD and file.agreed is not None:
            self.core.release(file.agreed.rollover, file.side)


def _node(kind: type[Node]) -> Assembled:
    def assembled(party: Party, core: CustodianCore, coordinator: Coordinator) -> Node:
        real = as_it_is(party, core, coordinator)
        return kind(real.cases, real.core, real.coordinator, real.signer, real.salt, real.batches, real.us)

    return assembled


@dataclass
class ForgetfulCore(FaultyCore):
    """Books again when it is told again."""

    def post(self, order: Order) -> Answer:
        if self.core.status(order.rollover, order.side).state is HoldState.POSTED:
            self.core.book(order)
        return super().post(order)


@dataclass
class MixingCore(FaultyCore):
    """Books all of it as money of the first kind: to the cent as much."""

    def post(self, order: Order) -> Answer:
        kinds = self.core.balances[order.account]
        before = sum(kinds.values())
        told = super().post(order)
        moved, kind = sum(kinds.values()) - before, order.parts[0].kind
        for each in {part.kind for part in order.parts} if moved else ():
            kinds[each] -= moved_of(order, each)
        kinds[kind] += moved
        return told


def moved_of(order: Order, kind: int) -> int:
    cents = sum(part.cents for part in order.parts if part.kind == kind)
    return -cents if order.side is Side.SOURCE else cents


def _mixing(party: Party, _: CustodianCore, coordinator: Coordinator) -> Node:
    return as_it_is(party, MixingCore(party.core, party.faults), coordinator)


def _forgetful(party: Party, _: CustodianCore, coordinator: Coordinator) -> Node:
    return as_it_is(party, ForgetfulCore(party.core, party.faults), coordinator)


def _trusting(party: Party, core: CustodianCore, coordinator: Coordinator) -> Node:
    party.endpoints.agree = 1
    return as_it_is(party, core, coordinator)


#: By what somebody would do wrong.
PLANTED: dict[str, Assembled] = {
    "posts at the latest block": _reads(_post_at_latest),
    "releases at the latest block": _reads(_release_at_latest),
    "releases on its own clock": _reads(_release_on_own_clock),
    "takes the latest block's time for final": _reads(_absent_at_latest),
    "takes what is late for ended": _reads(_absent_by_the_word_alone),
    "overlooks batches": _reads(_overlooks_batches),
    "takes its own vote for enough": _reads(_own_vote_is_enough),
    "takes a batch that both signed for settled": _reads(_signed_is_settled),
    "signs a batch of what it does not hold yet": _signs_early,
    "votes before it holds": _node(EagerNode),
    "sends receipts before it books": _node(ReceiptFirstNode),
    "releases when it wants the end": _node(HastyNode),
    "releases what an older file knows no vote of": _node(CredulousNode),
    "books again what it is told again": _forgetful,
    "books all kinds as one": _mixing,
    "tells a hash of an account without a salt": _node(TalkativeNode),
    "trusts one endpoint": _trusting,
    "asks its wallet before it holds": _node(EagerlyAskingNode),
    "gives free what its wallet did not sign": _node(ImpatientNode),
}
