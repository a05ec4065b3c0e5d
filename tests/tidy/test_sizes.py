"""How long a thing may be. Code bases that grew beyond these had nobody who counted (docs/decisions/0003)."""

import ast

from tests.tidy.tree import check, modules


def test_no_function_is_longer_than_a_screen() -> None:
    """At most 50 lines. Why: a function that is read in one look is the one that is corrected without fear.

    Escape: an entry "function" in tests/tidy/allowed.py with a reason.
    """
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    violations = {}
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, kinds) and (length := (node.end_lineno or 0) - node.lineno + 1) > 50:
                violations[f"{module.place}:{node.name}"] = f"{length} lines, at most 50"
    check("function", violations)


def test_no_module_is_longer_than_a_sitting() -> None:
    """At most 500 lines, a store 400, a flow 150. Why: a file that grows gathers what has no other home.

    Escape: split it by subject; an entry "module" in tests/tidy/allowed.py.
    """
    violations = {}
    for module in modules():
        limit = 400 if module.is_store else 150 if module.room == "flows" else 500
        if module.lines > limit:
            violations[module.place] = f"{module.lines} lines, at most {limit}"
    check("module", violations)
