"""Which connections of a plan tell the payrolls of one employer: by EIN, and where none is known on the safe side."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from open401k.kernel import ConnectionId, PlanId, SponsorId
from open401k.payroll.connections import Connection, State, moved_from, same_employer
from open401k.payroll.providers import Provider

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
OLD = ConnectionId(UUID(int=1))
NEW = ConnectionId(UUID(int=2))


def test_another_company_beside_a_paused_one_without_an_ein_begins_where_no_payroll_of_its_own_is_missed() -> None:
    paused = replace(_old(), state=State.PAUSED, employer_ein="")
    assert moved_from([paused], "98-7654321") == {OLD}
    assert moved_from([paused], "98-7654321", also=True) == moved_from([paused], "", also=True) == frozenset()
    assert moved_from([replace(paused, employer_ein="987654321")], "98-7654321", also=True) == {OLD}


def _old() -> Connection:
    plan, since = PlanId(UUID(int=3)), date(2026, 1, 1)
    return Connection(
        *(SponsorId(UUID(int=4)), OLD, plan, str(Provider.GUSTO), "c", "Acme", since, NOON, State.NEEDS_A_PERSON, ""),
        *(False, None, None, {}, []),
        employer_ein="123456789",
    )


def test_one_without_an_ein_at_another_provider_may_be_the_same_employer() -> None:
    # Money flow: none for a pay date that the connection before told, though nobody paused it when the employer moved.
    old = _old()
    new = replace(old, connection_id=NEW, provider=str(Provider.FINCH), state=State.CONNECTED, employer_ein="")
    assert same_employer([old, new], NEW) == {OLD}
    assert same_employer([old, replace(new, employer_ein="987654321")], NEW) == frozenset()
    beside = replace(new, provider=old.provider)  # of which somebody said that it is another company
    assert same_employer([old, beside], NEW) == frozenset()
