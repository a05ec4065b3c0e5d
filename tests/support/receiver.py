"""Somebody who receives webhooks: an HTTP server that checks them as the specification says, and answers as told.

Written from spec/standard-webhooks.md (version 1.0.0) alone: nothing of ours is used to verify what we sign.
"""

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def verified(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Whether one of the signatures is right: over id, timestamp and body, joined by full stops."""
    key = base64.b64decode(secret.split("_", 1)[1])
    content = headers["webhook-id"] + "." + headers["webhook-timestamp"] + "." + body.decode()
    wanted = base64.b64encode(hmac.new(key, content.encode(), hashlib.sha256).digest()).decode()
    given = [each.split(",", 1) for each in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(signature, wanted) for version, signature in given)


@dataclass
class Receiver:
    """What came, and what is answered: a status, or something else that the connection is given to."""

    url: str = ""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: int | Callable[[BaseHTTPRequestHandler], None] = 204
    answers: dict[str, int] = field(default_factory=dict)  # by the id of an event, before what else is answered

    @property
    def ids(self) -> list[str]:
        """The ``webhook-id`` of each request."""
        return [headers["webhook-id"] for headers, _ in self.came]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Each body, read."""
        return [json.loads(body) for _, body in self.came]


def trickling(handler: BaseHTTPRequestHandler) -> None:
    """An answer that never ends: a byte now and then, each in time."""
    for _ in range(200):
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nx: "[:1])
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.02)


def redirecting(to: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Send the caller elsewhere."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("Location", to)
        handler.end_headers()

    return answer


def certified(folder: Path) -> Path:
    """A certificate of ``localhost`` with its key, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "localhost.pem"
    file.write_bytes(plain + made.public_bytes(serialization.Encoding.PEM))
    return file


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on a free port of this machine; over TLS as ``localhost``."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            answer = found.answers.get(self.headers["webhook-id"], found.answer)
            if callable(answer):
                answer(self)
            else:
                self.send_response(answer)
                self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (as the library has it)
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    found.url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{server.server_address[1]}/hooks"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
