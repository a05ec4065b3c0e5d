"""From a wish for a rollover to its exact terms: the verbs of a custodian's node. Not here: following (worker).

Every verb is one transaction of its unit: case file, deal, letters and events together. A verb that cannot be done now
is a :class:`NotNowError` that says why and what comes first; nothing happened.
"""

from __future__ import annotations

from ..messages import Attestation, Election
from .cases import Agreed
from .deal import Deal, DealUnit
from .desk import Desk
from .halves import Half, ReceivingHalf
from .letters import Letter, Taken


class NotNowError(Exception):
    """The deal is not where this could be done; the text says what comes first."""


def request(unit: DealUnit, desk: Desk, case: str, *, source: bytes, half: ReceivingHalf) -> Deal:
    """We receive: somebody asks ``source`` for a rollover. The same case with the same half again is nothing new."""
    raise NotImplementedError


def take(unit: DealUnit, desk: Desk, peer: bytes, letter: Letter) -> Taken:
    """A letter that came from a member, taken once and in order. Who sent it was proven before (post)."""
    raise NotImplementedError


def put_facts(unit: DealUnit, desk: Desk, case: str, half: Half) -> Deal:
    """Our half, newer than before; preflight runs when both are there. Answer: ``deal.reasons``."""
    raise NotImplementedError


def election_of(unit: DealUnit, desk: Desk, case: str) -> Election:
    """What the participant is to sign, made once the preflight found nothing; made anew when the facts changed."""
    raise NotImplementedError


def elect(
    unit: DealUnit, desk: Desk, case: str, *, signature: bytes, attestation: Attestation, attested: bytes
) -> Deal:
    """The participant signed ``election_of``, and an attestor stands behind the key."""
    raise NotImplementedError


def ready(unit: DealUnit, desk: Desk, case: str) -> Agreed:
    """We pay: the cash is there. Exact terms and the transfer file are made, agreed by us, and sent."""
    raise NotImplementedError


def decline(unit: DealUnit, desk: Desk, case: str, code: int, words: str = "") -> Deal:
    """We receive, and will not agree to the terms that came; the source stops its case with this code."""
    raise NotImplementedError


def stop(unit: DealUnit, desk: Desk, case: str, code: int, words: str = "") -> Deal:
    """We want it ended, for a code of the work queues; the other side is told."""
    raise NotImplementedError


def note(unit: DealUnit, desk: Desk, case: str, words: str) -> Deal:
    """Words for the other desk."""
    raise NotImplementedError
