"""The election of a participant: how they will sign, what they sign in plain words, and the signature by passkey.

The challenge of the signature is the election's digest, so that what the passkey signs is what contracts check. Only an
election whose every field has its words is offered. The law asks what is said before somebody signs on a screen, and
that they can keep it: 15 USC 7001(c), Reg. 1.401(a)-21.
"""

import json
import logging
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from open401k.kernel import Random
from open401k.rails import in_words, messages, tracking
from open401k.rails.node.papers import Media

from ..problems import Problem, ProblemError
from .ceremonies import CHANGED, NOT_NOW, UNLIKE, Ceremonies, agreed, answer, as_letters, key_made, sent_by, signature
from .look import PRIVATE, Look, answering
from .provided import Followed, ForPages, NewKey, Signed, Signing, ToSign
from .tracker_page import NO_LINK

log = logging.getLogger("open401k.node")
NOT_READ = Problem(
    409,
    "explanation_not_opened",
    "You have not opened the explanation of your choices yet.",
    "By signing you say that you have received it.",
    "Open it below the fields that you sign, read it, and sign then.",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """An election as it is offered: its digest, and all its words."""

    to_sign: ToSign
    digest: bytes
    rows: tuple[in_words.Row, ...]
    taxes: tuple[str, ...]
    text: str


def offered(to_sign: ToSign, *, now: int) -> Offer:
    """The words of an election; ProblemError where they are of another one."""
    election, known, on = to_sign.election, to_sign.known, tracking.last_day(now)
    try:
        rows = in_words.told(election, known)
    except in_words.UnlikeError as why:
        log.error("an election is not offered: %s", str(why).partition(":")[0])
        raise ProblemError(UNLIKE) from None
    if to_sign.passkey.address != election.participant:
        log.error("an election is not offered: its participant is another key")
        raise ProblemError(UNLIKE)
    digest = to_sign.domain.digest(messages.election_hash(election))
    return Offer(to_sign, digest, rows, in_words.taxes(known, on=on), in_words.as_text(election, known, on=on))


class ElectionPages:
    """The page, what it sends, and the copy to keep."""

    def __init__(self, given: ForPages, look: Look, random: Random) -> None:
        self._given, self._look = given, look
        self._ceremonies = Ceremonies(given, random)

    def routes(self) -> list[BaseRoute]:
        """All of it, each with its method."""
        told = (
            ("/r/{link}/election", self.page, "GET"),
            ("/r/{link}/election.txt", self.copy, "GET"),
            ("/r/{link}/explanation", self.explanation, "GET"),
            ("/r/{link}/key", self.keep_key, "POST"),
            ("/r/{link}/election", self.sign, "POST"),
        )
        return [
            Route(path, answering(self._look, endpoint, private=True), methods=[method])
            for path, endpoint, method in told
        ]

    async def page(self, request: Request) -> Response:
        """How they will sign, then what they sign, then what they signed."""
        link, found = request.path_params["link"], await self._followed(request)
        words: dict[str, Any] = {"link": link, "followed": found, "paper": self._given.paper}
        another = found.signing is Signing.READY and "another" in request.query_params
        if found.signing is Signing.KEY_NEEDED or another:
            options = json.dumps(self._ceremonies.creation(link))
            return self._look.private("prepare", consent=self._consent(), options=options, **words)
        if found.signing is Signing.OVER:
            return RedirectResponse(f"/r/{link}", 303, headers=PRIVATE)
        offer = await self._offer(request) if found.signing is not Signing.NOT_YET else None
        ready = offer is not None and found.signing is Signing.READY
        if ready and offer and offer.to_sign.paper and offer.to_sign.paper.text:  # the page shows all of it
            await run_in_threadpool(self._given.explanation, link)
        options = self._options(offer) if ready and offer else ""
        return self._look.private("election", offer=offer, ready=ready, options=options, **words)

    async def copy(self, request: Request) -> Response:
        """All that is signed, as a text to keep."""
        await self._followed(request)
        offer = await self._offer(request)
        if offer is None:
            raise ProblemError(NO_LINK)
        headers = PRIVATE | {"Content-Disposition": 'attachment; filename="election.txt"'}
        return PlainTextResponse(offer.text, headers=headers)

    async def explanation(self, request: Request) -> Response:
        """The explanation itself, to read and keep. Never shown inside a page: a PDF may be anything."""
        await self._followed(request)
        paper = await run_in_threadpool(self._given.explanation, request.path_params["link"])
        if paper is None:
            raise ProblemError(NO_LINK)
        name = "explanation.pdf" if paper.media is Media.PDF else "explanation.txt"
        headers = PRIVATE | {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(paper.content, media_type=paper.media, headers=headers)

    async def keep_key(self, request: Request) -> Response:
        """A passkey that was just made, and their agreement to sign on a screen."""
        link, found = request.path_params["link"], await self._followed(request)
        sent = await sent_by(request)
        if found.signing not in (Signing.KEY_NEEDED, Signing.READY, Signing.NOT_YET):
            raise ProblemError(NOT_NOW)
        agreed(sent)
        key = key_made(sent, self._ceremonies.challenges(link), self._ceremonies.website)
        told = NewKey(key.passkey, key.credential, "\n".join(self._consent()))
        return answer(await run_in_threadpool(self._given.keep_key, link, told), f"/r/{link}/election")

    async def sign(self, request: Request) -> Response:
        """The signature over the election as it stands now."""
        link, found = request.path_params["link"], await self._followed(request)
        sent, offer = await sent_by(request), await self._offer(request)
        if found.signing is not Signing.READY or offer is None:
            raise ProblemError(NOT_NOW)
        agreed(sent)
        if sent.get("challenge") != as_letters(offer.digest):
            raise ProblemError(CHANGED)
        if not offer.to_sign.is_read:
            raise ProblemError(NOT_READ)
        told = Signed(
            offer.digest, signature(sent, offer.to_sign.passkey, offer.digest, self._ceremonies.website), offer.text
        )
        return answer(await run_in_threadpool(self._given.sign, link, told), f"/r/{link}/election")

    def _options(self, offer: Offer) -> str:
        return json.dumps(self._ceremonies.assertion(offer.digest, offer.to_sign.credential))

    def _consent(self) -> tuple[str, ...]:
        return in_words.consent(self._given.custodian, self._given.paper)

    async def _followed(self, request: Request) -> Followed:
        found = await run_in_threadpool(self._given.followed, request.path_params["link"])
        if found is None:
            raise ProblemError(NO_LINK)
        return found

    async def _offer(self, request: Request) -> Offer | None:
        to_sign = await run_in_threadpool(self._given.to_sign, request.path_params["link"])
        return None if to_sign is None else offered(to_sign, now=self._given.now())
