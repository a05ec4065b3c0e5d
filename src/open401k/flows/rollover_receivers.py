"""Of a case in which we pay: who receives, one custodian or several at once, and from whose account. ADR-0060.

Who leads began it at our node and named the others; each joins by a code. Not here: answering it (rollover.py).
"""

from typing import Any

from open401k.kernel import EmployeeId, Refused
from open401k.rails.node.adapters.own_ledger import holder_of
from open401k.recordkeeping import RolloverRefusal
from open401k.recordkeeping.rollovers import RECEIVERS

from .rollover_node import OwnNode, Standing

Refusal = Refused[RolloverRefusal]


def not_joined(node: OwnNode, coming: Standing) -> Refusal | None:
    """Why a case is not answered yet: of those who joined alone a plan would take what goes to all for the whole
    payment. Each who is missing is named with its code."""
    if not coming.awaited:
        return None
    joined = {each.member for each in coming.receives}
    codes = node.codes(coming.case).items()
    said = [f"0x{member} with the code {code}" for member, code in codes if member not in joined]
    message = f"Case {coming.case} goes to {1 + len(coming.others)} custodians, and {coming.awaited} did not join yet."
    fix = f"Hand each its code, by the participant or yourself, and answer when all joined: {'; '.join(said)}."
    return Refused(RolloverRefusal.NOT_JOINED, message, fix)


def anothers(employee_id: EmployeeId, coming: Standing) -> Refusal | None:
    """Whether a case asks for another's money; one that goes back names the account into which it had come."""
    for account in (each.source_account for each in coming.receives):
        try:
            if not account or holder_of(account) == employee_id:
                continue
        except ValueError:
            pass
        message = f"The case asks for money of account {account!r}, which is none of {employee_id}."
        return Refused(RolloverRefusal.PERSON_UNKNOWN, message, "Answer it for the person whose account it names.")
    return None


def go_to(coming: Standing) -> dict[str, Any]:
    """Of several receivers who gets how many of the legs, in their order, as it is kept of a request."""
    several = [{"custodian": each.custodian, "legs": len(each.wanted)} for each in coming.receives]
    return {RECEIVERS: several} if len(several) > 1 else {}
