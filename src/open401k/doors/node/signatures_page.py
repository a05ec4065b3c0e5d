"""The console's pages of what waits for our wallet: read it, sign by passkey or put in a signature; make a passkey.

Operators alone; the digest that was shown is the one that is signed. Not here: whether the wallet signed (the chain).
"""

from __future__ import annotations

import json

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from open401k.kernel import Random
from open401k.rails.node.core import SilentError

from ..problems import FORBIDDEN, NOT_FOUND, ProblemError
from . import console
from .ceremonies import CHANGED, NOT_NOW, Ceremonies, agreed, answer, as_letters, key_made, sent_by, signature
from .for_signatures import ForSignatures, Offered
from .look import Look, answering
from .peers import AWAY
from .provided import ForPages, Refusal
from .sessions import Sessions, SignedIn

_MOST = 1_026
_NO_SIGNATURE = Refusal("signature", "This is no signature.", "Paste all of it, as 0x and pairs of digits.")
_NO_OWNER = Refusal("owner", "This is no address.", "Paste the owner's address, 0x and 40 digits, or leave it empty.")


class SignaturePages:
    """The list, one signature, and the making of a passkey."""

    def __init__(
        self, given: ForPages, signatures: ForSignatures, look: Look, sessions: Sessions, random: Random
    ) -> None:
        self._given, self._look, self._sessions = signatures, look, sessions
        self._ceremonies = Ceremonies(given, random)

    def routes(self) -> list[BaseRoute]:
        """All of it, each with its method."""
        told = (
            ("/signatures", self.waiting, "GET"),
            ("/signatures/{digest}", self.one, "GET"),
            ("/signatures/{digest}", self.put_in, "POST"),
            ("/signatures/{digest}/passkey", self.sign, "POST"),
            ("/wallet", self.wallet, "GET"),
            ("/wallet", self.keep_key, "POST"),
        )
        return [Route(path, answering(self._look, endpoint), methods=[method]) for path, endpoint, method in told]

    async def waiting(self, request: Request) -> Response:
        """What waits, what ends first first."""
        who = await run_in_threadpool(self._sessions.of, request)
        found = await run_in_threadpool(self._given.waiting)
        did = request.query_params.get("did")
        return self._page("signatures", who, found=found, did=did)

    async def one(self, request: Request) -> Response:
        """One, in words, with what is signed exactly."""
        who = await run_in_threadpool(self._sessions.of, request)
        return self._offer(who, await self._offered(request))

    async def put_in(self, request: Request) -> Response:
        """A signature that was made elsewhere: the whole wallet's, or an owner's."""
        async with request.form(max_files=0, max_fields=5) as form:
            who = await run_in_threadpool(self._sessions.for_form, request, form)
            typed = {name: str(form.get(name, "")).strip() for name in ("signature", "owner")}
        found = await self._offered(request)
        given, owner = _octets(typed["signature"]), _octets(typed["owner"])
        refusal = None if given else _NO_SIGNATURE
        if typed["owner"] and (owner is None or len(owner) != 20):
            refusal = _NO_OWNER
        if refusal is None and given is not None:
            refusal = await self._put(who, found, given, owner)
        if refusal is not None:
            return self._offer(who, found, typed=typed, refusal=refusal, status=422)
        return RedirectResponse(f"/signatures?did={'part' if owner else 'signed'}", 303)

    async def sign(self, request: Request) -> Response:
        """By passkey, over the digest that was shown."""
        who, found, sent = await self._operator(request), await self._offered(request), await sent_by(request)
        agreed(sent)
        if sent.get("challenge") != as_letters(found.one.wanted.digest):
            raise ProblemError(CHANGED)
        if found.key is None:
            raise ProblemError(NOT_NOW)
        signed = signature(sent, found.key.passkey, found.one.wanted.digest, self._ceremonies.website)
        return answer(await self._put(who, found, signed, None), "/signatures?did=signed")

    async def wallet(self, request: Request) -> Response:
        """Which wallet the network names, passkeys that were made here, and the making of one."""
        who = await self._operator(request)
        named = await run_in_threadpool(self._given.wallet)
        keys = await run_in_threadpool(self._given.keys)
        options = json.dumps(self._ceremonies.creation("wallet"))
        return self._page("wallet", who, named=named, keys=keys, options=options)

    async def keep_key(self, request: Request) -> Response:
        """A passkey that was just made."""
        await self._operator(request)
        sent = await sent_by(request)
        agreed(sent)
        made = key_made(sent, self._ceremonies.challenges("wallet"), self._ceremonies.website)
        await run_in_threadpool(self._given.keep, made)
        return answer(None, "/wallet")

    async def _operator(self, request: Request) -> SignedIn:
        who = await run_in_threadpool(self._sessions.of, request)
        if not who.acts:
            raise ProblemError(FORBIDDEN)
        return who

    async def _put(self, who: SignedIn, found: Offered, signed: bytes, owner: bytes | None) -> Refusal | None:
        try:
            return await run_in_threadpool(self._given.put, who.staff, found.one.wanted.digest, signed, owner)
        except SilentError:
            raise ProblemError(AWAY) from None

    async def _offered(self, request: Request) -> Offered:
        digest = _octets(request.path_params["digest"])
        try:
            found = None if digest is None else await run_in_threadpool(self._given.offered, digest)
        except SilentError:
            raise ProblemError(AWAY) from None
        if found is None:
            raise ProblemError(NOT_FOUND)
        return found

    def _offer(
        self, who: SignedIn, found: Offered, *, typed: dict[str, str] | None = None, refusal: Refusal | None = None,
        status: int = 200,
    ) -> Response:  # fmt: skip
        options = ""
        if found.key is not None:
            options = json.dumps(self._ceremonies.assertion(found.one.wanted.digest, found.key.credential))
        typed_data = json.dumps(found.one.told.typed, indent=1)
        owners = json.dumps(found.owners_typed, indent=1) if found.owners_typed else ""
        return self._page(
            "signature", who, status, found=found, one=found.one, options=options, refusal=refusal,
            typed=typed or {"signature": "", "owner": ""}, typed_data=typed_data, owners_typed=owners, longest=_MOST,
        )  # fmt: skip

    def _page(self, name: str, who: SignedIn, status: int = 200, **words: object) -> Response:
        return self._look.page(name, status, who=who, current="signatures", console=console, **words)


def _octets(typed: str) -> bytes | None:
    """Bytes as tools write them; None for what is none."""
    try:
        found = bytes.fromhex(typed.removeprefix("0x"))
    except ValueError:
        return None
    return found if 0 < len(found) <= _MOST // 2 else None
