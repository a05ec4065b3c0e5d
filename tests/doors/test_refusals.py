"""What follows from a late fact and the ledger refuses is told by every door with its reason and what to do."""

import pytest
import typer

from open401k.doors.api.v1 import convert
from open401k.doors.cli import found
from open401k.doors.problems import ProblemError
from open401k.flows.payroll_settle import PostingRefused
from open401k.kernel import Refused
from open401k.ledger import Refusal

REFUSED = PostingRefused(
    Refused(Refusal.BALANCE_TOO_LOW, "It would take $5.00 of $3.00.", "Post the contribution first.")
)


def test_a_request_is_answered_with_the_reason_and_the_fix() -> None:
    with pytest.raises(ProblemError) as told, convert.told_if_refused():
        raise REFUSED
    problem = told.value.problem
    assert (problem.status, problem.code) == (422, Refusal.BALANCE_TOO_LOW.value)
    assert (problem.detail, problem.fix) == (REFUSED.refused.message, REFUSED.refused.fix)


def test_a_command_ends_with_the_reason_and_the_fix(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as told, found.told_if_refused():
        raise REFUSED
    assert told.value.exit_code != 0
    words = " ".join(capsys.readouterr().err.split())
    assert REFUSED.refused.message in words
    assert REFUSED.refused.fix in words
