"""Contracts of a few bytes, written by hand: wallets and tokens that answer what a test wants. Not here: ours."""

from __future__ import annotations

from eth_hash.auto import keccak
from tests.rails.world import RELAY, World

MAGIC = bytes.fromhex("1626ba7e").ljust(32, b"\0")


def deployed(world: World, runtime: bytes) -> bytes:
    """The address of a contract with this code."""
    # PUSH1 size, DUP1, PUSH1 11, PUSH0, CODECOPY, PUSH0, RETURN
    copies = bytes([0x60, len(runtime), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3])
    contract = world.send(RELAY, None, copies + runtime).contract
    assert contract is not None
    return contract


def answering(world: World, answer: bytes) -> bytes:
    """A contract that answers this to everything."""
    assert len(answer) <= 32
    word = answer.ljust(32, b"\0")
    return deployed(world, b"\x7f" + word + bytes([0x5F, 0x52, 0x60, len(answer), 0x5F, 0xF3]))


def refusing(world: World) -> bytes:
    """A contract that refuses everything, without a word."""
    return deployed(world, bytes([0x5F, 0x5F, 0xFD]))


def wallet(world: World, agreed: bytes) -> bytes:
    """A wallet (ERC-1271) that agrees to exactly this call, and answers zero to any other."""
    # CALLDATASIZE .. CALLDATACOPY, KECCAK256, the agreed hash, EQ, the magic value, MUL, MSTORE, RETURN
    compared = bytes.fromhex("365f5f37365f207f") + keccak(agreed) + bytes.fromhex("147f") + MAGIC
    return deployed(world, compared + bytes.fromhex("025f5260205ff3"))


def token_that_keeps(world: World, answer: bytes | None) -> bytes:
    """A token that says yes to ``transferFrom``, and this to anything else; None refuses without a word."""
    selector = keccak(b"transferFrom(address,address,uint256)")[:4]
    other = bytes.fromhex("5f5ffd")
    if answer is not None:
        other = b"\x7f" + answer.ljust(32, b"\0") + bytes([0x5F, 0x52, 0x60, len(answer), 0x5F, 0xF3])
    asked = bytes.fromhex("5f3560e01c63") + selector + bytes([0x14, 0x60, 14 + len(other), 0x57])
    yes = bytes.fromhex("5b60015f5260205ff3")
    return deployed(world, asked + other + yes)


def wallet_by_size(world: World, size: int) -> bytes:
    """A wallet (ERC-1271) that agrees to any signature of so many bytes, and answers zero to any other."""
    # the length of the signature (word at 68) == size, times the magic value
    compared = bytes([0x60, 68, 0x35, 0x61, *size.to_bytes(2, "big"), 0x14, 0x7F])
    return deployed(world, compared + MAGIC + bytes.fromhex("025f5260205ff3"))


def token_of(world: World, payer: bytes) -> bytes:
    """A token that says yes when this address pays, and no otherwise."""
    return deployed(world, b"\x73" + payer + bytes.fromhex("600435145f5260205ff3"))
