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


class Sent(BaseModel):
    """A request body: unknown members are refused, so that a misspelt one is not read over."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
