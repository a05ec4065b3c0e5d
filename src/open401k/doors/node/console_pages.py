"""The console of a custodian's desks: sign in by token, cases, one case, exceptions and what may be done. No rules."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from open401k.kernel import Random
from open401k.rails.node.cases import Way

from ..problems import NOT_FOUND, ProblemError
from . import console
from .live import stream
from .look import Look, answering
from .provided import Act, CaseDetail, ForPages, Refusal
from .rest_form import MOST, came_of, fields_of
from .sessions import Sessions, SignedIn

#: The longest reference of a check or wire.
LONGEST = 100
#: The longest account of what was found.
LONGEST_WORDS = 500
_PATHS = {Act.AGAIN: "again", Act.OFF_RAIL: "off-rail", Act.RESIDUAL: "residual", Act.STOP: "stop"}


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that was sent: for which act, what was typed, and what is wrong with it."""

    act: Act | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None
    #: The exception that was to be closed.
    code: int | None = None


class Console:
    """The console of one node."""

    def __init__(self, given: ForPages, look: Look, random: Random) -> None:
        self._given, self._look = given, look
        self.sessions = Sessions(given, random)

    def routes(self) -> list[BaseRoute]:
        """All of it, each with its method."""
        told = [
            ("/", self.cases, "GET"),
            ("/cases/{case}", self.case, "GET"),
            ("/exceptions", self.exceptions, "GET"),
            ("/events", self.events, "GET"),
            ("/sign-in", self.sign_in_page, "GET"),
            ("/sign-in", self.sign_in, "POST"),
            ("/sign-out", self.sign_out, "POST"),
            *((f"/cases/{{case}}/{path}", self._act(act), "POST") for act, path in _PATHS.items()),
            ("/cases/{case}/exceptions/{code:int}", self.close, "POST"),
            *((f"/cases/{{case}}/{path}", self.back, "GET") for path in _PATHS.values()),
            ("/cases/{case}/exceptions/{code:int}", self.back, "GET"),
        ]
        return [Route(path, answering(self._look, endpoint), methods=[method]) for path, endpoint, method in told]

    async def sign_in_page(self, _: Request) -> Response:
        """Where a token is typed."""
        return self._look.page("sign_in", refusal=None)

    async def sign_in(self, request: Request) -> Response:
        """A token, by form."""
        async with request.form(max_files=0, max_fields=4) as form:
            token = _word(form, "token")
        answer = RedirectResponse("/", 303)
        if await run_in_threadpool(self.sessions.sign_in, request, token, answer) is None:
            why = Refusal("token", "This token opens no pages.", "Paste it whole; open401k node token add makes one.")
            return self._look.page("sign_in", 401, refusal=why)
        return answer

    async def sign_out(self, request: Request) -> Response:
        """End this browser's session."""
        async with request.form(max_files=0, max_fields=4) as form:
            await run_in_threadpool(self.sessions.for_form, request, form, acts=False)
        answer = RedirectResponse("/sign-in", 303)
        self.sessions.sign_out(request, answer)
        return answer

    async def cases(self, request: Request) -> Response:
        """Cases in three lists, a page at a time, by state and by how their id begins."""
        who = await self._who(request)
        told = console.asked_of(request.query_params)
        page = await run_in_threadpool(self._given.cases, told.cases)
        lines = console.lines_of(page.lines, self._given.custodian)
        return self._page("cases", who, "cases", told=told, lines=lines, page=page)

    async def case(self, request: Request) -> Response:
        """One case."""
        who = await self._who(request)
        did = request.query_params.get("did", "")
        said = console.DID[Act(did)] if did in list(Act) else console.BEGUN.get(did, "")
        return await self._case_page(request, who, Filled(), said=said)

    async def exceptions(self, request: Request) -> Response:
        """What waits for a desk."""
        who = await self._who(request)
        found = await run_in_threadpool(self._given.exceptions)
        desks = {owner: [each for each in found if each.waiting.queue.owner is owner] for owner, _ in console.codes()}
        return self._page("exceptions", who, "exceptions", desks=desks, count=len(found))

    async def events(self, request: Request) -> Response:
        """That something happened: in one case, or in any."""
        await self._who(request)
        return stream(self._given, request, request.query_params.get("case"))

    async def back(self, request: Request) -> Response:
        """To the case, for whoever loads a page anew that said why a form was refused."""
        return RedirectResponse(f"/cases/{request.path_params['case']}", 303)

    async def close(self, request: Request) -> Response:
        """Close an exception with what was found."""
        async with request.form(max_files=0, max_fields=8) as form:
            who = await run_in_threadpool(self.sessions.for_form, request, form)
            typed = {name: _word(form, name) for name in ("words", "way", "reference", "key")}
        case, code = request.path_params["case"], request.path_params["code"]
        refusal = await run_in_threadpool(self._close, who, case, code, typed)
        if refusal is not None:
            return await self._case_page(request, who, Filled(None, typed, refusal, code), status=422)
        return RedirectResponse(f"/cases/{case}?did=closed", 303)

    def _close(self, who: SignedIn, case: str, code: int, typed: Mapping[str, str]) -> Refusal | None:
        if self._given.case(case) is None:
            raise ProblemError(NOT_FOUND)
        words = typed["words"]
        if not words or len(words) > LONGEST_WORDS or not words.isprintable():
            why = f"It is empty, longer than {LONGEST_WORDS} characters, or holds characters that nobody can read."
            return Refusal("words", why, "Write what was found, and no participant's name.")
        paid = (Way(typed["way"]), typed["reference"]) if typed["way"] in set(Way) and typed["reference"] else None
        return self._given.close_exception(who.staff, case, code=code, words=words, key=typed["key"], paid=paid)

    def _act(self, act: Act) -> Any:
        async def done(request: Request) -> Response:
            async with request.form(max_files=0, max_fields=8 + MOST) as form:
                who = await run_in_threadpool(self.sessions.for_form, request, form)
                names = ("way", "reference", "code", "key", *fields_of())
                typed = {name: _word(form, name) for name in names}
            refusal = await run_in_threadpool(self._do, act, who, request.path_params["case"], typed)
            if refusal is not None:
                return await self._case_page(request, who, Filled(act, typed, refusal), status=422)
            return RedirectResponse(f"/cases/{request.path_params['case']}?did={act}", 303)

        return done

    def _do(self, act: Act, who: SignedIn, case: str, typed: Mapping[str, str]) -> Refusal | None:
        detail = self._given.case(case)
        if detail is None:
            raise ProblemError(NOT_FOUND)
        key = typed["key"]
        match act:
            case Act.AGAIN:
                return self._given.again(who.staff, case, key=key)
            case Act.OFF_RAIL:
                way, reference = typed["way"], typed["reference"]
                if way not in list(Way):
                    return Refusal("way", "Nobody said how it is paid.", "Choose check or wire.")
                if not reference or len(reference) > LONGEST or not reference.isprintable():
                    why = f"It is empty, longer than {LONGEST} characters, or holds characters that nobody can read."
                    return Refusal("reference", why, "Write the number of the check or the reference of the wire.")
                return self._given.off_rail(who.staff, case, way=Way(way), reference=reference, key=key)
            case Act.RESIDUAL:
                came = came_of(typed, len(detail.sources))
                if isinstance(came, Refusal):
                    return came
                return self._given.residual(who.staff, case, came=came.cents, payment_on=came.payment_on, key=key)
            case Act.STOP:
                code = int(typed["code"]) if typed["code"].isascii() and typed["code"].isdigit() else 0
                if code not in {each for _, desk in console.codes() for each, _ in desk}:
                    return Refusal("code", "No reason was chosen.", "Choose why it is to end; the other side is told.")
                return self._given.stop(who.staff, case, code=code, key=key)

    async def _who(self, request: Request) -> SignedIn:
        return await run_in_threadpool(self.sessions.of, request)

    async def _case_page(
        self, request: Request, who: SignedIn, filled: Filled, *, said: str = "", status: int = 200
    ) -> Response:
        detail = await run_in_threadpool(self._given.case, request.path_params["case"])
        if detail is None:
            raise ProblemError(NOT_FOUND)
        words = self._words_of(detail, who)
        return self._page("case", who, "", status, detail=detail, filled=filled, said=said, **words)

    def _words_of(self, detail: CaseDetail, who: SignedIn) -> dict[str, Any]:
        line = console.line_of(detail.line, self._given.custodian)
        # One act in one state of a case: a form that is sent twice does nothing more than once.
        told = f"{detail.line.case} {detail.line.state} {detail.line.since} {who.form_token}"
        key = hashlib.sha256(told.encode()).hexdigest()
        return {"line": line, "paths": _PATHS, "codes": console.codes(), "key": key}

    def _page(self, name: str, who: SignedIn, current: str, status: int = 200, **words: Any) -> Response:
        return self._look.page(name, status, who=who, current=current, console=console, **words)


def _word(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""
