"""Who of the custodian's people is signed in: by a staff token, kept in this process while a browser has its cookie.

The cookie holds a random id, never the token. Each request asks anew whether the token still holds, so that one that
was withdrawn ends all its sessions; a restart ends them all. Not here: who has which token.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from open401k.kernel import Random

from ..limits import Limits
from ..problems import CROSS_SITE, FORBIDDEN, UNAUTHENTICATED, ProblemError
from .provided import ForPages, Staff, StaffRole

#: Seconds that a session lives, and that it may lie idle.
LIVES: Final = 12 * 3_600
IDLE: Final = 3_600
#: Sessions are few; memory stays flat whatever happens.
MOST: Final = 1_000


@dataclass
class _Session:
    token: str
    begun_at: int
    used_at: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks, and what their forms carry."""

    staff: Staff
    form_token: str

    @property
    def acts(self) -> bool:
        """Whether they may do anything: auditors look."""
        return self.staff.role is StaffRole.OPERATOR


class Sessions:
    """The sessions of this process."""

    def __init__(self, given: ForPages, random: Random) -> None:
        self._given, self._random = given, random
        self._https = given.origin.startswith("https:")
        self._by_id: OrderedDict[bytes, _Session] = OrderedDict()
        self._lock = threading.Lock()
        self._limits = Limits()
        #: Bound to this very host where there is TLS.
        self.cookie = "__Host-open401k-node" if self._https else "open401k_node"

    def sign_in(self, request: Request, token: str, answer: Response) -> Staff | None:
        """Begin a session with this token and set its cookie; None for a token that is none for people."""
        now = self._given.now()
        at = datetime.fromtimestamp(now, UTC)
        self._limits.refuse_address(request, at)
        staff = self._given.staff(token)
        if staff is None or staff.role is StaffRole.SYSTEM:
            self._limits.address_failed(request, at)
            return None
        secret = self._random.token(32).hex()
        with self._lock:
            self._by_id.pop(_id(request.cookies.get(self.cookie, "")), None)
            self._by_id[_id(secret)] = _Session(token, now, now)
            while len(self._by_id) > MOST:
                self._by_id.popitem(last=False)
        answer.set_cookie(self.cookie, secret, path="/", httponly=True, samesite="strict", secure=self._https)
        return staff

    def of(self, request: Request) -> SignedIn:
        """Who asks; ProblemError (401) for nobody."""
        secret, now = request.cookies.get(self.cookie, ""), self._given.now()
        with self._lock:
            session = self._by_id.get(_id(secret))
        if session is None or now - session.begun_at > LIVES or now - session.used_at > IDLE:
            raise ProblemError(UNAUTHENTICATED)
        staff = self._given.staff(session.token)
        if staff is None or staff.role is StaffRole.SYSTEM:
            raise ProblemError(UNAUTHENTICATED)
        session.used_at = now
        return SignedIn(staff, _form_token(secret))

    def for_form(self, request: Request, form: FormData, *, acts: bool = True) -> SignedIn:
        """Who sent a form of ours: its token fits the session, and their role may act."""
        who = self.of(request)
        token = form.get("csrf")
        if not isinstance(token, str) or not hmac.compare_digest(token.encode(), who.form_token.encode()):
            raise ProblemError(CROSS_SITE)
        if acts and not who.acts:
            raise ProblemError(FORBIDDEN)
        return who

    def sign_out(self, request: Request, answer: Response) -> None:
        """End this browser's session."""
        with self._lock:
            self._by_id.pop(_id(request.cookies.get(self.cookie, "")), None)
        answer.delete_cookie(self.cookie, path="/", secure=self._https, httponly=True, samesite="strict")


def _id(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _form_token(secret: str) -> str:
    """Follows from the cookie, and does not give it away."""
    return hashlib.sha256(b"form\x00" + secret.encode()).hexdigest()
