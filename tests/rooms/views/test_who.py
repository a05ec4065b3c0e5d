"""Who did something, as pages name them."""

import pytest
from tests.support.database import TESTER

from open401k.base.access import add_user
from open401k.base.db import ALL_TENANTS, Database
from open401k.views import who


@pytest.mark.parametrize(
    ("on_file", "named"),
    [
        ("sandbox", "the demo's script"),
        ("system:sandbox", "the demo's script"),
        ("system:daily", "Open401k, at the start of a day"),
        ("cli", "a command at the terminal"),
        ("system:something-new", "Open401k (something-new)"),
        ("api_key:key_1", "an API key (key_1)"),
        ("payroll", "payroll"),
    ],
)
def test_what_acted_by_itself_is_named_by_what_it_is(db: Database, on_file: str, named: str) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        assert who.names(tx, [on_file]) == {on_file: named}


def test_a_person_is_named_with_or_without_the_kind(db: Database) -> None:
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        user = str(add_user(tx, email="office@example.com", name="The office"))
        assert set(who.names(tx, [user, f"user:{user}"]).values()) == {"The office"}
