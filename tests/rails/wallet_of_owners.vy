# pragma version ~=0.4.3
# pragma evm-version cancun
"""
@title A wallet of several owners, for tests
@notice ERC-1271: so many of its owners signed the digest, each by a key, in the order of their addresses.
@dev Compiled beside it: vyper -f bytecode wallet_of_owners.vy > wallet_of_owners.hex
@custom:stop Nothing to stop: it holds nothing.
"""

owners: HashMap[address, bool]
threshold: uint256


@deploy
def __init__(owners: DynArray[address, 7], threshold: uint256):
    for owner: address in owners:
        self.owners[owner] = True
    self.threshold = threshold


@external
@view
def isOwner(owner: address) -> bool:
    return self.owners[owner]


@external
def swap_owner(old: address, new: address):
    assert self.owners[msg.sender], "wallet: not an owner"
    self.owners[old] = False
    self.owners[new] = True


@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[512]) -> bytes4:
    count: uint256 = 0
    last: uint256 = 0
    for i: uint256 in range(7):
        if 65 * (i + 1) > len(signature):
            break
        r: uint256 = extract32(signature, 65 * i, output_type=uint256)
        s: uint256 = extract32(signature, 65 * i + 32, output_type=uint256)
        v: uint256 = extract32(signature, 65 * i + 33, output_type=uint256) & 255
        signer: address = ecrecover(digest, v, r, s)
        if not self.owners[signer] or convert(signer, uint256) <= last:
            return 0xFFFFFFFF
        last = convert(signer, uint256)
        count += 1
    if count < self.threshold:
        return 0xFFFFFFFF
    return 0x1626BA7E
