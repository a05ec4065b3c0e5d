"""What a node writes by e-mail: three templates, none of which names a person, an account or an amount. ADR-0057.

No link is written: the link is a capability, and whoever reads a mailbox would have it. Not here: when and to whom
(mailing), how it is carried (smtp).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from typing import Final

from .cases import Case, State
from .codec import BadInputError, Wrong

_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_MOST: Final = 254
#: A state as our own desk reads it.
_STATES: Final = {
    State.DRAFT: "asked for",
    State.DATA_REQUESTED: "waiting for data",
    State.PREVALIDATED: "checked",
    State.NIGO: "not in good order",
    State.LIQUIDATING: "being sold",
    State.HELD: "set aside",
    State.VOTED: "approved by us",
    State.POSTED: "booked",
    State.RELEASED: "given free",
    State.OFF_RAIL: "closed by check or wire",
}
_ENDED: Final = (State.POSTED, State.RELEASED, State.OFF_RAIL)


class Template(StrEnum):
    """What a mail says."""

    #: The participant has to act, or nothing goes on.
    YOUR_TURN = "your_turn"
    NEWS = "news"
    OVER = "over"
    #: To the custodian's own desk.
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class MailAt:
    """The server that takes our mail, and as whom we write; ``desk``: who of us is told of every case."""

    host: str
    port: int
    tls: str
    sender: str
    username: str = ""
    password: str = ""
    desk: tuple[str, ...] = ()
    seconds: int = 15

    def __repr__(self) -> str:
        return f"MailAt({self.host!r}, {self.port})"


_SAID: Final = {
    Template.YOUR_TURN: (
        "It is your turn in your rollover",
        "Your rollover waits for you: there is something to read, to choose or to sign on its page. Nothing moves "
        "before you have signed.",
    ),
    Template.NEWS: (
        "There is news about your rollover",
        "Your rollover has gone on. Its page tells where it is, and who acts next. You do not need to do anything "
        "because of this e-mail.",
    ),
    Template.OVER: (
        "Your rollover has ended",
        "Your rollover has ended. Its page tells how, and where your money is.",
    ),
}
_FOOT: Final = (
    "Open the page by the link that you were given. We never send that link by e-mail, and we never ask you for a "
    "password, a code or an account number in one. Whoever does is not us.",
    "You can stop these e-mails on that page.",
)


def template_of(file: Case, *, waits_for_them: bool) -> Template:
    """What a participant is written about a case as it stands now."""
    if file.state in _ENDED:
        return Template.OVER
    return Template.YOUR_TURN if waits_for_them else Template.NEWS


def composed(
    template: Template, *, to: str, at: MailAt, custodian: str, contact: str, mark: str, when: datetime, case: str = "",
    state: State = State.DRAFT,
) -> EmailMessage:  # fmt: skip
    """One mail. ``mark`` is the same at each try, so that whoever gets it twice can tell."""
    message = EmailMessage()
    if template is Template.DESK:
        told = _STATES[state]
        subject, body = f"Rollover {case}: {told}", [f"Case {case} is now {told}. The console tells the rest."]
    else:
        subject, said = _SAID[template]
        asked = [f"Questions? {custodian}: {contact}"] if contact else []
        body = [said, *_FOOT, *asked, custodian]
    message["From"], message["To"], message["Subject"] = at.sender, to, subject
    message["Date"], message["Message-ID"] = format_datetime(when), f"<{mark}@{at.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    message.set_content("\n\n".join(body) + "\n")
    return message


def address(given: str, *, at: str = "email") -> str:
    """One address as SMTP takes it; BadInputError, which does not repeat it, for any other."""
    found = given.strip()
    if len(found) > _MOST or not _ADDRESS.fullmatch(found):
        raise BadInputError([Wrong(at, "is no e-mail address: write one, as name@example.org")])
    return found
