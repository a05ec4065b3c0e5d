"""What a plan brings from elsewhere, over HTTP: its people and its balances, a file each, whole or not at all."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel

from open401k import recordkeeping
from open401k.base.access import Permission
from open401k.flows.opening_balances import Opened, bring_balances, take_back_balances
from open401k.flows.opening_expected import OpeningBalances
from open401k.flows.roster import Roster, RosterBrought, bring_people
from open401k.kernel import EntryId, Refused

from ...guard import Caller, Needs
from ...problems import Problem, ProblemError
from ...texts import MoneyText, Name, Sent, Text
from .convert import rejected, told_if_refused
from .once import answered, key_of
from .payroll import named

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]


class PeopleBrought(BaseModel):
    """How many people a file put on the roster, and how many were there as it says."""

    added: int
    already: int


class BalancesBrought(BaseModel):
    """What one entry put into the accounts of a plan; ``already``: it was there."""

    already: bool
    entry_id: str
    as_of: date
    rows: int
    people: int
    total: MoneyText


class OpeningOnFile(BaseModel):
    """One loading of opening balances, and the entry that took it back, if any."""

    entry_id: str
    as_of: date
    people: int
    total: MoneyText
    reversed_by: str | None


class OpeningsOnFile(BaseModel):
    """Every loading, the first one first; at most the last one stands."""

    items: list[OpeningOnFile]


class NewReversal(Sent):
    """The entry of opening balances that were wrong, and why."""

    entry_id: Text
    why: Name


class BalancesTakenBack(BaseModel):
    """Balances that are in the books no longer, and the entry that took them out."""

    already: bool
    entry_id: str
    reversed_by: str
    as_of: date
    total: MoneyText


@router.post("/sponsors/{sponsor_id}/roster", status_code=201)
def bring_roster(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))],
    key: Key,
    content: Annotated[bytes, Body(media_type="text/csv", description="The canonical CSV of a roster")],
) -> PeopleBrought:
    """Put everybody of a file on the roster: dates, shares, relatives, the pay of the year before.

    The same people again are left as they are. With any fault, and where somebody is on file with something else, it is
    the problem `roster_rejected`, every finding in its `errors`, and nobody is added.
    """
    kept = answered(
        caller,
        key=key,
        what=f"roster {caller.tenant}",
        body=content,
        work=lambda: _people(caller, content).model_dump(mode="json"),
    )
    return PeopleBrought.model_validate(kept)


@router.post("/plans/{plan_id}/opening-balances", status_code=201)
def bring_opening_balances(
    caller: Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))],
    key: Key,
    as_of: Annotated[date, Query(description="The day at whose end the accounts held this, the last one elsewhere")],
    content: Annotated[bytes, Body(media_type="text/csv", description="The canonical CSV of opening balances")],
) -> BalancesBrought:
    """Post what each account held when the plan came here, by one entry that equals the file's total.

    The same balances again change nothing; others are refused until a reversal has taken the first ones back. With any
    fault it is the problem `opening_balances_rejected`, every finding in its `errors`, and nothing is posted. Tests,
    projection and alerts follow.
    """
    what = f"opening balances {caller.plan} {as_of}"
    return BalancesBrought.model_validate(
        answered(
            caller,
            key=key,
            what=what,
            body=content,
            work=lambda: _balances(caller, as_of, content).model_dump(mode="json"),
        )
    )


@router.get("/plans/{plan_id}/opening-balances")
def get_opening_balances(caller: Annotated[Caller, Depends(Needs(Permission.LEDGER_VIEW))]) -> OpeningsOnFile:
    """What was loaded when the plan came here, and what of it was taken back."""
    with caller.begin() as tx:
        found = recordkeeping.openings(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return OpeningsOnFile(
        items=[
            OpeningOnFile(
                entry_id=str(each.entry_id),
                as_of=each.on,
                people=each.people,
                total=each.amount.plain(),
                reversed_by=str(each.reversed_by) if each.reversed_by else None,
            )
            for each in found
        ]
    )


@router.post("/plans/{plan_id}/opening-balances/reversal", status_code=201)
def reverse_opening_balances(
    caller: Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))], key: Key, sent: NewReversal
) -> BalancesTakenBack:
    """Take opening balances back that were wrong; both entries stay on record. The right ones may then be sent."""
    body = sent.model_dump_json().encode()
    kept = answered(
        caller,
        key=key,
        what=f"reverse opening balances {caller.plan}",
        body=body,
        work=lambda: _taken_back(caller, sent).model_dump(mode="json"),
    )
    return BalancesTakenBack.model_validate(kept)


def _people(caller: Caller, content: bytes) -> PeopleBrought:
    told = Roster(caller.tenant, "roster.csv", content)
    outcome = bring_people(caller.services.db, actor=caller.actor, told=told)
    if not isinstance(outcome, RosterBrought):
        raise ProblemError(rejected(outcome, "roster_rejected", "The roster was rejected."))
    return PeopleBrought(added=outcome.added, already=outcome.already)


def _balances(caller: Caller, as_of: date, content: bytes) -> BalancesBrought:
    told = OpeningBalances(caller.tenant, caller.plan, as_of, f"opening balances {as_of}.csv", content)
    with told_if_refused():
        outcome = bring_balances(caller.services.db, actor=caller.actor, told=told)
    if not isinstance(outcome, Opened):
        raise ProblemError(rejected(outcome, "opening_balances_rejected", "The opening balances were rejected."))
    return BalancesBrought(
        already=outcome.already,
        entry_id=str(outcome.entry_id),
        as_of=outcome.as_of,
        rows=outcome.rows,
        people=outcome.people,
        total=outcome.total.plain(),
    )


def _taken_back(caller: Caller, sent: NewReversal) -> BalancesTakenBack:
    entry_id = named(EntryId, sent.entry_id)
    with told_if_refused():
        outcome = take_back_balances(
            caller.services.db,
            actor=caller.actor,
            tenant_id=caller.tenant,
            plan_id=caller.plan,
            entry_id=entry_id,
            why=sent.why,
        )
    if isinstance(outcome, Refused):
        title = "The opening balances could not be reversed."
        raise ProblemError(Problem(422, str(outcome.reason), title, outcome.message, outcome.fix))
    return BalancesTakenBack(
        already=outcome.already,
        entry_id=str(outcome.entry_id),
        reversed_by=str(outcome.reversed_by),
        as_of=outcome.as_of,
        total=outcome.total.plain(),
    )
