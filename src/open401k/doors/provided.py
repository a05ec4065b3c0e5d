"""What the doors are given to work with; app.py provides it. Stories are named here as doors call them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeAlias

from open401k.base.db import Actor, Database, Tx
from open401k.kernel import Clock, ConnectionId, EmployeeId, Ids, PlanId, Refused, RolloverId, RunId, SponsorId
from open401k.law.form_1099r import Form1099R
from open401k.payroll import NOTHING_SAID, CalledCode, Said
from open401k.payroll.connections import Connection
from open401k.payroll.providers import Provider
from open401k.payroll.rows import PayrollRow
from open401k.recordkeeping import Explanation, RolloverBooked, RolloverRefusal, RolloverRequest
from open401k.recordkeeping.rollover_wishes import WishRefusal
from open401k.views.shown import FindingLine, RunState


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """What an operator decides about the doors."""

    origin: str
    sandbox: bool = False
    largest_file_bytes: int = 32 * 1024 * 1024
    largest_body_bytes: int = 1024 * 1024
    version: str = "0.1.0"

    @property
    def https(self) -> bool:
        """Whether pages are reached over TLS, so that cookies may demand it."""
        return self.origin.startswith("https://")


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How far a run came (a :class:`RunState`), with every finding; ``already`` when this was no news."""

    run_id: RunId
    state: RunState
    needs_confirmation: bool = False
    findings: Sequence[FindingLine] = ()
    already: bool = False
    file_sha256: str = ""
    rows_read: int = 0
    found: int = 0
    """How many findings there are; a thousand are listed."""

    @property
    def posted(self) -> bool:
        """Whether money was entered."""
        return self.state in (RunState.POSTED, RunState.POSTED_WITH_HOLDS)


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What is said once about a run that comes as rows."""

    pay_date: date
    period_start: date | None = None
    period_end: date | None = None
    provider: str = ""
    replaces: RunId | None = None
    confirmed: bool = False
    second_run_reason: str = ""
    said: Said = NOTHING_SAID
    codes: Sequence[CalledCode] = ()  # what payroll calls its codes


#: What a door keeps of an outcome, in the transaction that it happens in.
Keep: TypeAlias = Callable[[Tx, RunOutcome], None]


@dataclass(frozen=True, slots=True)
class Order:
    """Who asks for what, once: the same key with the same content has one effect and one answer."""

    actor: Actor
    tenant_id: SponsorId
    plan_id: PlanId
    key: str
    keep: Keep | None = None
    """What goes along with the last thing that is done before the answer, and whatever it is, happens with it."""


class PayrollStory(Protocol):
    """The payroll run, as doors start and continue it (flows/payroll_run.py)."""

    def receive_file(
        self,
        order: Order,
        *,
        name: str,
        content: bytes,
        provider: str | None,
        pay_date: date | None,
        replaces: RunId | None,
        second_run_reason: str = "",
        said: Said = NOTHING_SAID,
    ) -> RunOutcome | Refused[Any]:
        """Store a file, sealed, and open its run; where its columns are known, check every row.

        A file, or amounts, that were posted before are a payroll of their own only with a reason. What is ``said`` of
        its rows stays with the run, and every check of it holds them against that.
        """
        ...

    def send_again(self, order: Order, *, run_id: RunId, reason: str) -> RunOutcome | Refused[Any]:
        """Open another run of a file that was kept before: a second payroll of the same amounts, and why."""
        ...

    def confirm_mapping(
        self, order: Order, *, run_id: RunId, fields: Mapping[int, str | None]
    ) -> RunOutcome | Refused[Any]:
        """Settle the columns of a run's file, remember them, and check every row; nothing is posted yet."""
        ...

    def receive_rows(self, order: Order, *, run: RunHeader, rows: Sequence[PayrollRow]) -> RunOutcome | Refused[Any]:
        """Check canonical rows and post them, unless something of them has to be confirmed first.

        There may be none where it is said that nothing is contributed: such a payroll is on file and posts nothing.
        """
        ...

    def post(self, order: Order, *, run_id: RunId, confirmed: bool) -> RunOutcome | Refused[Any]:
        """Record, post, test and project a checked run; a second call gives the first answer."""
        ...

    def close(self, order: Order, *, run_id: RunId, why: str) -> RunOutcome | Refused[Any]:
        """Close a run that is not posted: nothing of it ever is."""
        ...


class SandboxStory(Protocol):
    """Moving a sandbox's clock, and everything that falls due on the way."""

    def advance(self, *, actor: Actor, to: datetime) -> Sequence[str]:
        """Move the clock; answers with what happened, in words."""
        ...


class VerifyStory(Protocol):
    """Recomputing balances, entitlements, tests and the audit chain from facts."""

    def verify(self, *, actor: Actor, tenants: Sequence[SponsorId] | None) -> Mapping[str, Any]:
        """``{"ok": true, ...}`` with counts, or every difference found."""
        ...


class DayStory(Protocol):
    """The daily round: every plan begins its day."""

    def begin(self, *, actor: Actor) -> Mapping[str, Any] | None:
        """What was done, and each plan that failed with its reason; None while somebody else is at it."""
        ...


class ConnectionStory(Protocol):
    """Connections to payroll providers (flows/provider_pull.py)."""

    def offered(self) -> Sequence[Provider]:
        """The providers that this installation is registered with."""
        ...

    def authorize_url(self, provider: Provider, *, state: str) -> str:
        """Where somebody who runs payroll lets us in."""
        ...

    def add(
        self,
        *,
        actor: Actor,
        tenant_id: SponsorId,
        plan_id: PlanId,
        provider: Provider,
        code: str,
        since: date | None,
        also: bool = False,
    ) -> Connection | Refused[Any]:
        """Connect what an authorization's code opens; ``also``: another company of the plan at the same provider."""
        ...

    def pull(self, *, actor: Actor, tenant_id: SponsorId, connection_id: ConnectionId) -> Mapping[str, Any]:
        """Ask one provider now."""
        ...

    def pull_due(self, *, actor: Actor, ends: Callable[[], bool] = ...) -> Sequence[Mapping[str, Any]]:
        """Ask every provider with news, and everyone who was not asked today."""
        ...

    def hear(self, provider: Provider, *, headers: Mapping[str, str], body: bytes) -> bool | None:
        """Keep a webhook: whether it was news. None: it is not the provider's."""
        ...

    def webhooks(self, *, actor: Actor) -> str:
        """How Gusto's webhooks come here, in words."""
        ...


@dataclass(frozen=True, slots=True)
class GivenExplanation:
    """The explanation of section 402(f) as somebody gives it, and of which money it tells."""

    title: str
    version: str
    of_roth: bool
    of_other: bool
    content: bytes = field(repr=False)


class RolloverStory(Protocol):
    """Rollovers of plans over their custodian's node (flows/rollover.py)."""

    def ask_into(
        self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, employee_id: EmployeeId,
        told: Mapping[str, Any],
    ) -> RolloverRequest | Refused[RolloverRefusal]:  # fmt: skip
        """Somebody wants to bring money into the plan."""
        ...

    def release(
        self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, employee_id: EmployeeId,
        case: str, told: Mapping[str, Any],
    ) -> RolloverRequest | Refused[RolloverRefusal]:  # fmt: skip
        """We answer a case in which another custodian asks us to pay."""
        ...

    def tell(
        self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, told: Mapping[str, Any]
    ) -> RolloverRequest | Refused[RolloverRefusal]:
        """More facts of an open request, or others."""
        ...

    def follow(self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId) -> Sequence[RolloverRequest]:
        """Where every open request stands now."""
        ...

    def follow_due(self, *, actor: Actor, ends: Callable[[], bool] = lambda: False) -> Sequence[Mapping[str, Any]]:
        """Every plan whose open rollovers nobody looked at today: how many, and what could not be looked at."""
        ...

    def take_up(
        self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, told: Mapping[str, Any],
        case: str,
    ) -> RolloverRequest | Refused[RolloverRefusal] | Refused[WishRefusal]:  # fmt: skip
        """Staff take up what a participant wished."""
        ...

    def tracker(self, request: RolloverRequest, *, key: str) -> str:
        """Where the participant follows it, and signs; the same key is the same address."""
        ...

    def explain(
        self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, given: GivenExplanation
    ) -> Explanation | Refused[RolloverRefusal]:
        """The plan gives this explanation from now on."""
        ...

    def forms(self, booked: RolloverBooked, *, born_on: date | None) -> Sequence[Form1099R] | None:
        """What Form 1099-R will say of what was paid; None where somebody makes it by hand."""
        ...


class Services(Protocol):
    """Everything a door may use."""

    @property
    def db(self) -> Database:
        """The database."""
        ...

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        ...

    @property
    def wall(self) -> Clock:
        """The machine's clock: sessions and keys age by it even where business time is a sandbox's."""
        ...

    @property
    def ids(self) -> Ids:
        """Where ids come from."""
        ...

    @property
    def settings(self) -> DoorSettings:
        """The operator's decisions."""
        ...

    @property
    def payroll(self) -> PayrollStory:
        """The payroll run."""
        ...

    @property
    def sandbox(self) -> SandboxStory | None:
        """The sandbox clock; None where the clock is the machine's."""
        ...

    @property
    def verifier(self) -> VerifyStory:
        """The proof of the books."""
        ...

    @property
    def day(self) -> DayStory:
        """The daily round."""
        ...

    @property
    def connections(self) -> ConnectionStory:
        """Connections to payroll providers."""
        ...

    @property
    def rollovers(self) -> RolloverStory | None:
        """Rollovers of plans; None where no node is set up."""
        ...
