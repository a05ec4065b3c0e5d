"""What became of a motion on the chain, passing it, carrying it out. Not here: what it says (motions.py).

Each verb is repeated harmlessly: what is done already is told, and not done twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from eth_hash.auto import keccak

from open401k.kernel import Open401kError

from ..calls import call_of
from ..keys import Key
from .acting import act, number_of
from .actions import action_hash, call_data, moment
from .motions import Motion
from .place import There

#: How long a passed motion can be carried out after its delay, in seconds (contracts/council.vy).
LIFE = 30 * 86_400
_PASSED, _CARRIED = keccak(b"Passed(bytes32,uint256)"), keccak(b"Carried(bytes32)")


class Stage(StrEnum):
    """How far a motion is."""

    COLLECTS = "collects signatures"
    OUTDATED = "outdated: the network is at another number"
    WAITS = "passed, waits"
    READY = "passed, ready to be carried out"
    LAPSED = "lapsed"
    CARRIED = "carried out"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Standing:
    """A motion's stage, which of its signatures are seats', how many are needed, from when it can be carried out."""

    stage: Stage
    seats: tuple[bytes, ...]
    strangers: tuple[bytes, ...]
    needed: int
    ready_at: int | None


def standing(there: There, motion: Motion) -> Standing:
    """What the chain says of a motion, by the chain's own time."""
    _is_for(there, motion)
    signed = [seat for seat, _ in motion.signatures]
    seated = tuple(who for who in signed if _number(there, "is_seat(address)", who))
    stage, ready_at = _stage(there, motion)
    return Standing(stage, seated, tuple(who for who in signed if who not in seated), needed(there), ready_at)


def pass_motion(there: There, motion: Motion, by: Key) -> bool:
    """Pass it by its signatures; anybody sends that. False if it was passed before."""
    found = standing(there, motion)
    if found.stage is Stage.OUTDATED:
        raise Open401kError(
            f"This motion has number {motion.number}; the network is at {next_number(there)}.",
            fix="Write it anew; seats sign it again.",
        )
    if found.stage is not Stage.COLLECTS:
        return False
    if found.strangers:
        strangers = ", ".join("0x" + each.hex() for each in found.strangers)
        raise Open401kError(f"No seat of the council: {strangers}.", fix="Take these signatures out of the file.")
    if len(found.seats) < found.needed:
        raise Open401kError(
            f"{len(found.seats)} of {found.needed} seats signed this motion.", fix="Let more seats sign it."
        )
    data = call_of("pass_motion(bytes32,(address,bytes)[])", action_hash(motion.action), list(motion.signatures))
    act(there, by, there.place.network, data)
    return True


def carry(there: There, motion: Motion, by: Key) -> bool:
    """Carry it out when its time has come; anybody does that. False if it was carried out before."""
    found = standing(there, motion)
    match found.stage:
        case Stage.CARRIED:
            return False
        case Stage.WAITS:
            raise Open401kError(
                f"It waits until {moment(found.ready_at or 0)}; the chain is at {moment(there.chain.head().time)}.",
                fix="Carry it out then; until then the council can withdraw it.",
            )
        case Stage.READY:
            act(there, by, there.place.network, call_data(motion.action))
            return True
        case _:
            raise Open401kError(f"This motion cannot be carried out: it is {found.stage}.", fix=_FIX[found.stage])


_FIX = {
    Stage.COLLECTS: "Let enough seats sign it, then: open401k network motion pass",
    Stage.OUTDATED: "Write it anew; seats sign it again.",
    Stage.LAPSED: "Write it anew; seats sign it again.",
    Stage.WITHDRAWN: "The council took it back; write another.",
}


def next_number(there: There) -> int:
    """The number of the next motion to be passed."""
    return _number(there, "motions()")


def needed(there: There) -> int:
    """How many seats are enough."""
    return _number(there, "threshold()")


def seats(there: There) -> int:
    """How many there are."""
    return _number(there, "seats()")


def latest_rules(there: There) -> int:
    """The last version of the rules."""
    return _number(there, "latest()")


def _stage(there: There, motion: Motion) -> tuple[Stage, int | None]:
    at = next_number(there)
    if motion.number >= at:
        return (Stage.COLLECTS if motion.number == at else Stage.OUTDATED), None
    action, now = action_hash(motion.action), there.chain.head()
    about = [log for log in there.chain.logs(0, now.number, [there.place.network]) if log.topics[1:2] == (action,)]
    numbers = [int.from_bytes(log.data, "big") if log.topics[0] == _PASSED else None for log in about]
    if motion.number not in numbers:
        return Stage.OUTDATED, None
    after = about[numbers.index(motion.number) + 1 :]
    if any(log.topics[0] == _CARRIED for log in after):
        return Stage.CARRIED, None
    passed_at = _number(there, "passed_at(bytes32)", action)
    if not passed_at:
        return Stage.WITHDRAWN, None
    ready_at = passed_at + (_number(there, "DELAY()") if motion.action.waits else 0)
    if now.time > ready_at + LIFE:
        return Stage.LAPSED, ready_at
    return (Stage.READY if now.time >= ready_at else Stage.WAITS), ready_at


def _is_for(there: There, motion: Motion) -> None:
    if (motion.chain_id, motion.network) != (there.chain.chain_id, there.place.network):
        raise Open401kError(
            f"This motion is for network 0x{motion.network.hex()} on chain {motion.chain_id}.",
            fix="Name that network's file: --network.",
        )


def _number(there: There, call: str, *given: object) -> int:
    return number_of(there, there.place.network, call, *given)
