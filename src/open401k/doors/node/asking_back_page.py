"""The console's page that asks a rollover back: what came, a form, a preview, and the yes. No rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from open401k.kernel import Money, Random

from ..problems import FORBIDDEN, NOT_FOUND, ProblemError
from . import asking_back as asking
from . import console
from .asking_back import AskingBack, Back, ForAskingBack, Giver, back_of
from .look import Look, answering
from .provided import Refusal
from .receivers_page import Filled
from .sessions import Sessions, SignedIn
from .wishes import NotMeantError

_MOST_FIELDS = 30


class AskingBackPages:
    """One page for each case that we paid."""

    def __init__(self, given: ForAskingBack, look: Look, sessions: Sessions, random: Random) -> None:
        self._given, self._look, self._sessions, self._random = given, look, sessions, random

    def routes(self) -> list[BaseRoute]:
        """Each with its method."""
        told = (("GET", self.form), ("POST", self.sent))
        return [Route("/cases/{case}/return", answering(self._look, what), methods=[method]) for method, what in told]

    async def form(self, request: Request) -> Response:
        """What came, and the form: all that is left of it, until somebody types less."""
        who = await run_in_threadpool(self._sessions.of, request)
        if not who.acts:
            raise ProblemError(FORBIDDEN)
        known = await self._known(request)
        giver = known.giver(request.query_params.get("giver", ""))
        return self._page(who, known, giver, Filled(_all_of(giver)))

    async def sent(self, request: Request) -> Response:
        """Show what would be asked, or, once that was seen, ask; all that is wrong at once."""
        async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
            who = await run_in_threadpool(self._sessions.for_form, request, form)
            typed = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
        known = await self._known(request)
        giver = known.giver(typed.get("giver", ""))
        try:
            back = back_of(typed, known)
        except NotMeantError as why:
            return self._page(who, known, giver, _filled(typed, why.refusals), status=422)
        step = typed.get("step")
        if step != "ask":
            return self._page(who, known, giver, _filled(typed, ()), back=back if step == "look" else None)
        case, key = known.case, typed.get("key", "")
        made = await run_in_threadpool(self._given.ask_back, who.staff, case, back, key=key)
        if isinstance(made, Refusal):
            return self._page(who, known, giver, _filled(typed, (Refusal("", made.reason, made.fix),)), status=422)
        return RedirectResponse(f"/cases/{quote(made, safe='')}?did=back", 303)

    async def _known(self, request: Request) -> AskingBack:
        found = await run_in_threadpool(self._given.asking_back, request.path_params["case"])
        if found is None:
            raise ProblemError(NOT_FOUND)
        return found

    def _page(
        self, who: SignedIn, known: AskingBack, giver: Giver | None, filled: Filled, *, back: Back | None = None,
        status: int = 200,
    ) -> Response:  # fmt: skip
        key = filled.typed.get("key") or self._random.token(16).hex()
        return self._look.page(
            "asking_back", status, who=who, current="", console=console, known=known, giver=giver, filled=filled,
            back=back, key=key, asking=asking,
        )  # fmt: skip


def _all_of(giver: Giver | None) -> Mapping[str, str]:
    if giver is None:
        return defaultdict(str)
    left = {f"cents-{kind.name.lower()}": str(Money(cents)).lstrip("$") for kind, cents in giver.left.items()}
    return defaultdict(str, left | {"into": asking.type_of(giver).name.lower()})


def _filled(typed: Mapping[str, str], refusals: Sequence[Refusal]) -> Filled:
    return Filled(defaultdict(str, typed), (), {each.field: each for each in reversed(refusals)})
