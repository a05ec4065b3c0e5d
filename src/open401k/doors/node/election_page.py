"""The election of a participant: how they will sign, what they sign in plain words, and the signature by passkey.

The challenge of the signature is the election's digest, so that what the passkey signs is what contracts check. Only an
election whose every field has its words is offered. The law asks what is said before somebody signs on a screen, and
that they can keep it: 15 USC 7001(c), Reg. 1.401(a)-21.
"""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from open401k.kernel import Random
from open401k.rails import in_words, messages, tracking
from open401k.rails.node.papers import Media
from open401k.rails.passkeys import Made, PasskeyError, Website, asserted, bytes_of, made

from ..problems import FieldProblem, Problem, ProblemError
from .look import PRIVATE, Look, answering
from .provided import Followed, ForPages, NewKey, Refusal, Signed, Signing, ToSign
from .tracker_page import NO_LINK

log = logging.getLogger("open401k.node")
#: An answer of a ceremony is some 1,500 bytes.
LONGEST = 16_384
ES256 = -7
_HOUR = 3_600
UNLIKE = Problem(
    409,
    "election_unlike",
    "There is nothing to sign at the moment.",
    "What would be signed does not agree with what we would show you, so it is not shown.",
    "Ask us by phone or e-mail; nothing has moved.",
)
CHANGED = Problem(
    409,
    "election_changed",
    "What you would sign has changed.",
    "The companies put in something new while you were reading.",
    "Load the page again and read what it says now.",
)
NOT_READ = Problem(
    409,
    "explanation_not_opened",
    "You have not opened the explanation of your choices yet.",
    "By signing you say that you have received it.",
    "Open it below the fields that you sign, read it, and sign then.",
)
NOT_NOW = Problem(409, "not_now", "This cannot be signed now.", "The move has gone on.", "Load the page again.")


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


def website_of(given: ForPages) -> Website:
    """To whom passkeys belong here."""
    return Website(urlsplit(given.origin).hostname or "", given.origin)


class Ceremonies:
    """What browsers are asked for. The challenge of a new passkey holds for an hour or two of this process."""

    def __init__(self, given: ForPages, random: Random) -> None:
        self._given = given
        self._secret = random.token(32)

    def creation(self, link: str) -> dict[str, Any]:
        """Options of ``navigator.credentials.create``. A new passkey takes the place of an older one of this link."""
        website = website_of(self._given)
        named = f"Rollover to {self._given.custodian}"
        user = {"id": _letters(hashlib.sha256(link.encode()).digest()[:16]), "name": named, "displayName": named}
        return {
            "rp": {"id": website.host, "name": self._given.custodian},
            "user": user,
            "challenge": _letters(self._challenge(link, self._given.now() // _HOUR)),
            "pubKeyCredParams": [{"type": "public-key", "alg": ES256}],
            "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
            "attestation": "none",
        }

    def assertion(self, offer: Offer) -> dict[str, Any]:
        """Options of ``navigator.credentials.get``: the challenge is what is signed."""
        return {
            "rpId": website_of(self._given).host,
            "challenge": _letters(offer.digest),
            "allowCredentials": [{"type": "public-key", "id": _letters(offer.to_sign.credential)}],
            "userVerification": "required",
        }

    def challenges(self, link: str) -> tuple[bytes, bytes]:
        """Of this hour and the one before."""
        hour = self._given.now() // _HOUR
        return self._challenge(link, hour), self._challenge(link, hour - 1)

    def _challenge(self, link: str, hour: int) -> bytes:
        return hmac.digest(self._secret, f"{hour} {link}".encode(), "sha256")


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
        options = json.dumps(self._ceremonies.assertion(offer)) if ready and offer else ""
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
        sent = await _sent(request)
        if found.signing not in (Signing.KEY_NEEDED, Signing.READY, Signing.NOT_YET):
            raise ProblemError(NOT_NOW)
        _agreed(sent)
        key = _made(sent, self._ceremonies.challenges(link), website_of(self._given))
        told = NewKey(key.passkey, key.credential, "\n".join(self._consent()))
        return _answer(await run_in_threadpool(self._given.keep_key, link, told), f"/r/{link}/election")

    async def sign(self, request: Request) -> Response:
        """The signature over the election as it stands now."""
        link, found = request.path_params["link"], await self._followed(request)
        sent, offer = await _sent(request), await self._offer(request)
        if found.signing is not Signing.READY or offer is None:
            raise ProblemError(NOT_NOW)
        _agreed(sent)
        if sent.get("challenge") != _letters(offer.digest):
            raise ProblemError(CHANGED)
        if not offer.to_sign.is_read:
            raise ProblemError(NOT_READ)
        told = Signed(offer.digest, _asserted(sent, offer, website_of(self._given)), offer.text)
        return _answer(await run_in_threadpool(self._given.sign, link, told), f"/r/{link}/election")

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


async def _sent(request: Request) -> Mapping[str, object]:
    """What the page's script sent: one object of texts."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise ProblemError(Problem(415, "not_json", "This address takes what its own page sends."))
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            raise ProblemError(Problem(413, "too_large", "Too large.", "An answer of a passkey is much smaller."))
    try:
        told = json.loads(bytes(body))
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise ProblemError(Problem(400, "not_json", "This address takes what its own page sends."))
    return told


def _agreed(sent: Mapping[str, object]) -> None:
    if sent.get("agreed") is not True:
        why = FieldProblem("Not ticked.", "Tick it if you agree; if not, ask for paper.", pointer="/agreed")
        raise ProblemError(Problem(422, "not_agreed", "Your agreement is missing.", why.reason, why.fix, (why,)))


def _made(sent: Mapping[str, object], challenges: tuple[bytes, bytes], website: Website) -> Made:
    client_data, data = _bytes(sent, "clientDataJSON"), _bytes(sent, "authenticatorData")
    why = None
    for challenge in challenges:
        try:
            return made(client_data, data, challenge=challenge, website=website)
        except PasskeyError as error:
            why = why or error
    raise _refused(why)


def _asserted(sent: Mapping[str, object], offer: Offer, website: Website) -> bytes:
    client_data, data = _bytes(sent, "clientDataJSON"), _bytes(sent, "authenticatorData")
    der, passkey = _bytes(sent, "signature"), offer.to_sign.passkey
    try:
        return asserted(passkey, client_data, data, der, digest=offer.digest, website=website)
    except PasskeyError as error:
        raise _refused(error) from None


def _bytes(sent: Mapping[str, object], name: str) -> bytes:
    try:
        return bytes_of(str(sent.get(name, "")))
    except PasskeyError as error:
        raise _refused(PasskeyError(f"{name}: {error}")) from None


def _refused(why: PasskeyError | None) -> ProblemError:
    """The passkey's answer is not what was asked for; the reason holds nothing of a person."""
    fix = "Load the page again and try once more; another device or browser may do."
    return ProblemError(Problem(422, "passkey_refused", "The passkey's answer was not accepted.", f"{why}.", fix))


def _answer(refusal: Refusal | None, then: str) -> Response:
    if refusal is not None:
        field = FieldProblem(refusal.reason, refusal.fix, pointer=f"/{refusal.field}" if refusal.field else None)
        raise ProblemError(Problem(409, "refused", "Not done.", refusal.reason, refusal.fix, (field,)))
    return JSONResponse({"next": then}, headers=PRIVATE)


def _letters(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
