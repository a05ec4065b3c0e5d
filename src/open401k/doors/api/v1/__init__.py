"""Version 1 of the API: routers and the words of its description."""

from typing import Any

from fastapi import APIRouter

from . import (
    amendments,
    books,
    calculations,
    census,
    connections,
    corrections,
    declarations,
    deposits,
    elections,
    explanations,
    feedback_files,
    forfeitures,
    instructions,
    late_facts,
    loans,
    models,
    over_sent,
    participants,
    pay_codes,
    payroll,
    payroll_401go,
    plans,
    proof,
    rollovers,
    student_loans,
    system,
    takeover,
    vesting,
    webhook_endpoints,
    who_is_who,
    year_to_date,
)

DESCRIPTION = """
Send `Authorization: Bearer <key>` (`open401k keys create` makes one). Money is a string of dollars and cents.
Every POST that creates or moves something takes an `Idempotency-Key`: the same key and body give the first answer,
for ever; the same key with another body is refused as `key_reused`. What was refused did nothing: the same may be
tried again with its key, something repaired takes a fresh one. Lists come in pages: `next` is the `after` of the
following one. Errors are RFC 9457 problem documents whose `code` never changes; where something sent was wrong,
`errors` lists row, column, masked value, reason and fix.
"""

#: Documented on every route.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "A problem document",
        "content": {"application/problem+json": {"schema": models.reference(models.ProblemDocument)}},
    }
}

router = APIRouter()
for _part in (
    plans,
    amendments,
    takeover,
    payroll,
    payroll_401go,
    elections,
    feedback_files,
    instructions,
    loans,
    late_facts,
    who_is_who,
    census,
    year_to_date,
    proof,
    books,
    deposits,
    over_sent,
    connections,
    pay_codes,
    corrections,
    forfeitures,
    vesting,
    declarations,
    student_loans,
    rollovers,
    explanations,
    participants,
    webhook_endpoints,
    calculations,
    system,
):
    router.include_router(_part.router, prefix="/v1")
router.include_router(system.health_router)

#: What the description refers to, and no route's signature names.
SCHEMAS = models.schemas(models.ProblemDocument, models.NewPayrollRun, payroll_401go.SubmittedPayroll)

__all__ = ["DESCRIPTION", "PROBLEMS", "SCHEMAS", "router"]
