"""The rules of the law, each with what its code and its tests say of it. Not here: the page.

Everything is read from the source, nothing is run: which tests name a rule, directly or through a helper of their own
file, and which cases those tests read.
"""

import ast
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from open401k import law
from open401k.calculators.citations import cited

from .sources import ROOT

RULES = Path(law.__file__).parent
TESTS = ROOT / "tests" / "law"

#: What carries the law or says it, and is no rule itself.
CARRIERS = ("arrays", "edition", "explain", "figures", "given", "sourced", "tables")


@dataclass(frozen=True, slots=True)
class Rule:
    """One public function: where the law is, which tests exercise it, which worked examples they read."""

    subject: str
    name: str
    said: str
    citation: str
    tests: Mapping[str, int]
    #: Tested rules that call this one, where no test names it.
    through: tuple[str, ...]
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """One module: its first line, and how sure its figures are (the lowest level of those it reads; none: ``None``)."""

    name: str
    said: str
    level: str | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class _Test:
    """What one test names: rules as (module, function), and ids of cases."""

    file: str
    rules: frozenset[tuple[str, str]]
    cases: frozenset[str]


@cache
def subjects() -> tuple[Subject, ...]:
    """Every module of the law that has a public rule, in order of name."""
    tests = every_test()
    found = (_subject(path, tests) for path in sorted(RULES.glob("*.py")) if _has_rules(path))
    return tuple(each for each in found if each.rules)


@cache
def every_test() -> list[_Test]:
    """Every test of the law with what it names."""
    return [test for path in sorted(TESTS.glob("test_*.py")) for test in _tests(path)]


def other_cases() -> tuple[str, ...]:
    """Worked examples that tests read and that belong to no single rule: of figures, of whole plans."""
    of_rules = {case for subject in subjects() for rule in subject.rules for case in rule.cases}
    return tuple(sorted({case for test in every_test() for case in test.cases} - of_rules, key=_case_order))


@cache
def case_ids() -> frozenset[str]:
    """The worked examples on file."""
    return frozenset(case["id"] for path in sorted(TESTS.glob("cases/*.json")) for case in json.loads(path.read_text()))


def _has_rules(path: Path) -> bool:
    return path.stem not in CARRIERS and not path.stem.startswith(("_", "explain_"))


def _subject(path: Path, tests: list[_Test]) -> Subject:
    tree = ast.parse(path.read_text())
    said = ast.get_docstring(tree) or ""
    nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    rules = tuple(_rule(path.stem, node, cited(said), tests) for node in nodes)
    return Subject(path.stem, said.split("\n\n")[0], _level(tree), rules)


def _rule(subject: str, node: ast.FunctionDef, citation: str, tests: list[_Test]) -> Rule:
    key = (subject, node.name)
    naming = [test for test in tests if key in test.rules]
    named = {rule for test in tests for rule in test.rules}
    said = ast.get_docstring(node) or ""
    return Rule(
        subject=subject,
        name=node.name,
        said=said.split("\n\n")[0],
        citation=cited(said) or citation,
        tests=dict(sorted(Counter(test.file for test in naming).items())),
        through=() if naming else tuple(sorted(caller for _, caller in _callers()[key] & named)),
        cases=tuple(sorted({case for test in naming for case in test.cases}, key=_case_order)),
    )


@cache
def _callers() -> Mapping[tuple[str, str], set[tuple[str, str]]]:
    """For each function of the law, which others reach it, through however many."""
    calls = {
        (path.stem, name): _called(path.stem, node, _imported_rules(tree), tree)
        for path in sorted(RULES.glob("*.py"))
        for tree in [ast.parse(path.read_text())]
        for node in tree.body
        for name in _defined(node)
    }
    found: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for start in calls:
        waiting, seen = [start], {start}
        while waiting:
            for each in calls.get(waiting.pop(), set()) - seen:
                seen.add(each)
                waiting.append(each)
                found[each].add(start)
    return found


def _called(
    subject: str, node: ast.stmt, names: Mapping[str, tuple[str, str | None]], tree: ast.Module
) -> set[tuple[str, str]]:
    own = {name for each in tree.body for name in _defined(each)}
    used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return {(subject, name) for name in used & own} | set(_named(node, names))


def _imported_rules(tree: ast.Module) -> dict[str, tuple[str, str | None]]:
    """Names that a module of the law has of the others: ``figures`` for (figures, None), ``months_in`` likewise."""
    return {
        alias.asname or alias.name: (node.module, alias.name) if node.module else (alias.name, None)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    }


def _level(tree: ast.Module) -> str | None:
    """The least sure level among the figures and tables whose ids stand in the code."""
    levels = {row.id: row.level for row in law.figures.all_figures()}
    levels |= {table.id: table.level for table in law.tables.all_tables()}
    return max((levels[text] for text in _strings(tree) if text in levels), default=None)


def _tests(path: Path) -> Iterator[_Test]:
    """The tests of a file, each with all that it and the file's own helpers name."""
    tree = ast.parse(path.read_text())
    names = _imported(tree)
    own = {name: node for node in tree.body for name in _defined(node)}
    for name, node in own.items():
        if name.startswith("test_") and isinstance(node, ast.FunctionDef):
            reached = list(_reached(node, own))
            yield _Test(
                file=path.name,
                rules=frozenset(rule for each in reached for rule in _named(each, names)),
                cases=frozenset(text for each in reached for text in _strings(each)) & case_ids(),
            )


def _imported(tree: ast.Module) -> dict[str, tuple[str, str | None]]:
    """Names of a test file: ``nd`` for (nondiscrimination, None), ``estimate`` for (indexing, estimate)."""
    found: dict[str, tuple[str, str | None]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("open401k.law"):
            subject = (node.module or "").removeprefix("open401k.law").lstrip(".")
            for alias in node.names:
                found[alias.asname or alias.name] = (subject, alias.name) if subject else (alias.name, None)
    return found


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _reached(start: ast.stmt, own: Mapping[str, ast.stmt]) -> Iterator[ast.stmt]:
    """A test and what of its file it uses, through however many helpers, constants and fixtures."""
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        used |= {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
        waiting += [own[name] for name in sorted(used & own.keys())]


def _named(node: ast.stmt, names: Mapping[str, tuple[str, str | None]]) -> Iterator[tuple[str, str]]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in names:
            subject, function = names[each.id]
            if function is not None:
                yield subject, function
        if isinstance(each, ast.Attribute):
            owner = each.value
            if isinstance(owner, ast.Name) and names.get(owner.id, ("", ""))[1] is None:
                yield names[owner.id][0], each.attr
            elif isinstance(owner, ast.Attribute) and ast.unparse(owner.value) == "law":
                yield owner.attr, each.attr


def _strings(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _case_order(case: str) -> tuple[str, int]:
    topic, _, number = case.partition("-")
    return topic, int(re.sub(r"\D", "", number) or 0)
