"""The calculators over HTTP, for anyone."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from open401k.calculators import InputRefused, Problem, calculators, example_of, parsed

from ...calculating import BECAUSE, calculated, found, refused
from ...guard import Open
from ...problems import ProblemError

router = APIRouter(tags=["Calculations"], dependencies=[Depends(Open(BECAUSE))])
Name = Annotated[str, Path(description="As the list names it", max_length=80)]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The input, as the calculator's own schema has it",
        "content": {"application/json": {"schema": {"type": "object", "minProperties": 1}}},
    }
}


class CalculatorLine(BaseModel):
    """A calculator in the list."""

    name: str
    title: str
    citation: Annotated[str, Field(description="The sections that it is")]
    subject: str


class CalculatorList(BaseModel):
    """Every calculator."""

    items: list[CalculatorLine]


class CalculatorShown(CalculatorLine):
    """One calculator, with what it takes."""

    about: str
    input_schema: Annotated[dict[str, Any], Field(description="JSON Schema of the input")]
    example: Annotated[dict[str, Any], Field(description="An input that works")]


class Calculation(BaseModel):
    """An answer with its working."""

    calculator: str
    title: str
    citation: str
    law_version: Annotated[str, Field(description="The edition of the figures")]
    result: Annotated[dict[str, Any], Field(description="With the working; fractions are numerator and denominator")]
    explanation: Annotated[str, Field(description="In plain words, with the sections of law")]
    participants: Annotated[
        list[dict[str, Any]] | None, Field(description="What the result holds for each person, in the order sent")
    ] = None


@router.get("/calculations")
def list_calculators() -> CalculatorList:
    """Every calculator: a rule of the law each."""
    lines = [
        CalculatorLine(name=each.name, title=each.title, citation=each.citation, subject=each.subject)
        for each in calculators().values()
    ]
    return CalculatorList(items=lines)


@router.get("/calculations/{name}")
def show_calculator(name: Name) -> CalculatorShown:
    """The schema of a calculator, and an input that works."""
    one = found(name)
    return CalculatorShown(
        name=one.name,
        title=one.title,
        citation=one.citation,
        subject=one.subject,
        about=one.about,
        input_schema=one.schema(),
        example=example_of(one),
    )


@router.post("/calculations/{name}", openapi_extra=_BODY, response_model_exclude_unset=True)
async def calculate(request: Request, name: Name) -> Calculation:
    """Compute. Nothing is created, so no key is asked for; what is wrong with the input is told all at once."""
    one = found(name)
    try:
        text = (await request.body()).decode()
        return Calculation(**await calculated(request, one, parsed(text)))
    except UnicodeDecodeError:
        raise ProblemError(refused(InputRefused([Problem((), "is not text in UTF-8")]))) from None
    except InputRefused as error:
        raise ProblemError(refused(error)) from None
