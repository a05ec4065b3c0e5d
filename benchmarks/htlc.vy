# pragma version ~=0.4.3
# pragma evm-version cancun
"""
@title Hashed time locks, the peer of the rollover's benchmark
@license Apache-2.0
@notice Two parties lock money under one hash; who shows what was hashed takes it, after the time it goes back.
@dev Only to be measured: whoever sleeps through the second lock's time loses, which is why the rails are not this.
"""

from ethereum.ercs import IERC20


struct Lock:
    token: address
    payer: address
    payee: address
    cents: uint256
    until: uint256


event Locked:
    id: indexed(bytes32)


event Claimed:
    id: indexed(bytes32)
    secret: bytes32


event Returned:
    id: indexed(bytes32)


locks: HashMap[bytes32, Lock]


@external
def lock(id: bytes32, token: address, payee: address, cents: uint256, until: uint256):
    """
    @param id Hash of the secret and the payee.
    """
    assert self.locks[id].payer == empty(address), "htlc: taken"
    assert until > block.timestamp, "htlc: over"
    self.locks[id] = Lock(token=token, payer=msg.sender, payee=payee, cents=cents, until=until)
    assert extcall IERC20(token).transferFrom(msg.sender, self, cents)
    log Locked(id=id)


@external
def claim(secret: bytes32, payee: address):
    id: bytes32 = keccak256(abi_encode(keccak256(secret), payee))
    told: Lock = self.locks[id]
    assert told.payee == payee and told.cents > 0, "htlc: not there"
    assert block.timestamp <= told.until, "htlc: over"
    self.locks[id].cents = 0
    log Claimed(id=id, secret=secret)
    assert extcall IERC20(told.token).transfer(payee, told.cents)


@external
def give_back(id: bytes32):
    told: Lock = self.locks[id]
    assert told.cents > 0 and block.timestamp > told.until, "htlc: not over"
    self.locks[id].cents = 0
    log Returned(id=id)
    assert extcall IERC20(told.token).transfer(told.payer, told.cents)
