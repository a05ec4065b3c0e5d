"""Uploads as they came, sealed. Not here: reading them (reading.py), what became of them (runs.py)."""

import hashlib

from open401k.base.db import Tx
from open401k.base.secrets import SealBroken
from open401k.kernel import FileId, Open401kError, PlanId, SponsorId

from . import _events_store, _store


def keep(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, name: str, data: bytes) -> FileId:
    """Seal an upload; the same bytes again are the file kept before."""
    digests = hashes_of(tx, "payroll.file", data)
    known = _store.file_by_hash(tx, tenant_id=tenant_id, plan_id=plan_id, hashes=digests)
    if known is not None:
        return known
    file_id = tx.ids.new(FileId)
    sealed = tx.keyring.seal(
        tx, tenant_id=tenant_id, table="payroll.file", column="sealed", row_id=file_id, plaintext=data
    )
    _events_store.add_file(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        file_id=file_id,
        sha256=digests[0],
        name=shown_name(name),
        size=len(data),
        sealed=sealed,
    )
    return file_id


def content(tx: Tx, *, tenant_id: SponsorId, file_id: FileId) -> bytes:
    """The bytes exactly as they were sent."""
    sealed = _events_store.sealed_file(tx, tenant_id=tenant_id, file_id=file_id)
    if sealed is None:
        raise Open401kError(f"There is no file {file_id}.", fix="Take the id from the list of payroll runs.")
    return tx.keyring.unseal(
        tx, tenant_id=tenant_id, table="payroll.file", column="sealed", row_id=file_id, sealed=sealed
    )


def verify(tx: Tx, *, tenant_id: SponsorId) -> tuple[int, list[tuple[FileId, str]]]:
    """How many files there are, and which are no longer the bytes that were sent, with what is wrong."""
    broken: list[tuple[FileId, str]] = []
    kept = _events_store.file_hashes(tx, tenant_id=tenant_id)
    for file_id, digest, size in kept:
        try:
            data = content(tx, tenant_id=tenant_id, file_id=file_id)
        except SealBroken:
            broken.append((file_id, "the sealed bytes do not open: they are not what was sealed for this file"))
            continue
        if digest not in hashes_of(tx, "payroll.file", data) or len(data) != size:
            broken.append((file_id, "the bytes are not those of the hash and size on file"))
    return len(kept), broken


def hashes_of(tx: Tx, table: str, data: bytes) -> tuple[bytes, bytes]:
    """What a table keeps of these bytes, and what it kept before there was a key to it.

    A file holds Social Security numbers: from a bare hash of a short one, they could be found by trying.
    """
    bare = hashlib.sha256(data)
    return tx.keyring.blind_index(table, bare.hexdigest()), bare.digest()


def shown_name(name: str) -> str:
    """A file name without folders, control characters or length that a page could not bear."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[:200] or "unnamed"
