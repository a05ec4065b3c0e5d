"""What is wrong with a file from a bank: where, which field, why. Not here: any format."""

from dataclasses import dataclass

#: As many problems of one file as are told; a file with more is broken as a whole.
MOST_PROBLEMS = 1_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. ``where`` is a record, line or path of the file; account numbers are never in it."""

    where: str
    field: str
    reason: str
    fix: str = ""

    def __str__(self) -> str:
        told = f"{self.where}, {self.field}: {self.reason}"
        return f"{told} {self.fix}" if self.fix else told


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file of which nothing is used, with all that is wrong with it (the first :data:`MOST_PROBLEMS`)."""

    problems: tuple[Problem, ...]

    @classmethod
    def because(cls, problems: "list[Problem]") -> "Unreadable":
        """The problems that are told."""
        return cls(tuple(problems[:MOST_PROBLEMS]))

    def __str__(self) -> str:
        return "\n".join(str(each) for each in self.problems)
