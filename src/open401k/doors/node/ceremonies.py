"""The ceremonies of passkeys on our pages: what a browser is asked for, what it sends, checked; what is said if not.

A participant's election and a further voter's approval are signed alike: the challenge is the digest that contracts
check. Not here: what is signed, and whose turn it is.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from open401k.kernel import Random
from open401k.rails.passkeys import Made, Passkey, PasskeyError, Website, asserted, bytes_of, made

from ..problems import FieldProblem, Problem, ProblemError
from .look import PRIVATE
from .provided import ForPages, Refusal

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
NOT_NOW = Problem(409, "not_now", "This cannot be signed now.", "The move has gone on.", "Load the page again.")


class Ceremonies:
    """What browsers are asked for. The challenge of a new passkey holds for an hour or two of this process."""

    def __init__(self, given: ForPages, random: Random) -> None:
        self._given = given
        self._secret = random.token(32)

    @property
    def website(self) -> Website:
        """To whom passkeys belong here."""
        return Website(urlsplit(self._given.origin).hostname or "", self._given.origin)

    def creation(self, link: str) -> dict[str, Any]:
        """Options of ``navigator.credentials.create``. A new passkey takes the place of an older one of this link."""
        named = f"Rollover to {self._given.custodian}"
        user = {"id": as_letters(hashlib.sha256(link.encode()).digest()[:16]), "name": named, "displayName": named}
        return {
            "rp": {"id": self.website.host, "name": self._given.custodian},
            "user": user,
            "challenge": as_letters(self._challenge(link, self._given.now() // _HOUR)),
            "pubKeyCredParams": [{"type": "public-key", "alg": ES256}],
            "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
            "attestation": "none",
        }

    def assertion(self, digest: bytes, credential: bytes) -> dict[str, Any]:
        """Options of ``navigator.credentials.get``: the challenge is what is signed."""
        return {
            "rpId": self.website.host,
            "challenge": as_letters(digest),
            "allowCredentials": [{"type": "public-key", "id": as_letters(credential)}],
            "userVerification": "required",
        }

    def challenges(self, link: str) -> tuple[bytes, bytes]:
        """Of this hour and the one before."""
        hour = self._given.now() // _HOUR
        return self._challenge(link, hour), self._challenge(link, hour - 1)

    def _challenge(self, link: str, hour: int) -> bytes:
        return hmac.digest(self._secret, f"{hour} {link}".encode(), "sha256")


async def sent_by(request: Request) -> Mapping[str, object]:
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


def agreed(sent: Mapping[str, object]) -> None:
    """They ticked that they agree to sign on a screen."""
    if sent.get("agreed") is not True:
        why = FieldProblem("Not ticked.", "Tick it if you agree; if not, ask for paper.", pointer="/agreed")
        raise ProblemError(Problem(422, "not_agreed", "Your agreement is missing.", why.reason, why.fix, (why,)))


def key_made(sent: Mapping[str, object], challenges: tuple[bytes, bytes], website: Website) -> Made:
    """The passkey that was just made, for one of our challenges."""
    client_data, data = _bytes(sent, "clientDataJSON"), _bytes(sent, "authenticatorData")
    why = None
    for challenge in challenges:
        try:
            return made(client_data, data, challenge=challenge, website=website)
        except PasskeyError as error:
            why = why or error
    raise _refused(why)


def signature(sent: Mapping[str, object], passkey: Passkey, digest: bytes, website: Website) -> bytes:
    """The passkey's signature over the digest, as contracts take it."""
    client_data, data = _bytes(sent, "clientDataJSON"), _bytes(sent, "authenticatorData")
    der = _bytes(sent, "signature")
    try:
        return asserted(passkey, client_data, data, der, digest=digest, website=website)
    except PasskeyError as error:
        raise _refused(error) from None


def answer(refusal: Refusal | None, then: str) -> Response:
    """Where the page's script goes next; ProblemError where it was refused."""
    if refusal is not None:
        field = FieldProblem(refusal.reason, refusal.fix, pointer=f"/{refusal.field}" if refusal.field else None)
        raise ProblemError(Problem(409, "refused", "Not done.", refusal.reason, refusal.fix, (field,)))
    return JSONResponse({"next": then}, headers=PRIVATE)


def as_letters(data: bytes) -> str:
    """Bytes as browsers take them."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(sent: Mapping[str, object], name: str) -> bytes:
    try:
        return bytes_of(str(sent.get(name, "")))
    except PasskeyError as error:
        raise _refused(PasskeyError(f"{name}: {error}")) from None


def _refused(why: PasskeyError | None) -> ProblemError:
    """The passkey's answer is not what was asked for; the reason holds nothing of a person."""
    fix = "Load the page again and try once more; another device or browser may do."
    return ProblemError(Problem(422, "passkey_refused", "The passkey's answer was not accepted.", f"{why}.", fix))
