"""What a stand-in answers that is not so: lists that lost a part, payrolls other than they were run. Not here: when.

A lie about a payroll is told of its totals as well: what adds up may still be wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from .misbehavior import Lie

T = TypeVar("T")
Line = dict[str, Any]
#: By how much an amount is changed that is told otherwise from time to time.
OFF_CENTS = 100_00


def listed(items: Sequence[T], lie: Lie | None) -> list[T]:
    """A list of which a page is dropped, or comes in the place of the next one; as many are said to be there."""
    lost = -(-len(items) // 3)
    if lie is Lie.PAGE_DROPPED:
        return list(items[: len(items) - lost])
    if lie is Lie.PAGE_DOUBLED and len(items) > 1:
        return [*items[: len(items) - lost], *items[:lost]]
    return list(items)


def paid(lines: Sequence[Line], lie: Lie | None, amounts: Callable[[Line, Callable[[int], int]], Line]) -> list[Line]:
    """The people of a payroll. ``amounts`` changes every amount of one of them that makes up pay."""
    if not lines:
        return []
    first, *others = lines
    if lie is Lie.PERSON_TWICE:
        return [first, *lines]
    if lie is Lie.NEGATIVE:
        return [amounts(first, lambda cents: -cents), *others]
    if lie is Lie.OTHER_AMOUNTS:
        return [amounts(first, lambda cents: cents + OFF_CENTS if cents else 0), *others]
    return list(lines)


def without_the_newest(payrolls: Sequence[T], lie: Lie | None) -> list[T]:
    """Payrolls as they are listed, oldest first."""
    return list(payrolls[:-1] if lie is Lie.PAYROLL_GONE else payrolls)


def undated(said: dict[str, Any], key: str, lie: Lie | None) -> dict[str, Any]:
    """A payroll without its pay date."""
    return said | {key: None} if lie is Lie.NO_DATES else said


def answering(companies: Mapping[str, T], mine: str, lie: Lie | None) -> T:
    """Whose answer is given: another company's, if there is one."""
    others = [each for each in companies if each != mine]
    return companies[others[0] if others and lie is Lie.OTHER_COMPANY else mine]
