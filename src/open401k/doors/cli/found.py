"""Files that commands take, and findings and refusals that they tell. Not here: what is found in a file (payroll)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from pydantic import BaseModel, ValidationError

from open401k.flows.payroll_settle import PostingRefused
from open401k.payroll import Findings
from open401k.views.shown import FindingLine, finding_line

from .say import BAD_INPUT, BadInputError, Voice, fail


def bytes_of(file: Path) -> bytes:
    """A file that was named."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInputError(f"{file} cannot be read: {error.strerror}.", fix="Check the path.") from None


def provisions_in(file: Path, model: type[BaseModel]) -> BaseModel:
    """Provisions, or changes of them, as a file has them; else everything that is wrong, by its place."""
    try:
        return model.model_validate_json(bytes_of(file))
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)
        words = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in wrong[:20])
        raise BadInputError(f"{file} does not hold provisions: {words}.", fix="See docs/reference/api.md.") from None


def tell_findings(voice: Voice, findings: Sequence[FindingLine]) -> None:
    """Findings as a table."""
    rows = [(f.severity, f.row, f.column, f.value_masked, f.reason, f.fix) for f in findings]
    voice.table(("", "Row", "Column", "Value", "Reason", "Fix"), rows, empty="Every row is as expected.")


def refuse_file(voice: Voice, findings: Findings) -> NoReturn:
    """End the command with every finding of a file of which nothing was recorded."""
    found = [finding_line(each) for each in findings.by_place()]
    voice.tell(found)
    tell_findings(voice, found)
    fail("Nothing was recorded.", "Correct what the findings name, and run it again.", code=BAD_INPUT)


@contextmanager
def told_if_refused() -> Iterator[None]:
    """End the command where the ledger refuses what follows from what was learned; nothing of it is recorded then."""
    try:
        yield
    except PostingRefused as error:
        fail(error.refused.message, error.refused.fix)
