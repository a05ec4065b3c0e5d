"""A letter that uses nothing new is written as the first nodes of its version did: they refuse what they don't know."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rails.node.halves import receiving

from open401k.rails.messages import Role
from open401k.rails.node.ballots import Ballot
from open401k.rails.node.codec import Json, told
from open401k.rails.node.letters import (
    VERSION,
    BatchDeclined,
    Body,
    Letter,
    LetterKind,
    NotTaken,
    Request,
    body_of,
    letter,
    letter_bytes,
    letter_of,
)

ONE = bytes([1])
ASKED = Request(ONE * 20, receiving())
APPROVED = Ballot(Role.SPOUSE, ONE * 20, ONE * 32, ONE * 65, 1_780_000_000)
DECLINED = BatchDeclined(655, "not today")
#: The fields that the first nodes of version 1 wrote, and know.
FIRST: dict[LetterKind, tuple[Body, dict[str, Json]]] = {
    LetterKind.REQUEST: (
        ASKED,
        {"source": "01" * 20, "receiving": told(receiving()), "parent": None, "receivers": [], "salt": None},
    ),
    LetterKind.VOTER: (
        APPROVED,
        {"role": "spouse", "who": "01" * 20, "evidence": "01" * 32, "signature": "01" * 65, "voted_at": 1_780_000_000},
    ),
    LetterKind.BATCH_DECLINED: (DECLINED, {"code": 655, "words": "not today"}),
}


def travelled(kind: LetterKind, body: Body) -> Letter:
    return letter_of(letter_bytes(letter(bytes(32), 1, kind, body)))


@pytest.mark.parametrize("kind", FIRST)
def test_what_uses_nothing_new_is_written_as_before(kind: LetterKind) -> None:
    body, fields = FIRST[kind]
    came = travelled(kind, body)
    assert (came.version, came.body) == (VERSION, fields) == (1, fields)
    assert body_of(came) == body


def test_a_decline_of_the_whole_has_the_bytes_that_it_had() -> None:
    assert letter_bytes(letter(ONE * 32, 2, LetterKind.BATCH_DECLINED, DECLINED)) == (
        b'{"body":{"code":655,"words":"not today"},"kind":"batch_declined","number":2,"reference":"'
        + b"01" * 32 + b'","version":1}'
    )  # fmt: skip


def test_who_is_asked_for_a_voter_tells_no_more_than_before() -> None:
    fields = FIRST[LetterKind.VOTER][1] | {"evidence": None, "signature": None, "voted_at": None}
    assert travelled(LetterKind.VOTER, APPROVED.not_given).body == fields


@pytest.mark.parametrize(
    ("kind", "body", "new"),
    [
        (LetterKind.REQUEST, replace(ASKED, undoes=ONE * 32), "undoes"),
        (LetterKind.VOTER, replace(APPROVED.not_given, no=ONE * 65), "no"),
        (LetterKind.BATCH_DECLINED, replace(DECLINED, items=(NotTaken(ONE * 32, "a levy"),)), "items"),
    ],
)
def test_what_is_new_is_written_where_it_is_used(kind: LetterKind, body: Body, new: str) -> None:
    came = travelled(kind, body)
    assert isinstance(came.body, dict)
    assert came.body.keys() - FIRST[kind][1].keys() == {new}
    assert body_of(came) == body
