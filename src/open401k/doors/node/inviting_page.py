"""The console's page of who else approves a case: their links are made, handed over and ended there. No rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from open401k.kernel import Random
from open401k.rails.messages import Role
from open401k.rails.node.ballots import FURTHER

from ..problems import NOT_FOUND, ProblemError
from . import console
from .inviting import ForInviting, Inviting
from .look import PRIVATE, Look, answering
from .provided import Refusal
from .sessions import Sessions, SignedIn

#: How long a link may hold.
MOST_DAYS: Final = 180
_ROLES: Final[Mapping[str, Role]] = {role.name.lower(): role for role in FURTHER}
_ENDED: Final = "Every link of theirs is ended. What they signed stays."


class InvitingPages:
    """One page for each case, and two things to do there."""

    def __init__(self, given: ForInviting, look: Look, sessions: Sessions, random: Random) -> None:
        self._given, self._look, self._sessions, self._random = given, look, sessions, random

    def routes(self) -> list[BaseRoute]:
        """Each with its method."""
        told = [
            ("/cases/{case}/voters", self.shown, "GET"),
            ("/cases/{case}/voters/{role}/links", self.invited, "POST"),
            ("/cases/{case}/voters/{role}/end", self.ended, "POST"),
            ("/cases/{case}/voters/{role}/links", self.back, "GET"),
            ("/cases/{case}/voters/{role}/end", self.back, "GET"),
        ]
        return [Route(path, answering(self._look, endpoint), methods=[method]) for path, endpoint, method in told]

    async def shown(self, request: Request) -> Response:
        """Who is asked, and which links were made."""
        who = await run_in_threadpool(self._sessions.of, request)
        said = _ENDED if request.query_params.get("did") == "ended" else ""
        return self._page(who, await self._known(request), said=said)

    async def back(self, request: Request) -> Response:
        """To the page, for whoever loads an answer anew."""
        return RedirectResponse(f"/cases/{quote(request.path_params['case'], safe='')}/voters", 303)

    async def invited(self, request: Request) -> Response:
        """Make a link, and show it once."""
        who, typed = await self._sent(request)
        known, role = await self._known(request), self._role(request)
        days = int(typed["days"]) if typed["days"].isascii() and typed["days"].isdigit() else 0
        if not 1 <= days <= MOST_DAYS:
            why = Refusal("days", f"It is no number of days from 1 to {MOST_DAYS}.", "Write how long it is to hold.")
            return self._page(who, known, role=role, refusal=why, typed=typed, status=422)
        made = await run_in_threadpool(
            self._given.invite, who.staff, known.case, role, days=days, key=typed["key"]
        )  # fmt: skip
        if isinstance(made, Refusal):
            return self._page(who, known, role=role, refusal=made, typed=typed, status=422)
        page = self._page(who, await self._known(request), role=role, link=made, days=days)
        page.headers.update(PRIVATE)
        return page

    async def ended(self, request: Request) -> Response:
        """End all links of one role at once."""
        who, typed = await self._sent(request)
        known, role = await self._known(request), self._role(request)
        refusal = await run_in_threadpool(self._given.end_links, who.staff, known.case, role, key=typed["key"])
        if refusal is not None:
            return self._page(who, known, role=role, refusal=refusal, typed=typed, status=422)
        return RedirectResponse(f"/cases/{quote(known.case, safe='')}/voters?did=ended", 303)

    async def _sent(self, request: Request) -> tuple[SignedIn, dict[str, str]]:
        async with request.form(max_files=0, max_fields=8) as form:
            who = await run_in_threadpool(self._sessions.for_form, request, form)
            typed = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
        return who, {"days": "", "key": ""} | typed

    async def _known(self, request: Request) -> Inviting:
        found = await run_in_threadpool(self._given.inviting, request.path_params["case"])
        if found is None:
            raise ProblemError(NOT_FOUND)
        return found

    def _role(self, request: Request) -> Role:
        role = _ROLES.get(request.path_params["role"])
        if role is None:
            raise ProblemError(NOT_FOUND)
        return role

    def _page(
        self, who: SignedIn, known: Inviting, *, status: int = 200, said: str = "", role: Role | None = None,
        refusal: Refusal | None = None, typed: Mapping[str, str] | None = None, link: str = "", days: int = 30,
    ) -> Response:  # fmt: skip
        return self._look.page(
            "voters", status, who=who, current="", console=console, known=known, said=said, about=role,
            refusal=refusal, typed=typed or {}, link=link, days=days, key=self._random.token(16).hex(), most=MOST_DAYS,
        )  # fmt: skip
