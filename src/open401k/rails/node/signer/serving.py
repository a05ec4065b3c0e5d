"""The signer's process: it listens on a socket of this machine, judges, writes down, signs, answers. Not here: judging.

What is signed is on disk before it is given. Two requests at once are judged one after the other.
"""

from __future__ import annotations

import logging
import os
import socket
import socketserver
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from open401k.kernel import Clock, Open401kError

from ..codec import BadInputError, Json
from ..sealing import Sealing
from . import log as logs
from .asking import Asked, BrokenError, Keys, MakeKey, Stream, asked_of, name_of, receive, send
from .keys import KeyFile, Use
from .policy import Refused, Why, judged
from .settings import SignerConfig

log = logging.getLogger("open401k.signer")
#: Seconds that a connection may take over its request.
PATIENCE: Final = 10.0


class Signer:
    """The keys, the log, and one judgment at a time."""

    def __init__(self, config: SignerConfig, sealing: Sealing, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self._file = KeyFile(config.keys, sealing)
        self._signing = {key.address: key for key in self._file.keys(Use.SIGNING)}
        self._relay = self._file.one(Use.RELAY)
        self._log = logs.SignedLog(config.log, self._file.one(Use.LOG), most=config.log_bytes)
        self._alone = threading.Lock()

    def answer(self, asked: Asked, beside: bytes) -> dict[str, Json]:
        """A signature, keys, or a refusal."""
        with self._alone:
            # Limits count by a time that does not go back.
            at = max(int(self._clock.now().timestamp()), self._log.newest)
            if isinstance(asked, MakeKey):
                address = self._file.make(at=at)
                self._signing = {key.address: key for key in self._file.keys(Use.SIGNING)}
                self._log.append(at, name_of(asked), address, b"", {})
                return {"key": address.hex()}
            if isinstance(asked, Keys):
                named: list[Json] = [each.hex() for each in self._signing]
                return {"keys": named, "relay": self._relay.address.hex()}
            return self._signed(asked, beside, at)

    def close(self) -> None:
        """Give the log free."""
        self._log.close()

    def _signed(self, asked: Asked, beside: bytes, at: int) -> dict[str, Json]:
        found = judged(
            asked, beside, known=self._config.known, keys=frozenset(self._signing), relay=self._relay.address,
            before=self._log.before, at=at,
        )  # fmt: skip
        if isinstance(found, Refused):
            log.warning("refused %s: %s: %s", name_of(asked), found.why, found.words)
            named: dict[str, Json] = {"rollover": found.rollover.hex()} if found.rollover is not None else {}
            return {"refused": found.why.value, "words": found.words} | named
        self._log.append(at, name_of(asked), found.key, found.digest, found.about)
        if found.ends is not None and found.rollover is not None:
            self._log.before.note_end(at, found.rollover, found.ends)
        elif found.batch:
            self._log.before.note_batch(at, found.batch)
        else:
            self._log.before.note(at, found.rollover, found.cents)
        key = self._relay if found.key == self._relay.address else self._signing[found.key]
        return {"signature": key.sign(found.digest).hex()}


@contextmanager
def listening(config: SignerConfig, sealing: Sealing, clock: Clock) -> Iterator[Callable[[], None]]:
    """A signer on its socket; what comes back serves until the process is told to stop."""
    signer = Signer(config, sealing, clock)
    try:
        with _Server(config, signer.answer) as server:
            yield lambda: server.serve_forever(poll_interval=0.2)
    finally:
        config.socket.unlink(missing_ok=True)
        signer.close()


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, config: SignerConfig, answer: Callable[[Asked, bytes], dict[str, Json]]) -> None:
        self.answer, self.users = answer, config.users | {os.getuid()}
        refuse_place(config.socket)
        config.socket.unlink(missing_ok=True)  # of a process that was killed: the log's lock says that none runs
        before = os.umask(0o117 if config.users else 0o177)
        try:
            super().__init__(str(config.socket), _Handler)
        finally:
            os.umask(before)

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002 (as its parent has it)
        """Who asks is of a user that may."""
        user = user_of(cast("socket.socket", request))
        if user is not None and user not in self.users:
            log.warning("user %d asked, who may not", user)
            return False
        return True


class _Handler(socketserver.StreamRequestHandler):
    timeout = PATIENCE

    def handle(self) -> None:
        server = cast("_Server", self.server)
        try:
            text, beside = receive(cast("Stream", self.rfile))
            try:
                told = server.answer(asked_of(text), beside)
            except BadInputError as why:
                told = {"refused": Why.UNREADABLE.value, "words": str(why)[:500]}
            send(cast("Stream", self.wfile), told)
        except (BrokenError, OSError) as why:
            log.warning("a connection broke: %s", why)
        except Exception:  # the process goes on for others; nothing was given
            log.exception("a request failed")


def refuse_place(path: Path) -> None:
    """The socket's folder is nobody else's to write, so that nobody puts another in its place."""
    try:
        above = path.parent.stat()
    except OSError as why:
        raise Open401kError(f"{path.parent} cannot be used: {why}.", fix="Make the folder.") from None
    if above.st_mode & 0o002 and not above.st_mode & stat.S_ISVTX:
        raise Open401kError(f"Anybody may write {path.parent}.", fix=f"chmod o-w {path.parent}")
    if len(str(path).encode()) > 100:
        raise Open401kError(f"{path} is too long for a socket.", fix="Name a place of at most 100 letters.")


def user_of(connection: socket.socket) -> int | None:
    """The user at the other end; None where the system does not tell, and the file's permissions alone decide."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", told)[1])
