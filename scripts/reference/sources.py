"""What the reference reads from the source itself: which severity a check gives a code, which events are published."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "open401k"


def severities() -> dict[str, set[str]]:
    """Names of severities by name of code, wherever a call states both."""
    found: dict[str, set[str]] = defaultdict(set)
    for call in _calls(PACKAGE / "payroll", PACKAGE / "flows"):
        names = [each for argument in call.args for each in _members(argument)]
        codes = {name for owner, name in names if owner == "Code"}
        stated = {name for owner, name in names if owner == "Severity"}
        refusing = isinstance(call.func, ast.Name) and call.func.id in ("_reject", "_refused", "CellError")
        for code in codes:
            found[code] |= stated or ({"REJECT"} if refusing else set())
    return found


def events() -> set[str]:
    """The kinds of events that are published; a kind with a part worked out ends with a dot."""
    found = set()
    for call in _calls(PACKAGE):
        if not (isinstance(call.func, ast.Attribute) and call.func.attr == "publish"):
            continue
        for keyword in call.keywords:
            if keyword.arg == "kind":
                found.add(_text(keyword.value))
    return found


def _calls(*folders: Path) -> Iterator[ast.Call]:
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def _members(node: ast.expr) -> list[tuple[str, str]]:
    """``Code.X`` or ``payroll.Code.X`` as (Code, X)."""
    if not isinstance(node, ast.Attribute):
        return []
    owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    return [(owner, node.attr)]


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
