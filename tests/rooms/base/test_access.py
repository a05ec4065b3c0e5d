"""The test shows that nobody may do what they were not given, and that what is taken away is gone at once."""

import threading
from datetime import datetime, timedelta

import psycopg
import pytest
from tests.support.database import START as AT
from tests.support.database import TESTER, Begin, Served, new_tenant

from open401k.base import access, audit
from open401k.base.access import ALLOWED, Denial, NewSession, Permission, Principal, Role, Session, authorize
from open401k.base.db import ALL_TENANTS, Database, Tx
from open401k.kernel import ApiKeyId, Open401kError, Refused, SponsorId, UserId

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def somebody(tx: Tx) -> UserId:
    return access.add_user(tx, email=f"{tx.ids.new(UserId)}@example.com", name="A sponsor's controller")


def reason(answer: object) -> Denial:
    assert isinstance(answer, Refused)
    assert isinstance(answer.reason, Denial)
    return answer.reason


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_a_role_allows_what_is_listed_at_its_sponsor_and_nothing_elsewhere(
    db: Database, role: Role, permission: Permission
) -> None:
    here, elsewhere = db.ids.new(SponsorId), db.ids.new(SponsorId)
    anywhere = role is Role.OPERATIONS
    roles = {} if anywhere else {here: frozenset({role})}
    principal = Principal(id=db.ids.new(UserId), name="somebody", roles=roles, operations=anywhere)
    allowed = permission in ALLOWED[role]
    assert (authorize(principal, permission, here) is None) is allowed
    assert (authorize(principal, permission, elsewhere) is None) is (allowed and anywhere)
    assert (authorize(principal, permission, None) is None) is (allowed and anywhere)


@pytest.mark.parametrize("permission", list(Permission))
def test_somebody_without_roles_may_do_nothing(db: Database, permission: Permission) -> None:
    nobody = Principal(id=db.ids.new(UserId), name="nobody")
    assert reason(authorize(nobody, permission, db.ids.new(SponsorId))) is Denial.OTHER_TENANT
    assert reason(authorize(nobody, permission, None)) is Denial.NOT_ALLOWED
    assert nobody.tenants == ()


def test_only_a_participant_sees_an_own_account_and_nothing_else() -> None:
    assert ALLOWED[Role.PARTICIPANT] == {Permission.OWN_ACCOUNT_VIEW}
    assert [role for role in Role if Permission.OWN_ACCOUNT_VIEW in ALLOWED[role]] == [Role.PARTICIPANT]
    assert set(ALLOWED) == set(Role)


def test_a_membership_holds_from_its_instant_until_it_is_taken_away(db: Database, tenant: SponsorId) -> None:
    other = new_tenant(db)
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        user_id = somebody(tx)
        access.grant(tx, tenant_id=tenant, user_id=user_id, role=Role.ADVISOR, effective_at=AT)
        access.grant(tx, tenant_id=other, user_id=user_id, role=Role.AUDITOR, effective_at=AT)
        access.revoke(tx, tenant_id=tenant, user_id=user_id, role=Role.ADVISOR, effective_at=AT + HOUR)

        def roles(at: datetime) -> object:
            return access.principal_of(tx, user_id=user_id, at=at).roles

        auditor = {other: frozenset({Role.AUDITOR})}
        assert roles(AT - MINUTE) == {}
        assert roles(AT) == {tenant: frozenset({Role.ADVISOR}), **auditor}
        assert roles(AT + HOUR) == auditor
        access.grant(tx, tenant_id=tenant, user_id=user_id, role=Role.ADVISOR, effective_at=AT + HOUR)
        assert roles(AT + HOUR) == roles(AT)
        actions = [entry.action for entry in audit.entries(tx, tenant_id=tenant, subject=user_id)]
        assert actions == ["access.grant", "access.revoke", "access.grant"]


def test_operations_sees_every_sponsor_until_it_ends(db: Database) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        user_id = somebody(tx)
        access.set_operator(tx, user_id=user_id, effective_at=AT)
        access.set_operator(tx, user_id=user_id, effective_at=AT + HOUR, granted=False)
        assert access.principal_of(tx, user_id=user_id, at=AT).tenants is ALL_TENANTS
        assert access.principal_of(tx, user_id=user_id, at=AT + HOUR).tenants == ()


def test_an_address_is_one_user_however_it_is_written(db: Database) -> None:
    with db.begin(TESTER, tenants=[]) as tx:
        user_id = access.add_user(tx, email=" Controller@Example.com", name="The controller")
        assert access.add_user(tx, email="controller@example.com", name="Somebody else") == user_id
        found = access.find_user(tx, email="CONTROLLER@example.com")
        assert found == access.User(user_id, "controller@example.com", "The controller")
        with pytest.raises(Open401kError, match="not an e-mail address"):
            access.add_user(tx, email="controller", name="x")


def test_a_session_ends_idle_expired_or_signed_out(db: Database) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        user_id = somebody(tx)
        begun = access.begin_session(tx, user_id=user_id, strength=access.Strength.LINK, at=AT)

        def held(at: datetime, token: str = begun.token) -> bool:
            return isinstance(access.session_of(tx, token=token, at=at), Session)

        assert held(AT)
        assert held(AT + 59 * MINUTE)
        assert not held(AT + 59 * MINUTE + HOUR)
        for half_hours in range(3, 24):
            assert held(AT + half_hours * 30 * MINUTE)
        assert not held(AT + 12 * HOUR)
        access.end_session(tx, session_id=begun.session_id, at=AT)
        assert not held(AT)
        assert not held(AT, "unknown")
        again = access.begin_session(tx, user_id=user_id, strength=access.Strength.LINK, at=AT)
        assert access.end_all_sessions(tx, user_id=user_id, at=AT) == 1
        assert not held(AT, again.token)


def test_a_rotated_session_forgets_its_old_token(db: Database) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        begun = access.begin_session(tx, user_id=somebody(tx), strength=access.Strength.LINK, at=AT)
        fresh = access.rotate_session(tx, token=begun.token, at=AT)
        assert isinstance(fresh, str)
        assert reason(access.session_of(tx, token=begun.token, at=AT)) is Denial.NOT_SIGNED_IN
        session = access.session_of(tx, token=fresh, at=AT)
        assert isinstance(session, Session)
        assert session.session_id == begun.session_id
        assert reason(access.rotate_session(tx, token=begun.token, at=AT)) is Denial.NOT_SIGNED_IN


def test_a_link_signs_in_once_and_in_time(db: Database) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        user_id = somebody(tx)
        token = access.create_link(tx, user_id=user_id, at=AT)
        assert isinstance(access.redeem_link(tx, token=token, at=AT), NewSession)
        assert reason(access.redeem_link(tx, token=token, at=AT)) is Denial.EXPIRED
        late = access.create_link(tx, user_id=user_id, at=AT)
        assert reason(access.redeem_link(tx, token=late, at=AT + 15 * MINUTE)) is Denial.EXPIRED
        assert reason(access.redeem_link(tx, token="unknown", at=AT)) is Denial.EXPIRED


def test_of_two_who_redeem_a_link_at_once_one_gets_in(db: Database) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        token = access.create_link(tx, user_id=somebody(tx), at=AT)
    answers: list[object] = []

    def redeem() -> None:
        with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
            answers.append(access.redeem_link(tx, token=token, at=AT))

    threads = [threading.Thread(target=redeem) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(answer).__name__ for answer in answers) == ["NewSession", "Refused", "Refused", "Refused"]


def test_a_key_does_what_it_is_for_at_its_sponsor_until_it_ends(db: Database, tenant: SponsorId) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        key = access.create_key(
            tx, tenant_id=tenant, label="payroll", scopes=[Permission.PAYROLL_SUBMIT], at=AT, expires_at=AT + HOUR
        )
        assert key.secret.startswith("o4k_")
        principal = access.principal_of_key(tx, secret=key.secret, at=AT)
        assert isinstance(principal, Principal)
        assert principal.tenants == (tenant,)
        assert principal.actor("a file").kind == "api_key"
        assert authorize(principal, Permission.PAYROLL_SUBMIT, tenant) is None
        assert reason(authorize(principal, Permission.PLAN_VIEW, tenant)) is Denial.NOT_ALLOWED
        assert reason(authorize(principal, Permission.PAYROLL_SUBMIT, new_tenant(db))) is Denial.OTHER_TENANT
        assert reason(authorize(principal, Permission.PAYROLL_SUBMIT, None)) is Denial.NOT_ALLOWED
        assert reason(access.principal_of_key(tx, secret=key.secret, at=AT + HOUR)) is Denial.NOT_SIGNED_IN
        assert reason(access.principal_of_key(tx, secret=key.secret + "x", at=AT)) is Denial.NOT_SIGNED_IN
        assert access.revoke_key(tx, tenant_id=tenant, key_id=key.key_id, at=AT)
        assert not access.revoke_key(tx, tenant_id=tenant, key_id=key.key_id, at=AT)
        assert reason(access.principal_of_key(tx, secret=key.secret, at=AT)) is Denial.NOT_SIGNED_IN
        (listed,) = access.list_keys(tx, tenant_id=tenant)
        assert (listed.prefix, listed.revoked_at) == (key.secret[:12], AT)
        assert not access.revoke_key(tx, tenant_id=tenant, key_id=tx.ids.new(ApiKeyId), at=AT)


@pytest.mark.parametrize(
    ("scopes", "lives"),
    [([], HOUR), ([Permission.CLOCK_MOVE], HOUR), ([Permission.PLAN_VIEW], timedelta(0))],
)
def test_a_key_beyond_a_sponsor_or_without_an_end_is_refused(
    begin: Begin, tenant: SponsorId, scopes: list[Permission], lives: timedelta
) -> None:
    with begin() as tx, pytest.raises(Open401kError, match="A key needs scopes"):
        access.create_key(tx, tenant_id=tenant, label="x", scopes=scopes, at=AT, expires_at=AT + lives)


def test_no_token_lies_in_the_database(db: Database, postgres: Served, tenant: SponsorId) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        user_id = somebody(tx)
        begun = access.begin_session(tx, user_id=user_id, strength=access.Strength.LINK, at=AT)
        link = access.create_link(tx, user_id=user_id, at=AT)
        key = access.create_key(
            tx, tenant_id=tenant, label="x", scopes=[Permission.PLAN_VIEW], at=AT, expires_at=AT + HOUR
        )
    with psycopg.connect(postgres.urls.superuser.replace("/postgres?", "/open401k?")) as conn:
        rows = [
            str(row)
            for table in ("session", "sign_in_link", "api_key", "audit")
            for row in conn.execute(f"select t::text from base.{table} as t".encode()).fetchall()
        ]
    stored = "".join(rows)
    for secret in (begun.token, link, key.secret):
        assert secret not in stored
        assert secret.encode().hex() not in stored


def test_keys_and_memberships_of_another_sponsor_are_out_of_sight(db: Database, begin: Begin) -> None:
    other = new_tenant(db)
    with db.begin(TESTER, tenants=[other]) as tx:
        access.create_key(tx, tenant_id=other, label="x", scopes=[Permission.PLAN_VIEW], at=AT, expires_at=AT + HOUR)
        access.grant(tx, tenant_id=other, user_id=somebody(tx), role=Role.SPONSOR, effective_at=AT)
    with begin() as tx:
        assert access.list_keys(tx, tenant_id=other) == []
        assert tx.rows("select 1 from base.membership") == []
        access.begin_session(tx, user_id=somebody(tx), strength=access.Strength.LINK, at=AT)
        assert tx.run("delete from base.session") == 0, "only the daily round may, which acts for no one sponsor"
        with pytest.raises(psycopg.errors.InsufficientPrivilege), tx.savepoint():
            tx.run("delete from base.passkey")
