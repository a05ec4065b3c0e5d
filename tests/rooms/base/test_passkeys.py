"""The test shows that only a verified user with the very passkey gets in, once per challenge."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.authenticator import SoftAuthenticator
from tests.support.database import START as AT
from tests.support.database import TESTER

from open401k.base import access
from open401k.base.access import NewSession, RelyingParty
from open401k.base.db import ALL_TENANTS, Database, Tx
from open401k.kernel import Refused, UserId

PARTY = RelyingParty(id="localhost", name="Open401k", origin="http://localhost:8000")


@pytest.fixture
def device(db: Database) -> SoftAuthenticator:
    return SoftAuthenticator(PARTY.origin, PARTY.id, credential_id=db.ids.new(UserId).uuid.bytes)


def somebody(tx: Tx) -> UserId:
    return access.add_user(tx, email=f"{tx.ids.new(UserId)}@example.com", name="A sponsor's controller")


def register(tx: Tx, user_id: UserId, device: SoftAuthenticator, **lies: Any) -> bytes | Refused[access.Denial]:
    options = access.begin_registration(tx, party=PARTY, user_id=user_id, at=AT)
    credential = replace(device, **lies).create(options)
    return access.finish_registration(tx, party=PARTY, user_id=user_id, credential=credential, label="laptop", at=AT)


def sign_in(tx: Tx, device: SoftAuthenticator) -> NewSession | Refused[access.Denial]:
    options = access.begin_authentication(tx, party=PARTY, at=AT)
    return access.finish_authentication(tx, party=PARTY, credential=device.get(options), at=AT)


def test_a_registered_passkey_signs_its_user_in(db: Database, device: SoftAuthenticator) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        user_id = somebody(tx)
        assert register(tx, user_id, device) == device.credential_id
        for _ in range(2):
            begun = sign_in(tx, device)
            assert isinstance(begun, NewSession)
            session = access.session_of(tx, token=begun.token, at=AT)
            assert isinstance(session, access.Session)
            assert (session.principal.id, session.strength) == (user_id, access.Strength.PASSKEY)


LIES: dict[str, dict[str, Any]] = {
    "user not verified": {"verifies_user": False},
    "another origin": {"origin": "https://phish.example"},
    "another relying party": {"rp_id": "phish.example"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_at_registration_is_refused(db: Database, device: SoftAuthenticator, lie: dict[str, Any]) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        user_id = somebody(tx)
        assert isinstance(register(tx, user_id, device, **lie), Refused)
        assert isinstance(sign_in(tx, device), Refused)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_at_sign_in_is_refused(db: Database, device: SoftAuthenticator, lie: dict[str, Any]) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        register(tx, somebody(tx), device)
        assert isinstance(sign_in(tx, replace(device, **lie)), Refused)
        assert isinstance(sign_in(tx, device), NewSession)


def test_a_copied_key_shows_by_its_counter(db: Database, device: SoftAuthenticator) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        register(tx, somebody(tx), device)
        copy = replace(device)
        assert isinstance(sign_in(tx, device), NewSession)
        assert isinstance(sign_in(tx, copy), Refused)


def test_another_key_under_the_same_id_is_refused(db: Database, device: SoftAuthenticator) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        register(tx, somebody(tx), device)
        impostor = SoftAuthenticator(PARTY.origin, PARTY.id, sign_count=5, credential_id=device.credential_id)
        assert isinstance(sign_in(tx, impostor), Refused)
        assert isinstance(register(tx, somebody(tx), impostor), Refused)


def test_a_challenge_is_used_once_and_in_time(db: Database, device: SoftAuthenticator) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        register(tx, somebody(tx), device)
        credential = device.get(access.begin_authentication(tx, party=PARTY, at=AT))
        assert isinstance(access.finish_authentication(tx, party=PARTY, credential=credential, at=AT), NewSession)
        assert isinstance(access.finish_authentication(tx, party=PARTY, credential=credential, at=AT), Refused)
        late = device.get(access.begin_authentication(tx, party=PARTY, at=AT))
        after = AT + timedelta(minutes=5)
        assert isinstance(access.finish_authentication(tx, party=PARTY, credential=late, at=after), Refused)


def test_a_challenge_for_one_user_registers_no_key_for_another(db: Database, device: SoftAuthenticator) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        options = access.begin_registration(tx, party=PARTY, user_id=somebody(tx), at=AT)
        answer = access.finish_registration(
            tx, party=PARTY, user_id=somebody(tx), credential=device.create(options), label="laptop", at=AT
        )
        assert isinstance(answer, Refused)


def test_a_revoked_passkey_is_refused(db: Database, device: SoftAuthenticator) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        user_id = somebody(tx)
        register(tx, user_id, device)
        assert access.revoke_passkey(tx, user_id=user_id, credential_id=device.credential_id, at=AT)
        assert not access.revoke_passkey(tx, user_id=user_id, credential_id=device.credential_id, at=AT)
        assert isinstance(sign_in(tx, device), Refused)


def _damaged(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def apply(credential: dict[str, Any]) -> dict[str, Any]:
        change(credential)
        return credential

    return apply


@pytest.mark.parametrize(
    "damage",
    [
        lambda credential: {},
        lambda credential: {"response": None},
        lambda credential: {"response": {"clientDataJSON": "***"}},
        lambda credential: {"response": {"clientDataJSON": "e30"}},
        _damaged(lambda credential: credential.pop("id")),
        _damaged(lambda credential: credential.update(id=7)),
        _damaged(lambda credential: credential["response"].pop("signature")),
        _damaged(lambda credential: credential["response"].update(signature="AAAA")),
        _damaged(lambda credential: credential["response"].update(authenticatorData="")),
    ],
)
def test_nonsense_is_refused_and_not_an_error(db: Database, device: SoftAuthenticator, damage: Any) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        register(tx, somebody(tx), device)
        credential = damage(device.get(access.begin_authentication(tx, party=PARTY, at=AT)))
        assert isinstance(access.finish_authentication(tx, party=PARTY, credential=credential, at=AT), Refused)
