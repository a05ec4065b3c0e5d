"""What a room shows and what it keeps to itself. The floors themselves are import contracts in pyproject.toml."""

import ast
import functools
import re
import tomllib

from tests.tidy.tree import PACKAGE, ROOT, check, floors, imports, modules

NAMELESS = {"utils", "util", "helpers", "helper", "service", "services", "manager", "managers", "common", "misc", "lib"}


def test_nobody_imports_a_private_module_of_another_room() -> None:
    """Names that begin with ``_`` stay in their room. Why: what others use cannot be changed alone.

    Escape: export it from the room's ``__init__.py``, its door.
    """
    violations = {}
    for module in modules():
        for line, name in imports(module):
            parts = name.split(".")
            if parts[0] != "open401k" or not any(part.startswith("_") and part != "__future__" for part in parts):
                continue
            if ".".join(parts[1:]).split("._")[0].startswith(module.room):
                continue
            violations[f"{module.place}:{line}"] = f"imports {name}"
    check("private", violations)


def test_a_door_only_opens() -> None:
    """A room's ``__init__.py`` re-exports and nothing else (ruff keeps ``__all__`` in order).

    Why: logic there runs on every import and hides.

    Escape: none; put it into a module that says what it holds.
    """
    violations = {}
    for module in modules():
        if module.path.name != "__init__.py" or module.name.removeprefix("open401k.") != module.room:
            continue  # the package itself, and folders inside a room
        for node in module.tree.body:
            if not _only_opens(node):
                violations[f"{module.place}:{node.lineno}"] = "logic in a door"
    check("door", violations)


def _only_opens(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return bool(targets) and all(isinstance(target, ast.Name) and target.id.startswith("__") for target in targets)


def test_no_cycle_inside_a_room() -> None:
    """Modules of a room import each other in one direction. Why: a cycle means that two files are one subject.

    Escape: none; move what both need into a third file. The door does not count: it imports every module.
    """
    graph = {
        module.name: {
            target
            for _, name in imports(module)
            for target in (name, name.rpartition(".")[0])
            if target in _names() and target != module.name
        }
        for module in modules()
        if module.path.name != "__init__.py"
    }
    check("cycle", {" -> ".join(cycle): "import each other" for cycle in _cycles(graph)})


@functools.cache
def _names() -> set[str]:
    return {module.name for module in modules() if module.path.name != "__init__.py"}


def _cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            found.append([*trail[trail.index(name) :], name])
        elif name not in done:
            for target in sorted(graph.get(name, ())):
                visit(target, [*trail, name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return found


def test_every_room_has_its_floor() -> None:
    """The import contracts name every room that exists and none that does not. Why: what no contract names, none holds.

    Escape: none. A new room goes into ``layers`` and, below the doors, into "No room knows the web" of pyproject.toml.
    """
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    rooms |= {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    web = next(contract for contract in contracts if contract["name"].startswith("No room knows the web"))
    below = {name.split(".")[1] for name in web["source_modules"]}
    violations = dict.fromkeys(rooms - floors().keys(), "has no floor in the import contract")
    violations |= dict.fromkeys(floors().keys() - rooms - {"__main__"}, "is in the contract, but there is no such room")
    expected = rooms - {"app", "app_rails", "doors", "demo", "standins", "__main__"}  # standins are servers themselves
    violations |= dict.fromkeys(expected - below, "is missing from 'No room knows the web'")
    check("floor", violations)


def test_file_names_say_what_is_in_them() -> None:
    """No utils, helpers, service, manager. Why: a name that says nothing gathers everything.

    Escape: none; name the subject.
    """
    violations = {m.place: "names nothing" for m in modules() if NAMELESS & set(re.split(r"[_.]", m.path.stem.lower()))}
    check("name", violations)


def test_every_module_and_public_name_says_what_it_is() -> None:
    """Modules, public classes and public functions carry a docstring. Why: the door is where a reader comes in.

    Escape: a leading underscore, if it is nobody else's business; methods are left to their author.
    """
    violations = {}
    for module in modules():
        if module.text.strip() and ast.get_docstring(module.tree) is None:
            violations[module.place] = "the module has no docstring"
        for node in module.tree.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or _is_a_name(node):
                continue
            if not node.name.startswith("_") and ast.get_docstring(node) is None:
                violations[f"{module.place}:{node.name}"] = "has no docstring"
    check("docstring", violations)


def _is_a_name(node: ast.stmt) -> bool:
    """``class PlanId(Id): prefix = "pln"`` says it all."""
    return (
        isinstance(node, ast.ClassDef) and bool(node.bases) and all(isinstance(part, ast.Assign) for part in node.body)
    )
