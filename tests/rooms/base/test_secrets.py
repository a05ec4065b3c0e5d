"""The test shows that a sealed value opens in its own place only, and that keys can be exchanged."""

import pytest
from tests.support.database import TESTER, Begin, keyring, new_tenant

from open401k.base.db import Database
from open401k.base.secrets import Keyring, MasterKeys, SealBroken
from open401k.kernel import Open401kError, SeededRandom, SponsorId, SystemRandom

PLACE = {"table": "census.employee", "column": "ssn", "row_id": "emp_1"}
SSN = b"123456789"


def test_a_sealed_value_opens_again(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        sealed = tx.keyring.seal(tx, tenant_id=tenant, plaintext=SSN, **PLACE)
        assert SSN not in sealed
        assert sealed != tx.keyring.seal(tx, tenant_id=tenant, plaintext=SSN, **PLACE)
    with begin() as tx:
        assert tx.keyring.unseal(tx, tenant_id=tenant, sealed=sealed, **PLACE) == SSN


@pytest.mark.parametrize("elsewhere", [{"row_id": "emp_2"}, {"column": "bank"}, {"table": "census.former"}])
def test_a_value_moved_elsewhere_does_not_open(begin: Begin, tenant: SponsorId, elsewhere: dict[str, str]) -> None:
    with begin() as tx:
        sealed = tx.keyring.seal(tx, tenant_id=tenant, plaintext=SSN, **PLACE)
        with pytest.raises(SealBroken):
            tx.keyring.unseal(tx, tenant_id=tenant, sealed=sealed, **(PLACE | elsewhere))


@pytest.mark.parametrize("place", [0, 1, 5, 20, -1])
def test_a_changed_byte_does_not_open(begin: Begin, tenant: SponsorId, place: int) -> None:
    with begin() as tx:
        sealed = bytearray(tx.keyring.seal(tx, tenant_id=tenant, plaintext=SSN, **PLACE))
        sealed[place] ^= 1
        with pytest.raises(SealBroken):
            tx.keyring.unseal(tx, tenant_id=tenant, sealed=bytes(sealed), **PLACE)


def test_another_tenant_cannot_open_it(db: Database, tenant: SponsorId) -> None:
    other = new_tenant(db)
    with db.begin(TESTER, tenants=[tenant, other]) as tx:
        sealed = tx.keyring.seal(tx, tenant_id=tenant, plaintext=SSN, **PLACE)
        tx.keyring.seal(tx, tenant_id=other, plaintext=SSN, **PLACE)
        with pytest.raises(SealBroken):
            tx.keyring.unseal(tx, tenant_id=other, sealed=sealed, **PLACE)


def test_a_rolled_back_data_key_is_not_used_again(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        tx.keyring.seal(tx, tenant_id=tenant, plaintext=SSN, **PLACE)
        tx.conn.rollback()
    with begin() as tx:
        sealed = tx.keyring.seal(tx, tenant_id=tenant, plaintext=SSN, **PLACE)
    with begin() as tx:
        fresh = keyring()
        assert fresh.unseal(tx, tenant_id=tenant, sealed=sealed, **PLACE) == SSN


def test_a_blind_index_depends_on_kind_and_value_only(begin: Begin) -> None:
    with begin() as tx:
        index = tx.keyring.blind_index("ssn", "123456789")
        assert len(index) == 32
        assert index == keyring().blind_index("ssn", "123456789")
        assert index != tx.keyring.blind_index("bank", "123456789")
        assert index != tx.keyring.blind_index("ssn", "123456788")


def test_a_new_master_key_opens_what_the_old_one_sealed_once_rewrapped(begin: Begin, tenant: SponsorId) -> None:
    old = MasterKeys.generate(SeededRandom(401))
    new = MasterKeys(current=bytes(32), index=old.index, previous=(old.current,))
    with begin() as tx:
        sealed = tx.keyring.seal(tx, tenant_id=tenant, plaintext=SSN, **PLACE)
    with begin() as tx:
        both = Keyring(new, SystemRandom())
        assert both.rewrap(tx, tenants=[tenant]) == 1
        assert both.rewrap(tx, tenants=[tenant]) == 0
        only_new = Keyring(MasterKeys(current=bytes(32), index=old.index), SystemRandom())
        assert only_new.unseal(tx, tenant_id=tenant, sealed=sealed, **PLACE) == SSN
        with pytest.raises(Open401kError, match="not configured"):
            keyring().unseal(tx, tenant_id=tenant, sealed=sealed, **PLACE)


def test_a_short_master_key_is_refused() -> None:
    with pytest.raises(Open401kError, match="exactly 32 bytes"):
        MasterKeys(current=b"secret", index=bytes(32))
