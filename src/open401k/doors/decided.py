"""What doors that record a person's decision about money share: its reason, and refusals as problems."""

from typing import Any, TypeVar
from uuid import UUID

from open401k.kernel import Refused

from .problems import NOT_FOUND, Problem, ProblemError

T = TypeVar("T")


def decision_id_of(text: str) -> UUID:
    """The id of a decision; one that is none is not found."""
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError(NOT_FOUND) from None


def reason_of(text: str) -> str:
    """Why, as it is kept; a problem where nothing is said, or too much."""
    if not text.strip() or len(text) > 500:
        raise wrong("reason_missing", "Why is not said in 1 to 500 characters.", "Say who decided, and on what.")
    return text.strip()


def recorded(answer: T | Refused[Any]) -> T:
    """What was recorded; a refusal becomes a problem."""
    if isinstance(answer, Refused):
        status = {"key_reused": 409, "no_such_decision": 404}.get(str(answer.reason), 422)
        raise ProblemError(Problem(status, str(answer.reason), "Not recorded.", answer.message, answer.fix))
    return answer


def wrong(code: str, message: str, fix: str) -> ProblemError:
    """What was sent cannot be meant."""
    return ProblemError(Problem(422, code, "Not recorded.", message, fix))
