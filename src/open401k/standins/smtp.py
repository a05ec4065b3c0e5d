"""A stand-in for a mail server (SMTP, RFC 5321, the commands that a sender needs): keeps each mail as a file.

Told by the recipient how to behave: ``refused@`` is answered 550, ``later@`` 451 the first time, ``hangs@`` hangs up,
``bad@`` takes the recipient and refuses the mail. With a certificate it takes mail over TLS alone, by STARTTLS or from
the first byte; with a name and password from who signs in (AUTH PLAIN) alone. It shares no code with the node.
"""

from __future__ import annotations

import base64
import binascii
import socketserver
import ssl
from dataclasses import dataclass, field
from pathlib import Path

_LONGEST = 1_000
_MOST = 2_000_000


@dataclass(frozen=True, slots=True)
class Demands:
    """What a sender must do first: speak TLS (``safe``; ``at_once``: from the first byte), sign in as ``who``."""

    safe: ssl.SSLContext | None = None
    at_once: bool = False
    who: tuple[str, str] | None = field(default=None, repr=False)


class MailServer(socketserver.ThreadingTCPServer):
    """Each connection in a thread of its own; ``asked_before`` is who was told to come later."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], folder: Path, demands: Demands) -> None:
        super().__init__(address, _Talk)
        self.folder, self.demands = folder, demands
        self.asked_before: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, mail: bytes) -> None:
        """The next file; written whole, so that whoever looks finds no half of one."""
        number = len(list(self.folder.glob("*.eml"))) + 1
        part = self.folder / f"{number:06}.part"
        part.write_bytes(mail)
        part.rename(self.folder / f"{number:06}.eml")


class _Talk(socketserver.StreamRequestHandler):
    """One sender."""

    timeout = 30
    server: MailServer

    def handle(self) -> None:
        demands = self.server.demands
        self.is_safe, self.is_in = demands.safe is None, demands.who is None
        if demands.at_once and not self._made_safe():
            return
        self._say(220, "a stand-in for a mail server")
        self.to: list[str] = []
        while line := self.rfile.readline(_LONGEST):
            word, _, rest = line.decode("ascii", "replace").strip().partition(" ")
            if word.upper() == "QUIT":
                self._say(221, "bye")
                return
            if not self._answered(word.upper(), rest):
                return

    def _answered(self, word: str, rest: str) -> bool:
        """Whether the talk goes on."""
        match word:
            case "EHLO" | "HELO":
                offered = ["here", *([] if self.is_safe else ["STARTTLS"]), *([] if self.is_in else ["AUTH PLAIN"])]
                for each in offered[:-1]:
                    self.wfile.write(f"250-{each}\r\n".encode())
                self._say(250, offered[-1])
            case "STARTTLS" if not self.is_safe:
                self._say(220, "go on")
                return self._made_safe()
            case "AUTH" if self.is_safe:
                self._sign_in(rest)
            case "MAIL" | "RCPT" | "DATA" if not (self.is_safe and self.is_in):
                self._say(530, "sign in first" if self.is_safe else "TLS first")
            case "MAIL" | "RSET":
                self.to = []
                self._say(250, "ok")
            case "RCPT":
                return self._recipient(rest)
            case "DATA" if self.to:
                self._take()
            case "DATA":
                self._say(503, "nobody to send it to")
            case "NOOP":
                self._say(250, "ok")
            case _:
                self._say(502, "not here")
        return True

    def _made_safe(self) -> bool:
        """The rest is spoken over TLS; False if they do not believe us, or speak none."""
        safe = self.server.demands.safe
        if safe is None:
            return False
        try:
            self.request = safe.wrap_socket(self.request, server_side=True)
        except (ssl.SSLError, OSError):
            return False
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        self.is_safe = True
        return True

    def _sign_in(self, rest: str) -> None:
        try:
            told = base64.b64decode(rest.removeprefix("PLAIN "), validate=True).decode().split("\0")[1:]
        except (binascii.Error, UnicodeDecodeError):
            told = []
        if tuple(told) == self.server.demands.who:
            self.is_in = True
            self._say(235, "in")
        else:
            self._say(535, "not so")

    def _recipient(self, rest: str) -> bool:
        to = rest.partition("<")[2].partition(">")[0]
        name = to.partition("@")[0]
        if name == "hangs":
            return False
        if name == "refused":
            self._say(550, "no such user")
        elif name == "later" and to not in self.server.asked_before:
            self.server.asked_before.add(to)
            self._say(451, "come again")
        else:
            self.to.append(to)
            self._say(250, "ok")
        return True

    def _take(self) -> None:
        self._say(354, "go on")
        mail = bytearray()
        while (line := self.rfile.readline(_LONGEST)) not in (b".\r\n", b""):
            mail += line.removeprefix(b".") if line.startswith(b"..") else line
            if len(mail) > _MOST:
                self._say(552, "too large")
                return
        if any(each.startswith("bad@") for each in self.to):
            self._say(554, "not this")
            return
        self.server.keep(bytes(mail))
        self._say(250, "kept")

    def _say(self, code: int, words: str) -> None:
        self.wfile.write(f"{code} {words}\r\n".encode())


def serve(folder: Path, *, host: str, port: int, demands: Demands | None = None) -> MailServer:
    """A server that listens; ``serve_forever`` has it answer."""
    return MailServer((host, port), folder, demands or Demands())
