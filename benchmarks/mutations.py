"""One wrong change at a time in a module's syntax tree: which there are, and how it reads then. Not here: tests.

Operators, comparisons, and/or, not, minus and ~ left out, whole numbers one off, True and False, min and max, any and
all. Not what the program does not do: annotations, decorators, defaults, the words of messages, class bodies,
zip's ``strict``.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
_SWAPPED = {
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
    "any": "all",
    "all": "any",
    "logical_and": "logical_or",
    "logical_or": "logical_and",
}


@dataclass(frozen=True, slots=True, order=True)
class Mutation:
    """The ``number``-th change of a module, in its ``owner``: a function, a method, or empty for a constant."""

    module: str
    number: int
    line: int
    owner: str
    what: str

    @property
    def place(self) -> str:
        return f"{self.module}.py:{self.line}"


def mutations(module: str, source: str) -> list[Mutation]:
    """Every change of a module, in the order of its lines."""
    tree = ast.parse(source)
    return [Mutation(module, number, line, owner, what) for number, (owner, line, what, _) in enumerate(_changes(tree))]


def mutated(source: str, number: int) -> ast.Module:
    """The module with one change."""
    tree = copy.deepcopy(ast.parse(source))
    for at, (_, _, _, change) in enumerate(_changes(tree)):
        if at == number:
            change()
            return ast.fix_missing_locations(tree)
    raise IndexError(number)


_Change = tuple[str, int, str, Callable[[], None]]


def _changes(tree: ast.Module) -> Iterator[_Change]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield from _of_function(node, node.name)
        elif isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    yield from _of_function(member, f"{node.name}.{member.name}")
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield from _inside(node.value, "")


def _of_function(node: ast.FunctionDef, owner: str) -> Iterator[_Change]:
    for statement in node.body:
        yield from _inside(statement, owner)


def _inside(node: ast.AST, owner: str) -> Iterator[_Change]:
    """Changes of a node and of what is in it, in reading order."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return
    yield from ((owner, getattr(node, "lineno", 0), what, change) for what, change in _of(node))
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "args") and not isinstance(node, ast.Call):
            continue
        if isinstance(node, ast.Raise) or (isinstance(node, ast.keyword) and node.arg == "strict"):
            # zip gives the same with it and without, for columns of one length; for others it only stops a bug earlier.
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _inside(child, owner)


def _of(node: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    match node:
        case ast.Compare():
            for place, operator in enumerate(node.ops):
                yield _put(node.ops, place, _COMPARED[type(operator)](), type(operator).__name__)
        case ast.BinOp() | ast.AugAssign():
            if type(node.op) in _COMPUTED:
                yield _set(node, "op", _COMPUTED[type(node.op)](), type(node.op).__name__)
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield _set(node, "op", other, type(node.op).__name__)
        case ast.UnaryOp():
            # An operator cannot take itself away; twice is the same as not at all, for each of the three.
            if isinstance(node.op, ast.Not | ast.Invert | ast.USub):
                twice = ast.UnaryOp(type(node.op)(), node.operand)
                yield f"{type(node.op).__name__} left out", lambda: setattr(node, "operand", twice)
        case ast.Constant(value=bool()):
            yield _set(node, "value", not node.value, str(node.value))
        case ast.Constant(value=int()):
            number = int(node.value)  # type: ignore[arg-type]
            yield _set(node, "value", number + 1, str(number))
            yield _set(node, "value", number - 1, str(number))
        case ast.Name() if node.id in _SWAPPED and isinstance(node.ctx, ast.Load):
            yield _set(node, "id", _SWAPPED[node.id], node.id)
        case ast.Attribute() if node.attr in _SWAPPED:
            yield _set(node, "attr", _SWAPPED[node.attr], node.attr)


def _set(node: ast.AST, field: str, value: object, before: str) -> tuple[str, Callable[[], None]]:
    after = type(value).__name__ if isinstance(value, ast.AST) else str(value)
    return f"{before} -> {after}", lambda: setattr(node, field, value)


def _put(nodes: list[ast.cmpop], place: int, value: ast.cmpop, before: str) -> tuple[str, Callable[[], None]]:
    return f"{before} -> {type(value).__name__}", lambda: nodes.__setitem__(place, value)
