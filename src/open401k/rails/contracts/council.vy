# pragma version ~=0.4.3
# pragma evm-version cancun
"""
@title Motions of a council: so many of its seats, then a delay
@license Apache-2.0
@notice What governs a network. Not here: what may be decided (see network.vy).
@dev A motion names its action by hash, with all arguments. It is passed once by signatures, waits, and is carried out by anybody.
     Motions that only restrict need no delay. A motion that nobody carried out lapses.
@custom:stop The council withdraws a motion while it waits, without delay.
"""

import signatures

MOST_SEATS: constant(uint256) = 16
LIFE: constant(uint256) = 30 * 86400
_DOMAIN: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_MOTION: constant(bytes32) = keccak256("Motion(bytes32 action,uint256 number)")


struct Seat:
    who: address
    signature: Bytes[224]


event Passed:
    action: indexed(bytes32)
    number: uint256


event Carried:
    action: indexed(bytes32)


DELAY: public(immutable(uint256))
_SEPARATOR: immutable(bytes32)

is_seat: public(HashMap[address, bool])
seats: public(uint256)
threshold: public(uint256)
motions: public(uint256)
passed_at: public(HashMap[bytes32, uint256])


@deploy
def __init__(name: String[32], seats: DynArray[address, MOST_SEATS], threshold: uint256, delay: uint256):
    DELAY = delay
    _SEPARATOR = keccak256(abi_encode(_DOMAIN, keccak256(name), keccak256("1"), chain.id, self))
    for who: address in seats:
        assert who != empty(address) and not self.is_seat[who], "council: a seat is empty or named twice"
        self.is_seat[who] = True
    self.seats = len(seats)
    self._set_threshold(threshold)


@external
def pass_motion(action: bytes32, signed: DynArray[Seat, MOST_SEATS]):
    """
    @notice Pass an action by the signatures of enough seats, in ascending order of their addresses.
    """
    digest: bytes32 = keccak256(
        concat(b"\x19\x01", _SEPARATOR, keccak256(abi_encode(_MOTION, action, self.motions)))
    )
    before: uint256 = 0
    for seat: Seat in signed:
        number: uint256 = convert(seat.who, uint256)
        assert number > before, "council: seats are not in ascending order"
        before = number
        assert self.is_seat[seat.who], "council: not a seat"
        assert signatures._is_signed_by(seat.who, digest, seat.signature), "council: not its signature"
    assert len(signed) >= self.threshold, "council: too few seats"
    log Passed(action=action, number=self.motions)
    self.motions += 1
    self.passed_at[action] = block.timestamp


@external
def withdraw(action: bytes32):
    """
    @notice Take back a motion that waits; this itself is a motion, without delay.
    """
    self._carry_now(keccak256(abi_encode("withdraw", action)))
    self.passed_at[action] = 0


@external
def change_seats(joining: DynArray[address, MOST_SEATS], leaving: DynArray[address, MOST_SEATS], threshold: uint256):
    """
    @notice Who sits in the council and how many are enough.
    """
    self._carry(keccak256(abi_encode("change_seats", joining, leaving, threshold)))
    for who: address in leaving:
        assert self.is_seat[who], "council: not a seat"
        self.is_seat[who] = False
    for who: address in joining:
        assert who != empty(address) and not self.is_seat[who], "council: a seat is empty or named twice"
        self.is_seat[who] = True
    self.seats = self.seats + len(joining) - len(leaving)
    self._set_threshold(threshold)


@internal
def _set_threshold(threshold: uint256):
    assert self.seats <= MOST_SEATS, "council: too many seats"
    assert threshold * 2 > self.seats and threshold <= self.seats, "council: more than half of the seats, at most all"
    self.threshold = threshold


@internal
def _carry(action: bytes32):
    """
    @notice Use up a motion whose delay is over.
    """
    assert self.passed_at[action] != 0, "council: no such motion was passed"
    ready: uint256 = self.passed_at[action] + DELAY
    assert ready <= block.timestamp, "council: the delay is not over"
    assert block.timestamp <= ready + LIFE, "council: the motion has lapsed"
    self._used(action)


@internal
def _carry_now(action: bytes32):
    """
    @notice Use up a motion that only restricts.
    """
    assert self.passed_at[action] != 0, "council: no such motion was passed"
    assert block.timestamp <= self.passed_at[action] + LIFE, "council: the motion has lapsed"
    self._used(action)


@internal
def _used(action: bytes32):
    self.passed_at[action] = 0
    log Carried(action=action)
