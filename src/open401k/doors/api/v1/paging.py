"""One page of a list and the cursor of the next. Not here: lists that their loader cuts itself (journal, audit)."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from ...problems import FieldProblem, Problem, ProblemError

Item = TypeVar("Item")
Cursor = Annotated[str | None, Query(description="`next` of the page before", max_length=80)]
Limit = Annotated[int, Query(ge=1, le=500, description="At most so many items")]
LIMIT = 100


def page(
    items: Sequence[Item], key: Callable[[Item], str], *, after: str | None, limit: int
) -> tuple[list[Item], str | None]:
    """The items after the cursor in the order of their keys; the cursor is a key, so what is added moves nothing."""
    left = sorted((each for each in items if after is None or key(each) > after), key=key)
    shown = left[:limit]
    return shown, key(shown[-1]) if len(left) > limit else None


def page_by_place(items: Sequence[Item], *, after: str | None, limit: int) -> tuple[list[Item], str | None]:
    """The items after the cursor in the order they have; the cursor is a place, for lists that do not change."""
    start = place_of(after) or 0
    shown = list(items[start : start + limit])
    return shown, str(start + limit) if len(items) > start + limit else None


def place_of(text: str | None) -> int | None:
    """A cursor that is a number."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        place = FieldProblem("No page told it.", "Use the `next` of an earlier page.", "cursor.invalid", "/after")
        raise ProblemError(Problem(422, "invalid", "That is not a cursor.", errors=[place]))
    return int(text)
