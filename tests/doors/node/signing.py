"""An election that can be signed, on a chain of its own, and the words that it stands for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from eth_hash.auto import keccak
from tests.doors.node.desk import RECEIVER, SOURCE
from tests.rails.world import Case, World

from open401k.doors.node.provided import NewKey, ToSign
from open401k.rails.in_words import Known, Notice
from open401k.rails.kinds import Into, Kind
from open401k.rails.node.papers import Media, Paper

TEXT = (
    "You are receiving this because all or a part of a payment from your plan can be moved to an IRA or to an "
    "employer's plan.\n\nIf you move it directly, no tax is kept back.\n\n(A sample: the safe harbor text is in "
    "Notice 2026-13.)"
)
KNOWN = Known(
    source=SOURCE,
    source_account="401(k) account ending in 4821",
    receivers=(RECEIVER,),
    receiving_account="401(k) account ending in 0077",
    into=((Kind.PRE_TAX, Into.PLAN), (Kind.ROTH, Into.PLAN), (Kind.AFTER_TAX, Into.ROTH_IRA)),
    rules="The rules of the network for 2026.",
    notice=Notice("Your rollover options", "edition of 2026", date(2026, 1, 9), keccak(TEXT.encode()), TEXT),
)
PAPER = Paper("Your rollover options", "edition of 2026", Media.TEXT, TEXT.encode())


def to_sign(world: World, key: NewKey) -> tuple[Case, ToSign]:
    """An election by this passkey, attested and with its terms; its signature is still another's."""
    case = world.case(most=65_000_00)
    election = replace(case.election, participant=key.passkey.address, notice_hash=PAPER.fingerprint)
    case = world.elected(election, case.attestation, case.terms)
    return case, ToSign(election, world.domain(), KNOWN, key.passkey, key.credential, PAPER, is_read=False)
