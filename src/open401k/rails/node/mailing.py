"""Mail at each state: which event is told to whom, tried until it is taken, stopped at once. ADR-0057.

Events are the outbox: a mail is made of each once, and a newer one of the same case takes the place of one that still
waits, for what it says is said by the page. Not here: words (mail), the mail server (smtp), who asked for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from enum import StrEnum
from typing import Final

from open401k.base.faults import fault
from open401k.kernel import Clock

from . import _mail_store as store
from ._mail_store import MailRow
from .cases import Raised, State
from .codec import BadInputError, Wrong
from .codes import FOUND, MAIL_REFUSED
from .core import SilentError
from .deal import DealEvent
from .explaining import CAME, is_awaited
from .halves import ADDRESS
from .kept_deals import KeptDeals, KeptDealUnit
from .mail import MailAt, Template, address, composed, template_of
from .process import Process
from .report import newest_event
from .smtp import Carry, MailRefusedError, Smtp
from .vault import Vault

#: Seconds between two looks; after each try that failed; after which it is given up.
LOOK: Final = 2.0
WAITS: Final = (10, 60, 300, 1_800, 7_200, 21_600)
GIVES_UP_AFTER: Final = 3 * 86_400
BOUNDARIES: Final = ("mailing.before_send", "mailing.after_send")
_AT_ONCE: Final = 100
_PARTICIPANT, _DESK = "participant", "desk"


class To(StrEnum):
    """Whether a participant is written to."""

    ON = "on"
    #: By the participant.
    STOPPED = "stopped"
    #: The mail server refused the address, or mail came back.
    REFUSED = "refused"


@dataclass
class Addresses:
    """Participants' addresses by case: sealed, and looked up when a mail is sent."""

    vault: Vault

    def put(self, unit: KeptDealUnit, case: str, given: str, *, at: int) -> None:
        """Write to this address from now on; what was wrong with the one before is over."""
        found = address(given)
        if store.to_for_update(unit.conn, case) == To.STOPPED:
            raise BadInputError([Wrong("email", "the participant stopped e-mails of this rollover on their page")])
        self.vault.replace_with(unit.conn, _name(case), found.encode(), at=at)
        store.put_to(unit.conn, case, To.ON, at)
        unit.resolve(case, MAIL_REFUSED)

    def stop(self, unit: KeptDealUnit, case: str, *, at: int) -> bool:
        """The participant wants no more; what waits is not sent. False: nothing was sent to them anyway."""
        was = store.to(unit.conn, case)
        self._end(unit, case, To.STOPPED, at)
        return was == To.ON

    def may_again(self, unit: KeptDealUnit, case: str) -> None:
        """They agreed anew to papers on a screen: an address may be put again."""
        store.forget_to(unit.conn, case, To.STOPPED)

    def came_back(self, unit: KeptDealUnit, case: str, why: str, *, at: int) -> None:
        """Mail to this address does not arrive: operations look for another way to reach the participant.

        Who stopped e-mails wants none at any address: that stays, and nobody is to look for another.
        """
        if store.to_for_update(unit.conn, case) == To.STOPPED:
            return
        self._end(unit, case, To.REFUSED, at)
        unit.raise_(Raised(case, MAIL_REFUSED, f"{FOUND[MAIL_REFUSED]}: {why}", at))

    def standing(self, unit: KeptDealUnit, case: str) -> To | None:
        """None where nobody gave an address."""
        found = store.to(unit.conn, case)
        return To(found) if found else None

    def of(self, case: str) -> str | None:
        """Where to write."""
        found = self.vault.found(_name(case))
        return found.decode() if found else None

    def _end(self, unit: KeptDealUnit, case: str, state: To, at: int) -> None:
        store.put_to(unit.conn, case, state, at)
        store.withhold(unit.conn, case)
        self.vault.forget_with(unit.conn, _name(case))


@dataclass
class Mailing:
    """Turns events into mail and sends what may be sent: a job of the node's process."""

    files: KeptDeals
    addresses: Addresses
    at: MailAt
    custodian: str
    contact: str
    carry: Carry
    clock: Clock
    keyed_hash: Callable[[bytes], bytes] = field(repr=False)
    name: str = "mail"

    def once(self, *, at: float) -> float:  # noqa: ARG002 (tries have the node's clock: they outlive a process)
        """Read what happened, then send; seconds until the next look. :class:`SilentError` if nothing could be sent."""
        read = self._read()
        with self.files.connected() as conn:
            waiting = store.due(conn, self._now(), _AT_ONCE)
        silent = [why for each in waiting if (why := self._send(each))]
        if silent and len(silent) == len(waiting):
            raise SilentError(silent[0])
        return 0.0 if read == _AT_ONCE else LOOK

    def _read(self) -> int:
        """Events into mail, once each."""
        newest = newest_event(self.files)
        with self.files.begin() as unit:
            seen = store.cursor(unit.conn)
            if seen is None:  # what happened before there was mail is told to nobody
                store.put_cursor(unit.conn, newest)
                return 0
            events = unit.events(seen, limit=_AT_ONCE)
            unit.hold(*(event.case for event in events))
            for event in events:
                self._make(unit, event)
            if events:
                store.put_cursor(unit.conn, events[-1].seq)
        return len(events)

    def _make(self, unit: KeptDealUnit, event: DealEvent) -> None:
        if event.state is State.DRAFT or event.words not in ("", CAME):
            return
        if store.to(unit.conn, event.case) == To.ON:
            store.insert_mail(unit.conn, event.case, event.seq, _PARTICIPANT, self._now())
        if self.at.desk and not event.words:
            store.insert_mail(unit.conn, event.case, event.seq, _DESK, self._now())

    def _send(self, row: MailRow) -> str:
        """Why it could not be sent now; empty otherwise."""
        to = ", ".join(self.at.desk) if row.recipient == _DESK else self.addresses.of(row.case)
        if to is None:  # stopped since
            return ""
        message = self._composed(row, to)
        fault("mailing.before_send")
        try:
            self.carry(message)
        except MailRefusedError as why:
            self._refused(row, to, f"the mail server answered {why.code}")
            return ""
        except SilentError as why:
            return str(why) if self._failed(row, to, str(why)) else ""
        fault("mailing.after_send")
        self._became(replace(row, state="sent", tries=row.tries + 1, problem=""))
        return ""

    def _composed(self, row: MailRow, to: str) -> EmailMessage:
        when = datetime.fromtimestamp(row.made_at, self.clock.now().tzinfo)
        mark = self.keyed_hash(f"mail|{row.case}|{row.seq}|{row.recipient}".encode()).hex()[:40]
        with self.files.begin() as unit:
            file = unit.case(row.case)
            waits = _waits_for_them(unit, row.case)
        if row.recipient == _DESK:
            return composed(
                Template.DESK, to=to, at=self.at, custodian=self.custodian, contact="", mark=mark,
                when=when, case=row.case, state=file.state,
            )  # fmt: skip
        template = template_of(file, waits_for_them=waits)
        return composed(
            template, to=to, at=self.at, custodian=self.custodian, contact=self.contact, mark=mark, when=when
        )

    def _failed(self, row: MailRow, to: str, why: str) -> bool:
        """Whether it is tried again."""
        now = self._now()
        if now >= row.made_at + GIVES_UP_AFTER:
            self._refused(replace(row, state="given_up"), to, f"not for {GIVES_UP_AFTER // 86_400} days: {why}")
            return False
        wait = WAITS[min(row.tries, len(WAITS) - 1)]
        self._became(replace(row, tries=row.tries + 1, next_at=now + wait, problem=why[:300]))
        return True

    def _refused(self, row: MailRow, to: str, why: str) -> None:
        """Nobody is told by this mail: operations are. A desk's address is a setting, and of no case's exceptions.

        While it was on its way they may have stopped e-mails, which stays, or given an address that this says nothing
        of: the mail goes there then.
        """
        state = "given_up" if row.state == "given_up" else "refused"
        with self.files.begin() as unit:
            unit.hold(row.case)
            standing = store.to_for_update(unit.conn, row.case)
            if row.recipient == _PARTICIPANT and standing == To.ON and self.addresses.of(row.case) != to:
                return
            if not store.update_mail(unit.conn, replace(row, state=state, tries=row.tries + 1, problem=why[:300])):
                return
            if row.recipient == _PARTICIPANT:
                self.addresses.came_back(unit, row.case, why, at=self._now())
            else:
                words = f"{FOUND[MAIL_REFUSED]}: to our own desk, {why}"
                unit.raise_(Raised(row.case, MAIL_REFUSED, words, self._now()))

    def _became(self, row: MailRow) -> None:
        with self.files.connected() as conn:
            store.update_mail(conn, row)

    def _now(self) -> int:
        return int(self.clock.now().timestamp())


def mailing(process: Process, at: MailAt) -> Mailing:
    """The job of a node whose settings name a mail server."""
    around, config = process.around, process.config
    return Mailing(
        process.files, Addresses(process.vault), at, config.name, config.contact, Smtp(at), around.clock,
        around.sealing.keyed_hash,
    )  # fmt: skip


def mails_of(unit: KeptDealUnit, case: str) -> list[MailRow]:
    """What was written of a case, and what became of it. No address."""
    return store.of_case(unit.conn, case)


def _waits_for_them(unit: KeptDealUnit, case: str) -> bool:
    """Whether the participant has to choose a key, or can sign, on our page."""
    file = unit.case(case)
    try:
        deal = unit.deal(case)
    except LookupError:
        return False
    half = deal.receiving
    if half is None or half.member != deal.us or deal.elected is not None or file.stop is not None:
        return False
    if half.key is None:
        return True
    return len(half.key) != ADDRESS and file.state is State.PREVALIDATED and not is_awaited(unit, deal)


def _name(case: str) -> str:
    return f"participant/{case}/mail"
