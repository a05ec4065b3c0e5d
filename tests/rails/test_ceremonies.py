"""What a browser answers to the two ceremonies of a passkey: taken as it must be, refused for each part by its name."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from open401k.rails.passkeys import ORDER, Passkey, PasskeyError, Website, asserted, bytes_of, made

WEBSITE = Website("plan.example", "https://plan.example")
PRIVATE = ec.derive_private_key(2026, ec.SECP256R1())
POINT = PRIVATE.public_key().public_numbers()
PASSKEY = Passkey(POINT.x.to_bytes(32, "big"), POINT.y.to_bytes(32, "big"))
DIGEST = hashlib.sha256(b"what is signed").digest()
COSE = bytes.fromhex("a5010203262001215820") + PASSKEY.x + bytes.fromhex("225820") + PASSKEY.y


def client(kind: str = "webauthn.get", challenge: bytes = DIGEST, **more: Any) -> bytes:
    letters = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
    told = {"type": kind, "challenge": letters, "origin": WEBSITE.origin, "crossOrigin": False}
    return json.dumps(told | more, separators=(",", ":")).encode()


def device(flags: int = 0x1D, host: str = WEBSITE.host, more: bytes = b"") -> bytes:
    return hashlib.sha256(host.encode()).digest() + bytes([flags]) + bytes(4) + more


def with_key(flags: int = 0x5D, credential: bytes = b"id-1", key: bytes = COSE, host: str = WEBSITE.host) -> bytes:
    return device(flags, host, bytes(16) + len(credential).to_bytes(2, "big") + credential + key)


def signed(client_data: bytes, data: bytes) -> bytes:
    return PRIVATE.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))


def test_a_passkey_that_was_just_made_is_read() -> None:
    found = made(client("webauthn.create"), with_key(), challenge=DIGEST, website=WEBSITE)
    assert (found.passkey, found.credential) == (PASSKEY, b"id-1")


@pytest.mark.parametrize(
    ("client_data", "data", "why"),
    [
        (client("webauthn.get"), with_key(), "type is not webauthn.create"),
        (client("webauthn.create", bytes(32)), with_key(), "challenge"),
        (client("webauthn.create", origin="https://plan.example.evil"), with_key(), "origin"),
        (client("webauthn.create", crossOrigin=True), with_key(), "inside a page"),
        (client("webauthn.create", topOrigin="https://evil.example"), with_key(), "inside a page"),
        (b"[]", with_key(), "type"),
        (b"\xff", with_key(), "not JSON"),
        (client("webauthn.create"), with_key(host="evil.example"), "another website"),
        (client("webauthn.create"), with_key(0x5C), "nobody was present"),
        (client("webauthn.create"), with_key(0x59), "its owner"),
        (client("webauthn.create"), device(0x1D), "no key"),
        (client("webauthn.create"), with_key(0xDD), "extensions"),
        (client("webauthn.create"), with_key()[:30], "too few"),
        (client("webauthn.create"), with_key(credential=b""), "id of 0 bytes"),
        (client("webauthn.create"), with_key(key=COSE + b"\0"), "no P-256 key"),
        (client("webauthn.create"), with_key(key=COSE[:-1]), "no P-256 key"),
        (client("webauthn.create"), with_key(key=bytes(77)), "no P-256 key"),
        (client("webauthn.create"), with_key(key=COSE[:-32] + bytes(32)), "not a point"),
    ],
)
def test_what_is_no_new_passkey_of_ours_is_refused(client_data: bytes, data: bytes, why: str) -> None:
    with pytest.raises(PasskeyError, match=why):
        made(client_data, data, challenge=DIGEST, website=WEBSITE)


@given(st.binary(min_size=32, max_size=32), st.booleans())
def test_an_assertion_becomes_the_signature_of_lower_s(digest: bytes, higher: bool) -> None:
    told, data = client(challenge=digest), device()
    r, s = decode_dss_signature(signed(told, data))
    der = encode_dss_signature(r, max(s, ORDER - s) if higher else min(s, ORDER - s))
    found = asserted(PASSKEY, told, data, der, digest=digest, website=WEBSITE)
    low = min(s, ORDER - s).to_bytes(32, "big")
    assert found == PASSKEY.x + PASSKEY.y + r.to_bytes(32, "big") + low + data + told


@pytest.mark.parametrize(
    ("client_data", "data", "why"),
    [
        (client("webauthn.create"), device(), "do not begin"),
        (client(challenge=bytes(32)), device(), "do not begin"),
        (b" " + client(), device(), "do not begin"),
        (b'{"challenge":"","type":"webauthn.get"}', device(), "do not begin"),
        (client() + b"x", device(), "not JSON"),
        (client()[:-1] + b',"challenge":"other"}', device(), "challenge"),
        (client()[:-1] + b',"type":"webauthn.create"}', device(), "type"),
        (client(origin="http://plan.example"), device(), "origin"),
        (client(crossOrigin=True), device(), "inside a page"),
        (client(more="x" * 300), device(), "too long"),
        (client(), device(host="evil.example"), "another website"),
        (client(), device(0x04), "nobody was present"),
        (client(), device(0x01), "its owner"),
        (client(), device(0x9D), "more than an assertion"),
        (client(), device(more=b"x"), "more than an assertion"),
        (client(), device()[:36], "more than an assertion"),
    ],
)
def test_what_is_no_assertion_over_the_digest_is_refused(client_data: bytes, data: bytes, why: str) -> None:
    with pytest.raises(PasskeyError, match=why):
        asserted(PASSKEY, client_data, data, signed(client_data, data), digest=DIGEST, website=WEBSITE)


def out_of_range(der: bytes) -> bytes:
    r, s = decode_dss_signature(der)
    return encode_dss_signature(r, s + ORDER)


def padded(der: bytes) -> bytes:
    """The same numbers with a zero before the first: BER, not DER."""
    return bytes([0x30, der[1] + 1, 0x02, der[3] + 1, 0]) + der[4:]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (lambda der: der[:-1], "not a DER sequence"),
        (lambda der: der + b"\0", "not a DER sequence"),
        (padded, "not a DER sequence|not written"),
        (out_of_range, "out of range"),
        (lambda der: encode_dss_signature(0, decode_dss_signature(der)[1]), "out of range"),
        (lambda der: encode_dss_signature(*decode_dss_signature(der)[::-1]), "not by this passkey"),
    ],
)
def test_a_signature_is_one_in_one_form_by_this_key(broken: Callable[[bytes], bytes], why: str) -> None:
    der = signed(client(), device())
    with pytest.raises(PasskeyError, match=why):
        asserted(PASSKEY, client(), device(), broken(der), digest=DIGEST, website=WEBSITE)
    other = ec.derive_private_key(2027, ec.SECP256R1()).public_key().public_numbers()
    stranger = Passkey(other.x.to_bytes(32, "big"), other.y.to_bytes(32, "big"))
    with pytest.raises(PasskeyError, match="not by this passkey"):
        asserted(stranger, client(), device(), der, digest=DIGEST, website=WEBSITE)


@given(st.binary(max_size=80))
def test_letters_of_bytes_are_read_and_nothing_else(data: bytes) -> None:
    letters = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert bytes_of(letters) == data
    for other in (letters + "=", letters + "+", letters + " ", letters + "é"):
        with pytest.raises(PasskeyError):
            bytes_of(other)
