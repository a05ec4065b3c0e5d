"""What somebody signs is what they read: every field has its words, and other words for another value."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from eth_hash.auto import keccak

from open401k.rails.in_words import INTO, KINDS, Known, Notice, UnlikeError, as_text, moment, taxes, told, until
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import ANY_TOTAL, Election, Mode
from open401k.rails.preflight.rule_version import end_of

ON = date(2026, 6, 1)
TEXT = "You may move your money to a plan or an IRA."
NOTICE = Notice("Your rollover options", "2026-1", date(2026, 5, 4), keccak(TEXT.encode()), TEXT)
KNOWN = Known(
    source="Old Custodian",
    source_account="401(k) account ending in 4821",
    receivers=("New Custodian",),
    receiving_account="Trustee of the New Plan FBO your name, ending in 0077",
    into=((Kind.PRE_TAX, Into.PLAN), (Kind.ROTH, Into.PLAN)),
    rules="The network's rules of 2026.",
    notice=NOTICE,
)
ELECTION = Election(
    participant=b"\x11" * 20,
    number=17,
    source=b"\x22" * 20,
    source_account=b"\x33" * 32,
    receiving_account=b"\x44" * 32,
    kinds_mask=0b11,
    mode=Mode.ALL,
    max_total=60_000_00,
    rule_version=3,
    not_before=1_780_315_200,
    deadline=end_of(date(2026, 7, 1)),
    notice_hash=NOTICE.fingerprint,
    salt=b"\x55" * 32,
    receivers=(b"\x66" * 20,),
)


def test_every_field_that_is_signed_is_told_once() -> None:
    assert sorted(row.field for row in told(ELECTION, KNOWN)) == sorted(each.name for each in fields(Election))
    assert all(line for row in told(ELECTION, KNOWN) for line in row.said)
    assert set(KINDS) == set(Kind)
    assert set(INTO) == set(Into)


@pytest.mark.parametrize(
    ("change", "known"),
    [
        ({"participant": b"\x12" * 20}, {}),
        ({"number": 18}, {}),
        ({"mode": Mode.FIXED}, {}),
        ({"max_total": 60_000_01}, {}),
        ({"max_total": ANY_TOTAL}, {}),
        ({"rule_version": 4}, {}),
        ({"not_before": 1_780_315_260}, {}),
        ({"deadline": end_of(date(2026, 7, 2))}, {}),
        ({"deadline": ELECTION.deadline - 60}, {}),
        ({"salt": b"\x56" * 32}, {}),
        ({"source": b"\x23" * 20}, {"source": "Third Custodian"}),
        ({"source_account": b"\x34" * 32}, {"source_account": "ending in 4822"}),
        ({"receiving_account": b"\x45" * 32}, {"receiving_account": "ending in 0078"}),
        ({"receivers": (b"\x67" * 20,)}, {"receivers": ("Third Custodian",)}),
        ({"notice_hash": bytes(32)}, {"notice": replace(NOTICE, fingerprint=bytes(32), text="")}),
        ({"kinds_mask": 0b1}, {"into": ((Kind.PRE_TAX, Into.PLAN),)}),
        ({"kinds_mask": 0b11}, {"into": ((Kind.PRE_TAX, Into.TRADITIONAL_IRA), (Kind.ROTH, Into.ROTH_IRA))}),
    ],
)
def test_another_value_reads_otherwise(change: dict[str, Any], known: dict[str, Any]) -> None:
    after = as_text(replace(ELECTION, **change), replace(KNOWN, **known), on=ON)
    assert after != as_text(ELECTION, KNOWN, on=ON)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"into": ((Kind.PRE_TAX, Into.PLAN),)}, "kinds_mask"),
        ({"receivers": ("New Custodian", "Third Custodian")}, "receivers: 1 are signed and 2 named"),
        ({"receivers": ("",)}, "no name"),
        ({"source": ""}, "no name"),
        ({"notice": replace(NOTICE, text=NOTICE.text + " ")}, "notice_hash"),
        ({"notice": replace(NOTICE, fingerprint=bytes(32))}, "notice_hash"),
        ({"notice": replace(NOTICE, fingerprint=bytes(32), text="")}, "notice_hash"),
    ],
)
def test_words_of_another_election_are_not_shown(known: dict[str, Any], why: str) -> None:
    with pytest.raises(UnlikeError, match=why):
        told(ELECTION, replace(KNOWN, **known))


def test_times_are_told_as_days_where_they_are_whole_days() -> None:
    assert until(end_of(date(2026, 7, 1))) == "the end of July 1, 2026"
    assert until(end_of(date(2026, 12, 31))) == "the end of December 31, 2026"
    assert moment(1_780_315_200) == "June 1, 2026, 8:00 AM (Eastern)"
    assert until(1_780_315_200) == "June 1, 2026, 8:00 AM (Eastern)"


@pytest.mark.parametrize(
    ("kind", "into", "words"),
    [
        (Kind.PRE_TAX, Into.PLAN, "no tax now"),  # IRC 402(c)(1)
        (Kind.PRE_TAX, Into.ROTH_IRA, "taxed as income of 2026. Nothing is kept back"),  # IRC 408A(d)(3)(A)
        (Kind.ROTH, Into.ROTH_IRA, "It stays Roth money."),  # IRC 402A(c)(3)
        (Kind.AFTER_TAX, Into.ROTH_IRA, "You have paid tax on it before."),  # IRC 402(c)(2)
        (Kind.PRE_TAX, Into.PERSON, "it is taxed as income of 2026, and 20% of that"),  # IRC 3405(c)(1)
        (Kind.AFTER_TAX, Into.PERSON, "what of it was not taxed yet is taxed"),
    ],
)
def test_what_a_move_means_for_tax(kind: Kind, into: Into, words: str) -> None:
    (said,) = taxes(replace(KNOWN, into=((kind, into),)), on=ON)
    assert words in said
