"""The test shows that the audit trail says who did what, and that no tampering goes unnoticed."""

import json
from datetime import date

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.database import Begin, Served

from open401k.base import audit
from open401k.base.audit import Damage
from open401k.base.plain import canonical, plain
from open401k.kernel import Money, SponsorId


def _six_entries(begin: Begin, tenant: SponsorId) -> None:
    for number in range(6):
        with begin() as tx:
            audit.record(tx, tenant_id=tenant, action="plan.amend", subject=f"pln_{number}", after={"rate_bps": number})


def _as_superuser(postgres: Served, tenant: SponsorId, *statements: str) -> None:
    url = postgres.urls.superuser.replace("/postgres?", "/open401k?")
    with psycopg.connect(url) as conn:
        for statement in statements:
            conn.execute(statement.replace(":tenant", f"'{tenant.uuid}'").encode())


def test_an_entry_says_who_what_when_why_before_and_after(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        before = {"limit": Money(100), "on": date(2026, 1, 1), "many": (1, 2)}
        audit.record(tx, tenant_id=tenant, action="plan.amend", subject=tenant, before=before, after={})
        (entry,) = audit.entries(tx, tenant_id=tenant, subject=tenant)
        assert (entry.actor_kind, entry.actor_id, entry.why) == ("system", "tests", "a test")
        assert entry.recorded_at == tx.now
        assert entry.before == {"limit": 100, "on": "2026-01-01", "many": [1, 2]}
        assert entry.after == {}
        assert audit.verify(tx, tenant_id=tenant) == []


def test_an_untouched_chain_holds(begin: Begin, tenant: SponsorId) -> None:
    _six_entries(begin, tenant)
    with begin() as tx:
        assert audit.verify(tx, tenant_id=tenant) == []


COPY = """
    insert into base.audit
    select tenant_id, {new}, recorded_at, actor_kind, actor_id, why, action, subject, before, after, previous_hash, hash
    from base.audit where tenant_id = :tenant and audit_no = {old}
"""
AT = "where tenant_id = :tenant and audit_no ="


@pytest.mark.parametrize(
    ("damage", "statements"),
    [
        (Damage.ALTERED, [f"update base.audit set why = 'nothing' {AT} 3"]),
        (Damage.ALTERED, [f"update base.audit set after = jsonb_build_object('rate_bps', 9) {AT} 6"]),
        (Damage.ALTERED, [f"update base.audit set recorded_at = recorded_at + interval '1 microsecond' {AT} 1"]),
        (Damage.MISSING, [f"delete from base.audit {AT} 3"]),
        (Damage.MISSING, [f"delete from base.audit {AT} 1"]),
        (Damage.TAIL_LOST, [f"delete from base.audit {AT} 6"]),
        (Damage.TAIL_LOST, ["delete from base.audit where tenant_id = :tenant"]),
        (Damage.OUT_OF_CHAIN, [COPY.format(old=2, new=7)]),
        (
            Damage.OUT_OF_CHAIN,
            [f"update base.audit set audit_no = {new} {AT} {old}" for old, new in ((3, 99), (4, 3), (99, 4))],
        ),
    ],
)
def test_tampering_as_superuser_is_found(
    postgres: Served, begin: Begin, tenant: SponsorId, damage: Damage, statements: list[str]
) -> None:
    _six_entries(begin, tenant)
    _as_superuser(postgres, tenant, *statements)
    with begin() as tx:
        assert damage in {found.damage for found in audit.verify(tx, tenant_id=tenant)}


def test_a_float_is_refused_because_its_hash_would_depend_on_printing(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx, pytest.raises(TypeError, match="float"):
        audit.record(tx, tenant_id=tenant, action="x", subject="y", after={"rate": 0.1})


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


leaves = st.none() | st.booleans() | st.integers() | words


@given(st.recursive(leaves, lambda of: st.lists(of) | st.dictionaries(words, of)))
def test_what_is_hashed_is_spelled_one_way(value: object) -> None:
    assert canonical(json.loads(canonical(plain(value)))) == canonical(plain(value))
