"""Custodians whose votes are those of a wallet of their own: who signs late, twice, never, or for somebody else; and
another wallet in its place. Not here: asking (node/wallet_signing), the schedule (run).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from open401k.base.faults import Stopped

from ..calls import call_of
from ..node.core import HoldState, SilentError
from ..node.wanted import Says, Wanted, unwanted
from ..signatures import is_signed_by
from .chance import Fault
from .engines import address_of, key, signer_of
from .model import State, begun, tip
from .model_chain import CUSTODIANS, Status
from .parties import Party
from .rollovers import Played, Rollover
from .trace import DepartedError

#: What votes: of a rollover, or of all in a batch.
_VOTES = (Says.APPROVAL, Says.BATCH)


def note_asked(party: Party, row: Wanted, among: list[Rollover]) -> None:
    """The node asks: from now on a vote may be in the world, so the hold is durable (I10)."""
    if party.wallet is None:
        raise AssertionError(f"{party.name} has no wallet, and asks one")
    party.wallet.asked[row.digest] = row
    if row.says not in _VOTES:
        return
    for each in _about(row, among):
        place = each.custodians.index(party.name)
        held = party.core.status(each.id, each.parts[place][2]).state
        if held not in (HoldState.HELD, HoldState.POSTED):
            raise DepartedError(f"I10 {each.name}: the wallet of {party.name} is asked, and its core says {held}")
        each.trace.asked_wallet(place)


def sign(run: Played, *, all_: bool = False) -> None:
    """A wallet signs something that it was once asked for, and somebody puts it in, now, later, twice or never."""
    for party in (each for each in run.parties.values() if each.wallet is not None):
        for row in list(party.wallet.asked.values() if party.wallet is not None else ()):
            if all_ or run.dice.percent(30):
                _sign(run, party, row)
            if all_ or run.dice.percent(50):
                with suppress(OSError, Stopped, SilentError):  # a full disk, a process that ends: it is put in again
                    _put(run, party, row.digest)


def _sign(run: Played, party: Party, row: Wanted) -> None:
    wallet, kind = party.wallet, run.faults.at("W2", Fault.DROP, Fault.DELAY)
    if wallet is None or row.digest in wallet.never or kind is Fault.DELAY:
        return
    if kind is Fault.DROP:
        wallet.never.add(row.digest)
        return
    named = _named(party)
    if named not in wallet.keys or (row.digest, named) in wallet.given:
        return
    wallet.given[row.digest, named] = wallet.keys[named].sign(row.digest)
    if row.says in _VOTES:
        for each in _about(row, run.rollovers):
            each.trace.wallet_signed(each.custodians.index(party.name), later=named != signer_of(party.name).address)


def _put(run: Played, party: Party, digest: bytes) -> None:
    """As node/wallet_putting has it: only what is wanted yet, by the wallet that the final chain names."""
    wallet = party.wallet
    if wallet is None:
        return
    named = party.coordinator.signer_of(address_of(party.name))
    signed = wallet.given.get((digest, named))
    for _ in range(2 if run.faults.at("W1", Fault.DUPLICATE) else 1):
        with party.cases.begin() as unit:
            row = unit.wanted(digest)  # an older backup may have lost it: it is asked for again
            if row is None or signed is None or row.signature is not None or row.wallet != named:
                return
            told = unit.outbox(row.case), unit.live_batches()
            if not unwanted(row, unit.case(row.case), *told) and is_signed_by(named, digest, signed):
                unit.wallet_signed(digest, signed, by="somebody", at=run.clock.now)


def vote_of(party: Party, each: Rollover) -> bytes | None:
    """What the wallet signed of its approval, for whoever has it."""
    if party.wallet is None:
        return None
    rows = [row for row in party.wallet.asked.values() if row.says is Says.APPROVAL and each in _about(row, [each])]
    named = _named(party)
    found = (party.wallet.given.get((row.digest, named)) for row in rows)
    return next((signature for signature in found if signature is not None), None)


def rename(run: Played) -> None:
    """The network names another wallet for one of them: what the first one voted counts no more."""
    if _may_rename(run) and not run.dice.percent(40):
        for party in run.parties.values():
            _rename(run, party)


def rename_between(run: Played) -> None:
    """The same while a vote of that wallet stands on chain and others are awaited."""
    if not _may_rename(run) or not run.later.percent(40):
        return
    for each in run.rollovers:
        word = tip(each.trace.state)
        for place, name, _ in each.parts:
            if word.status is Status.PREPARING and word.votes & CUSTODIANS[place].bit:
                _rename(run, run.parties[name])


def _may_rename(run: Played) -> bool:
    """Only where no rollover began later: the model would not know since when another wallet is named."""
    return run.faults.is_on and not any(each.parent or each.is_other for each in run.rollovers)


def _rename(run: Played, party: Party) -> None:
    if party.wallet is None or _named(party) != signer_of(party.name).address:
        return
    run.faults.note("W2", Fault.REVOKE)
    later, net = key(f"{party.name}'s later wallet").address, party.net
    net.submit(key(party.name), call_of("name_signer(address)", later), to=net.engine.network)
    net.submit(key("copier"), call_of("take_signer(address)", address_of(party.name)), to=net.engine.network)


def fresh(run: Played, custodians: Sequence[str]) -> State:
    """A rollover as the model begins it, with the wallets that there are by now."""
    own = {each.bit: run.parties[name] for each, name in zip(CUSTODIANS, custodians, strict=False)}
    own = {bit: party for bit, party in own.items() if party.wallet is not None}
    first = begun(len(custodians) - 1, sum(own))
    named = sum(bit for bit, party in own.items() if _named(party) != signer_of(party.name).address)
    return first._replace(final=first.final._replace(named=named))


def committed(run: Played) -> int:
    """Rollovers for which a wallet voted, and that were committed."""
    return sum(each.trace.is_committed and bool(each.trace.state.wallets) for each in run.rollovers)


def _named(party: Party) -> bytes:
    engine = party.net.engine
    told = engine.call(engine.network, call_of("member(address)", address_of(party.name)), party.net.head.number)
    return told[-20:]


def _about(row: Wanted, among: list[Rollover]) -> list[Rollover]:
    told = row.told["ids"] if row.says is Says.BATCH else [row.told["rollover"]]
    return [each for each in among if isinstance(told, list) and each.id.hex() in told]
