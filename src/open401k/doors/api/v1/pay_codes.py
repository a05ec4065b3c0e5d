"""What payroll codes are for, over HTTP: the map with its evidence, and a person's word."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StrictBool

from open401k import census
from open401k.base.access import Permission
from open401k.flows import pay_codes as flow
from open401k.kernel import FlowId, named_uuid
from open401k.views import pay_codes

from ...guard import Caller, Needs
from ...texts import Name, Sent
from ...written import document
from . import models
from .convert import told_if_refused
from .late_facts import corrected
from .once import answered, key_of

router = APIRouter(tags=["Payroll"])
Key = Annotated[str, Depends(key_of)]


class PayCodeCell(BaseModel):
    """Whether a code counts for a purpose, why, and where that is said; ``counts`` is null while nothing is known."""

    purpose: str
    label: str
    counts: bool | None
    why: str
    cite: str


class PayCodeWord(BaseModel):
    """What was said of a code; ``since`` null is of all pay dates."""

    kind: str
    label: str
    since: date | None
    in_gross: bool
    recorded_at: str
    recorded_by: str
    told: list[str]


class PayCodeLine(BaseModel):
    """One code: its kind where a person confirmed it, else what it seems to be, and on what evidence."""

    code: str
    side: census.Side
    name: str
    state: pay_codes.CodeState
    kind: str
    kind_label: str
    proposed: str
    proposed_label: str
    confidence: int
    certain: bool
    in_gross: bool
    since: date | None
    cells: list[PayCodeCell]
    reduces: str
    evidence: list[str]
    people: int
    paid: str
    waiting_people: int
    history: list[PayCodeWord]


class PayApart(BaseModel):
    """What a kind of employer money counts where that is not what deferrals count."""

    money: str
    definition: str
    excluded: list[str]


class PayCodeMap(BaseModel):
    """The codes of a plan, those that ask first; ``certain`` of ``asking`` may be confirmed with one word."""

    definition: str
    excluded: list[str]
    apart: list[PayApart]
    asking: int
    certain: int
    codes: list[PayCodeLine]


class PayCodeChoice(Sent):
    """What a code is for. Left out: the day of the word before, or all days; gross pay as the file shows."""

    code: Name
    kind: Name
    side: census.Side = census.Side.EARNING
    event_on: date | None = None
    in_gross: StrictBool | None = None


class PayCodeChoices(Sent):
    """Codes that a person confirms; ``certain``: every proposal that is certain by wording and arithmetic as well."""

    certain: StrictBool = False
    codes: Annotated[list[PayCodeChoice], Field(max_length=500, default_factory=list)]


@router.get("/plans/{plan_id}/pay-codes")
def listed(caller: Annotated[Caller, Depends(Needs(Permission.PAYROLL_VIEW))]) -> PayCodeMap:
    """Every pay code with what it is for, what its pay counts for and why, on what evidence, and what was said when."""
    with caller.begin() as tx:
        shown = pay_codes.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    told: dict[str, Any] = document(shown)
    wanted = {name: told[name] for name in ("definition", "excluded", "apart", "codes")}
    return PayCodeMap.model_validate(wanted | {"asking": shown.asking, "certain": shown.certain})


@router.post("/plans/{plan_id}/pay-codes", status_code=201)
def confirm(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))], key: Key, sent: PayCodeChoices
) -> models.Correction:
    """Say what codes are for. Every plan of the sponsor is settled to that, and what waited for it is released.

    Payrolls of the past are derived anew as of each word's day; the difference is posted as a correction.
    """
    body = sent.model_dump_json().encode()
    kept = answered(
        caller,
        key=key,
        what=f"pay codes {caller.plan}",
        body=body,
        work=lambda: _confirm(caller, key, sent).model_dump(mode="json"),
    )
    return models.Correction.model_validate(kept)


def _confirm(caller: Caller, key: str, sent: PayCodeChoices) -> models.Correction:
    flow_id = FlowId(named_uuid("pay codes", str(caller.tenant), key))
    choices = [flow.Choice(each.code, each.kind, each.event_on, each.in_gross, each.side) for each in sent.codes]
    asked = flow.Confirming(caller.tenant, caller.plan, flow_id, choices, sent.certain)
    with told_if_refused():
        settled = flow.confirm(caller.services.db, actor=caller.actor, asked=asked)["settle"]
    return corrected(flow_id, settled)
