"""The check of P-256 signatures against EIP-7951's own steps, written out here in whole numbers.

The EIP's 781 vectors (Wycheproof's) were run as well, all with its outcome, and are not repeated here. What they look
for is made here: a point at infinity, an x above the order, bounds, lengths.
"""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from tests.rails.world import RELAY, founded

from open401k.rails.chain.p256 import ADDRESS, GAS, is_signed

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int] | None  # None: at infinity


def on_curve(x: int, y: int) -> bool:
    return (y * y - (x**3 - 3 * x + B)) % P == 0


def added(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, P) if one == other else (y2 - y1) * pow(x2 - x1, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def times(factor: int, point: Point) -> Point:
    told: Point = None
    while factor:
        if factor & 1:
            told = added(told, point)
        point, factor = added(point, point), factor >> 1
    return told


def as_written(given: bytes) -> bool:
    """The steps of EIP-7951, "Signature Verification Algorithm"."""
    if len(given) != 160:
        return False
    h, r, s, x, y = (int.from_bytes(given[at : at + 32], "big") for at in range(0, 160, 32))
    if not (0 < r < N and 0 < s < N) or not (x < P and y < P) or not on_curve(x, y) or (x, y) == (0, 0):
        return False
    s1 = pow(s, -1, N)
    found = added(times(h * s1 % N, G), times(r * s1 % N, (x, y)))
    return found is not None and found[0] % N == r


def words(*numbers: int) -> bytes:
    return b"".join(each.to_bytes(32, "big") for each in numbers)


SECRET = ec.derive_private_key(2026, ec.SECP256R1())
KEY: tuple[int, int] = times(2026, G) or (0, 0)
HASH = int.from_bytes(bytes(range(32)), "big")
R, S = decode_dss_signature(SECRET.sign(HASH.to_bytes(32, "big"), ec.ECDSA(Prehashed(hashes.SHA256()))))
GOOD = words(HASH, R, S, *KEY)


def with_x_above_the_order() -> bytes:
    """A good signature whose random point has an x that only counts less the order."""
    x = next(each for each in range(N, P) if on_curve(each, pow(each**3 - 3 * each + B, (P + 1) // 4, P)))
    point = (x, pow(x**3 - 3 * x + B, (P + 1) // 4, P))
    r, s, back = x - N, 7, pow(x - N, -1, N)
    key = added(times(s * back % N, point), times(-HASH * back % N, G))
    assert key is not None
    return words(HASH, r, s, *key)


@pytest.mark.parametrize(
    ("given", "is_good"),
    [
        (GOOD, True),
        (words(HASH, R, N - S, *KEY), True),  # the other half of s
        (with_x_above_the_order(), True),
        (words(-R * 2026 % N, R, S, *KEY), False),  # the random point is at infinity
        (words(HASH, R, S, 0, 0), False),  # the key is
        (words(HASH, R, S, KEY[0], P - KEY[1]), False),
        (words(HASH, R, S, KEY[0], KEY[1] ^ 1), False),  # not on the curve
        (words(HASH, R, S, G[0] + P, G[1]) if G[0] + P < 2**256 else words(HASH, R, S, P, 5), False),
        (words(HASH, R, S, KEY[0], P), False),
        (words(HASH ^ 1, R, S, *KEY), False),
        *[(words(HASH, r, S, *KEY), False) for r in (0, 1, N - 1, N, N + 1, P, 2**256 - 1)],
        *[(words(HASH, R, s, *KEY), False) for s in (0, 1, N - 1, N, N + 1, P, 2**256 - 1)],
        (GOOD[:-1], False),
        (GOOD + b"\0", False),
        (b"", False),
    ],
)
def test_each_edge_of_the_text_is_held(given: bytes, is_good: bool) -> None:
    assert (is_signed(given), as_written(given)) == (is_good, is_good)


def test_changed_bytes_are_judged_as_the_text_judges_them() -> None:
    chance = random.Random(7951)  # noqa: S311 (a fixed seed)
    for _ in range(12):
        changed = bytearray(GOOD)
        changed[chance.randrange(160)] ^= chance.randrange(1, 256)
        assert is_signed(bytes(changed)) == as_written(bytes(changed))


def test_the_chain_answers_one_or_nothing_and_takes_the_same_gas() -> None:
    chain = founded().chain
    assert chain.call(ADDRESS, GOOD) == words(1)
    for wrong in (words(HASH ^ 1, R, S, *KEY), b"", GOOD + GOOD):
        assert chain.call(ADDRESS, wrong) == b""
    spent = []
    for given in (GOOD, words(HASH ^ 1 << 8, R, S, *KEY)):  # as many zero bytes in one as in the other
        assert given.count(0) == GOOD.count(0)
        spent.append(founded().send(RELAY, ADDRESS, given).gas)
    at_nobody = founded().send(RELAY, bytes(19) + b"\x99", GOOD).gas
    assert spent == [at_nobody + GAS] * 2
