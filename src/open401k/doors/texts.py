"""How doors take values as text: patterns of money, percentages and words. Not here: what is taken (api/v1/models)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MoneyText = Annotated[
    str,
    StringConstraints(pattern=r"^-?\d{1,13}\.\d{2}$"),
    Field(description="US dollars and cents, such as 1234.50; never a number", examples=["1234.50"]),
]
PercentText = Annotated[
    str, StringConstraints(pattern=r"^-?\d{1,7}\.\d{2}$"), Field(description="A percentage, such as 5.21")
]
#: Text that PostgreSQL can hold: without the character of number zero.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=200)]
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00]*[^\x00\s][^\x00]*$", max_length=200)]

SsnText = Annotated[
    str,
    StringConstraints(pattern=r"^\d{3}-?\d{2}-?\d{4}$"),
    Field(description="Nine digits; stored encrypted, shown masked", repr=False),
]


_NUMBER = "It is no number with two digits after the point, as text."
#: Of a pattern above, by its end: what text that does not follow it is, and how it is written.
_HOW_TO_WRITE: tuple[tuple[str, str, str], ...] = (
    (r"\.\d{2}$", _NUMBER, 'Write it as "1234.50": in quotation marks, no sign of currency, no commas, both cents.'),
    (r"\d{2}-?\d{4}$", "It is no Social Security number.", 'Write its nine digits as text: "219-11-1003".'),
    (r"-?\d{7}$", "It is no employer identification number.", 'Write its nine digits as text: "12-3456789".'),
)


def how_to_write(pattern: str) -> tuple[str, str] | None:
    """Why text that does not follow a pattern is refused, and the fix; None where the pattern has no words.

    >>> how_to_write(r"^\\d{1,12}\\.\\d{2}$")[0]
    'It is no number with two digits after the point, as text.'
    """
    return next(((reason, fix) for end, reason, fix in _HOW_TO_WRITE if pattern.endswith(end)), None)


class Sent(BaseModel):
    """A request body: unknown members are refused, so that a misspelt one is not read over."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
