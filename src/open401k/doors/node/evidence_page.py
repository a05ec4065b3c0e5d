"""The auditor's page: evidence of a rollover, uploaded or of a case here, statement by statement. It keeps nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from open401k.kernel import Open401kError
from open401k.rails.chain.interface import UnavailableError
from open401k.rails.evidence.checking import check
from open401k.rails.evidence.file import LONGEST, joined, read_file, write
from open401k.rails.evidence.findings import Finding, Report, Status
from open401k.rails.evidence.handing import NoCaseError, evidence_of
from open401k.rails.evidence.on_chain import Wallets
from open401k.rails.evidence.wording import TITLES
from open401k.rails.node.process import Process

from ..problems import NOT_FOUND, TOO_LARGE, Problem, ProblemError
from . import console
from .look import Look, answering
from .provided import Refusal
from .sessions import Sessions, SignedIn

#: The evidence of a case of this node, as a file; None for a case that is not there.
HandsOut = Callable[[str], str | None]
#: A status's word and color; the word carries the meaning.
STATUSES: Final = {
    Status.PROVED: ("Proved", "ok"),
    Status.STATED: ("Stated", ""),
    Status.MISSING: ("Missing", "warn"),
    Status.FAILED: ("Broken", "bad"),
}
_MOST_SENT: Final = 2 * LONGEST + 2**16


@dataclass(frozen=True, slots=True)
class Typed:
    """What was sent by the form."""

    file: str
    other: str
    head: str


class EvidencePages:
    """Staff, auditors among them, check evidence here; nobody else comes in."""

    def __init__(
        self, look: Look, sessions: Sessions, hands_out: HandsOut | None, wallets: Wallets | None = None
    ) -> None:
        self._look, self._sessions, self._hands_out, self._wallets = look, sessions, hands_out, wallets

    def routes(self) -> list[BaseRoute]:
        """The form, what it answers, and the evidence of a case where this node hands it out."""
        told = [("/evidence", self.form, "GET"), ("/evidence", self.checked, "POST")]
        if self._hands_out is not None:
            told += [("/cases/{case}/evidence", self.of_case, "GET"), ("/cases/{case}/evidence.json", self.file, "GET")]
        return [Route(path, answering(self._look, endpoint), methods=[method]) for path, endpoint, method in told]

    async def form(self, request: Request) -> Response:
        """Where files are chosen."""
        return self._page(await run_in_threadpool(self._sessions.of, request))

    async def checked(self, request: Request) -> Response:
        """The files that were sent, checked."""
        await run_in_threadpool(self._sessions.of, request)  # before anything of the body is read
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _MOST_SENT:
            raise ProblemError(TOO_LARGE)
        async with request.form(max_files=2, max_fields=4) as form:
            who = await run_in_threadpool(self._sessions.for_form, request, form, acts=False)
            try:
                typed = Typed(await _text(form, "file"), await _text(form, "other"), _word(form, "head"))
                report = await run_in_threadpool(_checked, typed, self._wallets)
            except _NotMeantError as why:
                return self._page(who, status=422, refusal=why.refusal)
        return self._page(who, report=report, known=bool(typed.head))

    async def of_case(self, request: Request) -> Response:
        """The evidence of one of our cases, checked as anybody's."""
        who = await run_in_threadpool(self._sessions.of, request)
        case = request.path_params["case"]
        text = await run_in_threadpool(self._text_of, case)
        report = await run_in_threadpool(partial(check, text, wallets=self._wallets))
        return self._page(who, report=report, case=case)

    async def file(self, request: Request) -> Response:
        """The same as a file, to be handed on; it discloses nothing of a person."""
        await run_in_threadpool(self._sessions.of, request)
        text = await run_in_threadpool(self._text_of, request.path_params["case"])
        headers = {"Content-Disposition": 'attachment; filename="rollover-evidence.json"', "Cache-Control": "no-store"}
        return Response(text, media_type="application/json", headers=headers)

    def _text_of(self, case: str) -> str:
        found = self._hands_out(case) if self._hands_out is not None else None
        if found is None:
            raise ProblemError(NOT_FOUND)
        return found

    def _page(
        self, who: SignedIn, status: int = 200, *, report: Report | None = None, refusal: Refusal | None = None,
        case: str = "", known: bool = False,
    ) -> Response:  # fmt: skip
        words = {"report": report, "refusal": refusal, "case": case, "known": known, "statuses": STATUSES}
        groups = _groups(report.findings) if report is not None else []
        counts = [(status, report.count(status)) for status in Status] if report is not None else []
        answer = self._look.page(
            "evidence", status, who=who, current="evidence", console=console, groups=groups, counts=counts, **words
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer


def handing(process: Process) -> HandsOut:
    """The evidence of this node's cases, which discloses nothing of a person."""

    def text_of(case: str) -> str | None:
        coordinator = process.config.contracts.rollover
        try:
            return write(evidence_of(process.files, process.chain, coordinator=coordinator, case=case))
        except NoCaseError:
            return None
        except UnavailableError as why:
            raise ProblemError(
                Problem(503, "chain_silent", "The chain does not prove it now.", why.message, why.fix)
            ) from why
        except Open401kError as why:
            raise ProblemError(
                Problem(409, "nothing_to_prove", "There is no evidence yet.", why.message, why.fix)
            ) from why

    return text_of


class _NotMeantError(Exception):
    def __init__(self, field: str, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.refusal = Refusal(field, reason, fix)


def _groups(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """What stands together, under a title."""
    found: dict[str, list[Finding]] = {}
    for each in findings:
        found.setdefault(TITLES[each.about], []).append(each)
    return list(found.items())


def _checked(typed: Typed, wallets: Wallets | None) -> Report:
    if not typed.file:
        raise _NotMeantError("file", "No file was chosen.", "Choose the evidence that a custodian gave you.")
    head = None
    if typed.head:
        try:
            head = bytes.fromhex(typed.head.removeprefix("0x"))
        except ValueError:
            head = b""
        if len(head) != 32:
            raise _NotMeantError("head", "That is no hash.", "Write 0x and 64 digits, or leave it empty.")
    text = typed.file
    if typed.other:
        try:
            text = write(joined(read_file(typed.file), read_file(typed.other)))
        except Open401kError as why:
            raise _NotMeantError("other", why.message, why.fix) from None
    return check(text, head=head, wallets=wallets)


async def _text(form: FormData, name: str) -> str:
    """A file that was sent, as text; what is no text cannot be read as evidence either."""
    sent = form.get(name)
    if not isinstance(sent, UploadFile):
        return ""
    read = await sent.read(LONGEST + 1)
    if len(read) > LONGEST:
        raise ProblemError(TOO_LARGE)
    try:
        return read.decode()
    except UnicodeDecodeError:
        raise _NotMeantError(name, "That file is no text.", "Choose the evidence that a custodian gave you.") from None


def _word(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""
