"""A batch tried by the contract before it is signed or sent: which of its rollovers it would refuse, and by what words.

The contract takes a batch's cases one after the other and looks at the signatures last. A batch without signatures that
is refused for want of them alone has nothing else against it; where it is refused for more, the shortest beginning that
is refused so ends with the case that is the reason. Not here: asking the chain (coordinator), what follows (batches).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from .cases import Case
from .coordinator import Refusal

#: Only a signature is missing.
_UNSIGNED: Final = frozenset({627, 628})
#: The newest block may be old: what begins with time is not refused for that.
NOT_YET: Final = frozenset({603, 606})

Ask = Callable[[Sequence[Case]], Refusal | None]


class RefusedWholeError(Exception):
    """The contract would not take a batch of these two, whatever is in it."""


def in_words(refusal: Refusal) -> str:
    """What the contract said, for people."""
    code = "without a code" if refusal.code is None else f"with {refusal.code}"
    return f"the contract refuses {code}: {refusal.words}"


def unfit(cases: Sequence[Case], ask: Ask) -> dict[str, str]:
    """By case, why the contract would not take it in this batch; ``ask`` tries some of them without signatures."""
    left, found = list(cases), dict[str, str]()
    while left:
        refusal = _refusal(ask(left))
        if refusal is None:
            break
        if _refusal(ask([])) is not None:
            raise RefusedWholeError(in_words(refusal))
        last, refusal = _first_refused(left, refusal, ask)
        if refusal.code not in NOT_YET:
            found[left[last].id] = in_words(refusal)
        del left[last]
    return found


def _first_refused(cases: Sequence[Case], refusal: Refusal, ask: Ask) -> tuple[int, Refusal]:
    """The place of the first that is refused; ``refusal`` is what is said to all of them."""
    taken, refused = 0, len(cases)
    while refused - taken > 1:
        middle = (taken + refused) // 2
        told = _refusal(ask(cases[:middle]))
        if told is None:
            taken = middle
        else:
            refused, refusal = middle, told
    return refused - 1, refusal


def _refusal(told: Refusal | None) -> Refusal | None:
    return None if told is None or told.code in _UNSIGNED else told
