"""The clock of a sandbox, moved from a page. Not here: what falls due on the way (the story does it)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base.access import Permission
from open401k.kernel import NEW_YORK, day_of
from open401k.views import advisor_book

from ..guard import Caller, posted_form, word
from ..problems import NOT_FOUND, Problem, ProblemError
from .frame import MOVES_CLOCK, see_other

router = APIRouter(include_in_schema=False)


@router.post("/clock/advance")
def advance(
    caller: Annotated[Caller, Depends(MOVES_CLOCK)], form: Annotated[FormData, Depends(posted_form)]
) -> Response:
    """Move the clock to the morning of a day, and say what happened on the way."""
    story = caller.services.sandbox
    if story is None:
        raise ProblemError(NOT_FOUND)
    to = morning_of(word(form, "to"))
    told = _told(caller, story.advance(actor=caller.actor, to=to))
    back = word(form, "next")
    back = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    return see_other(f"{back.partition('?')[0]}?said={quote(f'The clock now says {day_of(to)}. {told}'[:300])}")


def _told(caller: Caller, said: Sequence[str]) -> str:
    """What happened last on the way at a sponsor that the caller may see: the sandbox tells of all of them."""
    with caller.begin_where(Permission.PLAN_VIEW) as tx:
        names = {line.heading.sponsor_name for line in advisor_book.load(tx).plans}
    own = [line for line in said if any(f" {name}: " in line for name in names)]
    more = f" ({len(own) - 1} more before it)" if len(own) > 1 else ""
    return f"Last on the way: {own[-1]}{more}" if own else "Nothing fell due on the way."


def morning_of(text: str) -> datetime:
    """Nine in the morning, New York, of a day written as 2026-08-14."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ProblemError(Problem(422, "date_invalid", "That is not a date.", fix="Write it as 2026-08-14.")) from None
    return datetime.combine(day, time(9), NEW_YORK).astimezone(UTC)
