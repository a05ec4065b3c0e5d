"""The test shows that what nobody can use any more is deleted, and nothing that somebody still can."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.support.database import START, TESTER, Served
from webauthn.helpers import bytes_to_base64url

from open401k.base import access
from open401k.base.access import SESSIONS_KEPT, NewSession, RelyingParty, Session, Strength
from open401k.base.db import ALL_TENANTS, Tx
from open401k.kernel import Refused, UserId

PARTY = RelyingParty(id="localhost", name="Open401k", origin="http://localhost")
MINUTE = timedelta(minutes=1)
#: Later than anything that another test of this process may have left behind.
AT = START + timedelta(days=4_000)


@pytest.fixture
def tx(postgres: Served) -> Iterator[Tx]:
    with postgres.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        access.prune(tx, at=AT + timedelta(days=400))
        yield tx


def somebody(tx: Tx) -> UserId:
    return access.add_user(tx, email=f"{tx.ids.new(UserId)}@example.com", name="Somebody")


def pruned(tx: Tx, at: datetime) -> tuple[int, int, int]:
    found = access.prune(tx, at=at)
    return found["challenges"], found["links"], found["sessions"]


def test_challenges_go_when_they_expire(tx: Tx) -> None:
    access.begin_authentication(tx, party=PARTY, at=AT)
    access.begin_authentication(tx, party=PARTY, at=AT + MINUTE)
    assert pruned(tx, AT + 4 * MINUTE) == (0, 0, 0)
    assert pruned(tx, AT + 5 * MINUTE) == (1, 0, 0)
    assert pruned(tx, AT + 6 * MINUTE) == (1, 0, 0)


def test_an_answered_challenge_goes_at_once(tx: Tx) -> None:
    options = access.begin_authentication(tx, party=PARTY, at=AT)
    wrong = {"id": "AAAA", "response": {"clientDataJSON": client_data(options["challenge"])}}
    assert isinstance(access.finish_authentication(tx, party=PARTY, credential=wrong, at=AT), Refused)
    assert pruned(tx, AT) == (1, 0, 0)


def client_data(challenge: str) -> str:
    return bytes_to_base64url(f'{{"challenge": "{challenge}"}}'.encode())


def test_a_link_goes_when_it_was_used_or_expired_and_lets_in_until_then(tx: Tx) -> None:
    user_id = somebody(tx)
    used, waiting, late = (access.create_link(tx, user_id=user_id, at=AT + n * MINUTE) for n in range(3))
    assert isinstance(access.redeem_link(tx, token=used, at=AT), NewSession)
    assert pruned(tx, AT) == (0, 1, 0)
    assert isinstance(access.redeem_link(tx, token=used, at=AT), Refused)
    assert isinstance(access.redeem_link(tx, token=waiting, at=AT + 14 * MINUTE), NewSession)
    assert pruned(tx, AT + 16 * MINUTE) == (0, 1, 0)
    assert pruned(tx, AT + 17 * MINUTE) == (0, 1, 0)
    assert isinstance(access.redeem_link(tx, token=late, at=AT + 16 * MINUTE), Refused)


def test_a_session_is_kept_for_a_month_after_its_end(tx: Tx) -> None:
    made = access.begin_session(tx, user_id=somebody(tx), strength=Strength.LINK, at=AT)
    assert pruned(tx, AT) == (0, 0, 0)
    assert isinstance(access.session_of(tx, token=made.token, at=AT), Session)
    access.end_session(tx, session_id=made.session_id, at=AT)
    over = made.expires_at + SESSIONS_KEPT
    assert pruned(tx, over - MINUTE) == (0, 0, 0)
    assert pruned(tx, over) == (0, 0, 1)
    assert isinstance(access.session_of(tx, token=made.token, at=AT), Refused)
