"""The source tree as the house rules read it: modules, rooms, floors, SQL. Not here: the rules."""

import ast
import functools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.tidy.allowed import ALLOWED

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "open401k"
MIGRATIONS = PACKAGE / "base" / "db" / "migrations"


@dataclass(frozen=True)
class Module:
    """One Python file of the package."""

    path: Path
    name: str  # open401k.ledger.journal
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """``ledger``; each door is a room of its own: ``doors.web``."""
        parts = self.name.split(".")[1:]
        return ".".join(parts[:2]) if parts[:1] == ["doors"] else (parts[0] if parts else "")

    @property
    def place(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def is_store(self) -> bool:
        """``_store.py``, ``_store_writes.py``, ``_secrets_store.py``: where SQL lives."""
        return self.path.stem.startswith("_") and "store" in self.path.stem

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())


@functools.cache
def modules() -> tuple[Module, ...]:
    """Every module of the package, parsed once."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ["open401k", *path.relative_to(PACKAGE).with_suffix("").parts]
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text()
        found.append(Module(path, name, text, ast.parse(text, str(path))))
    return tuple(found)


@functools.cache
def floors() -> dict[str, int]:
    """Room -> height, from the import contract in pyproject.toml: 0 is the ground."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return {
        room.strip(" ()"): height for height, layer in enumerate(reversed(layers)) for room in re.split(r"[|:]", layer)
    }


def height(room: str) -> int:
    return floors()[room.split(".")[0]]


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each thing a module imports, relative imports resolved."""
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def docstrings(tree: ast.Module) -> set[int]:
    """Ids of the nodes that are documentation, not values."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }


def strings(module: Module) -> Iterator[tuple[int, str]]:
    """Line and text of each string that is not documentation."""
    skipped = docstrings(module.tree)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


SQL = re.compile(
    r"\bselect\b[\s\S]+\bfrom\b|\binsert\s+into\b|\bupdate\s+[\w.]+\s+(\w+\s+)?set\b|\bdelete\s+from\b|\bwith\s+\w+\s+as\s*\("
)


def is_sql(text: str) -> bool:
    """Written as we write it, in lower case, so that prose does not match."""
    return "\n" in text.strip() + "\n" and SQL.search(without_comments(text)) is not None


def without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*|/\*[\s\S]*?\*/", "", sql)


def migrations() -> Iterator[tuple[str, str, str]]:
    """Place, room and text (less comments) of each migration: ``0010_ledger.sql``; ``0002_access.sql`` is base's."""
    for path in sorted(MIGRATIONS.rglob("*.sql")):
        sql = without_comments(path.read_text())
        named = path.stem.split("_")[1]
        first = re.search(r"\bcreate\s+(?:table|view|function|schema)\s+([a-z_]+)", sql)
        yield str(path.relative_to(ROOT)), named if named in floors() or not first else first.group(1), sql


def check(rule: str, violations: dict[str, str]) -> None:
    """Fail on what is not allowed, and on what is allowed without need."""
    allowed = ALLOWED.get(rule, {})
    new = [f"  {place}: {what}" for place, what in sorted(violations.items()) if place not in allowed]
    needless = [f"  {place}: in tests/tidy/allowed.py without need, remove it" for place in allowed.keys() - violations]
    assert not new + needless, f"{rule}\n" + "\n".join(new + sorted(needless))
