"""What payroll is told, over HTTP: what was told, what became of it, and telling it again."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from open401k.base.access import Permission
from open401k.base.db import Tx
from open401k.kernel import InstructionId
from open401k.payroll import write_back_book
from open401k.views import instructions as view

from ...described import given
from ...guard import Caller, Needs
from ...written import document
from . import models
from .once import key_of, once
from .paging import LIMIT, Cursor, Limit, page_by_place
from .payroll import named

router = APIRouter(tags=["Payroll"])
Key = Annotated[str, Depends(key_of)]
Line: Any = given(view.InstructionLine)


@router.get("/plans/{plan_id}/instructions")
def list_instructions(
    caller: Annotated[Caller, Depends(Needs(Permission.PAYROLL_VIEW))], after: Cursor = None, limit: Limit = LIMIT
) -> models.Page[Line]:
    """What payroll was told of each deduction and what became of it; what needs a person first, then the newest."""
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    some, following = page_by_place(shown.lines, after=after, limit=limit)
    return models.Page(items=[Line.model_validate(document(each)) for each in some], next=following)


@router.post("/plans/{plan_id}/instructions/{instruction_id}/again", status_code=202)
def tell_again(
    caller: Annotated[Caller, Depends(Needs(Permission.PAYROLL_SUBMIT))], key: Key, instruction_id: str
) -> dict[str, str]:
    """Tell the same once more, as a new instruction: a person looked why it was refused, not followed, or too late."""
    known = named(InstructionId, instruction_id)

    def work(tx: Tx) -> dict[str, Any]:
        new = write_back_book.tell_again(tx, tenant_id=caller.tenant, plan_id=caller.plan, instruction_id=known)
        return {"instruction_id": str(new), "state": "queued"}

    what = f"tell again {known}"
    kept: dict[str, str] = once(caller, tenant_id=caller.tenant, key=key, what=what, body=b"", work=work)
    return kept
