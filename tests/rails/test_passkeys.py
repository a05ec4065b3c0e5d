"""A passkey signs where the chain can check it, as the embedded one can (EIP-7951), and nowhere else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from eth.abc import ComputationAPI
from eth.exceptions import OutOfGas
from eth.vm.forks.cancun.computation import CancunComputation
from eth_hash.auto import keccak
from tests.rails.anvil import anvil
from tests.rails.world import Case, ContractRefusedError, World, found_on

from open401k.rails import messages
from open401k.rails.chain.embedded import EmbeddedChain, _Computation
from open401k.rails.chain.p256 import ADDRESS as P256
from open401k.rails.passkeys import Passkey

PRIVATE = ec.derive_private_key(2026, ec.SECP256R1())
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HASHED = Prehashed(hashes.SHA256())


def passkey(private: ec.EllipticCurvePrivateKey) -> Passkey:
    point = private.public_key().public_numbers()
    return Passkey(point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big"))


PASSKEY = passkey(PRIVATE)


def test_a_network_of_another_make_takes_the_same_signature() -> None:
    """Anvil has the check of P-256 signatures from osaka on."""
    with anvil(hardfork="osaka") as network:
        world = found_on(cast("EmbeddedChain", network.chain()), network.clock)
        case = elected(world)
        world.settle(case)
        assert world.state(case) == "committed"


def with_check(monkeypatch: pytest.MonkeyPatch, check: Callable[[ComputationAPI], ComputationAPI] | None) -> None:
    """A chain whose check of P-256 signatures is another, or is none."""
    told = dict(CancunComputation.get_precompiles()) | ({P256: check} if check else {})
    monkeypatch.setattr(_Computation, "_precompiles", told)


def asserted(
    digest: bytes, *, flags: int = 5, kind: str = "webauthn.get", high: bool = False, more: str = "",
    place: str = ',"origin":"https://plan.example","crossOrigin":false}', private: ec.EllipticCurvePrivateKey = PRIVATE,
) -> bytes:  # fmt: skip
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() + more
    client = f'{{"type":"{kind}","challenge":"{challenge}"{place}'.encode()
    data = hashlib.sha256(b"plan.example").digest() + bytes([flags]) + bytes(4)
    hashed = hashlib.sha256(data + hashlib.sha256(client).digest()).digest()
    r, s = decode_dss_signature(private.sign(hashed, ec.ECDSA(HASHED)))
    s = max(s, ORDER - s) if high else min(s, ORDER - s)
    return passkey(private).signature(r.to_bytes(32, "big"), s.to_bytes(32, "big"), data, client)


def elected(world: World, **other: object) -> Case:
    """A rollover that a passkey elected."""
    case = world.case()
    by = passkey(cast("ec.EllipticCurvePrivateKey", other.get("private", PRIVATE)))
    election = replace(case.election, participant=by.address)
    again = world.elected(election, case.attestation, case.terms)
    digest = world.domain().digest(messages.election_hash(election))
    return replace(again, signature=asserted(digest, **other))  # type: ignore[arg-type]


def code_of(world: World, case: Case) -> int | None:
    with pytest.raises(ContractRefusedError) as why:
        world.settle(case)
    return why.value.code


@pytest.mark.parametrize("high", [False, True])
def test_a_participant_elects_by_passkey(world: World, high: bool) -> None:
    case = elected(world, high=high)
    world.settle(case)
    assert world.state(case) == "committed"


def test_a_member_signs_by_passkey_in_two_phases(world: World) -> None:
    case = world.case()
    world.propose(case)
    told = (world.clock.now + 400 * 86_400, 3, 0xFFFF, PASSKEY.address)
    receiver = world.members["receiver"].address
    world.carry("set_member", "address,(uint64,uint16,uint16,address)", receiver, told)
    case = world.case()
    world.propose(case)
    digest = world.domain().digest(messages.approval_hash(case.id, messages.Role.RECEIVER, bytes(32)))
    world.approve(case, 1, (bytes(32), asserted(digest)))
    assert world.state(case) == "committed"


def test_only_this_digest_by_this_key_with_its_owner_present_and_verified_counts(world: World) -> None:
    good = elected(world)
    for broken in (
        elected(world, flags=1),
        elected(world, flags=4),
        elected(world, kind="webauthn.create"),
        elected(world, more="A"),  # a longer challenge that begins like ours
        elected(world, more="#"),  # of which a quotation mark is one bit away
    ):
        assert code_of(world, broken) == 101
    other = replace(good, signature=asserted(hashlib.sha256(b"another").digest()))
    assert code_of(world, other) == 101
    for at in (0, 40, 64, 96, 130, 160, 180, 210, 250):
        changed = bytearray(good.signature)
        changed[at] ^= 1
        assert code_of(world, replace(good, signature=bytes(changed))) == 101, at
    world.settle(good)


def test_a_passkey_is_known_by_the_last_twenty_bytes_of_its_points_hash(world: World) -> None:
    """Whatever its bits at the edges are: the lowest, the highest of an address, and the one above it."""
    met: set[tuple[int, ...]] = set()
    for number in range(1, 40):
        private = ec.derive_private_key(number, ec.SECP256R1())
        by = passkey(private)
        whole = keccak(by.x + by.y)
        bits = whole[31] & 1, whole[12] >> 7, whole[11] & 1
        if bits not in met:
            met.add(bits)
            world.settle(elected(world, private=private))
    assert len(met) == 8


def test_all_letters_of_the_challenge_are_compared(world: World) -> None:
    good = elected(world)
    digest = world.domain().digest(messages.election_hash(good.election))
    bits = int.from_bytes(digest, "big") << 2
    for place in (0, 1, 21, 41, 42):
        other = bits ^ (1 << (6 * (42 - place) + (2 if place == 42 else 0)))
        signature = asserted((other >> 2).to_bytes(32, "big"))
        assert code_of(world, replace(good, signature=signature)) == 101, place
    world.settle(good)


def test_the_shortest_client_data_are_read_and_none_that_are_shorter(world: World) -> None:
    short = ',"origin":"https://plan.exam"}'
    for place, size in ((short, 275), (short.replace("exam", "examp"), 276)):
        case = elected(world, place=place)
        assert len(case.signature) == size
        if size < 276:
            assert code_of(world, case) == 101
        else:
            world.settle(case)


def test_where_the_chain_cannot_check_it_a_passkey_is_refused_by_a_code_of_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_check(monkeypatch, None)
    assert code_of(world, elected(world)) == 630


def test_a_check_that_fails_is_no_check(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: ComputationAPI) -> ComputationAPI:
        raise OutOfGas("a precompile of another kind")

    with_check(monkeypatch, fails)
    assert code_of(world, elected(world)) == 630


@pytest.mark.parametrize("answer", [bytes(32), (2).to_bytes(32, "big"), b"\1"])
def test_a_check_that_answers_anything_but_one_is_no_check(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    def answers(computation: ComputationAPI) -> ComputationAPI:
        computation.output = answer
        return computation

    with_check(monkeypatch, answers)
    assert code_of(world, elected(world)) == 630


def test_what_no_contract_could_read_is_told_before() -> None:
    word = bytes(32)
    for broken, why in (
        (partial(PASSKEY.signature, word, word, bytes(38), b"{}"), "without extensions"),
        (partial(PASSKEY.signature, word[:31], word, bytes(37), b"{}"), "32 bytes each"),
        (partial(PASSKEY.signature, word, word, bytes(37), bytes(400)), "too long"),
    ):
        with pytest.raises(ValueError, match=why):
            broken()
