"""Every rule of the law is a calculator or left out with a reason, and each answers its example."""

import doctest
import importlib
import inspect
import json
import math
import pkgutil
import re
import typing
from typing import Any

import pytest

from open401k import calculators as room
from open401k import law
from open401k.calculators import Calculator, InputRefused, calculators, example_of, in_words, told
from open401k.calculators.names import LEFT_OUT, NAMES
from open401k.calculators.registry import MAKERS, rules
from open401k.calculators.units import INPUTS_OF
from open401k.calculators.values import VALUES

EVERY = calculators()
#: Whole numbers that count something, by the words of their names; everything else has a unit at its end.
COUNTED = {
    "age", "ages", "bps", "breaks", "cents", "component", "count", "day", "days", "eligible", "employees", "factor",
    "fractions", "group", "hces", "hours", "initiated", "installments", "month", "months", "nhces", "number",
    "participants", "periods", "people", "points", "rate", "rates", "size", "tenths", "units", "year", "years",
}  # fmt: skip
UNITS = ("cents", "bps", "percent", "thousandths", "millionths")
#: Names of whole numbers that neither have a unit nor say a counted thing, and are plain all the same.
PLAIN = {
    "became_participants", "person", "other", "starts_at", "for_unit_of_pay", "nhce_benefiting", "hce_benefiting",
    "nhce_nonexcludable", "hce_nonexcludable", "disparity", "looked_up_for", "rolled_over_in",
    "direct_rollovers_began_in", "indirect_rollovers_accepted_in", "deferred_in",
}  # fmt: skip

WRONG: tuple[Any, ...] = (1.5, math.nan, -(10**45), 10**45, "x" * 500, [], {}, [[[]]], None, 0)


def test_every_public_rule_is_a_calculator_or_left_out_with_a_reason() -> None:
    known = {rule for rule, _, _ in rules()}
    made = {rule for each in EVERY.values() for rule in each.rules}
    assert known == made | set(LEFT_OUT)
    assert not made & set(LEFT_OUT)
    assert all(len(reason) > 15 for reason in LEFT_OUT.values())
    assert {*NAMES, *INPUTS_OF, *VALUES} <= known, "names of rules that there are no longer"


def test_the_list_is_that_of_the_reference_page() -> None:
    from scripts.reference.law_rules import subjects

    assert {f"{each.name}.{rule.name}" for each in subjects() for rule in each.rules} == {
        rule for rule, _, _ in rules()
    }


@pytest.mark.parametrize("calculator", EVERY.values(), ids=EVERY)
def test_a_calculator_answers_its_example_as_json(calculator: Calculator) -> None:
    example = example_of(calculator)
    answer = calculator.calculate(example)
    assert json.loads(json.dumps(answer)) == answer
    assert (answer["calculator"], answer["law_version"]) == (calculator.name, law.version())
    assert isinstance(answer["result"], dict)
    assert told(answer), "people can read it"
    assert calculator.title
    assert calculator.citation, "a rule without its section"
    assert calculator.name == calculator.name.lower().replace("_", "-").strip("-")


@pytest.mark.parametrize("calculator", EVERY.values(), ids=EVERY)
def test_an_unknown_and_a_missing_field_are_refused_by_name(calculator: Calculator) -> None:
    wrong = example_of(calculator) | {"no_such_field": 1}
    needed = [name for name, field in calculator.inputs.fields.items() if field.required]
    for name in needed:
        del wrong[name]
    with pytest.raises(InputRefused) as refused:
        calculator.calculate(wrong)
    assert {problem.where for problem in refused.value.problems} == {"no_such_field", *needed}


@pytest.mark.parametrize("calculator", EVERY.values(), ids=EVERY)
def test_every_wrong_value_of_an_example_is_refused_and_never_an_accident(calculator: Calculator) -> None:
    """One place at a time: a float, NaN, an absurd number, another kind; what may be meant answers or is refused."""
    example = example_of(calculator)
    for path in [place for place in places(example) if place][:40]:
        for wrong in WRONG:
            document = json.loads(json.dumps(example))
            put(document, path, wrong)
            told = refusals(calculator, document)
            if isinstance(wrong, float | str) or (isinstance(wrong, int) and wrong):
                assert any(where.startswith(str(path[0])) for where in told), f"{path} {wrong}: {told}"


@pytest.mark.parametrize("calculator", EVERY.values(), ids=EVERY)
def test_the_names_of_whole_numbers_say_what_they_count(calculator: Calculator) -> None:
    for name in whole_numbers(calculator.schema()):
        parts = name.split("_")
        assert parts[-1] in UNITS or set(parts) & COUNTED or name in PLAIN, f"{calculator.name}: {name}"


@pytest.mark.parametrize("calculator", EVERY.values(), ids=EVERY)
def test_an_answer_that_is_no_object_in_the_law_has_a_name_with_its_unit(calculator: Calculator) -> None:
    result = calculator.calculate(example_of(calculator))["result"]
    if set(result) == {"answer"}:
        assert isinstance(result["answer"], bool | str | None), f"{calculator.call.rule} belongs into values.py"


def test_makers_make_what_they_are_said_to_make() -> None:
    for kind, (rule, function) in MAKERS.items():
        assert typing.get_type_hints(function)["return"] is kind, rule
        assert inspect.isfunction(function)


def refusals(calculator: Calculator, document: Any) -> list[str]:
    """Where an input is refused; nowhere if it is answered. Anything else is an accident."""
    try:
        json.dumps(calculator.calculate(document))
    except InputRefused as refused:
        return [problem.where for problem in refused.problems]
    return []


def places(value: Any, path: tuple[str | int, ...] = ()) -> Any:
    """Every leaf of a document."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            if key != "name" or len(path) != 2:
                yield from places(each, (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))
    else:
        yield path


def put(document: Any, path: tuple[str | int, ...], value: Any) -> None:
    """Set one leaf."""
    for part in path[:-1]:
        document = document[part]
    document[path[-1]] = value


def whole_numbers(schema: Any, name: str = "") -> Any:
    """Names of fields that are whole numbers."""
    if schema.get("type") == "integer":
        yield name
    for key, part in schema.get("properties", {}).items():
        yield from whole_numbers(part, key)
    for part in [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]:
        yield from whole_numbers(part, name)


@pytest.mark.parametrize("name", sorted(found.name for found in pkgutil.iter_modules(room.__path__)))
def test_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"{room.__name__}.{name}")).failed == 0


def test_a_rule_is_told_without_names_of_code() -> None:
    """A page reads the docstring of a rule: inputs are called there as its form calls them."""
    said = {name: in_words(each.about) for name, each in EVERY.items()}
    assert not [name for name, about in said.items() if re.search(r"[a-z]_[a-z]|\.py\b|\b(None|True|False)\b", about)]
    assert "“Held by HCEs”" in said["affiliated-b-organization"]
