"""What door tests stand on: an application over a real database, sample pages, and logins of every role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from tests.doors import samples, samples_money
from tests.support.database import TESTER

from open401k.base import access
from open401k.base.access import Permission, Role
from open401k.base.db import ALL_TENANTS, Actor, Database
from open401k.doors.connecting import ConnectionStories, ProviderSettings
from open401k.doors.http import create_app
from open401k.doors.provided import DoorSettings, Order, RunHeader, RunOutcome
from open401k.kernel import Clock, FixedClock, Ids, PlanId, Refused, RunId, SeededRandom, SponsorId, UserId
from open401k.payroll.providers import Surroundings
from open401k.payroll.rows import PayrollRow
from open401k.recordkeeping import Explanation, RolloverRefusal, RolloverRequest
from open401k.views.shown import RunState

ORIGIN = "http://testserver"


@dataclass
class Payroll:
    """A payroll story that remembers what it was asked and answers from samples."""

    asked: list[tuple[str, Order, dict[str, Any]]] = field(default_factory=list)
    refuse: Refused[Any] | None = None

    def receive_file(self, order: Order, **told: Any) -> RunOutcome | Refused[Any]:
        """Store nothing."""
        self.asked.append(("receive_file", order, told))
        return self.refuse or RunOutcome(samples.RUNS[15], RunState.MAPPING)

    def send_again(self, order: Order, *, run_id: RunId, reason: str) -> RunOutcome | Refused[Any]:
        """Open nothing."""
        self.asked.append(("send_again", order, {"run_id": run_id, "reason": reason}))
        return self.refuse or RunOutcome(samples.RUNS[15], RunState.CHECKED)

    def confirm_mapping(
        self, order: Order, *, run_id: RunId, fields: Mapping[int, str | None]
    ) -> RunOutcome | Refused[Any]:
        """Check nothing."""
        told = {"run_id": run_id, "fields": dict(fields)}
        self.asked.append(("confirm_mapping", order, told))
        return self.refuse or RunOutcome(samples.RUNS[15], RunState.CHECKED, True, samples.FINDINGS)

    def receive_rows(self, order: Order, *, run: RunHeader, rows: Sequence[PayrollRow]) -> RunOutcome | Refused[Any]:
        """Post nothing."""
        self.asked.append(("receive_rows", order, {"run": run, "rows": rows}))
        return self.refuse or RunOutcome(samples.RUNS[15], RunState.POSTED, False, samples.FINDINGS[2:])

    def post(self, order: Order, *, run_id: RunId, confirmed: bool) -> RunOutcome | Refused[Any]:
        """Post nothing."""
        self.asked.append(("post", order, {"run_id": run_id, "confirmed": confirmed}))
        return self.refuse or RunOutcome(run_id, RunState.POSTED)

    def close(self, order: Order, *, run_id: RunId, why: str) -> RunOutcome | Refused[Any]:
        """Close nothing."""
        self.asked.append(("close", order, {"run_id": run_id, "why": why}))
        return self.refuse or RunOutcome(run_id, RunState.CANCELED)


@dataclass
class Rollovers:
    """A story of rollovers that asks no node: it says so."""

    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def ask_into(self, **told: Any) -> RolloverRequest | Refused[RolloverRefusal]:
        """Ask nobody."""
        return self._refused("ask_into", told)

    def release(self, **told: Any) -> RolloverRequest | Refused[RolloverRefusal]:
        """Pay nothing."""
        return self._refused("release", told)

    def tell(self, **told: Any) -> RolloverRequest | Refused[RolloverRefusal]:
        """Keep nothing."""
        return self._refused("tell", told)

    def follow(self, **_: Any) -> Sequence[RolloverRequest]:
        """Nothing is open."""
        return []

    def follow_due(self, **_: Any) -> Sequence[Mapping[str, Any]]:
        """Nothing is open."""
        return []

    def take_up(self, **told: Any) -> RolloverRequest | Refused[RolloverRefusal]:
        """Ask nobody."""
        return self._refused("take_up", told)

    def tracker(self, request: RolloverRequest, *, key: str) -> str:
        """Nowhere."""
        raise AssertionError("nothing is followed")

    def explain(self, **told: Any) -> Explanation | Refused[RolloverRefusal]:
        """Keep nothing."""
        return self._refused("explain", told)

    def forms(self, *_: Any, **__: Any) -> None:
        """Somebody makes them by hand."""

    def _refused(self, verb: str, told: dict[str, Any]) -> Refused[RolloverRefusal]:
        self.asked.append((verb, told))
        return Refused(RolloverRefusal.NOT_OFFERED, "The plan's terms say nothing of rollovers.", "Amend the plan.")


@dataclass
class Sandbox:
    """Moves the test's clock."""

    clock: FixedClock

    def advance(self, *, actor: Actor, to: datetime) -> Sequence[str]:
        """Nothing falls due."""
        self.clock.advance_to(to)
        return [f"The clock now says {to:%Y-%m-%d}."]


class Verifier:
    """Finds nothing wrong."""

    def verify(self, *, actor: Actor, tenants: Sequence[SponsorId] | None) -> Mapping[str, Any]:
        """Everything agrees."""
        return {"ok": True, "counts": {"entries": 0}, "problems": []}


class Day:
    """Everything is done already."""

    def begin(self, *, actor: Actor) -> Mapping[str, Any] | None:
        """No plan failed."""
        return {"ok": True, "on": "2026-01-05", "done": [], "already": 0, "failed": [], "pruned": {}}


@dataclass
class World:
    """Services for ``create_app``, with the sponsor and plan that samples speak of."""

    db: Database
    clock: FixedClock
    wall: Clock
    sandbox: Sandbox | None
    payroll: Payroll = field(default_factory=Payroll)
    verifier: Verifier = field(default_factory=Verifier)
    day: Day = field(default_factory=Day)
    rollovers: Rollovers = field(default_factory=Rollovers)
    connections: ConnectionStories = field(init=False)
    settings: DoorSettings = field(default_factory=lambda: DoorSettings(origin=ORIGIN, sandbox=True))

    def __post_init__(self) -> None:
        """No provider is registered, unless a test says otherwise."""
        around = Surroundings(self.wall, lambda _: None, SeededRandom(1))
        self.connections = ConnectionStories(self.db, settings=ProviderSettings(), around=around, origin=ORIGIN)

    @property
    def ids(self) -> Ids:
        """The database's."""
        return self.db.ids

    def app(self) -> FastAPI:
        """A fresh application."""
        return create_app(self)

    def user(self, name: str, tenant: SponsorId, role: Role | None) -> UserId:
        """A user with a role at a sponsor; None is one of operations."""
        with self.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
            number = self.db.ids.new(UserId)
            user_id = access.add_user(tx, email=f"{number}@example.com", name=name)
            if role is None or role is Role.OPERATIONS:
                access.set_operator(tx, user_id=user_id, effective_at=self.wall.now())
            else:
                access.grant(tx, tenant_id=tenant, user_id=user_id, role=role, effective_at=self.wall.now())
        return user_id

    def link(self, user_id: UserId) -> str:
        """A one-time link's token."""
        with self.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
            return access.create_link(tx, user_id=user_id, at=self.wall.now())

    def session(self, user_id: UserId) -> str:
        """A session's token."""
        with self.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
            outcome = access.begin_session(tx, user_id=user_id, strength=access.Strength.LINK, at=self.wall.now())
        return outcome.token

    def key(self, tenant: SponsorId, *scopes: Permission) -> str:
        """An API key."""
        at = self.wall.now()
        with self.db.begin(TESTER, tenants=[tenant]) as tx:
            made = access.create_key(
                tx, tenant_id=tenant, label="test", scopes=scopes, at=at, expires_at=at + timedelta(days=1)
            )
        return made.secret


SAMPLE_LOADERS: Mapping[str, Any] = {
    "plan_health.load": samples.HEALTH,
    "deposit_page.load": samples_money.DEPOSITS,
    "corrections.load": samples_money.INBOX,
    "elections.load": samples.ELECTIONS,
    "elections.load_cases": samples.ELECTIONS.cases,
    "instructions.load": samples.INSTRUCTIONS,
    "loans.load": samples.LOANS,
    "loans.of_person": samples.LOANS.lines,
    "loans.load_one": samples.LOAN,
    "rollovers.load": samples.ROLLOVERS,
    "rollovers.load_one": samples.ROLLOVER,
    "participant.load": samples.MINE,
    "rollover_wishes.load": samples.WISHES,
    "rollover_explanations.load": samples.EXPLANATIONS,
    "rollover_explanations.read": samples.EXPLANATION,
    "people.load": samples.PEOPLE,
    "people.load_person": samples.PERSON,
    "test_detail.load": samples.DETAIL,
    "test_detail.load_overview": samples.OVERVIEW,
    "alert.load": samples.ALERT_DETAIL,
    "payroll_history.load": samples.HISTORY,
    "payroll_history.load_run": samples.run_detail(),
    "payroll_history.load_rows": (samples.run_detail().rows, None),
    "payroll_upload.load": samples.UPLOAD,
    "payroll_upload.load_mapping": samples.MAPPING,
    "advisor_book.load": samples.BOOK,
}


def plan_of(number: int) -> PlanId:
    """A plan id of a test."""
    return PlanId(UUID(int=number))
