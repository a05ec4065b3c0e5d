"""Reading a chain's events in order while it grows, and stepping back where it went back. Not here: asking (rpc.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from open401k.kernel import Open401kError

from .interface import Head, Log, UnavailableError


class FinalityBrokenError(Open401kError):
    """A block that was final is not there any more: nobody may act on this chain until a person has looked."""


class Growing(Protocol):
    """What is followed."""

    def head(self) -> Head: ...

    def final(self) -> Head: ...

    def block(self, number: int) -> Head | None: ...

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log]: ...


@dataclass(frozen=True, slots=True)
class Followed:
    """What is new. ``trail`` is kept until the next time; ``logs`` are all there are after the block ``since``.

    Where ``went_back``, whatever was read of blocks after ``since`` does not count any more.
    """

    logs: tuple[Log, ...]
    trail: tuple[Head, ...]
    since: Head
    went_back: bool


def follow(
    chain: Growing,
    trail: Sequence[Head],
    addresses: Sequence[bytes],
    *,
    to: Literal["final", "latest"] = "final",
    most: int = 10_000,
) -> Followed:
    """The events of these contracts after the last block of ``trail`` that is still there, at most ``most`` blocks.

    ``trail`` is what the last call gave, or one block to begin after. Its first block was final when it was read.
    """
    since = _last_common(chain, trail)
    final = chain.final()
    last = final if to == "final" else chain.head()
    if last.number - since.number > most:
        last = _there(chain, since.number + most)
    if last.number <= since.number:  # nothing new, or endpoints that are behind
        return Followed((), _shortened([*_upto(trail, since)], final), since, since != trail[-1])
    logs = chain.logs(since.number + 1, last.number, addresses)
    if _there(chain, last.number) != last or _there(chain, since.number) != since:
        raise UnavailableError("The chain went back while it was read.", fix="Read it again.")
    return Followed(tuple(logs), _shortened([*_upto(trail, since), last], final), since, since != trail[-1])


def _last_common(chain: Growing, trail: Sequence[Head]) -> Head:
    for known in reversed(trail):
        there = chain.block(known.number)
        if there is not None and there.hash == known.hash:
            return known
    raise FinalityBrokenError(
        f"Block {trail[0].number} was final with the hash 0x{trail[0].hash.hex()}, and is not there any more.",
        fix="Stop what acts on this chain, and ask its operators; another endpoint may belong to another chain.",
    )


def _there(chain: Growing, number: int) -> Head:
    found = chain.block(number)
    if found is None:
        raise UnavailableError(f"Block {number} is gone.", fix="Read it again.")
    return found


def _upto(trail: Sequence[Head], last: Head) -> list[Head]:
    return [head for head in trail if head.number <= last.number]


def _shortened(trail: list[Head], final: Head) -> tuple[Head, ...]:
    """Less what lies before its last final block: nothing goes back behind that."""
    settled = [place for place, head in enumerate(trail) if head.number <= final.number]
    return tuple(trail[settled[-1] if settled else 0 :])
