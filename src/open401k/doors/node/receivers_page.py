"""The console's forms to lead a rollover with several receivers, and to join one. Not here: what they mean (wishes)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from open401k.kernel import Random
from open401k.rails.kinds import Into

from ..problems import FORBIDDEN, ProblemError
from . import console, wishes
from .look import Endpoint, Look, answering
from .provided import Refusal
from .sessions import Sessions, SignedIn
from .wishes import ForReceivers, NotMeantError, wish_of

#: More than any form here has.
_MOST_FIELDS: Final = 60


@dataclass(frozen=True, slots=True)
class Filled:
    """What was typed and ticked, and what is wrong with it, by field."""

    typed: Mapping[str, str] = field(default_factory=lambda: defaultdict(str))
    ticked: Sequence[str] = ()
    refusals: Mapping[str, Refusal] = field(default_factory=dict)


class ReceiverPages:
    """Two forms, and what is done with them."""

    def __init__(self, given: ForReceivers, look: Look, sessions: Sessions, random: Random) -> None:
        self._given, self._look, self._sessions, self._random = given, look, sessions, random

    def routes(self) -> list[BaseRoute]:
        """Each with its method."""
        told = [
            (f"/{name}", made(name), method)
            for name in ("lead", "join")
            for made, method in ((self._form, "GET"), (self._sent, "POST"))
        ]
        return [Route(path, answering(self._look, endpoint), methods=[method]) for path, endpoint, method in told]

    def _form(self, name: str) -> Endpoint:
        async def form(request: Request) -> Response:
            """The form, empty."""
            who = await run_in_threadpool(self._sessions.of, request)
            if not who.acts:
                raise ProblemError(FORBIDDEN)
            return await self._page(name, who, Filled())

        return form

    def _sent(self, name: str) -> Endpoint:
        async def sent(request: Request) -> Response:
            """Begin the case, or say all that is wrong at once."""
            async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
                who = await run_in_threadpool(self._sessions.for_form, request, form)
                typed, ticked = _typed(form), [each for each in form.getlist("with") if isinstance(each, str)]
            try:
                us = await run_in_threadpool(self._given.us)
                wish = wish_of(typed, ticked, us, joins=name == "join")
            except NotMeantError as why:
                return await self._page(name, who, _filled(typed, ticked, why.refusals), 422)
            begun = await run_in_threadpool(self._given.begin, who.staff, wish, key=typed.get("key", ""))
            if isinstance(begun, Refusal):
                return await self._page(name, who, _filled(typed, ticked, (begun,)), 422)
            return RedirectResponse(f"/cases/{begun}?did={name}", 303)

        return sent

    async def _page(self, name: str, who: SignedIn, filled: Filled, status: int = 200) -> Response:
        us = await run_in_threadpool(self._given.us)
        key = filled.typed.get("key") or self._random.token(16).hex()
        return self._look.page(
            name, status, who=who, current="lead", console=console, us=us, filled=filled, key=key, wishes=wishes,
            types=tuple(Into),
        )  # fmt: skip


def _filled(typed: Mapping[str, str], ticked: Sequence[str], refusals: Sequence[Refusal]) -> Filled:
    return Filled(defaultdict(str, typed), ticked, {each.field: each for each in reversed(refusals)})


def _typed(form: FormData) -> dict[str, str]:
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}
