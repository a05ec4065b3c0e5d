"""What is asked of a person about a code, of earnings and of deductions alike: when, in which words, on what evidence.

Not here: what a code may be (code_proposals.py, deduction_proposals.py), nor when one is in doubt (code_watch.py).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from open401k import census
from open401k.kernel import Money, RunId

from .cells import shown
from .code_words import words_of
from .findings import Code, Finding, Severity
from .mapping import Mapping as Layout
from .rows import Field

KindT = TypeVar("KindT", bound=StrEnum)


class SeenCode(Protocol):
    """How a code of either side behaved in a file."""

    code: str
    name: str
    why: str
    rows: int
    cents: int
    most_cents: int


class Proposed(Protocol):
    """What a code seems to be for, how sure that is (0 to 100), and every reason in words."""

    @property
    def kind(self) -> StrEnum | None: ...
    @property
    def confidence(self) -> int: ...
    @property
    def evidence(self) -> tuple[str, ...]: ...


class Asked(Protocol):
    """A code that was in doubt, and since when."""

    @property
    def recorded_at(self) -> datetime: ...


class Known(Protocol):
    """Codes that somebody has spoken of."""

    def __contains__(self, code: str, /) -> bool: ...


AskedT = TypeVar("AskedT", bound=Asked)


def by_wording(found: Sequence[tuple[KindT, int, str]], name: str, evidence: list[str]) -> tuple[KindT | None, int]:
    """The kind whose usual wording is nearest to name or code, how near, and the reason put to the evidence."""
    if not found:
        evidence.append("Its name is no usual wording.")
        return None, 0
    kind, score, wording = max(found, key=lambda each: each[1])
    if any(other is not kind for other, _, _ in found):
        evidence.append(f'Its code and its name "{name}" sound like different kinds.')
        return kind, 50
    evidence.append(f'Its name is the usual wording "{wording}".' if score == 100 else f'Its name is near "{wording}".')
    return kind, score


def called_otherwise(code: str, names: Mapping[str, str], then: Mapping[str, Any]) -> bool:
    """Whether a file calls a code by other words than when it was confirmed; not where either says nothing."""
    name = then.get("name")
    return bool(name) and code in names and words_of(names[code]) != words_of(str(name))


def unconfirmed(
    seen: SeenCode, proposal: Proposed, layout: Layout | None, *, what: str, why: str, field: Field, also: str = ""
) -> Finding:
    """The finding that holds the rows of a code until a person has said what it is for."""
    people = "1 person has" if seen.rows == 1 else f"{seen.rows} people have"
    label = f'{shown(seen.code)} ("{shown(seen.name)}")' if seen.name not in ("", seen.code) else shown(seen.code)
    fix = "Say what it is for under Pay codes; posted before that, the contributions of these people wait."
    if proposal.kind is not None:
        words = proposal.kind.replace("_", " ")
        fix = (
            f"It seems to be {words} ({proposal.confidence} of 100). Confirm that under Pay codes, or say what it is;"
            " posted before that, the contributions of these people wait."
        )
    side = [("side", str(census.Side.DEDUCTION))] if field is Field.DEDUCTIONS else []
    detail = (
        ("code", seen.code),
        *side,
        ("why", seen.why),
        ("people", str(seen.rows)),
        ("cents", str(seen.cents)),
        ("proposed", str(proposal.kind or "")),
        ("confidence", str(proposal.confidence)),
    )
    return Finding(
        Severity.HOLD,
        Code.PAY_CODE_UNCONFIRMED,
        f"{what} {label}: {why}. {people} {Money(seen.cents)} of it.",
        f"{fix} {also}".rstrip(),
        column=_column(seen.code, layout, field),
        detail=detail,
        confirm=True,
    )


def _column(code: str, layout: Layout | None, field: Field) -> str:
    for column in () if layout is None else layout.columns:
        if column.field is field and code in (column.name, column.heading):
            return column.label
    return str(field)


def still_asked(
    found: Mapping[str, AskedT], known: Known, kinds: Sequence[census.SaidKind], side: census.Side
) -> dict[str, AskedT]:
    """A code is asked about until a word comes later than the file that raised the question."""
    said_at = {
        each.said.code: each.recorded_at
        for each in sorted(kinds, key=lambda each: each.recorded_at)
        if each.said.side is side
    }
    return {
        code: asked
        for code, asked in found.items()
        if code not in known or (code in said_at and said_at[code] < asked.recorded_at)
    }


def evidence_of(seen: SeenCode, run_id: RunId, proposal: Proposed) -> dict[str, Any]:
    """What is kept beside any answer: how the code behaved, so that it shows when it behaves otherwise."""
    return {
        "name": seen.name,
        "run_id": str(run_id),
        "proposed": proposal.kind and str(proposal.kind),
        "confidence": proposal.confidence,
        "told": list(proposal.evidence),
        "people": seen.rows,
        "cents": seen.cents,
        "most_cents": seen.most_cents,
    }
