"""A stand-in for a custodian's core that answers at once, over HTTP. Not here: its books (_core_store.py).

Amounts are dollars in text, funds have words, a ticket is an id that the caller chooses. ``/_sandbox`` opens accounts
and tells it what to do wrong: lose an answer after the work, fail before it, be slow, do another amount.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from ._core_store import Answer, Books
from .misbehavior import Fault, Misbehavior

TOKEN = "sandbox-core"  # noqa: S105 (a stand-in's, known to everybody)
#: Whoever does not come back is not waited for.
SECONDS = 30


@dataclass
class Service:
    """The books, and what goes wrong in front of them."""

    books: Books
    wrong: Misbehavior = field(default_factory=Misbehavior)

    def answer(self, method: str, path: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """One request: status and body."""
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match method, parts:
            case "GET", ["accounts", number]:
                found = self.books.account(number)
                return (404, {"reason": "NO_SUCH_ACCOUNT"}) if found is None else (200, _account(found))
            case "PUT", ["freezes", ticket]:
                return _told(self.books.freeze(ticket, sent["way"], sent["account"], _amounts(sent)))
            case "DELETE", ["freezes", ticket]:
                return _told(self.books.lift(ticket))
            case "PUT", ["bookings", ticket]:
                return _told(self.books.book(ticket, sent["way"], sent["account"], _amounts(sent)))
            case "GET", ["tickets", ticket]:
                known = self.books.ticket(ticket)
                return 200, known | {"amount": _dollars(known.pop("cents"))}
            case "POST", ["_sandbox", "accounts"]:
                self.books.open(sent["account"], {fund: _cents(told) for fund, told in sent["amounts"].items()})
                return 200, {}
            case "POST", ["_sandbox", "misbehave"]:
                self.wrong.faults[:] = [Fault(**{"path": "/", **each}) for each in sent.get("faults", ())]
                self.books.wrong_by = sent.get("wrong_by", 0)
                return 200, {}
            case _:
                return 404, {"reason": "NO_SUCH_PAGE"}


def serve(service: Service, *, host: str = "127.0.0.1", port: int = 0) -> ThreadingHTTPServer:
    """A server that is ready; ``serve_forever`` runs it."""

    class Handler(BaseHTTPRequestHandler):
        timeout = SECONDS
        wbufsize = 65_536  # head and body leave together: apart, the second waits for an acknowledgment of the first
        protocol_version = "HTTP/1.1"

        def _run(self) -> None:
            fault = None if self.path.startswith("/_sandbox") else service.wrong.next_fault(self.command, self.path)
            length = int(self.headers.get("content-length", 0))
            sent = json.loads(self.rfile.read(length)) if length else {}
            if self.headers.get("authorization") != f"Bearer {TOKEN}":
                return self._tell(401, {"reason": "WHO_ARE_YOU"})
            if fault is not None:
                time.sleep(fault.delay_ms / 1000)
                if fault.after_work:
                    service.answer(self.command, self.path, sent)
                if fault.status:
                    return self._tell(fault.status, {"reason": "TRY_LATER"})
            return self._tell(*service.answer(self.command, self.path, sent))

        do_GET = do_PUT = do_DELETE = do_POST = _run  # noqa: N815 (their names in the standard library)

        def _tell(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in the standard library)
            """Say nothing."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server


def _told(answer: Answer) -> tuple[int, dict[str, Any]]:
    if not answer.ok:
        return 409, {"reason": answer.word}
    return 200, {"reference": answer.reference, "amount": _dollars(answer.cents), "again": answer.again}


def _account(found: dict[str, Any]) -> dict[str, Any]:
    shown = {name: {fund: _dollars(cents) for fund, cents in found[name].items()} for name in ("balance", "frozen")}
    return {"is_open": found["is_open"], **shown}


def _amounts(sent: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "line": each["line"], "fund": each["fund"], "cents": _cents(each["amount"]),
            "basis": _cents(each.get("basis", "0.00")), "roth_year": each.get("roth_year"),
        }
        for each in sent["amounts"]
    ]  # fmt: skip


def _cents(dollars: str) -> int:
    return int(Decimal(dollars).scaleb(2).to_integral_exact())


def _dollars(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-2):.2f}"


def service_at(path: str, accounts: Mapping[str, Mapping[str, int]]) -> Service:
    """Books in this file with these accounts, in cents by fund; one that is there keeps what it has."""
    books = Books(path)
    for number, amounts in accounts.items():
        books.open(number, amounts)
    return Service(books)
