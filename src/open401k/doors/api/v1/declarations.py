"""What an employer declares for a plan year, over HTTP: a discretionary match, or profit sharing."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StrictInt

from open401k import recordkeeping
from open401k.base.access import Permission
from open401k.kernel import day_of
from open401k.plan import MatchTier
from open401k.views import declarations as view

from ... import declaring
from ...guard import Caller, Needs
from ...problems import Problem, ProblemError
from ...texts import MoneyText, Sent, Text
from .once import answered, key_of

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW))]
Changer = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))]
Bps = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
Cents = Annotated[StrictInt, Field(ge=0, le=10**12)]


class ToDeclare(Sent):
    """One formula for one plan year: tiers of a match, or a share of pay, or an amount for each. Left out: nothing.

    Where the plan allocates profit sharing by groups or points: `shares` of groups, or the `total_cents` of points.

    Nothing at all takes back what was declared, as long as it is in no account.
    """

    plan_year_last_day: date
    source: Text
    tiers: Annotated[
        tuple[tuple[Bps, Bps], ...], Field(max_length=20, description="Rate of deferrals, up to which share of pay")
    ] = ()
    cap_cents: Cents | None = None
    rate_bps: Bps = 0
    flat_cents: Cents = 0
    excess_bps: Annotated[Bps, Field(description="Of pay above `integration_cents`: integrated (IRC 401(l))")] = 0
    integration_cents: Cents = 0
    shares: Annotated[
        tuple[tuple[Text, Bps, Cents], ...],
        Field(max_length=1_000, description="By groups: the name of each, its share of pay, or its amount in cents"),
    ] = ()
    total_cents: Annotated[Cents, Field(description="By points: what they share out")] = 0
    despite_test: Annotated[
        bool, Field(description="Declare it although it fails the test of amounts (IRC 401(a)(4))")
    ] = False
    declared_on: Annotated[date | None, Field(description="Left out, it is today")] = None
    tax_return_due: Annotated[date | None, Field(description="Of the employer, extensions included")] = None


class DeclarationOnFile(BaseModel):
    """What an employer declared for a plan year; the newest of a year and source counts."""

    plan_year_last_day: date
    source: str
    formula: Annotated[str, Field(description="In words")]
    declared_on: date
    recorded_at: datetime
    counts: Annotated[bool, Field(description="False: replaced by a later one, or taken back")]
    posted: Annotated[MoneyText, Field(description="In accounts on the last day of the year, of this source")]


class NotGiven(BaseModel):
    """What the end of a plan year does not give somebody, since the limit of IRC 415(c) is reached."""

    plan_year_last_day: date
    employee_id: str
    source: str
    amount: Annotated[MoneyText, Field(description="Of what the plan's terms and declarations give; it is not owed")]


class Declarations(BaseModel):
    """Everything declared for a plan, the newest first, and what its terms let the employer declare."""

    may_declare: list[str]
    items: list[DeclarationOnFile]
    not_given: list[NotGiven] = []


@router.get("/plans/{plan_id}/declarations")
def list_declarations(caller: Reader) -> Declarations:
    """Everything declared or taken back, the newest first, with what is in accounts of it. Who may see the plan."""
    with caller.begin() as tx:
        found = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return _shown(found)


@router.post("/plans/{plan_id}/declarations", status_code=201)
def declare_contribution(caller: Changer, key: Key, sent: ToDeclare) -> Declarations:
    """Declare a contribution for a plan year: the sponsor and operations (`plan.change`).

    It is posted on the last day of the year, at once where that is over. What is shared by groups or points is tested
    first (IRC 401(a)(4)), and refused with what it lacks unless `despite_test` is sent. More may be declared
    later; less, or nothing, only while it is in no account (IRC 411(d)(6)).
    """

    def work() -> dict[str, Any]:
        declaration = _declaration(caller, sent)
        declaring.put_on_file(
            caller.services.db,
            actor=caller.actor,
            tenant_id=caller.tenant,
            plan_id=caller.plan,
            declaration=declaration,
            key=key,
        )
        with caller.begin() as tx:
            found = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
        return _shown(found).model_dump(mode="json")

    kept = answered(caller, key=key, what=f"declare {caller.plan}", body=sent.model_dump_json().encode(), work=work)
    return Declarations.model_validate(kept)


def _declaration(caller: Caller, sent: ToDeclare) -> recordkeeping.Declaration:
    with caller.begin() as tx:
        today = day_of(tx.now)
    if sent.declared_on is not None and sent.declared_on > today:
        fix = "Send it on that day, or leave the day out."
        raise ProblemError(Problem(422, "day_in_future", "declared_on is still to come.", fix=fix))
    formula = recordkeeping.Declared(
        declaring.nothing_of(sent.source).source,
        tuple(MatchTier(*tier) for tier in sent.tiers),
        sent.cap_cents,
        sent.rate_bps,
        sent.flat_cents,
        sent.excess_bps,
        sent.integration_cents,
        tuple(recordkeeping.GroupShare(*share) for share in sent.shares),
        sent.total_cents,
    )
    return recordkeeping.Declaration(
        sent.plan_year_last_day, formula, sent.declared_on or today, sent.tax_return_due, sent.despite_test
    )


def _shown(found: view.Declarations) -> Declarations:
    return Declarations(
        may_declare=[each.value for each in found.may],
        items=[
            DeclarationOnFile(
                plan_year_last_day=each.last_day,
                source=each.source.value,
                formula=each.words,
                declared_on=each.declared_on,
                recorded_at=each.recorded_at,
                counts=each.counts,
                posted=each.posted.plain(),
            )
            for each in found.lines
        ],
        not_given=[
            NotGiven(
                plan_year_last_day=each.last_day,
                employee_id=str(each.employee_id),
                source=each.source.value,
                amount=each.cents.plain(),
            )
            for each in found.not_given
        ],
    )
