"""Keys and sealed values: envelope encryption of SSNs and bank accounts, blind indexes, the signature of a tenant set.

Not here: where the master key comes from (see base/settings.py).
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from open401k.kernel import Open401kError, Random, SponsorId

from . import _secrets_store as _store

_FORMAT = b"\x01"
_NONCE = 12
KEY_BYTES = 32
_MADE_HERE = "data key made in this transaction"


class _Rows(Protocol):
    """The part of a transaction that keys need; spelled out so that ``base.db`` may depend on this module."""

    now: datetime
    cache: dict[Any, Any]

    def rows(self, sql: LiteralString, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...
    def maybe(self, sql: LiteralString, params: Sequence[Any] = ()) -> tuple[Any, ...] | None: ...
    def run(self, sql: LiteralString, params: Sequence[Any] = ()) -> int: ...


@dataclass(frozen=True, slots=True, repr=False)
class MasterKeys:
    """The keys that live outside the database. ``index`` never rotates: a new one would orphan every blind index."""

    current: bytes
    index: bytes
    previous: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if any(len(key) != KEY_BYTES for key in (self.current, self.index, *self.previous)):
            raise Open401kError(
                f"A master key has exactly {KEY_BYTES} bytes.", fix="Generate it: openssl rand -base64 32"
            )

    @classmethod
    def generate(cls, random: Random) -> "MasterKeys":
        """Fresh keys, for a first start and for tests."""
        return cls(current=random.token(KEY_BYTES), index=random.token(KEY_BYTES))


class Keyring:
    """Seals and opens values under a tenant's data key, which is itself wrapped by the master key."""

    def __init__(self, keys: MasterKeys, random: Random) -> None:
        self._random = random
        self._index = keys.index
        self._current = _kek_id(keys.current)
        self._wrapping = {_kek_id(key): AESGCM(key) for key in (keys.current, *keys.previous)}
        self._signing = _derive(keys.current, b"tenant set")
        self._former = tuple(_derive(key, b"tenant set") for key in keys.previous)
        self._data: dict[tuple[UUID, int], AESGCM] = {}
        self._newest: dict[UUID, int] = {}

    @property
    def signing_key(self) -> bytes:
        """What the database needs to verify :meth:`sign_tenants`; installed by ``migrate``."""
        return self._signing

    @property
    def former_signing_keys(self) -> Sequence[bytes]:
        """Those of the previous master keys: a database that knows one of them may be told the new one."""
        return self._former

    def random_bytes(self, count: int) -> bytes:
        """Fresh bytes for tokens and challenges."""
        return self._random.token(count)

    def sign_tenants(self, tenants: str) -> str:
        """The setting ``open401k.tenants``: the set and its HMAC-SHA256, as ``base.allowed_tenants()`` reads it."""
        return f"{tenants}:{hmac.new(self._signing, tenants.encode(), hashlib.sha256).hexdigest()}"

    def blind_index(self, kind: str, value: str) -> bytes:
        """The 32 bytes by which an encrypted ``value`` can be found; ``kind`` keeps SSNs and account numbers apart."""
        return hmac.digest(self._index, f"{kind}\0{value}".encode(), "sha256")

    def seal(
        self, tx: _Rows, *, tenant_id: SponsorId, table: str, column: str, row_id: object, plaintext: bytes
    ) -> bytes:
        """Encrypt for one place only: the same bytes in another row, column or tenant do not open."""
        key_no, cipher = self._newest_key(tx, tenant_id)
        nonce = self._random.token(_NONCE)
        sealed = cipher.encrypt(nonce, plaintext, _place(tenant_id, table, column, row_id))
        return _FORMAT + key_no.to_bytes(2, "big") + nonce + sealed

    def unseal(
        self, tx: _Rows, *, tenant_id: SponsorId, table: str, column: str, row_id: object, sealed: bytes
    ) -> bytes:
        """Open what :meth:`seal` made for this very place; anything else raises :class:`SealBroken`."""
        if sealed[:1] != _FORMAT or len(sealed) < 3 + _NONCE:
            raise SealBroken(table, column, row_id)
        key_no, nonce = int.from_bytes(sealed[1:3], "big"), bytes(sealed[3 : 3 + _NONCE])
        made = tx.cache.get((_MADE_HERE, tenant_id))
        if made is None and (tenant_id.uuid, key_no) not in self._data:
            self._load(tx, tenant_id)
        cipher = self._data.get((tenant_id.uuid, key_no)) if made is None else made[1] if made[0] == key_no else None
        try:
            if cipher is None:
                raise InvalidTag
            return cipher.decrypt(nonce, memoryview(sealed)[3 + _NONCE :], _place(tenant_id, table, column, row_id))
        except InvalidTag:
            raise SealBroken(table, column, row_id) from None

    def not_configured(self, tx: _Rows) -> Sequence[str]:
        """Ids of master keys that wrap a data key of the tenants in sight, and are not configured."""
        return [kek_id for kek_id in _store.wrapping_keys(tx) if kek_id not in self._wrapping]

    def rewrap(self, tx: _Rows, *, tenants: Iterable[SponsorId]) -> int:
        """Wrap the tenants' data keys under the current master key; returns how many were under an older one."""
        changed = 0
        for tenant_id in tenants:
            for key_no, kek_id, wrapped in _store.data_keys(tx, tenant_id.uuid):
                if kek_id != self._current:
                    key = self._unwrap(tenant_id, key_no, kek_id, wrapped)
                    _store.rewrap(tx, tenant_id.uuid, key_no, self._current, self._wrap(tenant_id, key_no, key))
                    changed += 1
        return changed

    def _newest_key(self, tx: _Rows, tenant_id: SponsorId) -> tuple[int, AESGCM]:
        made: tuple[int, AESGCM] | None = tx.cache.get((_MADE_HERE, tenant_id))
        if made is not None:
            return made
        if tenant_id.uuid not in self._newest and not self._load(tx, tenant_id):
            wrapped = self._wrap(tenant_id, 1, self._random.token(KEY_BYTES))
            _store.add_data_key(tx, tenant_id.uuid, 1, self._current, wrapped)
            # Read back, since another transaction may have been first; kept for this one only, since it may roll back.
            ((key_no, kek_id, stored),) = _store.data_keys(tx, tenant_id.uuid)
            made = key_no, AESGCM(self._unwrap(tenant_id, key_no, kek_id, stored))
            tx.cache[_MADE_HERE, tenant_id] = made
            return made
        key_no = self._newest[tenant_id.uuid]
        return key_no, self._data[tenant_id.uuid, key_no]

    def _load(self, tx: _Rows, tenant_id: SponsorId) -> bool:
        stored = _store.data_keys(tx, tenant_id.uuid)
        for key_no, kek_id, wrapped in stored:
            self._data[tenant_id.uuid, key_no] = AESGCM(self._unwrap(tenant_id, key_no, kek_id, wrapped))
            self._newest[tenant_id.uuid] = key_no
        return bool(stored)

    def _wrap(self, tenant_id: SponsorId, key_no: int, key: bytes) -> bytes:
        nonce = self._random.token(_NONCE)
        return nonce + self._wrapping[self._current].encrypt(nonce, key, f"data_key|{tenant_id}|{key_no}".encode())

    def _unwrap(self, tenant_id: SponsorId, key_no: int, kek_id: str, wrapped: bytes) -> bytes:
        cipher = self._wrapping.get(kek_id)
        if cipher is None:
            raise Open401kError(
                f"The data key of {tenant_id} is wrapped under master key {kek_id}, which is not configured.",
                fix="Add that key to OPEN401K_PREVIOUS_MASTER_KEYS or restore the key file.",
            )
        aad = f"data_key|{tenant_id}|{key_no}".encode()
        return cipher.decrypt(bytes(wrapped[:_NONCE]), bytes(wrapped[_NONCE:]), aad)


class SealBroken(Exception):  # noqa: N818 (says what happened)
    """A sealed value that was changed, moved from another row, or sealed under another key."""

    def __init__(self, table: str, column: str, row_id: object) -> None:
        super().__init__(f"{table}.{column} of {row_id} does not open: it was altered or moved from elsewhere")


def _place(tenant_id: SponsorId, table: str, column: str, row_id: object) -> bytes:
    return f"{tenant_id}|{table}|{column}|{row_id}".encode()


def _kek_id(key: bytes) -> str:
    return hashlib.sha256(b"kek id" + key).hexdigest()[:16]


def _derive(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, b"open401k " + purpose, "sha256")
