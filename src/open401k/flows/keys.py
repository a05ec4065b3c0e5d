"""The keys of an installation and the books that they open. Not here: sealing and wrapping (base/secrets.py)."""

from open401k import census, plan
from open401k.base import audit, heads, selfcheck
from open401k.base.db import ALL_TENANTS, Actor, Database, Tx
from open401k.kernel import Open401kError

_RESTORE = "Restore the keys that belong to this database"


def refuse_misfits(db: Database, *, actor: Actor) -> None:
    """Refuse to work on books that were written under other keys.

    Under another master key a database shows no sponsor, as if it were empty; under another index key nobody is found.
    """
    with db.begin(actor, tenants=ALL_TENANTS) as tx:
        _refuse_another_signature(tx)
        _refuse_missing_master_keys(tx)
        if not census.index_key_fits(tx):
            raise Open401kError(
                "OPEN401K_INDEX_KEY is not the key under which people are on file: nobody would be found by SSN.",
                fix=f"{_RESTORE}; this one never changes.",
            )


def rewrap(db: Database, *, actor: Actor) -> int:
    """Wrap every sponsor's data key under the current master key; how many were under a former one."""
    changed = 0
    with db.begin(actor, tenants=ALL_TENANTS) as tx:
        sponsors = [sponsor.sponsor_id for sponsor in plan.list_sponsors(tx)]
    for tenant_id in sponsors:
        with db.begin(actor, tenants=[tenant_id]) as tx:
            heads.lock(tx, tenant_id=tenant_id)
            moved = tx.keyring.rewrap(tx, tenants=[tenant_id])
            if moved:
                audit.record(tx, tenant_id=tenant_id, action="keys.rewrap", subject=tenant_id, after={"keys": moved})
            changed += moved
    return changed


def _refuse_another_signature(tx: Tx) -> None:
    if not selfcheck.signature_known(tx):
        raise Open401kError(
            "The database does not know our master key: it would show no sponsor, as if it were empty.",
            fix=f"{_RESTORE}; after a change of the master key, name the former one in OPEN401K_PREVIOUS_MASTER_KEYS "
            "and run: open401k migrate",
        )


def _refuse_missing_master_keys(tx: Tx) -> None:
    missing = tx.keyring.not_configured(tx)
    if missing:
        raise Open401kError(
            f"Data keys are still wrapped under master key {', '.join(missing)}, which is not configured.",
            fix="Add that key to OPEN401K_PREVIOUS_MASTER_KEYS and run open401k keys rewrap; or restore the key file.",
        )
