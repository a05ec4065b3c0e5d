"""A calculation as the API and the pages run it: how often an address may, how many at once, what a refusal is.

Not here: the calculators.
"""

from typing import Any, Final

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import Request

from open401k.calculators import Calculator, InputRefused, UnknownCalculator, find
from open401k.calculators.problems import MOST_TOLD

from .guard import services_of
from .limits import limits_of
from .problems import FieldProblem, Problem, ProblemError

#: Why these routes ask for no credential.
BECAUSE: Final = "calculations are pure: nothing of a plan is read, nothing of the input is kept"
#: So many are computed at a time; whoever has no account waits for them, and nobody with one does.
_AT_ONCE: Final = CapacityLimiter(2)


def found(name: str) -> Calculator:
    """The calculator of an address, or 404 with the nearest names."""
    try:
        return find(name)
    except UnknownCalculator as error:
        raise ProblemError(Problem(404, "unknown_calculator", error.message, fix=error.fix)) from None


async def calculated(request: Request, calculator: Calculator, document: object) -> dict[str, Any]:
    """The answer; raises ``InputRefused``. Counts against the address that asks."""
    limits_of(request).calculates(request, services_of(request).wall.now())
    return await anyio.to_thread.run_sync(calculator.calculate, document, limiter=_AT_ONCE)


def refused(error: InputRefused) -> Problem:
    """What is wrong with an input, each place with its JSON pointer."""
    places = [FieldProblem(problem.message, pointer=problem.pointer or None) for problem in error.problems[:MOST_TOLD]]
    fix = error.fix or "Correct what errors names; the schema and an example are at GET of the same address."
    more = {"found": len(error.problems)}
    return Problem(422, "input_refused", "Nothing can be computed from this.", fix=fix, errors=places, more=more)
