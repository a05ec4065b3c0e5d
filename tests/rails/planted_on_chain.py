"""A coordinator with a mistake, as somebody could write it; the simulator must find each. Not here: nodes (planted)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from open401k.rails.chain.interface import Head
from open401k.rails.simulation import twin
from open401k.rails.simulation.twin import Coordinator
from open401k.rails.simulation.twin_chain import Block, TwinChain
from open401k.rails.simulation.twin_state import Deposits, RefusedError, Scene, TwinState, whole

Does = Callable[..., Any]


def _without_stop(state: TwinState) -> TwinState:
    return replace(state, rules={version: replace(each, suspended=0) for version, each in state.rules.items()})


def _judges(by: Callable[[TwinState], TwinState]) -> Callable[[Does], Does]:
    return lambda does: lambda self, state, case: does(self, by(state), case)


def _no_check(_: Does) -> Does:
    return lambda *_: None


def _loses_escrow(_: Does) -> Does:
    return lambda self, scene, key, owner: scene.state.escrow.pop(key, None)


def _never(_: Does) -> Does:
    def refused(*_: object) -> bytes:
        raise RefusedError(614)

    return refused


def _at_any_time(does: Does) -> Does:
    def expires(self: Coordinator, scene: Scene, key: int) -> bytes:
        scene.state.deadlines[key] = 0
        return does(self, scene, key)  # type: ignore[no-any-return]

    return expires


def _not_while_stopped(does: Does) -> Does:
    def refused(self: Coordinator, scene: Scene, *given: object) -> bytes:
        if any(each.suspended > scene.state.time for each in scene.state.rules.values()):
            raise RefusedError(608)
        return does(self, scene, *given)  # type: ignore[no-any-return]

    return refused


def _to_the_first(does: Does) -> Does:
    return lambda self, scene, case, judged, payer: does(
        self, scene, case, replace(judged, due=(judged.due[0], *[0] * len(judged.due[1:]))), payer
    )


def _to_the_other(does: Does) -> Does:
    return lambda self, scene, case, judged, payer: does(
        self, scene, case, replace(judged, due=(*judged.due[1:], judged.due[0])), payer
    )


def _into_any_account(does: Does) -> Does:
    return lambda state, case, rules: does(state, case, replace(rules, into=2**256 - 1))


def _out_of_nothing(_: Does) -> Does:
    def redeems(self: Deposits, scene: Scene, cents: int, reference: bytes) -> bytes:
        self._once(scene.state, scene.sender + reference)
        self.take_out(scene.state, scene.sender, cents)
        return b""  # and what is deposited stays as much

    return redeems


def _after_what_was_last(does: Does) -> Does:
    """The block before is the one that was made before, also where that was taken back."""

    def adds(self: TwinChain, state: TwinState, *told: object) -> Head:
        before = self._blocks[-1]
        last = vars(self).get("last", before.head)
        self._blocks[-1] = Block(replace(before.head, hash=last.hash), before.state, {})
        vars(self)["last"] = head = does(self, state, *told)
        self._blocks[-2] = before
        return head  # type: ignore[no-any-return]

    return adds


def _old_wallets_count(_: Does) -> Does:
    def approves(self: Coordinator, scene: Scene, encoded: bytes, place: int, approval: twin.Approval) -> bytes:
        case, state = self._read(encoded), scene.state
        judged = self._judged(state, case)
        if state.words.get(case.key, (b"", 0))[1] != twin.PREPARING or place >= len(judged.signers):
            raise RefusedError(609)
        self._vote(scene, case, judged, place, approval)
        if all((case.key, role << 160 | whole(party)) in state.votes for role, party, _ in judged.signers):
            state.words[case.key] = case.id[:31], twin.COMMITTED
            state.escrow.pop(case.key, None)
            self._pay(scene, case, judged, self.address)
        return b""

    return approves


#: By what is wrong: the words by which it is found, of which method (the coordinator's, if nothing else is said), how.
PLANTED: dict[str, tuple[str, str, Callable[[Does], Does]]] = {
    "I2 pays the first receiver only": ("I7", "_pay", _to_the_first),
    "I4 takes any signature for a vote": ("the model does not do this", "_check_approval", _no_check),
    "I6 lets anybody expire it at any time": ("mined: expire", "expire", _at_any_time),
    "I6 lets nobody expire it": ("stuck", "expire", _never),
    "I7 keeps the escrow of what is ended": ("I7", "_give_back", _loses_escrow),
    "I8 mints again by a reference that was used": ("I8", "Deposits._once", _no_check),
    "I8 redeems and burns nothing": ("I8", "Deposits.redeem", _out_of_nothing),
    "I12 votes while rules are suspended": ("I12", "_judged", _judges(_without_stop)),
    "I13 votes for a revoked identity": ("I13", "_judged", _judges(lambda state: replace(state, revoked=frozenset()))),
    "I13 counts the vote of a wallet that was replaced": ("I3", "approve", _old_wallets_count),
    "I14 puts a block after one that was taken back": ("I14", "TwinChain._add", _after_what_was_last),
    "I15 pays a receiver another's part": ("I15", "_pay", _to_the_other),
    "I16 ends nothing while rules are suspended": ("I16", "abort", _not_while_stopped),
    "I16 expires nothing while rules are suspended": ("I16", "expire", _not_while_stopped),
    "I16 hears of no books while rules are suspended": ("I16", "post", _not_while_stopped),
    "I17 takes any kind into any account": ("I17", "twin._legs", _into_any_account),
}
_WHERE = {"Deposits": Deposits, "TwinChain": TwinChain, "twin": twin}


def plant(patch: pytest.MonkeyPatch, mistake: str) -> str:
    """Put it there; by which words it must be found."""
    words, method, wrong = PLANTED[mistake]
    where, _, name = method.rpartition(".")
    there = _WHERE.get(where, Coordinator)
    patch.setattr(there, name, wrong(getattr(there, name)))
    return words
