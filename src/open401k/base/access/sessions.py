"""Sessions and one-time sign-in links. Only hashes of their tokens are stored.

``at`` is the wall clock's time, read at the door: a session also ages in a sandbox whose business clock is moved by
months. ``tx`` begins with every tenant, since who is asking decides which tenants they may see. Not here: passkeys.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from open401k.kernel import Refused, SessionId, UserId

from ..db import Tx
from . import _store
from .roles import Denial, Principal
from .users import principal_of

LONGEST: Final = timedelta(hours=12)
IDLE: Final = timedelta(hours=1)
LINK_LIVES: Final = timedelta(minutes=15)
_NOTE_USE_EVERY: Final = timedelta(minutes=1)


class Strength(StrEnum):
    """How a session's user proved who they are."""

    LINK = "link"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True, repr=False)
class NewSession:
    """A session just begun; ``token`` exists only here and in the browser's cookie."""

    session_id: SessionId
    user_id: UserId
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds, and who it speaks for."""

    session_id: SessionId
    strength: Strength
    principal: Principal


def begin_session(tx: Tx, *, user_id: UserId, strength: Strength, at: datetime) -> NewSession:
    """Start a session for somebody who has proved who they are."""
    session_id, token = tx.ids.new(SessionId), new_token(tx)
    _store.add_session(tx, session_id, user_id, hash_token(token), strength, at, at + LONGEST)
    return NewSession(session_id, user_id, token, at + LONGEST)


def session_of(tx: Tx, *, token: str, at: datetime) -> Session | Refused[Denial]:
    """Who a token speaks for now; unknown, ended, idle and expired ones get one and the same answer."""
    row = _store.session(tx, hash_token(token))
    if row is None:
        return _no_session()
    session_id, user_id, strength, used_at, expires_at, ended_at = row
    if ended_at is not None or at >= expires_at or at >= used_at + IDLE:
        return _no_session()
    if at >= used_at + _NOTE_USE_EVERY:
        _store.note_session_use(tx, session_id, at)
    principal = principal_of(tx, user_id=UserId(user_id), at=at)
    return Session(SessionId(session_id), Strength(strength), principal)


def rotate_session(tx: Tx, *, token: str, at: datetime) -> str | Refused[Denial]:
    """The same session under a new token (after any change of rights); the old one is worth nothing from then on."""
    held = session_of(tx, token=token, at=at)
    if isinstance(held, Refused):
        return held
    fresh = new_token(tx)
    _store.replace_session_token(tx, held.session_id, hash_token(fresh))
    return fresh


def end_session(tx: Tx, *, session_id: SessionId, at: datetime) -> None:
    """Sign out."""
    _store.end_session(tx, session_id, at)


def end_all_sessions(tx: Tx, *, user_id: UserId, at: datetime) -> int:
    """Sign out everywhere; returns of how many sessions."""
    return _store.end_sessions_of(tx, user_id, at)


def create_link(tx: Tx, *, user_id: UserId, at: datetime, lives: timedelta = LINK_LIVES) -> str:
    """The token of a link that signs the user in once. Whoever has it is them: send it to nobody else."""
    token = new_token(tx)
    _store.add_link(tx, hash_token(token), user_id, at, at + lives)
    return token


def redeem_link(tx: Tx, *, token: str, at: datetime) -> NewSession | Refused[Denial]:
    """Trade a link for a session: the first time only, and in time only."""
    user_id = _store.use_link(tx, hash_token(token), at)
    if user_id is None:
        message = "This sign-in link was used already, has expired, or never was."
        return Refused(Denial.EXPIRED, message, fix="Ask for a new one.")
    return begin_session(tx, user_id=UserId(user_id), strength=Strength.LINK, at=at)


def new_token(tx: Tx) -> str:
    """256 random bits, in characters that a URL and a cookie can hold."""
    return base64.urlsafe_b64encode(tx.keyring.random_bytes(32)).decode().rstrip("=")


def hash_token(token: str) -> bytes:
    """What is stored of a token. A fast hash is enough: 256 random bits cannot be guessed, unlike a password."""
    return hashlib.sha256(token.encode()).digest()


def _no_session() -> Refused[Denial]:
    return Refused(Denial.NOT_SIGNED_IN, "You are not signed in, or your session has ended.", fix="Sign in again.")
