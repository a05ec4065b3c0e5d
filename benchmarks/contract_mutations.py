"""One wrong change at a time in a source of the contracts: which there are, and how it reads then. Not here: tests.

``==`` for ``!=``, ``<`` for ``<=`` (and ``>``), ``and`` for ``or``, ``+`` for ``-``, a ``not`` left out, a whole number
one off, arguments of one type swapped; an assert, a refusal, a call, an event, a change of state left out; a function
that returns at once. Not the codes of refusals (a test holds them to their words), docstrings, and types.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from scripts.contract_branches import compiled
from vyper import ast as vy_ast

from open401k.rails.artifacts import CONTRACTS

FILES = ("council", "deposit_token", "network", "rollover", "signatures", "terms")
_COMPARED = {
    vy_ast.Eq: ("==", "!="), vy_ast.NotEq: ("!=", "=="), vy_ast.Lt: ("<", "<="), vy_ast.LtE: ("<=", "<"),
    vy_ast.Gt: (">", ">="), vy_ast.GtE: (">=", ">"),
}  # fmt: skip
_COMPUTED = {vy_ast.Add: ("+", "-"), vy_ast.Sub: ("-", "+")}
_EITHER_WAY = {"unsafe_add", "unsafe_mul"}  # their arguments swapped are the same
_JOINED = {vy_ast.And: ("and", "or"), vy_ast.Or: ("or", "and")}


@dataclass(frozen=True, slots=True, order=True)
class Mutation:
    """A change of a source: from where to where, to what. ``name`` stays the same when lines move."""

    file: str
    begin: int
    end: int
    put: str
    line: int
    function: str
    what: str

    @property
    def name(self) -> str:
        return f"{self.file} {self.function}: {self.what}"

    @property
    def place(self) -> str:
        return f"{self.file}.vy:{self.line}"


def mutations(file: str, folder: Path = CONTRACTS) -> list[Mutation]:
    """Every change of a source, in the order of its lines."""
    return sorted(set(_Source(file, folder).mutations()))


def mutated(mutation: Mutation, folder: Path = CONTRACTS) -> str:
    """The source with this change."""
    source = (folder / f"{mutation.file}.vy").read_bytes()
    return (source[: mutation.begin] + mutation.put.encode() + source[mutation.end :]).decode()


class _Source:
    def __init__(self, file: str, folder: Path) -> None:
        self.file = file
        self.text = (folder / f"{file}.vy").read_bytes()
        self.starts = [0]
        for line in self.text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.tree = compiled(file, folder).annotated_vyper_module

    def mutations(self) -> Iterator[Mutation]:
        for node in self.tree.get_descendants():
            if node.lineno is None:
                continue
            if node.get_ancestor(vy_ast.FunctionDef) is None:
                if isinstance(node, vy_ast.Int) and self._is_constant(node):
                    yield from self._number(node)
                continue
            yield from self._left_out(node)
            yield from self._changed(node)
        for function in self.tree.get_descendants(vy_ast.FunctionDef):
            yield from self._returns_at_once(function)

    # ---- expressions

    def _changed(self, node: Any) -> Iterator[Mutation]:
        if isinstance(node, vy_ast.Compare) and type(node.op) in _COMPARED:
            yield self._between(node, node.left, node.right, *_COMPARED[type(node.op)])
        elif isinstance(node, vy_ast.BinOp) and type(node.op) in _COMPUTED:
            yield self._between(node, node.left, node.right, *_COMPUTED[type(node.op)])
        elif isinstance(node, vy_ast.AugAssign) and type(node.op) in _COMPUTED:
            was, put = _COMPUTED[type(node.op)]
            yield self._between(node, node.target, node.value, f"{was}=", f"{put}=")
        elif isinstance(node, vy_ast.BoolOp):
            for left, right in pairwise(node.values):
                yield self._between(node, left, right, *_JOINED[type(node.op)])
        elif isinstance(node, vy_ast.UnaryOp) and isinstance(node.op, vy_ast.Not):
            begin, end = self._range(node)
            yield self._made(node, begin, end, self._text(node.operand), f"no not: {_short(self._text(node))}")
        elif isinstance(node, vy_ast.Int):
            yield from self._number(node)
        elif isinstance(node, vy_ast.Call):
            yield from self._swapped(node)

    def _between(self, node: Any, left: Any, right: Any, was: str, put: str) -> Mutation:
        begin, end = self._range(left)[1], self._range(right)[0]
        at = self.text.find(was.encode(), begin, end)
        if at < 0:  # the compiler tells the place of another module's constant a little wrong
            at = self.text.rindex(was.encode(), begin - 20, end + 20)
        # by its own text: brackets around an operand are not part of it
        what = f"{_short(self._text(left))} {was} {_short(self._text(right))} -> {put}"
        return self._made(node, at, at + len(was), put, what)

    def _number(self, node: Any) -> Iterator[Mutation]:
        call = node.get_ancestor(vy_ast.Call)
        if call is not None and self._text(call.func) == "self._refuse":
            return
        above = node.get_ancestor()
        while above.lineno is None:
            above = above.get_ancestor()
        if self._text(node) != str(node.value):  # the compiler worked it out
            return
        begin, end = self._range(node)
        around = _short(self._text(above), 60)
        for put in (node.value + 1, node.value - 1):
            if put >= 0:
                yield self._made(node, begin, end, str(put), f"{node.value} in {around} -> {put}")

    def _swapped(self, node: Any) -> Iterator[Mutation]:
        if self._text(node.func) in _EITHER_WAY:
            return
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        for first, second in pairwise(given):
            kinds = [str(each._metadata.get("type")) for each in (first, second)]
            texts = [self._text(each) for each in (first, second)]
            if kinds[0] == "None" or kinds[0] != kinds[1] or texts[0] == texts[1]:
                continue
            (begin, middle), (later, end) = self._range(first), self._range(second)
            between = self.text[middle:later].decode()
            what = f"{_short(self._text(node.func))}: {_short(texts[0])} <-> {_short(texts[1])}"
            yield self._made(node, begin, end, texts[1] + between + texts[0], what)

    # ---- statements

    def _left_out(self, node: Any) -> Iterator[Mutation]:
        what = None
        if isinstance(node, vy_ast.Assert):
            what = "assert"
        elif isinstance(node, vy_ast.Log):
            what = "event"
        elif isinstance(node, vy_ast.Assign | vy_ast.AugAssign) and self._text(node.target).startswith("self."):
            what = "change of state"
        elif isinstance(node, vy_ast.Expr) and isinstance(node.value, vy_ast.Call):
            what = "refusal" if self._text(node).startswith("self._refuse") else "call"
        if what is not None:
            begin, end = self._range(node)
            yield self._made(node, begin, end, "pass", f"no {what}: {_short(self._text(node), 80)}")

    def _returns_at_once(self, function: Any) -> Iterator[Mutation]:
        body = [each for each in function.body if not isinstance(each, vy_ast.DocStr)]
        begin, _ = self._range(body[0])
        indent = " " * body[0].col_offset
        gives = "" if function.returns is None else f" empty({self._text(function.returns)})"
        put = f"if True:\n{indent}    return{gives}\n{indent}"
        yield self._made(body[0], begin, begin, put, "returns at once", function.name)

    def _is_constant(self, node: Any) -> bool:
        declared = node.get_ancestor(vy_ast.VariableDecl)
        if declared is None or declared.value is None:
            return False
        return bool(node is declared.value or node in declared.value.get_descendants())

    # ---- text

    def _made(self, node: Any, begin: int, end: int, put: str, what: str, function: str = "") -> Mutation:
        above = node.get_ancestor(vy_ast.FunctionDef)
        owner = function or (above.name if above is not None else "")
        return Mutation(self.file, begin, end, put, node.lineno, owner, what)

    def _range(self, node: Any) -> tuple[int, int]:
        begin = self.starts[node.lineno - 1] + node.col_offset
        return begin, self.starts[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: Any) -> str:
        begin, end = self._range(node)
        return self.text[begin:end].decode()


def _short(text: str, most: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."
