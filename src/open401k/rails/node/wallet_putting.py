"""What waits for the wallet's signature, shown, and a signature put in: looked at by the chain before it is taken.

Whoever puts one proves nothing by that: a signature counts if the wallet that the network names now says so. Not here:
who may come in (doors), asking for signatures (wallet_signing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from open401k.base.faults import fault
from open401k.kernel import Open401kError

from . import _wanted_store
from .asking_first import asking_first, first
from .cases import Agreed
from .codec import BadInputError, Wrong
from .core import SilentError
from .judging import NotNowError
from .kept_deals import KeptDealUnit
from .process import Process
from .said import Booked, Countersigned, Said, Statement
from .signing import booked_of
from .wallet_signing import NAMES
from .wallet_words import Told, told
from .wallets import (
    checks_passkeys,
    is_agreed_by,
    is_owner,
    is_passkeys,
    owners_digest,
    safe_separator,
    safe_typed,
    signed_by_owner,
)
from .wanted import LASTING, MOST_SIGNATURE, OF_OWNER, Says, Wanted, together, unwanted

#: Where a test may stop the process.
BOUNDARIES: Final = ("wallets.before_put_commit", "wallets.after_put_commit")
_MOST_SHOWN, _SHORTEST = 200, 8


@dataclass(frozen=True, slots=True)
class Shown:
    """One that waits, with its words; ``owners``: who of several owners signed it so far."""

    wanted: Wanted
    told: Told
    owners: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a signature. Not complete: an owner's is kept, and the wallet asks for more."""

    is_complete: bool
    owners: tuple[bytes, ...] = ()


class UnknownError(Open401kError):
    """Nothing of this digest waits or waited."""

    def __init__(self, named: str) -> None:
        super().__init__(f"Nothing waits for a signature as {named}.", fix="See: open401k node sign list")


def waiting(process: Process) -> Sequence[Shown]:
    """What waits and is still wanted; what ends first comes first."""
    with process.files.begin() as unit:
        found = _wanted_store.waiting(unit.conn, _MOST_SHOWN)
    shown = []
    for each in found:
        with process.files.begin() as unit:  # one after the other: a file is locked while it is read
            if not _unwanted(unit, each):
                shown.append(_shown(unit, process, each))
    if not any(each.wanted.says in LASTING for each in shown):
        return shown
    wallet = _wallet_now(process)
    if wallet is not None and process.hands.hand(wallet) is not None:  # a key of ours signs for us now
        return [each for each in shown if each.wanted.says not in LASTING]
    return [_by(each, wallet) for each in shown]


def named(process: Process, text: str) -> bytes:
    """The digest that somebody means: all of it, or how one that waits begins."""
    typed = text.removeprefix("0x").lower()
    if len(typed) == 64 and all(letter in "0123456789abcdef" for letter in typed):
        return bytes.fromhex(typed)
    if len(typed) >= _SHORTEST:
        found = [each for each in waiting(process) if each.wanted.digest.hex().startswith(typed)]
        if len(found) == 1:
            return found[0].wanted.digest
    raise UnknownError(text)


def shown(process: Process, digest: bytes) -> Shown:
    """One, also where it was signed."""
    with process.files.begin() as unit:
        found = _shown(unit, process, _found(unit, digest))
    return _by(found, _wallet_now(process)) if found.wanted.says in LASTING else found


def owners_form(process: Process, one: Shown) -> tuple[bytes, dict[str, object] | None]:
    """What each owner of a wallet with several signs: the digest, and of a Safe its typed data."""
    wallet, digest = one.wanted.wallet, one.wanted.digest
    typed = None
    if safe_separator(process.chain, wallet) is not None:
        typed = safe_typed(process.domain, wallet, digest)
    return owners_digest(process.chain, wallet, digest), typed


def put(process: Process, digest: bytes, signature: bytes, *, by: str, owner: bytes | None = None) -> Put:
    """The wallet's signature; or one owner's, which waits for the others. The same again is nothing new."""

    def work() -> Put:
        with process.files.begin() as unit:
            return put_within(unit, process, digest, signature, by=by, owner=owner)

    made = asking_first(work)
    fault("wallets.after_put_commit")
    return made


def put_within(
    unit: KeptDealUnit, process: Process, digest: bytes, signature: bytes, *, by: str, owner: bytes | None = None
) -> Put:  # fmt: skip
    """The same in a transaction; what the network is asked, it is asked before (asking_first)."""
    wanted = _found(unit, digest)
    if wanted.signature is not None:
        return Put(is_complete=True)
    if why := _unwanted(unit, wanted):
        raise NotNowError(f"{NAMES[wanted.says]} of case {wanted.case} is not wanted any more: {why}")
    wallet = first(("signer", process.config.member), lambda: process.asked.signer_of(process.config.member))
    if wallet != wanted.wallet and wanted.says in LASTING and process.hands.hand(wallet) is None:
        _wanted_store.begin_anew(unit.conn, digest, wallet, process.around.seconds())  # nothing asks for it anew
        wanted = replace(wanted, wallet=wallet)
    if wallet != wanted.wallet:
        raise NotNowError(f"the network names another wallet now, 0x{wallet.hex()}: it is asked anew in a moment")
    parts: dict[bytes, bytes] = {}
    if owner is not None:
        _check_owner(process, wanted, owner, signature)
        parts = _wanted_store.parts(unit.conn, digest) | {owner: signature}
        parts = {each: told for each, told in parts.items() if _is_owner(process, wallet, each)}
        signature = together(parts)
    taken = len(signature) <= MOST_SIGNATURE and _is_taken(process, wanted, signature)
    if owner is None and not taken:
        raise BadInputError([Wrong("signature", f"is not that of the wallet 0x{wallet.hex()} over this digest")])
    at = process.around.seconds()
    if owner is not None:
        _wanted_store.put_part(unit.conn, digest, owner, parts[owner], by, at)
    if taken:
        _wanted_store.write_signature(unit.conn, digest, signature, by, at)
        unit.put_event(wanted.case, f"our wallet signed {NAMES[wanted.says]}")
        if wanted.says in LASTING:
            _wanted_store.mark_taken(unit.conn, digest, at)  # no case goes on by it
            _keep(unit, process, wanted.case)
    fault("wallets.before_put_commit")
    return Put(taken, tuple(sorted(parts)))


def _keep(unit: KeptDealUnit, process: Process, case: str) -> None:
    """Statement and block, once both are signed: from then on evidence has them."""
    signed = {says: each for says, each in _wanted_store.lasting(unit.conn, case).items() if each.signature is not None}
    if set(signed) != set(LASTING):
        return
    booked, head = _booked(unit, process, case), signed[Says.HEAD]
    if booked is None:
        raise AssertionError(f"a statement of case {case} was signed, and nothing of it is booked")
    block = int(str(head.told["number"])), bytes.fromhex(str(head.told["hash"]))
    said = Statement(booked, signed[Says.STATEMENT].signature or b"")
    unit.note_said(case, Said(said, Countersigned(booked.role, booked.who, *block, head.signature or b"")))


def _booked(unit: KeptDealUnit, process: Process, case: str) -> Booked | None:
    """What our books show of a case; None before it is booked."""
    file = unit.case(case)
    reference = next((each.reference for each in unit.postings(case) if each.side is file.side), None)
    return None if reference is None else booked_of(file, reference, process.node.salt)


def _wallet_now(process: Process) -> bytes | None:
    """What the network names for us; None where it does not answer, or names none."""
    try:
        found = process.asked.signer_of(process.config.member)
    except SilentError:
        return None
    return found if any(found) else None


def _by(one: Shown, wallet: bytes | None) -> Shown:
    """What nothing asks for anew is shown as asked of the wallet of now."""
    if wallet is None or one.wanted.says not in LASTING or one.wanted.signature is not None:
        return one
    return one if wallet == one.wanted.wallet else replace(one, wanted=replace(one.wanted, wallet=wallet), owners=())


def _check_owner(process: Process, wanted: Wanted, owner: bytes, signature: bytes) -> None:
    wallet = wanted.wallet
    if not _is_owner(process, wallet, owner):
        raise BadInputError([Wrong("owner", f"0x{owner.hex()} is no owner of the wallet 0x{wallet.hex()}")])
    about = first(("owners", wallet, wanted.digest), lambda: owners_digest(process.chain, wallet, wanted.digest))
    if len(signature) != OF_OWNER or not signed_by_owner(owner, about, signature):
        raise BadInputError([Wrong("signature", f"is not that of 0x{owner.hex()} over 0x{about.hex()}")])


def _is_owner(process: Process, wallet: bytes, owner: bytes) -> bool:
    return first(("owner", wallet, owner), lambda: is_owner(process.chain, wallet, owner))


def _is_taken(process: Process, wanted: Wanted, signature: bytes) -> bool:
    """Whether the wallet says that it signed; refused where the chain could not check what it signed by."""
    wallet, digest = wanted.wallet, wanted.digest
    if is_passkeys(wallet, signature) and not first(("p256",), lambda: checks_passkeys(process.chain)):
        raise NotNowError("this chain cannot check passkeys (EIP-7951): name a key or a contract as the wallet")
    return first(
        ("wallet", wallet, digest, signature), lambda: is_agreed_by(process.chain, wallet, digest, signature)
    )  # fmt: skip


def _found(unit: KeptDealUnit, digest: bytes) -> Wanted:
    case = _wanted_store.case_of(unit.conn, digest)
    if case is None:
        raise UnknownError(f"0x{digest.hex()}")
    unit.case(case)  # the file is locked first
    found = _wanted_store.wanted(unit.conn, digest)
    if found is None:
        raise UnknownError(f"0x{digest.hex()}")
    return found


def _unwanted(unit: KeptDealUnit, wanted: Wanted) -> str:
    return unwanted(wanted, unit.case(wanted.case), unit.outbox(wanted.case), unit.live_batches())


def _shown(unit: KeptDealUnit, process: Process, wanted: Wanted) -> Shown:
    agreed = unit.case(wanted.case).agreed
    if agreed is None:
        raise AssertionError(f"case {wanted.case} has no exact terms, and something of it is to be signed")
    owners = tuple(_wanted_store.parts(unit.conn, wanted.digest))
    booked = _booked(unit, process, wanted.case) if wanted.says is Says.STATEMENT else None
    return Shown(wanted, _told(process, wanted, agreed, booked), owners)


def _told(process: Process, wanted: Wanted, agreed: Agreed, booked: Booked | None) -> Told:
    config = process.config
    names = {config.member: config.name} | {each.member: each.name for each in config.peers}

    def name_of(member: bytes) -> str:
        return f"{names[member]} (0x{member.hex()})" if member in names else f"0x{member.hex()}"

    return told(wanted, agreed, process.domain, name_of=name_of, booked=booked)
