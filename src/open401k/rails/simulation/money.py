"""Money of a run, to the cent: deposits on chain, books of custodians, each what the rollovers make of it.

Not here: whose word is whose (on_chain), what nodes may do (trace).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ..calls import call_of
from .engines import CUSTODIANS, MINTED, address_of
from .model import tip
from .model_chain import COMMITS, Status
from .net import Net
from .rollovers import Played, Rollover
from .twin_chain import Sent, read_transaction
from .twin_state import whole

#: What every account has when a run begins, by kind.
BEFORE = {0: 50_000_00, 1: 20_000_00}
ACCOUNTS = 3
_ESCROW = ""
_MINT = call_of("mint(address,uint256,bytes32)", bytes(20), 0, bytes(32))[:4]
_REDEEM = call_of("redeem(uint256,bytes32)", 0, bytes(32))[:4]


def check_deposits(run: Played, net: Net) -> None:
    """I-R3: nothing comes or goes but by the bank, I8: as it has it; I7: escrow is of what is open; I15: by parts."""
    held = {name: _asked(net, net.engine.token, "balanceOf(address)", address_of(name)) for name in run.names}
    escrow = _asked(net, net.engine.token, "balanceOf(address)", net.engine.rollover)
    supply, banked = _asked(net, net.engine.token, "totalSupply()"), banked_by(run, net)
    has = MINTED * len(CUSTODIANS) + sum(banked.values())
    if supply != has:
        raise AssertionError(f"I8 {supply} cents are deposits, and the bank has {has}")
    others = MINTED * (len(CUSTODIANS) - len(run.names))
    if sum(held.values()) + escrow + others != supply:
        raise AssertionError(f"I-R3 deposits are {held} and {escrow} in escrow, of {supply}")
    moved = _moved_by(run)
    if escrow != moved[_ESCROW]:
        raise AssertionError(f"I7 {escrow - moved[_ESCROW]} cents in escrow are nobody's")
    for name, cents in held.items():
        more = cents - MINTED - banked[name]
        if more != moved[name]:
            raise AssertionError(f"I15 deposits of {name} are {more} cents more, and parts come to {moved[name]}")


def check_books(run: Played, net: Net) -> None:
    """What moved between the books is what moved on chain, and each kind in the books is what was posted of it."""
    banked = banked_by(run, net)
    for name in run.names:
        core = run.parties[name].core
        kinds = {kind: cents * ACCOUNTS for kind, cents in BEFORE.items()}
        for each in run.rollovers:
            for place, who, _ in each.parts:
                if who == name and each.trace.state.entries[place]:
                    for kind, cents in _kinds_of(each, place):
                        kinds[kind] += cents
        kinds[0] -= run.spent[name]
        found: Counter[int] = Counter()
        for account in core.balances.values():
            found.update(account)
        if kinds != found:
            raise AssertionError(f"I17 the books of {name} have {dict(found)} cents by kind, and parts make {kinds}")
        books = sum(found.values()) + run.spent[name] - sum(BEFORE.values()) * ACCOUNTS
        chain = _asked(net, net.engine.token, "balanceOf(address)", address_of(name)) - MINTED - banked[name]
        if books != chain:
            raise AssertionError(f"I-R3 the books of {name} moved by {books} cents, its deposits by {chain}")


def banked_by(run: Played, net: Net) -> Mapping[str, int]:
    """What each holder brought to the bank since the run began, or took from it: of each reference once."""
    found, seen = dict.fromkeys(CUSTODIANS, 0), set[tuple[bytes, bytes]]()
    for sent in _done(net) if run.referred else ():
        words = [sent.data[at : at + 32] for at in range(4, len(sent.data), 32)]
        if sent.data[:4] == _MINT and (b"", words[2]) not in seen:
            seen.add((b"", words[2]))
            found[_name(words[0][12:])] += whole(words[1])
        elif sent.data[:4] == _REDEEM and (sent.sender, words[1]) not in seen:
            seen.add((sent.sender, words[1]))
            found[_name(sent.sender)] -= whole(words[0])
    return found


def _done(net: Net) -> Iterator[Sent]:
    for _, (raw, receipt) in sorted(net.mined.items()):
        sent = read_transaction(raw)
        if receipt.is_done and sent.to == net.engine.token:
            yield sent


def _name(address: bytes) -> str:
    return next(name for name in CUSTODIANS if address_of(name) == address)


def _moved_by(run: Played) -> Counter[str]:
    """By the parts that were signed: what is open is in escrow, what is committed is where its parts say."""
    moved: Counter[str] = Counter()
    for each in run.rollovers:
        status = tip(each.trace.state).status
        total = sum(leg.amount for leg in each.told.terms.legs)
        if status is Status.PREPARING or status in COMMITS:
            moved[each.source] -= total
        if status is Status.PREPARING:
            moved[_ESCROW] += total
        if status in COMMITS:
            for leg in each.told.terms.legs:
                moved[each.receivers[leg.to]] += leg.amount
    return moved


def _kinds_of(each: Rollover, place: int) -> Iterator[tuple[int, int]]:
    for leg in each.told.terms.legs:
        if not place:
            yield leg.kind, -leg.amount
        elif leg.to == place - 1:
            yield leg.kind, leg.amount


def _asked(net: Net, to: bytes, what: str, *given: object) -> int:
    return whole(net.engine.call(to, call_of(what, *given), net.head.number))
