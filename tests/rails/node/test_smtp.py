"""Mail over TLS and with a sign-in, to a mail server of its own process: what is trusted, and what is not sent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from open401k.rails.node.core import SilentError
from open401k.rails.node.mail import MailAt, Template, composed
from open401k.rails.node.smtp import MailRefusedError, Smtp

_SERVE = """
import pathlib, ssl, sys
from open401k.standins.smtp import Demands, serve
folder, kind, who = pathlib.Path(sys.argv[1]), sys.argv[2], tuple(sys.argv[3:5])
safe = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
safe.load_cert_chain(folder / "server.pem")
demands = Demands(safe, at_once=kind == "tls", who=who)
server = serve(folder / "mails", host="127.0.0.1", port=0, demands=demands)
print(server.server_address[1], flush=True)
server.serve_forever()
"""
WHEN = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that nobody but who is told so trusts."""
    folder = tmp_path_factory.mktemp("tls")
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
        .add_extension(here, critical=False).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return folder


@contextmanager
def server(folder: Path, kind: str) -> Iterator[MailAt]:
    """A mail server that wants TLS and a sign-in; the settings that reach it."""
    typed = [sys.executable, "-c", _SERVE, str(folder), kind, "node", "hunter2"]
    with subprocess.Popen(typed, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        try:
            yield MailAt("127.0.0.1", port, kind, "rollovers@new.example", "node", "hunter2", seconds=5)
        finally:
            process.terminate()


def send(at: MailAt, to: str = "maria@example.com") -> None:
    told = composed(Template.NEWS, to=to, at=at, custodian="The New Company", contact="", mark="m", when=WHEN)
    Smtp(at)(told)


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_mail_goes_over_tls_to_a_server_that_is_trusted_and_after_a_sign_in(
    kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = folder / "mails"
    before = len(list(mails.glob("*.eml")))
    with server(folder, kind) as at:
        with pytest.raises(SilentError, match="SSLCertVerificationError"):  # nobody vouches for it yet
            send(at)
        monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
        with pytest.raises(SilentError, match="SSLCertVerificationError"):  # it is not who it says
            send(replace(at, host="localhost"))
        with pytest.raises(SilentError, match="does not let us in: 535"):
            send(replace(at, password="wrong"))
        with pytest.raises(SilentError, match="does not take our sender: 530"):
            send(replace(at, username=""))
        with pytest.raises(SilentError):
            send(replace(at, tls="none", username=""))
        assert len(list(mails.glob("*.eml"))) == before
        send(at)
        with pytest.raises(MailRefusedError, match="550"):
            send(at, "refused@example.com")
        (came,) = sorted(mails.glob("*.eml"))[before:]
    assert message_from_bytes(came.read_bytes())["To"] == "maria@example.com"


def test_a_server_without_tls_gets_nothing(folder: Path) -> None:
    typed = [sys.executable, "-c", _SERVE.replace(", demands=demands", ""), str(folder), "starttls", "node", "hunter2"]
    with subprocess.Popen(typed, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        try:
            with pytest.raises(SilentError, match="SMTPNotSupportedError"):  # whoever strips STARTTLS gets no password
                send(MailAt("127.0.0.1", port, "starttls", "a@b.example", "node", "hunter2", seconds=5))
        finally:
            process.terminate()
