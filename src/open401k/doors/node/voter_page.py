"""The page ``/v/{link}`` of a further voter: how they will sign, the exact terms in plain words, yes or no.

A spouse signs by passkey; a member of the network signs by the key that the network knows, with tools of its own, and
the signature is put in here. Either way it is over the digest that the contracts check.
"""

from __future__ import annotations

import json
import logging

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from open401k.kernel import Random
from open401k.rails import in_words, terms_in_words
from open401k.rails.messages import Role, election_hash
from open401k.rails.node.nays import no_digest
from open401k.rails.typed import approval_typed

from ..problems import ProblemError
from .asked import Asked, Asking, ForVoters
from .ceremonies import CHANGED, NOT_NOW, UNLIKE, Ceremonies, agreed, answer, as_letters, key_made, sent_by, signature
from .live import stream
from .look import PRIVATE, Look, answering
from .provided import ForPages, NewKey, Refusal, Signed
from .tracker_page import NO_LINK

log = logging.getLogger("open401k.node")
_LONGEST_SIGNATURE = 512


class Offer:
    """What is offered to be signed: all its words, its digest, and the same as typed data for signing tools."""

    def __init__(self, found: Asked) -> None:
        paper, known = found.paper, found.known
        if paper is None or known is None:
            raise ProblemError(NOT_NOW)
        read = terms_in_words.Read(paper.role, paper.election, paper.terms, paper.evidence, found.consent)
        try:
            self.rows = terms_in_words.told(read, known)
        except in_words.UnlikeError as why:
            log.error("terms are not offered: %s", str(why).partition(":")[0])
            raise ProblemError(UNLIKE) from None
        self.paper, self.known, self.digest = paper, known, paper.digest
        self.means = terms_in_words.means(read, known)
        self.text = terms_in_words.as_text(read, known, digest=paper.digest)
        hashed = election_hash(paper.election)
        typed = approval_typed(paper.domain, hashed, paper.terms, role=paper.role, evidence=paper.evidence)
        self.typed = json.dumps(typed, indent=1)
        self.no_digest = no_digest(paper)
        self.passkey = found.passkey if found.passkey and found.passkey.address == paper.who else None

    @property
    def challenge(self) -> str:
        """The digest as browsers take it."""
        return as_letters(self.digest)

    @property
    def no_challenge(self) -> str:
        """The digest of a no, as browsers take it."""
        return as_letters(self.no_digest)


class VoterPages:
    """The page, what it sends, and the copy to keep."""

    def __init__(self, given: ForPages, voters: ForVoters, look: Look, random: Random) -> None:
        self._given, self._voters, self._look = given, voters, look
        self._ceremonies = Ceremonies(given, random)

    def routes(self) -> list[BaseRoute]:
        """All of it, each with its method."""
        told = (
            ("/v/{link}", self.page, "GET"),
            ("/v/{link}/events", self.events, "GET"),
            ("/v/{link}/terms.txt", self.copy, "GET"),
            ("/v/{link}/key", self.keep_key, "POST"),
            ("/v/{link}/sign", self.sign, "POST"),
            ("/v/{link}/signature", self.put_in, "POST"),
            *((f"/v/{{link}}/{form}", self.back, "GET") for form in ("signature", "refuse")),
            ("/v/{link}/refuse", self.refuse, "POST"),
            ("/v/{link}/no", self.sign_no, "POST"),
        )
        return [
            Route(path, answering(self._look, endpoint, private=True), methods=[method])
            for path, endpoint, method in told
        ]

    async def back(self, request: Request) -> Response:
        """To the page, for whoever loads one anew that said why a form was refused."""
        return RedirectResponse(f"/v/{request.path_params['link']}", 303, headers=PRIVATE)

    async def page(self, request: Request) -> Response:
        """How they will sign, then what they sign, then what they signed."""
        return self._shown(request, await self._asked(request))

    async def events(self, request: Request) -> Response:
        """That something happened in the case."""
        return stream(self._given, request, (await self._asked(request)).case)

    async def copy(self, request: Request) -> Response:
        """All that is signed, as a text to keep."""
        offer = Offer(await self._asked(request))
        headers = PRIVATE | {"Content-Disposition": 'attachment; filename="terms.txt"'}
        return PlainTextResponse(offer.text, headers=headers)

    async def keep_key(self, request: Request) -> Response:
        """A spouse's passkey that was just made, and their agreement to sign on a screen."""
        link, found = request.path_params["link"], await self._asked(request)
        sent = await sent_by(request)
        if not _may_choose(found):
            raise ProblemError(NOT_NOW)
        agreed(sent)
        key = key_made(sent, self._ceremonies.challenges(link), self._ceremonies.website)
        told = NewKey(key.passkey, key.credential, "\n".join(self._consent()))
        return answer(await run_in_threadpool(self._voters.keep_voters_key, link, told), f"/v/{link}")

    async def sign(self, request: Request) -> Response:
        """The signature by passkey over the terms as they stand."""
        link, found = request.path_params["link"], await self._asked(request)
        sent, offer = await sent_by(request), _ready(found)
        agreed(sent)
        if sent.get("challenge") != offer.challenge:
            raise ProblemError(CHANGED)
        if offer.passkey is None:
            raise ProblemError(NOT_NOW)
        signed = signature(sent, offer.passkey, offer.digest, self._ceremonies.website)
        told = Signed(offer.digest, signed, offer.text)
        return answer(await run_in_threadpool(self._voters.agree, link, told), f"/v/{link}")

    async def put_in(self, request: Request) -> Response:
        """A signature that was made elsewhere, by another key."""
        link, found = request.path_params["link"], await self._asked(request)
        async with request.form(max_files=0, max_fields=4) as form:
            typed, shown = str(form.get("signature", "")).strip(), form.get("digest")
            agreed = form.get("agreed") == "true"
        offer = _ready(found)
        if shown != offer.digest.hex():
            raise ProblemError(CHANGED)
        refusal, signature = _read(typed) if agreed else (_NOT_TICKED, b"")
        if refusal is None:
            told = Signed(offer.digest, signature, offer.text)
            refusal = await run_in_threadpool(self._voters.agree, link, told)
        if refusal is not None:
            return self._shown(request, found, typed=typed, refusal=refusal, status=422)
        return RedirectResponse(f"/v/{link}", 303, headers=PRIVATE)

    async def sign_no(self, request: Request) -> Response:
        """They do not agree, by passkey over the terms as they stand."""
        link, found = request.path_params["link"], await self._asked(request)
        sent, offer = await sent_by(request), _ready(found)
        agreed(sent)
        if sent.get("challenge") != offer.no_challenge:
            raise ProblemError(CHANGED)
        if offer.passkey is None:
            raise ProblemError(NOT_NOW)
        signed = signature(sent, offer.passkey, offer.no_digest, self._ceremonies.website)
        return answer(await run_in_threadpool(self._voters.say_no, link, offer.no_digest, signed), f"/v/{link}")

    async def refuse(self, request: Request) -> Response:
        """They do not agree, and said so twice; with a signature made elsewhere, by their own word."""
        link, found = request.path_params["link"], await self._asked(request)
        async with request.form(max_files=0, max_fields=4) as form:
            is_sure, typed = form.get("sure") == "true", str(form.get("signature", "")).strip()
        if is_sure and typed:
            offer = _ready(found)
            refusal, signed = _read(typed)
            refusal = refusal or await run_in_threadpool(self._voters.say_no, link, offer.no_digest, signed)
            if refusal is not None:
                return self._shown(request, found, refusal=refusal, status=422)
            return RedirectResponse(f"/v/{link}", 303, headers=PRIVATE)
        if found.asking in (Asking.OVER, Asking.SIGNED):
            raise ProblemError(NOT_NOW)
        why = _NOT_SURE if not is_sure else await run_in_threadpool(self._voters.disagree, link)
        if why is not None:
            return self._shown(request, found, refusal=why, status=422)
        return RedirectResponse(f"/v/{link}", 303, headers=PRIVATE)

    def _shown(
        self, request: Request, found: Asked, *, typed: str = "", refusal: Refusal | None = None, status: int = 200
    ) -> Response:  # fmt: skip
        link, options, no_options = request.path_params["link"], "", ""
        offer = Offer(found) if found.paper is not None and found.asking is not Asking.OVER else None
        chooses = found.asking is Asking.KEY_NEEDED or (_may_choose(found) and "another" in request.query_params)
        if chooses:
            options = json.dumps(self._ceremonies.creation(link))
        elif offer is not None and offer.passkey is not None and found.asking is Asking.READY:
            options = json.dumps(self._ceremonies.assertion(offer.digest, found.credential))
            no_options = json.dumps(self._ceremonies.assertion(offer.no_digest, found.credential))
        return self._look.private(
            "voter", status, asked=found, offer=offer, options=options, no_options=no_options, link=link, typed=typed,
            refusal=refusal,
            consent=self._consent(), paper=self._given.paper, chooses=chooses, who=terms_in_words.WHO[found.role],
            may_choose=_may_choose(found), longest=2 * _LONGEST_SIGNATURE + 2,
        )  # fmt: skip

    def _consent(self) -> tuple[str, ...]:
        return terms_in_words.consent(self._given.custodian, self._given.paper)

    async def _asked(self, request: Request) -> Asked:
        found = await run_in_threadpool(self._voters.asked, request.path_params["link"])
        if found is None:
            raise ProblemError(NO_LINK)
        return found


_NOT_TICKED = Refusal("agreed", "Not ticked.", "Tick it if you agree.")
_NOT_SURE = Refusal("sure", "Not ticked.", "Tick it if the move is to end.")


def _ready(found: Asked) -> Offer:
    if found.asking is not Asking.READY:
        raise ProblemError(NOT_NOW)
    return Offer(found)


def _may_choose(found: Asked) -> bool:
    """Members sign by the key that the network knows; a spouse chooses one, until there are exact terms."""
    return found.role is Role.SPOUSE and found.paper is None and found.asking in (Asking.KEY_NEEDED, Asking.NOT_YET)


def _read(typed: str) -> tuple[Refusal | None, bytes]:
    """A signature as tools write it."""
    try:
        found = bytes.fromhex(typed.removeprefix("0x"))
    except ValueError:
        found = b""
    if not found or len(found) > _LONGEST_SIGNATURE:
        return Refusal("signature", "This is no signature.", "Paste all of it, as 0x and pairs of digits."), b""
    return None, found
