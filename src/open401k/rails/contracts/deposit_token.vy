# pragma version ~=0.4.3
# pragma evm-version cancun
# pragma nonreentrancy on
"""
@title Deposits at one settlement bank, in cents
@license Apache-2.0
@notice A claim on the bank that admitted custodians and trustees hold. Not here: rollovers (see rollover.vy).
@dev ERC-20 with admitted holders. A balance and what its holder may do stand in one word, so that a transfer reads
     nothing else. The bank mints and redeems against references of its own, each once.
@custom:stop The bank freezes a holder; a frozen holder neither pays nor is paid.
"""

from ethereum.ercs import IERC20

implements: IERC20


event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256


event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256


event Admitted:
    holder: indexed(address)
    may: uint8


event Minted:
    reference: indexed(bytes32)
    holder: indexed(address)
    value: uint256


event Redeemed:
    reference: indexed(bytes32)
    holder: indexed(address)
    value: uint256


event BankNamed:
    bank: indexed(address)


name: public(constant(String[32])) = "Open401k settlement deposit"
symbol: public(constant(String[8])) = "DEPOSIT"
decimals: public(constant(uint8)) = 2

# bits above the cents of a balance
_ADMITTED: constant(uint256) = 2**128
_FROZEN: constant(uint256) = 2**129
_CENTS: constant(uint256) = 2**128 - 1

bank: public(address)
next_bank: public(address)
totalSupply: public(uint256)
allowance: public(HashMap[address, HashMap[address, uint256]])
settled: public(HashMap[bytes32, bool])
_held: HashMap[address, uint256]


@deploy
def __init__(bank: address):
    assert bank != empty(address), "deposit: a bank is needed"
    self.bank = bank
    log BankNamed(bank=bank)


@external
@view
def balanceOf(holder: address) -> uint256:
    return self._held[holder] & _CENTS


@external
@view
def may_hold(holder: address) -> bool:
    """
    @notice Whether this holder may be paid now.
    """
    return (self._held[holder] & (_ADMITTED | _FROZEN)) == _ADMITTED


@external
def admit(holder: address):
    """
    @notice Admit a holder, or thaw one.
    """
    self._is_bank()
    assert holder != empty(address), "deposit: no holder"
    self._held[holder] = (self._held[holder] & _CENTS) | _ADMITTED
    log Admitted(holder=holder, may=1)


@external
def freeze(holder: address):
    """
    @notice From now on this holder neither pays nor is paid; its balance stays.
    """
    self._is_bank()
    self._held[holder] |= _FROZEN
    log Admitted(holder=holder, may=0)


@external
def mint(holder: address, amount: uint256, reference: bytes32):
    """
    @notice The bank has the money: its reference is used once, so that telling it twice is harmless.
    """
    self._is_bank()
    self._once(reference)
    self.totalSupply += amount
    self._pay_in(holder, amount)
    log Minted(reference=reference, holder=holder, value=amount)
    log Transfer(sender=empty(address), receiver=holder, value=amount)


@external
def redeem(amount: uint256, reference: bytes32):
    """
    @notice Give up a claim; the bank pays out against this reference.
    """
    self._once(keccak256(abi_encode(msg.sender, reference)))
    self._take_out(msg.sender, amount)
    self.totalSupply -= amount
    log Redeemed(reference=reference, holder=msg.sender, value=amount)
    log Transfer(sender=msg.sender, receiver=empty(address), value=amount)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    self._take_out(msg.sender, amount)
    self._pay_in(receiver, amount)
    log Transfer(sender=msg.sender, receiver=receiver, value=amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    allowed: uint256 = self.allowance[owner][msg.sender]
    if allowed != max_value(uint256):
        assert allowed >= amount, "deposit: more than was allowed"
        self.allowance[owner][msg.sender] = allowed - amount
    self._take_out(owner, amount)
    self._pay_in(receiver, amount)
    log Transfer(sender=owner, receiver=receiver, value=amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@external
def name_bank(successor: address):
    """
    @notice Hand over in two steps: the successor takes over by itself, so that a wrong address gets nothing.
    """
    self._is_bank()
    self.next_bank = successor


@external
def take_over():
    assert msg.sender == self.next_bank, "deposit: not the named successor"
    self.bank = msg.sender
    self.next_bank = empty(address)
    log BankNamed(bank=msg.sender)


@internal
@view
def _is_bank():
    assert msg.sender == self.bank, "deposit: only the bank"


@internal
def _once(reference: bytes32):
    assert not self.settled[reference], "deposit: this reference was used"
    self.settled[reference] = True


@internal
def _take_out(holder: address, amount: uint256):
    word: uint256 = self._held[holder]
    assert word & _FROZEN == 0, "deposit: the payer is frozen"
    assert word & _CENTS >= amount, "deposit: not enough"
    self._held[holder] = word - amount


@internal
def _pay_in(holder: address, amount: uint256):
    word: uint256 = self._held[holder]
    assert word & (_ADMITTED | _FROZEN) == _ADMITTED, "deposit: the payee may not hold"
    assert (word & _CENTS) + amount <= _CENTS, "deposit: too much"
    self._held[holder] = word + amount
