# pragma version ~=0.4.3
# pragma evm-version cancun
"""
@title Who signed a digest
@license Apache-2.0
@notice Keys of people and institutions, and contract wallets. Not here: what a digest says (see terms.vy).
@dev A signature is r, s, v. The upper half of s is refused, or one signature would have two forms; so is the zero
     address, which `ecrecover` answers for garbage. A contract wallet judges any bytes itself (ERC-1271).
     A passkey (P-256) is known by the last 20 bytes of the hash of its point. Its signature is x 32 | y 32 | r 32 |
     s 32 | authenticator data 37 | client data (WebAuthn level 2, 5.8.1.1, which fixes their order: type, challenge).
     Both halves of s are taken, as WebAuthn has it: nothing here is known by the bytes of a signature, so that a second
     form of one is worth nothing. A passkey signs for its own website only: its key is what is checked, not the origin.
@custom:stop Nothing to stop: pure checks of what they are given.
"""

MOST: constant(uint256) = 512  # bytes of one signature; that of a passkey, or of a wallet of three keys, fits
OF_KEY: constant(uint256) = 65  # bytes of a key's: r, s, v
NOBODY: constant(uint256) = 2**160  # no address
_HALF_ORDER: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168
_P256: constant(address) = 0x0000000000000000000000000000000000000100  # EIP-7951, RIP-7212
_OF_PASSKEY: constant(uint256) = 276  # bytes at least
_PRESENT_AND_VERIFIED: constant(uint256) = 5
_BEGINS: constant(bytes32) = keccak256('{"type":"webauthn.get","challenge":"')
# the letters of base64url
_FIRST: constant(bytes32) = 0x4142434445464748494a4b4c4d4e4f505152535455565758595a616263646566
_SECOND: constant(bytes32) = 0x6768696a6b6c6d6e6f707172737475767778797a303132333435363738392d5f
# a signature that is good, to find out whether a chain can check any: hash, r, s, x, y
_GOOD: constant(uint256[5]) = [
    85395193359390097331427649253271248955035242364604558321311801377443744665269,
    112982474247286208904350431575299681595518928215741150835659661617263377295124,
    9562044059346071820650997793781318753772614633141816851456841596483494708084,
    39575329108373231928167676568616044758871199035945718229366611561319218541346,
    43666082463316681307334558960541060262200456665836558928652387273013452565725,
]
_ERC1271: constant(bytes4) = 0x1626BA7E


interface Wallet:
    def isValidSignature(digest: bytes32, signature: Bytes[MOST]) -> bytes4: view


@internal
@pure
def _signer(digest: bytes32, r: uint256, s: uint256, v: uint256) -> uint256:
    """
    @notice The address of the key that signed, or nobody's.
    """
    signer: uint256 = convert(ecrecover(digest, v, r, s), uint256)
    if s > _HALF_ORDER or signer == 0:
        return NOBODY
    return signer


@internal
@view
def _is_signed_by(who: address, digest: bytes32, signature: Bytes[MOST]) -> bool:
    """
    @notice Whether this account, a key or a contract wallet, signed this digest.
    """
    if who == empty(address):
        return False
    if len(signature) == OF_KEY:
        signer: uint256 = self._signer(
            digest,
            extract32(signature, 0, output_type=uint256),
            extract32(signature, 32, output_type=uint256),
            extract32(signature, 33, output_type=uint256) & 255,
        )
        if signer == convert(who, uint256):
            return True
    return self._is_agreed_by(who, digest, signature)


@internal
@view
def _is_agreed_by(who: address, digest: bytes32, signature: Bytes[MOST]) -> bool:
    """
    @notice Whether this is the signature of a passkey, or a contract wallet takes it for its own.
    """
    if len(signature) >= _OF_PASSKEY:
        point: uint256 = convert(keccak256(slice(signature, 0, 64)), uint256)
        if point & (2**160 - 1) == convert(who, uint256):
            return self._is_asserted(digest, signature)
    if not who.is_contract:
        return False
    ok: bool = False
    answer: Bytes[32] = b""
    ok, answer = raw_call(
        who,
        abi_encode(digest, signature, method_id=method_id("isValidSignature(bytes32,bytes)")),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    return ok and len(answer) == 32 and convert(slice(answer, 0, 4), bytes4) == _ERC1271


@internal
@view
def _is_asserted(digest: bytes32, signature: Bytes[MOST]) -> bool:
    """
    @notice Whether the passkey asserted exactly this digest, with its owner present and verified.
    """
    if extract32(signature, 129, output_type=uint256) & _PRESENT_AND_VERIFIED != _PRESENT_AND_VERIFIED:
        return False
    if keccak256(slice(signature, 165, 36)) != _BEGINS:
        return False
    told: uint256 = convert(digest, uint256)
    for i: uint256 in range(43):
        six: uint256 = (told >> (250 - 6 * i)) & 63 if i < 42 else (told << 2) & 63
        letters: uint256 = convert(_FIRST, uint256) if six < 32 else convert(_SECOND, uint256)
        if extract32(signature, 170 + i, output_type=uint256) & 255 != (letters >> (8 * (31 - six % 32))) & 255:
            return False
    if extract32(signature, 213, output_type=uint256) & 255 != 34:  # the quotation mark after it
        return False
    client: bytes32 = sha256(slice(signature, 165, len(signature) - 165))
    hashed: bytes32 = sha256(concat(slice(signature, 128, 37), client))
    if self._is_p256(
        convert(hashed, uint256),
        extract32(signature, 64, output_type=uint256),
        extract32(signature, 96, output_type=uint256),
        extract32(signature, 0, output_type=uint256),
        extract32(signature, 32, output_type=uint256),
    ):
        return True
    # a chain that cannot check answers what one answers that found it wrong: nothing
    if not self._is_p256(_GOOD[0], _GOOD[1], _GOOD[2], _GOOD[3], _GOOD[4]):
        raw_revert(abi_encode(convert(630, uint256), method_id=method_id("Refused(uint16)")))
    return False


@internal
@view
def _is_p256(hashed: uint256, r: uint256, s: uint256, x: uint256, y: uint256) -> bool:
    ok: bool = False
    answer: Bytes[32] = b""
    ok, answer = raw_call(
        _P256, abi_encode(hashed, r, s, x, y), max_outsize=32, is_static_call=True, revert_on_failure=False
    )
    return ok and len(answer) == 32 and convert(answer, uint256) == 1
