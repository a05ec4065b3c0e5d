"""One POST to an address that somebody else chose: to the public network only, within seconds, wherever it leads once.

Not here: what is sent (signing.py), when (schedule.py). The name is resolved once and that very address is connected
to, so that it cannot answer differently after it was looked at. No proxy is used, no redirect followed, no body read.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from .addresses import may_reach
from .schedule import Answer

SECONDS = 10.0
Send = Callable[[str, Mapping[str, str], bytes], Answer]


class _NotPublicError(Exception):
    """The name leads to where we must not go."""


class Sender:
    """Sends webhooks; ``development``: to private networks and to this machine, too."""

    def __init__(self, *, development: bool, seconds: float = SECONDS, tls: ssl.SSLContext | None = None) -> None:
        self._development, self._seconds = development, seconds
        self._tls = tls or ssl.create_default_context()

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The status that came back, or in words why none did."""
        limit = _Limit(self._seconds)
        try:
            return Answer(self._post(urlsplit(url), headers, body, limit))
        except _NotPublicError as error:
            return Answer(None, str(error))
        except (OSError, HTTPException, UnicodeError) as error:
            said = f"No answer within {self._seconds:g} seconds." if limit.over else _words(error)
            return Answer(None, said)
        finally:
            limit.end()

    def _post(self, to: SplitResult, headers: Mapping[str, str], body: bytes, limit: "_Limit") -> int:
        host, secure = to.hostname or "", to.scheme == "https"
        port = to.port or (443 if secure else 80)
        sock = limit.watch(self._connected(host, port, limit))
        if secure:
            sock = limit.watch(self._tls.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False))
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
        connection = (HTTPSConnection if secure else HTTPConnection)(host, port)
        connection.sock = sock
        path = (to.path or "/") + (f"?{to.query}" if to.query else "")
        connection.request("POST", path, body=body, headers={**headers, "connection": "close"})
        return connection.getresponse().status

    def _connected(self, host: str, port: int, limit: "_Limit") -> socket.socket:
        found = {str(each[4][0]): None for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        for text in found:
            if not may_reach(ipaddress.ip_address(text.partition("%")[0]), development=self._development):
                raise _NotPublicError(f"{host} leads to an address that is not on the public network.")
        failed = OSError(f"{host} has no address")
        for text in found:
            try:
                return socket.create_connection((text, port), timeout=limit.left)
            except OSError as error:
                failed = error
        raise failed


class _Limit:
    """So long and no longer, whatever trickles in: at its end the connection is cut."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds
        self._sock: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def left(self) -> float:
        """Seconds; never none, which would mean not to wait at all."""
        return max(self._ends_at - time.monotonic(), 0.01)

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._ends_at

    def watch(self, sock: socket.socket) -> socket.socket:
        """The connection to cut; reads and writes on it wait no longer than what is left."""
        self._sock = sock
        sock.settimeout(self.left)
        return sock

    def end(self) -> None:
        """The connection is closed, too."""
        self._timer.cancel()
        if self._sock is not None:
            self._sock.close()

    def _cut(self) -> None:
        if self._sock is not None:
            with suppress(OSError):  # it may just have ended by itself
                socket.socket.shutdown(
                    self._sock, socket.SHUT_RDWR
                )  # past TLS, whose own would wait for the other side


def _words(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "The name of the host was not found."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate does not hold: {error.verify_message}."
    return f"No answer: {type(error).__name__}."
