# pragma version ~=0.4.3
# pragma evm-version cancun
"""
@title Who signed a digest
@license Apache-2.0
@notice Keys of people and institutions, and contract wallets. Not here: what a digest says (see terms.vy).
@dev A signature is r, s, v. The upper half of s is refused, or one signature would have two forms; so is the zero
     address, which `ecrecover` answers for garbage. A contract wallet judges any bytes itself (ERC-1271).
@custom:stop Nothing to stop: pure checks of what they are given.
"""

MOST: constant(uint256) = 224  # bytes of one signature; that of a wallet of three keys fits
OF_KEY: constant(uint256) = 65  # bytes of a key's: r, s, v
NOBODY: constant(uint256) = 2**160  # no address
_HALF_ORDER: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168
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
    @notice Whether a contract wallet takes this for its signature.
    """
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
