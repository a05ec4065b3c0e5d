"""The law needs nothing but the kernel, numpy and yaml; it reads no clock; its docstring examples are true."""

import ast
import doctest
import importlib
import pkgutil
import re
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from open401k import law

MODULES = sorted(found.name for found in pkgutil.iter_modules(law.__path__))
ALLOWED = {"numpy", "yaml", *sys.stdlib_module_names}
# Standard library modules that would let in time, chance or the outside world.
FORBIDDEN = {"time", "random", "secrets", "uuid", "os", "socket", "sqlite3", "subprocess", "urllib", "http"}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_what_the_law_may(name: str) -> None:
    tree = ast.parse((Path(law.__path__[0]) / f"{name}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots = {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level < 2 or node.module == "kernel"
            roots = {(node.module or "").partition(".")[0]} if node.level == 0 else set()
        else:
            continue
        assert roots <= ALLOWED - FORBIDDEN


@pytest.mark.parametrize("name", ["", *MODULES])
def test_examples_in_docstrings_are_true(name: str) -> None:
    module = importlib.import_module(f"open401k.law.{name}".rstrip("."))
    outcome = doctest.testmod(module, extraglobs={"np": np, "date": date})
    assert outcome.failed == 0


CITE = re.compile(r"(IRC|Reg\.|CFR|USC|Notice|ERISA|Rev\. Proc\.) \d|\d{3}\([a-z]\)|M-\d")
# Arithmetic, sentences and figures: the rule they serve is cited where it is applied.
WITHOUT_A_RULE = {
    "sourced",
    "arrays",
    "edition",
    "figures",
    "given",
    "tables",
    *(name for name in MODULES if name.startswith("explain")),
}


@pytest.mark.parametrize("name", [name for name in MODULES if name not in WITHOUT_A_RULE])
def test_every_public_function_or_its_module_cites_the_law(name: str) -> None:
    tree = ast.parse((Path(law.__path__[0]) / f"{name}.py").read_text(encoding="utf-8"))
    module_cites = CITE.search(" ".join((ast.get_docstring(tree) or "").split())) is not None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            said = " ".join((ast.get_docstring(node) or "").split())
            assert said, node.name
            assert module_cites or CITE.search(said), node.name


def test_the_door_lists_every_subject() -> None:
    assert set(MODULES) <= set(law.__all__)
    assert list(law.__all__) == sorted(law.__all__)
