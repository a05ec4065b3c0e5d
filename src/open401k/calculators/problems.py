"""What is wrong with an input: every place at once, each by its path. Not here: how input is read."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..kernel import Open401kError

#: Names and places (counted from 0) from the outside in: ``("participants", 2, "compensation_cents")``.
Path = tuple[str | int, ...]
#: So many problems are told one by one.
MOST_TOLD = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where."""

    path: Path
    message: str

    @property
    def where(self) -> str:
        """``participants[2].compensation_cents``; empty where it is the input as a whole."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).removeprefix(".")

    @property
    def pointer(self) -> str:
        """The same as a JSON pointer (RFC 6901)."""
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in self.path)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.path else self.message


class InputRefused(Open401kError):  # noqa: N818 (says what happened to the input, as the law's errors do)
    """An input that nothing is computed from; ``problems`` names all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem], *, fix: str = "") -> None:
        told = [str(problem) for problem in problems[:MOST_TOLD]]
        if len(problems) > MOST_TOLD:
            told.append(f"and {len(problems) - MOST_TOLD} more")
        super().__init__("\n".join(told), fix=fix)
        self.problems = tuple(problems)


class Collected:
    """Problems as they are found; what could not be read answers :data:`UNREAD` and reading goes on."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, path: Path, message: str) -> object:
        """Note it; answers :data:`UNREAD`."""
        self.problems.append(Problem(path, message))
        return UNREAD


class _Unread:
    """Stands for a value that was refused."""


UNREAD = _Unread()
