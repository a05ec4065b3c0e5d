"""What surrounds every page: title, clock badge, who is signed in, form token; and answering with a page."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from open401k.base.access import Permission
from open401k.kernel import CalendarYear, day_of
from open401k.law import figures

from ..guard import Caller, Needs, form_token, services_of
from ..problems import Problem
from .render import Pages

#: The clock belongs to the whole sandbox; whoever may change a plan in it may move it.
MOVES_CLOCK = Needs(Permission.PLAN_CHANGE, anywhere=True)


@dataclass(frozen=True, slots=True)
class Frame:
    """The words around a page."""

    title: str
    current: str
    path: str
    sandbox: bool
    clock_at: datetime
    clock_min: date
    moves_clock: bool
    signed_in_as: str
    csrf: str
    flash: str = ""
    sends_payroll: bool = False
    not_enacted: str = ""
    """Why nothing of the clock's year can be computed; empty when its figures are on file."""


def frame(request: Request, title: str, *, caller: Caller | None = None, current: str = "") -> Frame:
    """The frame of one answer."""
    services = services_of(request)
    today = day_of(services.clock.now())
    return Frame(
        title=title,
        current=current,
        path=request.url.path,
        sandbox=services.sandbox is not None and caller is not None,
        clock_at=services.clock.now(),
        clock_min=today + timedelta(days=1),
        moves_clock=caller is not None and may_move_clock(caller),
        signed_in_as=caller.principal.name if caller else "",
        csrf=form_token(caller.token) if caller and caller.token else "",
        flash=request.query_params.get("said", "")[:300] if caller else "",
        sends_payroll=caller is not None and caller.tenant_id is not None and caller.may(Permission.PAYROLL_SUBMIT),
        not_enacted=_not_enacted(today),
    )


def may_move_clock(caller: Caller) -> bool:
    """Operations may; in a sandbox also whoever may change a plan: its time is theirs to play with."""
    return MOVES_CLOCK.admits(caller.principal)


def _not_enacted(today: date) -> str:
    try:
        figures.cents("limit_402g", CalendarYear(today.year))
    except figures.NotEnacted as refused:
        return refused.message
    return ""


def page(request: Request, name: str, around: Frame, *, status: int = 200, **words: Any) -> HTMLResponse:
    """A page as an answer."""
    pages = cast("Pages", request.app.state.pages)
    return HTMLResponse(pages.html(name, frame=around, **words), status)


def problem_page(request: Request, problem: Problem) -> Response:
    """The problem as a person reads it; whoever is not signed in is sent to sign in first."""
    if problem.status == 401 and request.method == "GET":
        return RedirectResponse("/sign-in", 303)
    around = frame(request, problem.title)
    return page(request, "problem", around, status=problem.status, problem=problem, form=_form_of(request))


def _form_of(request: Request) -> str:
    """The page of ours whose form was sent; empty where it is not told. Our own pages tell it (Referrer-Policy)."""
    came_from = urlsplit(request.headers.get("referer", ""))
    ours = request.method == "POST" and came_from.netloc == request.url.netloc and came_from.path.startswith("/")
    return came_from.path if ours and not came_from.path.startswith("//") else ""


def see_other(url: str) -> RedirectResponse:
    """Answer a form: the browser asks for ``url`` next, so that a reload repeats nothing."""
    return RedirectResponse(url, 303)
