"""Mail to the server that carries it: over TLS, refused for good, or asked again. Not here: what it says (mail)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage

from .core import SilentError
from .mail import MailAt


class MailRefusedError(Exception):
    """The server will not take this mail, now or ever: the recipient, or the mail itself, is refused."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the mail server answered {code}")
        self.code = code


Carry = Callable[[EmailMessage], None]


@dataclass(frozen=True, slots=True)
class Smtp:
    """One connection a mail; :class:`SilentError` where it is to be tried again."""

    at: MailAt

    def __call__(self, message: EmailMessage) -> None:
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as why:
            raise _told(max(code for code, _ in why.recipients.values())) from None
        except smtplib.SMTPSenderRefused as why:
            raise SilentError(f"the mail server does not take our sender: {why.smtp_code}") from None
        except smtplib.SMTPAuthenticationError as why:
            raise SilentError(f"the mail server does not let us in: {why.smtp_code}") from None
        except smtplib.SMTPDataError as why:
            raise _told(why.smtp_code) from None
        except (smtplib.SMTPException, OSError) as why:
            raise SilentError(f"the mail server {self.at.host}: {type(why).__name__}") from None

    def _connected(self) -> smtplib.SMTP:
        at, safe = self.at, ssl.create_default_context()
        if at.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(at.host, at.port, timeout=at.seconds, context=safe)
        else:
            server = smtplib.SMTP(at.host, at.port, timeout=at.seconds)
        try:
            if at.tls == "starttls":
                server.starttls(context=safe)
            if at.username:
                server.login(at.username, at.password)
        except BaseException:
            server.close()
            raise
        return server


def _told(code: int) -> Exception:
    """5xx is for good, 4xx for now (RFC 5321, 4.2.1)."""
    return MailRefusedError(code) if code >= 500 else SilentError(f"the mail server answered {code}: not now")
