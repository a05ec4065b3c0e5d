"""The transfer file: every item typed, one salted leaf each; shown singly, erased, sealed for one custodian alone."""

from __future__ import annotations

import hashlib
import json

import pytest
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.kernel import SeededRandom
from open401k.rails.keys import Key
from open401k.rails.transfer_file import leaves
from open401k.rails.transfer_file.leaves import FileRefusedError, TransferFile, erased, from_bytes, made, proves, shown
from open401k.rails.transfer_file.schema import Form, Need, items, problems
from open401k.rails.transfer_file.sealed import Mailbox, SealedProblem, SealedRefusedError, opened, seal

TAX_NUMBER = "900-70-4242"
_SAMPLE = {
    Form.TEXT: "as told",
    Form.CENTS: "0",
    Form.COUNT: "2026",
    Form.DAY: "2026-06-01",
    Form.TIME: "2026-06-01T12:00:00Z",
    Form.FLAG: "no",
    Form.HASH: "ab" * 32,
    Form.TAX_NUMBER: TAX_NUMBER,
}
_WHICH = {"receiving": "receiving[0]", "amounts": "amounts[pre_tax]", "forms": "forms[0]"}


def values(**other: str | None) -> dict[str, str]:
    """Every mandatory item; 4,000.00 of pre-tax money."""
    told = {
        f"{_WHICH.get(item.group, item.group)}.{item.name}": _SAMPLE[item.form]
        for item in items().values()
        if item.need is Need.MANDATORY
    }
    told |= {"amounts[pre_tax].gross_cents": "400000", "amounts[pre_tax].taxable_cents": "400000"}
    told |= {"settlement.amount_cents": "400000"}
    changed = {label.replace("__", "."): value for label, value in other.items()}
    return {label: value for label, value in (told | changed).items() if value is not None}


def file() -> TransferFile:
    return made(values(), SeededRandom(1))


def said(told: dict[str, str]) -> dict[str, str]:
    return {each.label: each.said for each in problems(told)}


# ---- the schema


def test_every_group_of_the_protocol_has_its_items() -> None:
    groups = {item.group for item in items().values()}
    assert groups == {
        "case", "participant", "distributing", "receiving", "event", "amounts", "roth", "tax_basis", "loan", "minimum",
        "tax", "forms", "authority", "institution", "settlement",
    }  # fmt: skip
    assert len(items()) > 150


def test_a_file_with_every_mandatory_item_is_made() -> None:
    assert said(values()) == {}
    assert len(file().leaves) == len(values())


@pytest.mark.parametrize("label", sorted(values()))
def test_each_mandatory_item_is_missed_by_its_label(label: str) -> None:
    if label.startswith("forms"):
        return  # of a form that is not there nothing is missing
    told = values()
    del told[label]
    found = said(told)
    assert label in found or label.startswith("amounts")
    assert found


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        ("participant.born_on", "06/01/1980", "a day"),
        ("participant.born_on", "2026-6-1", "a day"),
        ("participant.tax_number", "900704", "nine digits"),
        ("participant.us_person", "maybe", "yes or no"),
        ("participant.legal_name", " padded", "padded"),
        ("participant.legal_name", "line\nbreak", "printed"),
        ("settlement.amount_cents", "4,000.00", "whole number"),
        ("settlement.amount_cents", "0400000", "whole number"),
        ("settlement.amount_cents", "399999", "add up to 400000"),
        ("amounts[pre_tax].taxable_cents", "400001", "more than the source"),
        ("case.reference", "AB", "64 digits"),
        ("case.created_at", "2026-06-01 12:00", "a time"),
        ("participant.shoe_size", "9", "no item"),
        ("amounts[lottery].gross_cents", "1", "no source"),
        ("amounts.gross_cents", "1", "brackets"),
        ("case[0].full", "yes", "no brackets"),
        ("receiving[first].plan_name", "x", "numbered"),
        ("nonsense", "x", "no label"),
    ],
)
def test_what_is_wrong_is_told_by_its_label(label: str, value: str, words: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        made(values() | {label: value}, SeededRandom(1))
    found = {each.label: each.said for each in refused.value.problems}
    assert words in found[label]


def test_roth_after_tax_and_simple_money_bring_their_own_items() -> None:
    extra = dict.fromkeys(("gross_cents", "taxable_cents", "basis_cents", "earnings_cents"), "0")
    extra |= {"vested_cents": "0", "forfeited_cents": "0", "as_of": "2026-06-01"}
    with_roth = values() | {f"amounts[in_plan_roth_2021].{name}": value for name, value in extra.items()}
    assert set(said(with_roth)) == {"roth.first_year", "roth.basis_cents", "roth.qualified"}
    with_basis = values() | {f"amounts[after_tax].{name}": value for name, value in extra.items()}
    assert set(said(with_basis)) == {"tax_basis.after_tax_cents", "tax_basis.destination"}
    simple = values() | {"distributing.plan_type": "simple_ira"}
    assert set(said(simple)) == {"distributing.simple_first_participation_on"}


# ---- leaves


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 17))
def test_each_single_item_is_proven_under_the_root_and_no_other_value(seed: int, count: int) -> None:
    some = dict(sorted(values().items())[:count])
    random = SeededRandom(seed)
    told = TransferFile(
        tuple(
            leaves.Leaf(label, leaves.leaf_digest(salt, label, value), salt, value)
            for label, value in some.items()
            for salt in [random.token(32)]
        )
    )
    for label in some:
        one = shown(told, label)
        assert proves(one, told.root)
        assert not proves(leaves.Shown(label, one.value + "x", one.salt, one.count, one.way), told.root)
        assert not proves(leaves.Shown(label, one.value, one.salt, one.count + 1, one.way), told.root)
    assert not proves(one, keccak(told.root))


def test_label_and_value_cannot_trade_letters() -> None:
    salt = bytes(32)
    assert leaves.leaf_digest(salt, "case.full", "yes") != leaves.leaf_digest(salt, "case.ful", "lyes")


def test_showing_one_item_shows_nothing_of_the_others() -> None:
    one = shown(file(), "participant.born_on")
    told = repr(one)
    assert TAX_NUMBER not in told
    assert all(
        other.hex() not in told for other in [leaf.salt or b"" for leaf in file().leaves if leaf.salt != one.salt]
    )


def test_an_erased_item_is_gone_and_the_root_stays() -> None:
    before = file()
    after = erased(before, ["participant.tax_number"])
    assert after.root == before.root
    assert TAX_NUMBER not in [leaf.value for leaf in after.leaves if leaf.label == "participant.tax_number"]
    assert proves(shown(after, "participant.born_on"), before.root)
    with pytest.raises(FileRefusedError, match=r"participant\.tax_number was erased"):
        shown(after, "participant.tax_number")
    with pytest.raises(FileRefusedError, match="x is not in this file"):
        erased(before, ["x"])
    with pytest.raises(FileRefusedError, match="x is not in this file"):
        shown(before, "x")
    assert from_bytes(leaves.to_bytes(after)).root == before.root


def test_no_leaf_is_found_by_hashing_every_number_without_its_salt() -> None:
    """The last five digits of a number whose first four are known, in every way to write and hash it."""
    told = made(values() | {"participant.tax_number": TAX_NUMBER}, SeededRandom(7))
    digests = {leaf.digest for leaf in told.leaves} | {told.root}
    label = "participant.tax_number"
    for rest in range(10_000):
        number = f"900-70-{rest:04d}"
        for text in (number, number.replace("-", ""), label + number, f"{label}|{number}"):
            assert keccak(text.encode()) not in digests
        assert hashlib.sha256(number.encode()).digest() not in digests
        assert leaves.leaf_digest(b"", label, number) not in digests
        assert leaves.leaf_digest(bytes(32), label, number) not in digests
    (leaf,) = [leaf for leaf in told.leaves if leaf.label == label]
    assert leaf.salt is not None
    assert (
        leaves.leaf_digest(leaf.salt, label, TAX_NUMBER) in digests
    )  # the search itself works: with the salt it finds


def test_the_same_values_twice_have_nothing_in_common() -> None:
    one, other = made(values(), SeededRandom(1)), made(values(), SeededRandom(2))
    assert not {leaf.digest for leaf in one.leaves} & {leaf.digest for leaf in other.leaves}


def test_a_file_comes_back_as_it_went_and_a_changed_one_does_not() -> None:
    told = leaves.to_bytes(file())
    assert from_bytes(told) == file()
    document = json.loads(told)
    document["leaves"][3][3] = "another"
    with pytest.raises(FileRefusedError, match="does not fit its digest"):
        from_bytes(json.dumps(document).encode())
    document = json.loads(told)
    document["leaves"].append(document["leaves"][-1])
    with pytest.raises(FileRefusedError, match="is there twice"):
        from_bytes(json.dumps(document).encode())
    document["leaves"] = document["leaves"][:2]
    with pytest.raises(FileRefusedError, match="is missing"):
        from_bytes(json.dumps(document).encode())
    document["leaves"][0][2] = None
    with pytest.raises(FileRefusedError, match="neither whole nor erased"):
        from_bytes(json.dumps(document).encode())


@pytest.mark.parametrize("told", [b"", b"{}", b"[]", b'{"leaves": []}', b'{"leaves": [[1, 2, 3, 4]]}', b"[" * 100_000])
def test_what_is_no_file_is_refused(told: bytes) -> None:
    with pytest.raises(FileRefusedError, match="file"):
        from_bytes(told)


# ---- sealing

SENDER, OTHER = Key(keccak(b"sender")), Key(keccak(b"other"))
OURS, THEIRS = Mailbox(keccak(b"our mailbox")), Mailbox(keccak(b"their mailbox"))
REFERENCE = keccak(b"this rollover")


def sealed(content: bytes = b"content") -> bytes:
    return seal(content, sender=SENDER, to=OURS.public, reference=REFERENCE, random=SeededRandom(3))


def test_what_is_sealed_for_us_opens_and_hides_everything() -> None:
    content = leaves.to_bytes(file())
    told = sealed(content)
    assert opened(told, mailbox=OURS, sender=SENDER.address, reference=REFERENCE) == content
    assert TAX_NUMBER.encode() not in told
    assert len(sealed(b"a")) == len(sealed(b"a" * 4_000))
    assert "secret" not in repr(OURS)


@pytest.mark.parametrize(
    ("mailbox", "sender", "reference", "problem"),
    [
        (THEIRS, SENDER, REFERENCE, SealedProblem.NOT_FOR_US),
        (OURS, OTHER, REFERENCE, SealedProblem.ANOTHER_SENDER),
        (OURS, SENDER, keccak(b"another rollover"), SealedProblem.ANOTHER_ROLLOVER),
    ],
)
def test_it_opens_for_no_other_mailbox_sender_or_rollover(
    mailbox: Mailbox, sender: Key, reference: bytes, problem: SealedProblem
) -> None:
    with pytest.raises(SealedRefusedError) as refused:
        opened(sealed(), mailbox=mailbox, sender=sender.address, reference=reference)
    assert refused.value.problem is problem


@settings(max_examples=50, deadline=None)
@given(place=st.integers(0, 4_400), bit=st.integers(0, 7))
def test_one_changed_bit_is_noticed(place: int, bit: int) -> None:
    told = bytearray(sealed())
    place %= len(told)
    told[place] ^= 1 << bit
    with pytest.raises(SealedRefusedError):
        opened(bytes(told), mailbox=OURS, sender=SENDER.address, reference=REFERENCE)


def test_moved_to_another_rollover_by_who_cannot_read_it_it_stays_closed() -> None:
    """Even signed anew by the sender's key: the rollover is bound into key and cipher."""
    told = sealed()
    body = bytearray(told[:-65])
    another = keccak(b"another rollover")
    at = len(b"open401k transfer file 1")
    body[at : at + 32] = another
    again = bytes(body) + SENDER.sign(keccak(bytes(body)))
    with pytest.raises(SealedRefusedError) as refused:
        opened(again, mailbox=OURS, sender=SENDER.address, reference=another)
    assert refused.value.problem is SealedProblem.BROKEN


def test_keys_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal(b"", sender=SENDER, to=b"short", reference=REFERENCE, random=SeededRandom(1))
    with pytest.raises(SealedRefusedError):
        opened(b"short", mailbox=OURS, sender=SENDER.address, reference=REFERENCE)
