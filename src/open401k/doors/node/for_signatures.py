"""What the console's page of signatures asks, answered from the node's queue. Not here: HTML, what a wallet says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from open401k.rails.messages import Domain
from open401k.rails.node import wallet_putting
from open401k.rails.node.core import SilentError
from open401k.rails.node.kept_deals import KeptDealUnit
from open401k.rails.node.wallet_putting import Shown, UnknownError
from open401k.rails.passkeys import Made, Passkey

from .for_pages import NodePages
from .provided import Refusal, Staff

_PLACE = "wallet/passkey/"


@dataclass(frozen=True, slots=True)
class Offered:
    """One that waits, as a page offers it: ``key`` where the wallet is a passkey that was made here."""

    one: Shown
    domain: Domain
    owners_digest: bytes
    owners_typed: dict[str, object] | None
    key: Made | None


class ForSignatures(Protocol):
    """What the page asks of a node."""

    def waiting(self) -> Sequence[Shown]:
        """What waits for our wallet."""
        ...

    def offered(self, digest: bytes) -> Offered | None:
        """One of them; None for nothing that ever waited."""
        ...

    def put(self, staff: Staff, digest: bytes, signature: bytes, owner: bytes | None) -> Refusal | None:
        """Put in a signature, of the wallet or of one of its owners."""
        ...

    def wallet(self) -> bytes | None:
        """What the network names for us now; None where it does not answer."""
        ...

    def keys(self) -> Sequence[Made]:
        """Passkeys that were made here to be our wallet."""
        ...

    def keep(self, key: Made) -> None:
        """One more."""
        ...


class NodeSignatures:
    """The page's side of a node's doors (:class:`ForSignatures`)."""

    def __init__(self, pages: NodePages) -> None:
        self._pages, self._process = pages, pages.doors.process

    def waiting(self) -> Sequence[Shown]:
        return wallet_putting.waiting(self._process)

    def offered(self, digest: bytes) -> Offered | None:
        try:
            one = wallet_putting.shown(self._process, digest)
        except UnknownError:
            return None
        owners_digest, owners_typed = wallet_putting.owners_form(self._process, one)
        key = next((each for each in self.keys() if each.passkey.address == one.wanted.wallet), None)
        return Offered(one, self._process.domain, owners_digest, owners_typed, key)

    def put(self, staff: Staff, digest: bytes, signature: bytes, owner: bytes | None) -> Refusal | None:
        def work(unit: KeptDealUnit) -> None:
            wallet_putting.put_within(unit, self._process, digest, signature, by=f"console {staff.name}", owner=owner)

        return self._pages.done(work)

    def wallet(self) -> bytes | None:
        try:
            return self._process.asked.signer_of(self._process.config.member)
        except SilentError:
            return None

    def keys(self) -> Sequence[Made]:
        found = []
        for text in self._process.vault.all_of(_PLACE):
            told = json.loads(text)
            passkey = Passkey(bytes.fromhex(told["x"]), bytes.fromhex(told["y"]))
            found.append(Made(passkey, bytes.fromhex(told["credential"])))
        return found

    def keep(self, key: Made) -> None:
        told = {"x": key.passkey.x.hex(), "y": key.passkey.y.hex(), "credential": key.credential.hex()}
        name, at = f"{_PLACE}{key.passkey.address.hex()}", self._process.around.seconds()
        self._process.vault.put(name, json.dumps(told).encode(), at=at)
