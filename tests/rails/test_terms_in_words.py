"""What a voter signs is what they read, and what signing tools are shown hashes to what the contracts check."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from tests.rails.test_in_words import ELECTION, KNOWN

from open401k.law.spousal_consent import Witness
from open401k.rails.in_words import UnlikeError
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import (
    NOBODY,
    Leg,
    Role,
    Terms,
    Voter,
    approval_hash,
    election_hash,
    rollover_domain,
    rollover_id,
)
from open401k.rails.preflight.facts import Consent
from open401k.rails.terms_in_words import Read, as_text, consent, means, told
from open401k.rails.typed import approval_typed

TERMS = Terms(
    part=0, rule_version=3, deadline=1_780_920_000, token=b"\x66" * 20, withholder=NOBODY, data_root=b"\x77" * 32,
    parent=bytes(32), salt=b"\x88" * 32,
    voters=(Voter(Role.SPOUSE, b"\x99" * 20), Voter(Role.ADMINISTRATOR, b"\xaa" * 20)),
    legs=(
        Leg(Kind.PRE_TAX, Into.PLAN, 0, 48_210_55, 0, b"\xbb" * 32),
        Leg(Kind.ROTH, Into.ROTH_IRA, 0, 100, 7, b"\xcc" * 32),
    ),
)  # fmt: skip
CONSENT = Consent(date(2026, 5, 29), True, True, True, Witness.NOTARY)
READ = Read(Role.SPOUSE, ELECTION, TERMS, b"\xdd" * 32, CONSENT)
OTHERS: dict[str, Any] = {
    "part": 1, "rule_version": 4, "deadline": 1_780_920_001, "token": b"\x67" * 20, "withholder": b"\x01" * 20,
    "data_root": b"\x78" * 32, "parent": b"\x01" * 32, "salt": b"\x89" * 32, "voters": TERMS.voters[:1],
    "legs": (replace(TERMS.legs[0], amount=48_210_54), TERMS.legs[1]),
}  # fmt: skip


@pytest.mark.parametrize("name", [field.name for field in fields(Terms)])
def test_every_field_of_the_terms_has_a_row_that_tells_another_value(name: str) -> None:
    before = {row.field: row for row in told(READ, KNOWN)}
    after = {row.field: row for row in told(replace(READ, terms=replace(TERMS, **{name: OTHERS[name]})), KNOWN)}
    assert before[name].said
    assert before[name].exact != after[name].exact
    assert {each for each in before if before[each].exact != after[each].exact} == {name}


def test_another_election_role_or_evidence_is_told_too() -> None:
    for field, other in (
        ("election", replace(READ, election=replace(ELECTION, number=18))),
        ("role", replace(READ, role=Role.ADMINISTRATOR)),
        ("evidence", replace(READ, evidence=bytes(32))),
    ):
        rows = ({row.field: row.exact for row in told(each, KNOWN)} for each in (READ, other))
        assert next(rows)[field] != next(rows)[field]


def test_a_spouse_reads_amounts_effect_and_the_consent_that_is_on_file() -> None:
    text = as_text(READ, KNOWN, digest=b"\xee" * 32)
    assert "$48,210.55: Money that was not taxed yet (pre-tax), to the participant's account in the new plan." in text
    assert (
        "$1.00: Roth money (taxed when it was paid in), to the participant's Roth IRA. Of it $0.07 is taxed now."
        in text
    )
    assert "written consent of May 29, 2026, which a notary witnessed" in text
    assert "pays no annuity from it, and nothing of it to you if the participant dies" in text
    assert "Both companies and the plan's administrator" in text
    assert "digest = 0x" + "ee" * 32 in text
    assert "your account" not in text.lower()
    assert any("paper" in each for each in consent("Old Custodian", "Call us."))


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.DEPOSITORY])
def test_others_read_what_they_say_by_signing(role: Role) -> None:
    found = " ".join(means(replace(READ, role=role, consent=None), KNOWN))
    assert {Role.ADMINISTRATOR: "vested", Role.DEPOSITORY: "blocked"}[role] in found
    assert "annuity" not in found


def test_terms_that_pay_somebody_without_a_name_are_not_shown() -> None:
    legs = (replace(TERMS.legs[0], to=1),)
    with pytest.raises(UnlikeError, match="legs"):
        told(replace(READ, terms=replace(TERMS, legs=legs)), KNOWN)


def test_typed_data_hashes_to_what_the_contracts_check() -> None:
    domain = rollover_domain(401, b"\x12" * 20)
    election = election_hash(ELECTION)
    typed: Any = approval_typed(domain, election, TERMS, role=Role.SPOUSE, evidence=READ.evidence)
    assert typed_digest(typed) == domain.digest(approval_hash(rollover_id(election, TERMS), Role.SPOUSE, READ.evidence))


def typed_digest(typed: Any) -> bytes:
    """What a wallet that is shown this signs."""
    domain, message = (_struct(typed, name, typed[place]) for name, place in (
        ("EIP712Domain", "domain"), (typed["primaryType"], "message")))  # fmt: skip
    return keccak(b"\x19\x01" + domain + message)


def _struct(typed: Any, name: str, value: Any) -> bytes:
    """hashStruct as EIP-712 has it, from the types that are told."""
    kinds, values = ["bytes32"], [keccak(_type(typed, name).encode())]
    for field in typed["types"][name]:
        kind, given = field["type"], value[field["name"]]
        if kind == "bytes32[]":
            kind, given = "bytes32", keccak(b"".join(bytes.fromhex(each[2:]) for each in given))
        elif kind == "bytes":
            kind, given = "bytes32", keccak(bytes.fromhex(given[2:]))
        elif kind.endswith("[]"):
            kind, given = "bytes32", keccak(b"".join(_struct(typed, kind[:-2], each) for each in given))
        elif kind in typed["types"]:
            kind, given = "bytes32", _struct(typed, kind, given)
        elif kind == "string":
            kind, given = "bytes32", keccak(given.encode())
        elif kind == "bytes32":
            given = bytes.fromhex(given[2:])
        kinds.append(kind)
        values.append(given)
    return keccak(encode(kinds, values))


def _type(typed: Any, name: str) -> str:
    used: set[str] = set()
    waits = [name]
    while waits:
        for field in typed["types"][waits.pop()]:
            kind = field["type"].removesuffix("[]")
            if kind in typed["types"] and kind not in used:
                used.add(kind)
                waits.append(kind)
    return "".join(
        each + "(" + ",".join(f"{field['type']} {field['name']}" for field in typed["types"][each]) + ")"
        for each in (name, *sorted(used))
    )
