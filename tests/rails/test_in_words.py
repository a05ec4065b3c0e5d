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


OTHERS: dict[str, Any] = {
    "participant": b"\x12" * 20,
    "number": 18,
    "source": b"\x23" * 20,
    "source_account": b"\x34" * 32,
    "receiving_account": b"\x45" * 32,
    "kinds_mask": 0b1,
    "mode": Mode.FIXED,
    "max_total": 60_000_01,
    "rule_version": 4,
    "not_before": ELECTION.not_before + 60,
    "deadline": end_of(date(2026, 7, 2)),
    "notice_hash": bytes(32),
    "salt": b"\x56" * 32,
    "receivers": (b"\x67" * 20,),
}
#: What is known otherwise, where it must be for the words to be of this election.
KNOWN_OF: dict[str, Any] = {
    "kinds_mask": {"into": ((Kind.PRE_TAX, Into.PLAN),)},
    "notice_hash": {"notice": replace(NOTICE, fingerprint=bytes(32), text="")},
}


@pytest.mark.parametrize("name", [each.name for each in fields(Election)])
def test_another_value_reads_otherwise(name: str) -> None:
    after = as_text(replace(ELECTION, **{name: OTHERS[name]}), replace(KNOWN, **KNOWN_OF.get(name, {})), on=ON)
    assert after != as_text(ELECTION, KNOWN, on=ON)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("mode", Mode.FIXED, "How much: One amount, once."),
        ("mode", Mode.ALL, "How much: Everything you have of it, also what comes in later"),
        ("max_total", ANY_TOTAL, "At most: No limit other than what is in the account."),
        ("max_total", 60_000_01, "At most: $60,000.01, all together."),
        ("deadline", end_of(date(2026, 7, 2)), "Until: the end of July 2, 2026."),
        ("deadline", ELECTION.deadline - 60, "Until: July 2, 2026, 12:58 AM (Eastern)"),
        ("not_before", 1_780_315_260, "Not before: June 1, 2026, 8:01 AM (Eastern)"),
    ],
)
def test_a_value_in_words(name: str, value: object, said: str) -> None:
    changed: dict[str, Any] = {name: value}
    assert said in as_text(replace(ELECTION, **changed), KNOWN, on=ON)


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
