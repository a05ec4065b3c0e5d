"""A coordinator with a mistake, as somebody could write it; the simulator must find each. Not here: nodes (planted)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from open401k.rails.simulation.twin import Coordinator
from open401k.rails.simulation.twin_state import RefusedError, Scene, TwinState

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


#: The invariant that each breaks, what is wrong, of which method, and how it is done.
PLANTED: dict[str, tuple[str, str, Callable[[Does], Does]]] = {
    "I2 pays the first receiver only": ("I7", "_pay", _to_the_first),
    "I4 takes any signature for a vote": ("the model does not do this", "_check_approval", _no_check),
    "I6 lets anybody expire it at any time": ("mined: expire", "expire", _at_any_time),
    "I6 lets nobody expire it": ("stuck", "expire", _never),
    "I7 keeps the escrow of what is ended": ("I7", "_give_back", _loses_escrow),
    "I12 votes while rules are suspended": ("I12", "_judged", _judges(_without_stop)),
    "I13 votes for a revoked identity": ("I13", "_judged", _judges(lambda state: replace(state, revoked=frozenset()))),
    "I16 ends nothing while rules are suspended": ("I16", "abort", _not_while_stopped),
    "I16 expires nothing while rules are suspended": ("I16", "expire", _not_while_stopped),
    "I16 hears of no books while rules are suspended": ("I16", "post", _not_while_stopped),
}


def plant(patch: pytest.MonkeyPatch, mistake: str) -> str:
    """Put it there; by which words it must be found."""
    words, method, wrong = PLANTED[mistake]
    patch.setattr(Coordinator, method, wrong(getattr(Coordinator, method)))
    return words
