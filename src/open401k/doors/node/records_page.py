"""The console's pages of ended cases' records: what may be erased, legal holds, erasure. Not here: the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from open401k.kernel import Random
from open401k.rails.node.erasing import EVERY

from ..problems import NOT_FOUND, ProblemError
from . import console
from .look import Look, answering
from .provided import Refusal
from .records import ForRecords
from .sessions import Sessions, SignedIn

_DID: Final[Mapping[str, str]] = {
    "held": "It is held: nothing of it is erased until the hold is lifted.",
    "let_go": "The hold is lifted. What has come to its time may be erased.",
    "erased": "What was of a person is erased. What proves the rollover stays.",
}


@dataclass(frozen=True, slots=True)
class Filled:
    """What was typed, and what is wrong with it."""

    typed: Mapping[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None


class RecordPages:
    """The list, a case's records, and what is done with them."""

    def __init__(self, given: ForRecords, look: Look, sessions: Sessions, random: Random) -> None:
        self._given, self._look, self._sessions, self._random = given, look, sessions, random

    def routes(self) -> list[BaseRoute]:
        """Each with its method."""
        told = [
            ("/records", self.listed, "GET"),
            ("/records", self.held_every, "POST"),
            ("/records/{case}", self.one, "GET"),
            ("/records/{case}/hold", self.held, "POST"),
            ("/records/{case}/erase", self.erased, "POST"),
        ]
        return [Route(path, answering(self._look, endpoint), methods=[method]) for path, endpoint, method in told]

    async def listed(self, request: Request) -> Response:
        """What may be erased today, and what is held."""
        case = request.query_params.get("case", "").strip()
        if case:
            return RedirectResponse(f"/records/{quote(case, safe='')}", 303)
        who = await run_in_threadpool(self._sessions.of, request)
        said, after = _DID.get(request.query_params.get("did", ""), ""), request.query_params.get("after", "")
        return await self._list(who, Filled(), said=said, after=after)

    async def held_every(self, request: Request) -> Response:
        """Hold every case, or let them go."""
        who, typed = await self._sent(request)
        ends = typed.get("ends") == "yes"
        refusal = await self._hold(who, EVERY, typed, ends=ends)
        if refusal is not None:
            return await self._list(who, Filled(typed, refusal), status=422)
        return RedirectResponse(f"/records?did={'let_go' if ends else 'held'}", 303)

    async def one(self, request: Request) -> Response:
        """Until when the records of a case are kept, its holds."""
        who = await run_in_threadpool(self._sessions.of, request)
        said = _DID.get(request.query_params.get("did", ""), "")
        return await self._case(who, request.path_params["case"], Filled(), said=said)

    async def held(self, request: Request) -> Response:
        """Hold a case with its lineage, or let it go."""
        who, typed = await self._sent(request)
        case, ends = await self._known(request), typed.get("ends") == "yes"
        refusal = await self._hold(who, case, typed, ends=ends)
        if refusal is not None:
            return await self._case(who, case, Filled(typed, refusal), status=422)
        return RedirectResponse(f"/records/{case}?did={'let_go' if ends else 'held'}", 303)

    async def erased(self, request: Request) -> Response:
        """Erase, once its id was typed: nobody erases by a slip."""
        who, typed = await self._sent(request)
        case = await self._known(request)
        if typed.get("confirm") != case:
            refusal: Refusal | None = Refusal(
                "confirm", "This is not the id of the case.", f"Type {case}. What is erased does not come back."
            )
        else:
            refusal = await run_in_threadpool(self._given.erase, who.staff, case, key=typed.get("key", ""))
        if refusal is not None:
            return await self._case(who, case, Filled(typed, refusal), status=422)
        return RedirectResponse(f"/records/{case}?did=erased", 303)

    async def _hold(self, who: SignedIn, case: str, typed: Mapping[str, str], *, ends: bool) -> Refusal | None:
        why = typed.get("why", "")
        if not why:
            return Refusal("why", "No reason was given.", "Write a docket or an order's number, and no person's name.")
        key = typed.get("key", "")
        return await run_in_threadpool(self._given.hold, who.staff, case, why=why, ends=ends, key=key)

    async def _sent(self, request: Request) -> tuple[SignedIn, dict[str, str]]:
        async with request.form(max_files=0, max_fields=8) as form:
            who = await run_in_threadpool(self._sessions.for_form, request, form)
            return who, {name: value.strip() for name, value in form.items() if isinstance(value, str)}

    async def _known(self, request: Request) -> str:
        case = str(request.path_params["case"])
        if await run_in_threadpool(self._given.standing, case) is None:
            raise ProblemError(NOT_FOUND)
        return case

    async def _list(
        self, who: SignedIn, filled: Filled, *, said: str = "", status: int = 200, after: str = ""
    ) -> Response:  # fmt: skip
        found = await run_in_threadpool(self._given.records, after)
        return self._page("records", who, filled, status, found=found, said=said)

    async def _case(
        self, who: SignedIn, case: str, filled: Filled, *, said: str = "", status: int = 200
    ) -> Response:  # fmt: skip
        standing = await run_in_threadpool(self._given.standing, case)
        if standing is None:
            raise ProblemError(NOT_FOUND)
        held = [each.case for each in standing.holds]
        return self._page("record", who, filled, status, standing=standing, said=said, is_held=case in held)

    def _page(self, name: str, who: SignedIn, filled: Filled, status: int, **words: object) -> Response:
        key = filled.typed.get("key") or self._random.token(16).hex()
        return self._look.page(
            name, status, who=who, current="records", console=console, filled=filled, key=key, **words
        )  # fmt: skip
