"""The Vyper compiler for thousands of mutants: the same code in a fraction of the time. Not here: which mutants.

What it does twice is done once: it optimizes what runs as a part of what deploys, and again alone; it optimizes an
expression each time somebody asks whether that would make it simpler. And no garbage is collected meanwhile. A mutant
differs from its source in one function: :class:`Kept` has what all others were made into, and only that one is analysed
and made anew. Where it cannot be told that all others stay as they are, the whole is compiled.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from scripts.contract_branches import compiled
from vyper.codegen import core
from vyper.codegen import module as generating
from vyper.codegen.ir_node import IRnode
from vyper.compiler import phases
from vyper.compiler.phases import generate_bytecode
from vyper.ir import compile_ir, optimizer
from vyper.semantics.analysis.local import FunctionAnalyzer

#: A function: the source it stands in, its name, and whether it is made for the constructor.
Function = tuple[str, str, bool]
_internal, _external = generating.generate_ir_for_internal_function, generating.generate_ir_for_external_function
_MANY = 1_000_000  # more labels than any contract has
_optimize, _analyze = optimizer._optimize, FunctionAnalyzer.analyze
_assemble, _symbol = compile_ir._compile_to_assembly.__wrapped__, compile_ir.mksymbol


@dataclass
class Made:
    """What a function was made into, what it is called, and what that depends on."""

    called: tuple[object, ...]
    answer: Any
    info: Any


@dataclass
class Kept:
    """All functions of the contracts as they are."""

    functions: dict[tuple[str, Function], Made] = field(default_factory=dict)

    def code(self, name: str, folder: Path, changed: tuple[str, str]) -> bytes:
        """The code of a contract where one function, of this source and name, reads otherwise."""
        with _quick(), _making(_Some(self, name, changed)), _other_names():
            return bytes(generate_bytecode(compiled(name, folder).assembly, compiler_metadata=None))

    def keep(self, name: str, folder: Path) -> None:
        """Compile a contract, and keep what its functions were made into."""
        with _quick(), _making(_All(self, name)):
            generate_bytecode(compiled(name, folder).assembly, compiler_metadata=None)


def code(name: str, folder: Path) -> bytes:
    """A contract's code without the hash of its source at the end; an exception of the compiler's if it refuses."""
    with _quick():
        return bytes(generate_bytecode(compiled(name, folder).assembly, compiler_metadata=None))


def plain_code(name: str, folder: Path) -> bytes:
    """The same by the compiler as it is: what the others are held to."""
    return bytes(generate_bytecode(compiled(name, folder).assembly, compiler_metadata=None))


class _All:
    """Makes every function, and keeps it."""

    def __init__(self, kept: Kept, name: str) -> None:
        self.kept, self.name = kept, name

    def made(self, function: Function, node: Any, make: Any) -> Any:
        answer = make()
        info = node._metadata["func_type"]._ir_info
        known = self.kept.functions[self.name, function] = Made(_called(node), _optimized(answer), info)
        return _handed_out(known.answer)

    def is_analysed(self, _source: str, _function: str) -> bool:
        return True


class _Some(_All):
    """Makes the changed function only, and what calls another than before."""

    def __init__(self, kept: Kept, name: str, changed: tuple[str, str]) -> None:
        super().__init__(kept, name)
        self.changed = changed

    def made(self, function: Function, node: Any, make: Any) -> Any:
        if function[:2] == self.changed:
            return _optimized(make())
        known = self.kept.functions[self.name, function]
        if known.called != _called(node):
            raise NotAlikeError(function)
        node._metadata["func_type"]._ir_info = known.info
        return _handed_out(known.answer)

    def is_analysed(self, source: str, function: str) -> bool:
        return (source, function) == self.changed or function == "__init__"


class NotAlikeError(Exception):
    """Another function than the changed one would be made otherwise, too."""


def _called(node: Any) -> tuple[object, ...]:
    """What a function depends on besides its own text: its number, where its memory begins, whom it calls."""
    of = node._metadata["func_type"]
    told = [(each._function_id, each.name, each._ir_info.frame_info.frame_start) for each in of.called_functions]
    sizes = [each._ir_info.frame_info.frame_size for each in of.called_functions]
    return of._function_id, max(sizes, default=0), *sorted(told)


def _optimized(answer: Any) -> Any:
    """What a function was made into, optimized once and for all; callers go on asking what it was before."""
    part = "func_ir" if hasattr(answer, "func_ir") else "common_ir"
    return replace(answer, **{part: _done(getattr(answer, part))})


def _handed_out(answer: Any) -> Any:
    """The compiler writes into how a function is entered: each time into others."""
    if not hasattr(answer, "entry_points"):
        return answer
    return replace(answer, entry_points={told: replace(each) for told, each in answer.entry_points.items()})


def _done(node: IRnode) -> IRnode:
    done = optimizer.optimize(node)
    done.__dict__["done"] = True
    return done


@contextmanager
def _making(by: _All) -> Iterator[None]:
    def internal(node: Any, told: Any, is_ctor_context: bool) -> Any:
        function = _function(node, is_ctor_context)
        return by.made(function, node, lambda: _internal(node, told, is_ctor_context))

    def external(node: Any, told: Any) -> Any:
        return by.made(_function(node, False), node, lambda: _external(node, told))

    def analyze(self: Any) -> None:
        if by.is_analysed(*_function(self.fn_node, False)[:2]):
            _analyze(self)

    def optimize(node: IRnode, parent: IRnode | None) -> tuple[bool, IRnode]:
        return (False, node) if "done" in node.__dict__ else _optimize(node, parent)

    def assemble(
        node: IRnode, withargs: Any = None, existing_labels: Any = None, break_dest: Any = None, height: int = 0
    ) -> Any:
        if "done" not in node.__dict__ or break_dest is not None:
            return _assemble(node, withargs, existing_labels, break_dest, height)
        known = node.__dict__.setdefault("assembled", {})
        if height not in known:
            known[height] = _assemble(node, withargs, existing_labels, break_dest, height)
        return known[height]

    def symbol(name: str = "") -> str:
        return "_sym_revert" if name == "revert" else _symbol(name)

    with (
        patch.object(compile_ir, "_compile_to_assembly", assemble),
        patch.object(compile_ir, "mksymbol", symbol),
        patch.object(compile_ir, "copy", SimpleNamespace(deepcopy=lambda node: node)),
        patch.object(generating, "generate_ir_for_internal_function", internal),
        patch.object(generating, "generate_ir_for_external_function", external),
        patch.object(FunctionAnalyzer, "analyze", analyze),
        patch.object(optimizer, "_optimize", optimize),
    ):
        yield


@contextmanager
def _other_names() -> Iterator[None]:
    """Labels that nothing kept has."""

    def reset() -> None:
        core._label, compile_ir._next_symbol = _MANY, _MANY

    with patch.object(phases.codegen, "reset_names", reset), patch.object(phases, "reset_symbols", reset):
        yield


def _function(node: Any, is_made: bool) -> Function:
    return Path(node.module_node.path).stem, node.name, is_made


@contextmanager
def _quick() -> Iterator[None]:
    asked = 0

    def once(node: IRnode) -> IRnode:
        nonlocal asked
        asked += 1
        return optimizer.optimize(node) if asked % 2 else node  # the second is a part of the first

    def simpler(node: Any) -> IRnode:
        known: IRnode | None = node.__dict__.get("simpler")
        if known is None:
            known = node.__dict__["simpler"] = optimizer.optimize(node)
        return known

    was_on = gc.isenabled()
    gc.disable()
    try:
        with (
            patch.object(phases, "optimizer", SimpleNamespace(optimize=once)),
            patch.object(IRnode, "_optimized", property(simpler)),
            patch.object(compile_ir, "_merge_jumpdests", _merge_jumpdests),
        ):
            yield
    finally:
        if was_on:
            gc.enable()


def _merge_jumpdests(assembly: list[Any]) -> bool:
    """As the compiler's own, which looks through everything for each label that goes."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, each in enumerate(assembly):
        if compile_ir.is_symbol(each):
            places[each].append(place)
    changed = False
    for place in range(len(assembly) - 3):
        label, _, next_one, then = assembly[place : place + 4]
        if not compile_ir.is_symbol(label) or assembly[place + 1] != "JUMPDEST" or not compile_ir.is_symbol(next_one):
            continue
        if then == "JUMP" or (then == "JUMPDEST" and next_one != label):
            others = [each for each in places[label] if each != place]
            for each in others:
                assembly[each] = next_one
            changed |= bool(others)
            places[next_one] += others
            places[label] = [place]
    return changed
