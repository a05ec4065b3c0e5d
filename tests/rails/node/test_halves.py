"""Halves of the facts as JSON and back, what is wrong told by path, and both halves as one set of facts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.rails.node.halves import receiving, releasing
from tests.rails.preflight_facts import TODAY, lawful

from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node.codec import BadInputError, parsed, read, told, written
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf, Wanted, joined
from open401k.rails.node.letters import LetterKind, Note, body_of, letter, letter_bytes, letter_of
from open401k.rails.preflight.facts import Part
from open401k.rails.preflight.rule_version import rule_version
from open401k.rails.preflight.verdict import preflight


def test_a_half_is_the_same_after_it_was_written_and_read() -> None:
    for half in (releasing(), receiving()):
        assert read(type(half), parsed(written(half))) == half


def test_joined_halves_are_the_facts() -> None:
    assert joined(releasing(), receiving(), on=TODAY) == replace(lawful(), receivers=lawful().receivers[:1])


def test_joined_halves_pass_preflight() -> None:
    assert preflight(joined(releasing(), receiving(), on=TODAY), rules=rule_version(2026)).lawful


def test_what_is_left_of_a_kind_goes_where_no_amount_is_named() -> None:
    wanted = (
        Wanted(Kind.PRE_TAX, Into.PERSON, 1_000_00),
        Wanted(Kind.PRE_TAX, Into.PLAN),
        Wanted(Kind.ROTH, Into.PLAN),
    )
    parts = joined(releasing(), receiving(mode=Mode.ALL, wanted=wanted), on=TODAY).parts
    assert parts == (
        Part(Kind.PRE_TAX, Into.PERSON, 0, 1_000_00),
        Part(Kind.PRE_TAX, Into.PLAN, 0, 29_000_00),
        Part(Kind.ROTH, Into.PLAN, 0, 10_000_00),
    )


def test_every_wrong_field_is_told_by_its_path_at_once() -> None:
    given = json.loads(written(releasing()))
    given["held"][0] |= {"kind": "gold", "paid_cents": 1.5}
    given["payment_on"] = "01/06/2026"
    given["identity"] = {"legal_name": "M", "born_on": "1980-03-15", "shoe_size": 42}
    del given["custodian"]
    with pytest.raises(BadInputError) as refused:
        read(ReleasingHalf, given, at="releasing")
    assert {each.path for each in refused.value.problems} == {
        "releasing.held[0].kind", "releasing.held[0].paid_cents", "releasing.payment_on",
        "releasing.identity.tax_number", "releasing.identity.shoe_size", "releasing.custodian",
    }  # fmt: skip
    assert "1980" not in str(refused.value)


@pytest.mark.parametrize(
    ("other", "path"),
    [
        ({"key": b"short"}, "key"),
        ({"wanted": ()}, "wanted"),
        ({"wanted": (Wanted(Kind.ROTH, Into.PLAN),)}, "wanted[0].cents"),
        ({"wanted": (Wanted(Kind.ROTH, Into.PLAN, 0),)}, "wanted[0].cents"),
        ({"wanted": (Wanted(Kind.ROTH, Into.PLAN, 1), Wanted(Kind.ROTH, Into.PLAN, 2))}, "wanted"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_by_its_field(other: dict[str, object], path: str) -> None:
    half = told(receiving())
    assert isinstance(half, dict)
    half |= {name: told(value) for name, value in other.items()}
    with pytest.raises(BadInputError) as refused:
        read(ReceivingHalf, half)
    assert [each.path for each in refused.value.problems] == [path]


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a":1.5}', '{"a":NaN}', "[" * 100_000, "", b"\xff"])
def test_json_that_could_be_read_in_two_ways_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadInputError):
        parsed(text)


def test_a_letter_is_the_same_after_it_travelled() -> None:
    sent = letter(bytes(32), 3, LetterKind.NOTE, Note("Please call."))
    came = letter_of(letter_bytes(sent))
    assert (came, body_of(came)) == (sent, Note("Please call."))


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [("version", 2, "letter.version"), ("kind", "song", "letter.kind"), ("body", {"song": "la"}, "letter.body.song")],
)
def test_a_letter_of_another_day_is_read_as_far_as_its_envelope(field: str, value: object, path: str) -> None:
    sent = json.loads(letter_bytes(letter(bytes(32), 3, LetterKind.NOTE, Note("Please call."))))
    came = letter_of(json.dumps(sent | {field: value}).encode())
    with pytest.raises(BadInputError) as refused:
        body_of(came)
    assert path in {each.path for each in refused.value.problems}
