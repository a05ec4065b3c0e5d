"""The real ledger and the one in memory, driven by the same random commands, never differ."""

from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.rooms.ledger.books import ACCOUNTS, Books, Move, open_books
from tests.rooms.ledger.reference import Reference, net
from tests.support.database import TESTER

from open401k import ledger
from open401k.base.db import Database
from open401k.kernel import EmployeeId, EntryId, FixedClock, Refused, ReservationId
from open401k.ledger import Posted, Refusal, Reserved, Voided

KEYS = st.sampled_from([f"key {number}" for number in range(12)])
DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 9))
NAMES = st.sampled_from(list(ACCOUNTS))
#: Mostly lawful: money comes in from the employer, moves on, goes out; now and then anything at all.
MOVES: st.SearchStrategy[Move] = st.one_of(
    st.tuples(
        st.sampled_from(["receivable", "cash", "opening"]),
        st.sampled_from(["one pre-tax", "one match"]),
        st.integers(1, 90),
    ),
    st.tuples(
        st.sampled_from(["one pre-tax", "one match", "two held"]),
        st.sampled_from(["cash", "two pre-tax"]),
        st.integers(1, 60),
    ),
    st.tuples(NAMES, NAMES, st.integers(0, 90)),
)
BODIES = st.lists(MOVES, max_size=4).map(tuple)
Answer = Posted | Reserved | Voided | Refused[Refusal]


def _cash_of_people(found: ledger.Balances) -> dict[EmployeeId, int]:
    cash: dict[EmployeeId, int] = {}
    for kind, who, asset, cents in zip(found.kind, found.employee_id, found.asset, found.amount, strict=True):
        if kind == ledger.Kind.PARTICIPANT and who is not None and asset == ledger.USD:
            cash[EmployeeId(who)] = cash.get(EmployeeId(who), 0) + cents
    return {who: cents for who, cents in cash.items() if cents}


class LedgerMachine(RuleBasedStateMachine):
    """Commands to both ledgers; after each, the same answers and the same books."""

    db: Database
    clock: FixedClock

    @initialize()
    def fresh(self) -> None:
        self.books: Books = open_books(self.db)
        self.reference = Reference()
        self.entry_ids: dict[str, EntryId] = {}
        self.holds: dict[str, ReservationId] = {}
        self.seen: list[tuple[date, datetime, dict[str, int]]] = []

    def agree(self, expected: Refusal | str, answer: Answer, known: bool) -> None:
        if isinstance(answer, Refused):
            assert answer.reason == expected
        else:
            assert isinstance(expected, str)
            assert not isinstance(expected, Refusal)
            assert answer.already == known

    @rule(key=KEYS, event_on=DAYS, moves=BODIES)
    def post(self, key: str, event_on: date, moves: tuple[Move, ...]) -> None:
        known = key in self.reference.bodies
        expected = self.reference.post(key, event_on, self.clock.now(), moves)
        with self.db.begin(TESTER, tenants=[self.books.tenant_id]) as tx:
            answer = self.books.post(tx, key, *moves, event_on=event_on)
        self.agree(expected, answer, known)
        if isinstance(answer, Posted):
            assert self.entry_ids.setdefault(key, answer.entry_id) == answer.entry_id

    @rule(data=st.data(), key=KEYS, event_on=DAYS)
    def reverse(self, data: st.DataObject, key: str, event_on: date) -> None:
        if not self.entry_ids:
            return
        original = data.draw(st.sampled_from(sorted(self.entry_ids)))
        known = key in self.reference.bodies
        expected = self.reference.reverse(key, event_on, self.clock.now(), original)
        with self.db.begin(TESTER, tenants=[self.books.tenant_id]) as tx:
            answer = ledger.reverse(
                tx,
                tenant_id=self.books.tenant_id,
                entry_id=self.entry_ids[original],
                key=key,
                event_on=event_on,
                reason="reversal",
            )
        self.agree(expected, answer, known)
        if isinstance(answer, Posted):
            self.entry_ids.setdefault(key, answer.entry_id)

    @rule(key=KEYS, moves=BODIES)
    def reserve(self, key: str, moves: tuple[Move, ...]) -> None:
        known = key in self.reference.bodies
        expected = self.reference.reserve(key, moves)
        with self.db.begin(TESTER, tenants=[self.books.tenant_id]) as tx:
            answer = self.books.reserve(tx, key, *moves)
        self.agree(expected, answer, known)
        if isinstance(answer, Reserved):
            assert self.holds.setdefault(key, answer.reservation_id) == answer.reservation_id

    @rule(data=st.data(), key=KEYS, event_on=DAYS, posting=st.booleans())
    def end(self, data: st.DataObject, key: str, event_on: date, posting: bool) -> None:
        if not self.holds:
            return
        held = data.draw(st.sampled_from(sorted(self.holds)))
        known = key in self.reference.bodies
        expected = self.reference.end(key, event_on, self.clock.now(), held, posting=posting)
        where, what = self.books.tenant_id, self.holds[held]
        with self.db.begin(TESTER, tenants=[where]) as tx:
            answer: Answer = (
                ledger.post_reserved(tx, tenant_id=where, reservation_id=what, key=key, event_on=event_on)
                if posting
                else ledger.void(tx, tenant_id=where, reservation_id=what, key=key, reason="expired")
            )
        self.agree(expected, answer, known)
        if isinstance(answer, Posted):
            self.entry_ids.setdefault(key, answer.entry_id)

    @rule(as_of=DAYS)
    def look_back(self, as_of: date) -> None:
        """Remember what was known, move the clock on, and compare all that was remembered before."""
        self.seen.append((as_of, self.clock.now(), self.as_of(as_of, self.clock.now())))
        assert self.seen[-1][2] == self.reference.balances(as_of)
        self.clock.advance(timedelta(hours=1))
        for day, at, then in self.seen:
            assert self.as_of(day, at) == then == self.reference.balances(day, at)

    def as_of(self, day: date | None, at: datetime | None) -> dict[str, int]:
        with self.db.begin(TESTER, tenants=[self.books.tenant_id]) as tx:
            found = ledger.balances(
                tx, tenant_id=self.books.tenant_id, plan_id=self.books.plan_id, as_of=day, known_at=at
            )
            cash = ledger.cash_of_people(
                tx, tenant_id=self.books.tenant_id, plan_id=self.books.plan_id, as_of=day, known_at=at
            )
        assert dict(zip(cash.employee_id, cash.cents.tolist(), strict=True)) == _cash_of_people(found)
        return self.books.by_name(found)

    @invariant()
    def same_books(self) -> None:
        running = self.as_of(None, None)
        assert running == self.reference.balances() == self.as_of(date.max, None)
        with self.db.begin(TESTER, tenants=[self.books.tenant_id]) as tx:
            found = ledger.balances(tx, tenant_id=self.books.tenant_id, plan_id=self.books.plan_id)
            names = {account.uuid: name for name, account in self.books.accounts.items()}
            held = zip(found.account_id, found.reserved, strict=True)
            assert {names[account]: amount for account, amount in held if amount} == self.reference.reserved()

    @invariant()
    def debits_equal_credits(self) -> None:
        for asset in ("USD", "fund:index"):
            mine = {name: kind.normal_side for name, (kind, _, _, held) in ACCOUNTS.items() if held == asset}
            running = self.as_of(None, None)
            assert sum(running.get(name, 0) * side for name, side in mine.items()) == 0

    def teardown(self) -> None:
        with self.db.begin(TESTER, tenants=[self.books.tenant_id]) as tx:
            assert self.books.verify(tx).damage == ()


def test_the_ledger_behaves_as_its_model(db: Database, clock: FixedClock) -> None:
    LedgerMachine.db, LedgerMachine.clock = db, clock
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_model_counts_on_the_normal_side() -> None:
    assert net((("receivable", "one match", 5),)) == {"receivable": 5, "one match": 5}
