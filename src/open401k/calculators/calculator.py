"""A rule of the law as a calculator: JSON in, JSON out, its schema. Not here: which rules there are (registry.py)."""

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from .. import law
from ..kernel import Open401kError, Refused
from ..law.exact_rates import Rates
from ..law.given import ImpossibleInput
from . import units
from .citations import cited, plain, titled
from .problems import UNREAD, Collected, InputRefused, Path, Problem
from .shapes import Field, Many, Maybe, Record, Schema, Shape, Text
from .telling import sentence
from .typed import as_column, column_of, shape_of
from .values import VALUES
from .written import written

Function = Callable[..., Any]
_ABSENT = inspect.Parameter.empty
_NAME = "name"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a calculator written here returns: its result, and the result of the law that is explained."""

    result: Any
    explained: Any


@dataclass(frozen=True, slots=True)
class Argument:
    """Where one parameter of a rule comes from: an input, a column of the people, or another rule's result."""

    parameter: str
    hint: Any
    name: str = ""
    column: bool = False
    made: "Call | None" = None
    #: Where the shape does not follow from the hint.
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A rule with its arguments."""

    rule: str
    function: Function
    arguments: tuple[Argument, ...]

    def run(self, given: Mapping[str, Any], columns: Mapping[str, Sequence[Any]]) -> Any:
        """The rule's result; what is absent keeps the rule's own default."""
        passed = {}
        for argument in self.arguments:
            if argument.made is not None:
                passed[argument.parameter] = argument.made.run(given, columns)
            elif argument.column and argument.name in columns:
                passed[argument.parameter] = as_column(argument.hint, columns[argument.name])
            elif not argument.column and argument.name in given:
                passed[argument.parameter] = given[argument.name]
            elif argument.column and _needs(self.function, argument.parameter):
                passed[argument.parameter] = None
        return self.function(**passed)

    def input_names(self) -> dict[str, Path]:
        """Parameters of the law, as its refusals name them, and where they stand among the inputs."""
        named: dict[str, Path] = {}
        for argument in self.arguments:
            if argument.made is not None:
                named |= argument.made.input_names()
            else:
                named[argument.parameter] = ("participants", argument.name) if argument.column else (argument.name,)
        return named


@dataclass(frozen=True, slots=True)
class Calculator:
    """One calculator: what it is called, which law it is, what it takes."""

    name: str
    title: str
    citation: str
    about: str
    subject: str
    rules: tuple[str, ...]
    inputs: Record
    call: Call
    #: What the people are called, and their fields; None where the rule knows no columns of people.
    rows: str | None = None

    @property
    def people(self) -> Mapping[str, Field]:
        """The fields of each person; none where the rule knows no people."""
        shape = self.inputs.fields["participants"].shape if "participants" in self.inputs.fields else None
        return shape.item.fields if isinstance(shape, Many) and isinstance(shape.item, Record) else {}

    def schema(self) -> Schema:
        """JSON Schema of the input."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.title,
            "description": f"{self.about} ({self.citation})" if self.citation not in self.about else self.about,
        } | self.inputs.schema()

    def read(self, document: object) -> tuple[dict[str, Any], dict[str, list[Any]], list[str | None]]:
        """The inputs, the people's columns and names; or every problem at once."""
        found = Collected()
        given = self.inputs.read(document, (), found)
        columns: dict[str, list[Any]] = {}
        names: list[str | None] = []
        if given is not UNREAD and self.rows is not None:
            people = given.pop(self.rows)
            names = [person.get(_NAME) for person in people]
            columns = _columns(people, self.rows, found)
        if found.problems:
            raise InputRefused(found.problems)
        return given, columns, names

    def calculate(self, document: object) -> dict[str, Any]:
        """The answer to an input; what cannot be computed is refused, every problem by its path."""
        given, columns, names = self.read(document)
        found = self.run(given, columns)
        result = found.result if isinstance(found, Answer) else found
        people = by_person(self._named(result), names) if self.rows else []
        shown = self._named(written(result))
        said = explanation(found.explained if isinstance(found, Answer) else found)
        return {
            "calculator": self.name,
            "title": self.title,
            "citation": self.citation,
            "law_version": law.version(),
            "result": shown,
            "explanation": said or sentence(self.title, shown, self.citation),
        } | ({self.rows: people} if self.rows and people else {})

    def _named(self, result: Any) -> Any:
        """A plain value under a name that says its unit."""
        names = VALUES.get(self.call.rule, ("answer",))
        if len(names) > 1:
            return dict(zip(names, result, strict=True))
        if self.call.rule not in VALUES and (isinstance(result, dict) or is_dataclass(result)):
            return result
        refused = isinstance(result, dict) and "reason" in result
        return result if refused or isinstance(result, Refused) else {names[0]: result}

    def run(self, given: Mapping[str, Any], columns: Mapping[str, Sequence[Any]]) -> Any:
        """The rule itself; what it refuses is told by the names of the inputs."""
        try:
            return self.call.run(given, columns)
        except InputRefused:
            raise
        except ImpossibleInput as refused:
            message = refused.message.removeprefix(f"{refused.field}: ")
            raise InputRefused([self._located(refused.field, message)]) from refused
        except Open401kError as refused:
            raise InputRefused([Problem((), refused.message)], fix=refused.fix) from refused
        except (ValueError, TypeError, ArithmeticError, LookupError) as refused:
            raise InputRefused([self._worded(str(refused))]) from refused

    def _located(self, field: str, message: str) -> Problem:
        """What the law refuses, under the name of the input that it means."""
        path = self.call.input_names().get(field, (field,))
        return Problem((self.rows, *path[1:]) if path[0] == "participants" and self.rows else path, message)

    def _worded(self, told: str) -> Problem:
        """An error of the law that names its field in front of its words, or none."""
        field, colon, message = told.partition(": ")
        if colon and field in self.call.input_names():
            return self._located(field, message)
        return Problem((), f"These inputs do not go together: {told.rstrip('.')}.")


@dataclass(frozen=True, slots=True)
class Made:
    """The inputs of one rule whose result is an input of another."""

    calculator: Calculator

    def schema(self) -> Schema:
        """Those of the other rule."""
        return self.calculator.inputs.schema() | {"description": self.calculator.title}

    def read(self, value: object, path: Path, found: Collected) -> Any:
        """The other rule's result."""
        try:
            given, columns, _ = self.calculator.read(value)
            return self.calculator.run(given, columns)
        except InputRefused as refused:
            for problem in refused.problems:
                found.add((*path, *problem.path), problem.message)
            return UNREAD


def by_person(result: Any, names: Sequence[str | None]) -> list[dict[str, Any]]:
    """What a result holds for each person, as one object a person with the name that was given, in the order given."""
    named = isinstance(result, dict)
    parts = result if named else {field.name: getattr(result, field.name) for field in fields(result)}
    columns = {
        name if named else units.field_name(type(result), name): written(value)
        for name, value in parts.items()
        if _is_column(value) and len(value) == len(names)
    }
    if not columns:
        return []
    return [
        ({_NAME: name} if name is not None else {}) | {column: values[place] for column, values in columns.items()}
        for place, name in enumerate(names)
    ]


def _is_column(value: Any) -> bool:
    return isinstance(value, Rates) or (isinstance(value, np.ndarray) and value.ndim == 1)


def explanation(result: Any) -> str | None:
    """The result in plain words, where the law has them; of several results one after the other."""
    if isinstance(result, tuple) and result:
        told = [explanation(each) for each in result]
        return None if None in told else " ".join(each for each in told if each)
    if law.explain.explain.dispatch(type(result)) is law.explain.explain.dispatch(object):
        return None
    return law.explain.explain(result)


def call_of(
    rule: str, function: Function, makers: Mapping[type, tuple[str, Function]], against: frozenset[str]
) -> Call:
    """A rule with where each parameter comes from; ``makers`` make results that other rules are handed.

    ``against``: parameters that are a column although their type is a plain sequence, or none although it is an array.
    """
    hints = typing.get_type_hints(function)
    told = []
    for parameter in inspect.signature(function).parameters:
        hint, name = hints[parameter], units.input_name(rule, parameter)
        needed = [kind for kind in (hint, *typing.get_args(hint)) if kind in makers and makers[kind][0] != rule]
        if needed:
            made = call_of(*makers[needed[0]], makers, frozenset())
            if hint in makers:
                told.append(Argument(parameter, hint, made=made))
            else:
                nested = Made(built(made, name=name, subject="", module_said=""))
                told.append(Argument(parameter, hint, name, shape=Maybe(nested)))
        else:
            is_array = column_of(hint, name) is not None
            told.append(Argument(parameter, hint, name, column=is_array != (parameter in against)))
    return Call(rule, function, tuple(told))


def built(call: Call, *, name: str, subject: str, module_said: str, rows: str = "participants") -> Calculator:
    """The calculator of a rule: names, schema and words from its signature and docstring."""
    fields: dict[str, Field] = {}
    by_person: dict[str, Field] = {}
    _gather(call, fields, by_person)
    if by_person:
        person = {_NAME: Field(Text(), required=False, about="Whom the row is about; not used")} | by_person
        fields = {rows: Field(Many(Record(person, dict), list), about="One object for each person")} | fields
    said = inspect.getdoc(call.function) or ""
    return Calculator(
        name=name,
        title=titled(said),
        citation=cited(said) or cited(module_said),
        about=plain(said),
        subject=subject,
        rules=(call.rule,),
        inputs=Record(fields, dict),
        call=call,
        rows=rows if by_person else None,
    )


def _gather(call: Call, fields: dict[str, Field], by_person: dict[str, Field]) -> None:
    signature = inspect.signature(call.function)
    for argument in call.arguments:
        if argument.made is not None:
            _gather(argument.made, fields, by_person)
            continue
        default = signature.parameters[argument.parameter].default
        if argument.column:
            shape, optional = _column(argument)
            field = Field(shape, required=not optional and default is _ABSENT)
            into = by_person
        else:
            shape = argument.shape or shape_of(argument.hint, argument.name)
            told = default if isinstance(default, bool | int | str) else None
            field, into = Field(shape, required=default is _ABSENT, default=told), fields
        known = into.get(argument.name)
        into[argument.name] = field if known is None else replace(field, required=known.required or field.required)


def _column(argument: Argument) -> tuple[Any, bool]:
    found = column_of(argument.hint, argument.name)
    if found is not None:
        return found
    hint, optional = argument.hint, False
    if type(None) in typing.get_args(hint):
        hint, optional = next(part for part in typing.get_args(hint) if part is not type(None)), True
    return shape_of(typing.get_args(hint)[0], argument.name), optional


def _columns(people: Sequence[Mapping[str, Any]], rows: str, found: Collected) -> dict[str, list[Any]]:
    """Each field of the people as a column; one that some have and others lack is asked of the others."""
    names = dict.fromkeys(name for person in people for name in person if name != _NAME)
    for name in names:
        for place, person in enumerate(people):
            if name not in person:
                found.add((rows, place, name), "is missing; either everybody has it or nobody")
    if not people:
        found.add((rows,), "is empty; nobody is nobody to compute for")
    return {} if found.problems else {name: [person[name] for person in people] for name in names}


def _needs(function: Function, parameter: str) -> bool:
    return inspect.signature(function).parameters[parameter].default is _ABSENT
