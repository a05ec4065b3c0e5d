"""Connections of a plan to payroll providers: where each stands, what waits for a person. Not here: asking (flows)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId
from open401k.payroll import connections
from open401k.payroll.providers import Trouble

from .heading import heading
from .shown import PlanHeading


class Stands(StrEnum):
    """Where a connection stands, as it is shown. What needs a person most comes first: that is said of it."""

    PAUSED = "paused"
    NEEDS_A_PERSON = "needs_a_person"
    NOT_UNDERSTOOD = "not_understood"  # refused, or told in a way that cannot be so
    LATER = "later"  # down, slow, throttled, or still gathering what was asked for
    WAITS = "waits"
    NEW = "new"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """Something of a pull that a person has to settle."""

    what: str
    message: str
    fix: str
    provider_id: str = ""
    run_id: str = ""
    candidates: tuple[str, ...] = ()
    asks: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    """One connection. ``problem`` says why the last pull ended early, if it did; ``where``: at which request."""

    connection_id: str
    provider: str
    company_name: str
    state: str
    since: date
    asked_at: datetime | None
    succeeded_at: datetime | None
    problem: str
    fix: str
    waits: tuple[WaitingLine, ...]
    ein: str = ""
    tells_match: bool = False
    stands: Stands = Stands.CONNECTED
    where: str = ""
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Connections:
    """The connections of one plan. ``names``: of who may be meant, by employee id."""

    heading: PlanHeading
    connections: tuple[ConnectionLine, ...]
    names: Mapping[str, str] = field(default_factory=dict)


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Connections:
    """Every connection of a plan, those that are paused last."""
    known = connections.of_plan(tx, tenant_id=tenant_id, plan_id=plan_id)
    found = sorted(known, key=lambda each: each.state == connections.State.PAUSED)
    lines = tuple(map(line_of, found))
    asked = sorted({who for line in lines for wait in line.waits for who in wait.candidates})
    return Connections(heading(tx, tenant_id=tenant_id, plan_id=plan_id), lines, _names(tx, tenant_id, asked))


def _names(tx: Tx, tenant_id: SponsorId, asked: Sequence[str]) -> dict[str, str]:
    """Who they are, as a person knows them: a number says nothing to who has to choose."""
    if not asked:
        return {}
    people = census.roster(tx, tenant_id=tenant_id, employee_ids=[EmployeeId.parse(each) for each in asked])
    return {
        str(each.employee_id): " ".join(
            (each.first_name, each.last_name, census.mask_ssn(each.ssn_last4) if each.ssn_last4 else "")
        ).rstrip()
        for each in people
    }


def line_of(of: connections.Connection) -> ConnectionLine:
    """One connection as it is shown."""
    waits = tuple(
        WaitingLine(
            what=each["what"],
            message=each["message"],
            fix=each["fix"],
            provider_id=each.get("provider_id", ""),
            run_id=each.get("run_id", ""),
            candidates=tuple(each.get("candidates", ())),
            asks=each.get("asks", ""),
        )
        for each in of.waits
    )
    where, message = str(of.problem.get("where", "")), str(of.problem.get("message", ""))
    return ConnectionLine(
        connection_id=str(of.connection_id),
        provider=of.provider.title(),
        company_name=of.company_name,
        state=of.state,
        since=of.since,
        asked_at=of.tried_at,
        succeeded_at=of.succeeded_at,
        problem=message.removeprefix(f"{where}: ") if where else message,
        fix=str(of.problem.get("fix", "")),
        waits=waits,
        ein=of.ein_written,
        tells_match=of.tells_match,
        stands=_stands(of),
        where=where,
        asks=str(of.problem.get("asks", "")),
    )


def _stands(of: connections.Connection) -> Stands:
    if of.state != connections.State.CONNECTED:
        return Stands(of.state)
    if of.problem:
        later = of.problem.get("trouble") == Trouble.TRY_AGAIN
        return Stands.LATER if later else Stands.NOT_UNDERSTOOD
    if of.waits:
        return Stands.WAITS
    return Stands.CONNECTED if of.succeeded_at else Stands.NEW
