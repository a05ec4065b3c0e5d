"""Every jump of a compiled contract, and which condition of its source made it. Not here: which were taken.

A condition is an ``if``, an ``assert``, the operands of ``and`` and ``or``, an ``x if y else z``, a ``for``. All other
jumps are the compiler's own: whose call it is, bounds, overflows, sizes of what was given and answered, copies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from vyper import ast as vy_ast
from vyper.compiler import phases
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.phases import CompilerData
from vyper.compiler.settings import OptimizationLevel, Settings
from vyper.ir import compile_ir

from open401k.rails.artifacts import CONTRACTS

_JUMPI, _PUSH1, _PUSH32 = 0x57, 0x60, 0x7F
_XOR, _ISZERO = 0x18, 0x15
_TURNED, _SWAPPED = "turned around", "swapped"
#: What jumps without a message of the compiler guard, by the instruction of its intermediate code.
_OWN = {"repeat": "a copy of words", "if": "a call or an answer", "assert": "a call or an answer"}
#: What a jump of a source's condition tells, not taken and taken. An assert jumps past its refusal.
OUTCOMES = {
    "if": ("true", "false"), "assert": ("fails", "holds"), "and": ("true", "false"), "or": ("true", "false"),
    "if else": ("true", "false"), "for, from its start": ("entered", "empty"), "for, from its end": ("done", "again"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Branch:
    """One condition of a source, or one operand of it: where it stands, and what its two outcomes are called."""

    file: str
    line: int
    column: int
    kind: str
    operand: int
    function: str
    text: str

    @property
    def name(self) -> str:
        """What stays the same when lines move."""
        number = f" {self.operand}" if self.operand else ""
        return f"{self.file} {self.function}: {self.kind}{number} of {self.text}"


@dataclass(frozen=True, slots=True)
class Check:
    """A jump that the compiler made by itself, and the place in the source that it guards."""

    contract: str
    pc: int
    what: str
    file: str
    line: int


@dataclass(frozen=True)
class Code:
    """The code of one contract in one phase, and where each of its jumps comes from, by program counter."""

    contract: str
    phase: str  # "runs" or "is made"
    code: bytes
    branches: dict[int, Branch]
    turned: frozenset[int]  # jumps that are taken where others of their kind are not
    checks: dict[int, Check]

    def outcome(self, pc: int, *, taken: bool) -> str:
        """What a jump of a condition tells."""
        return OUTCOMES[self.branches[pc].kind][taken ^ (pc in self.turned)]


def compiled(name: str, folder: Path = CONTRACTS) -> CompilerData:
    """A contract by the default pipeline, as it is shipped."""
    bundle = FilesystemInputBundle([folder])
    settings = Settings(optimize=OptimizationLevel.GAS, evm_version="cancun")
    return CompilerData(bundle.load_file(Path(f"{name}.vy")), bundle, settings=settings)


def codes_of(name: str, folder: Path = CONTRACTS) -> list[Code]:
    """What makes a contract, and what runs of it."""
    with (
        patch.object(compile_ir, "_optimize_inefficient_jumps", _turned_around),
        patch.object(phases.module, "generate_ir_for_module", _placed),
    ):
        data = compiled(name, folder)
        _mark_swapped(data.ir_nodes)
        metadata = bytes.fromhex(data.integrity_sum)
        whole, told = compile_ir.assembly_to_evm(data.assembly, compiler_metadata=metadata)
        (inside,) = [part for part in data.assembly if isinstance(part, list) and _is_what_runs(part)]
        runs, _ = compile_ir.assembly_to_evm(inside[1:])
    made = _code(name, "is made", bytes(whole), told["error_map"], told["pc_raw_ast_map"])
    at = made.code.index(bytes(runs))
    errors, nodes = ({pc - at: each for pc, each in told[kind].items()} for kind in ("error_map", "pc_raw_ast_map"))
    return [made, _code(name, "runs", bytes(runs), errors, nodes)]


def conditions(name: str, folder: Path = CONTRACTS) -> set[tuple[str, int, int]]:
    """File, line and column of every condition of a source."""
    tree = vy_ast.parse_to_ast((folder / f"{name}.vy").read_text())
    kinds = (vy_ast.If, vy_ast.Assert, vy_ast.BoolOp, vy_ast.IfExp, vy_ast.For)
    return {(f"{name}.vy", node.lineno, node.col_offset) for node in tree.get_descendants(kinds)}


def _is_what_runs(part: list[Any]) -> bool:
    return isinstance(part[0], compile_ir.RuntimeHeader)


_generated = phases.module.generate_ir_for_module


def _placed(of: Any) -> tuple[Any, Any]:
    """The intermediate code of a contract, in which every instruction knows its place in the source."""
    made, runs = _generated(of)
    _place(made, None)
    return made, runs


def _place(ir: Any, above: Any) -> None:
    """Loops learn their ``for``; everything else that has no source of its own says where it lies."""
    loop = isinstance(above, vy_ast.For) and ir.value == "repeat"
    if loop:
        ir.ast_source = above
    here = ir.ast_source or above
    told = ir.error_msg or ("" if ir.ast_source is not None else _OWN.get(ir.value, ""))
    ir.error_msg = f"{told}@{_file(here)}:{getattr(here, 'lineno', 0) or 0}"
    if isinstance(ir.ast_source, vy_ast.BoolOp) and ir.value == "if":
        for each in ir.args[1:]:  # "a and b and c" is "if a: (if b: c)"
            each.ast_source = each.ast_source or (here if each.value == "if" else None)
    for each in ir.args:
        _place(each, None if loop and each is ir.args[-1] else here)


def _mark_swapped(ir: Any) -> None:
    """The compiler sometimes swaps what comes after a condition with what comes else."""
    node = ir.ast_source
    if ir.value == "if" and len(ir.args) == 3 and _is_swapped(node, ir.args[1], ir.args[2]):
        ir.error_msg = f"{ir.error_msg} {_SWAPPED}"
    for each in ir.args:
        _mark_swapped(each)


def _is_swapped(node: Any, first: Any, second: Any) -> bool:
    if isinstance(node, vy_ast.BoolOp):
        return bool(second.value == 1 if isinstance(node.op, vy_ast.Or) else first.value == 0)
    if isinstance(node, vy_ast.If | vy_ast.IfExp):
        body = node.body if isinstance(node.body, list) else [node.body]
        within = {id(each) for part in body for each in (part, *part.get_descendants())}
        return any(id(each.ast_source) in within for each in _all(second))
    return False


def _all(ir: Any) -> Iterator[Any]:
    yield ir
    for each in ir.args:
        yield from _all(each)


def _turned_around(assembly: list[Any]) -> bool:
    """What the compiler does with a jump over a jump; here the jump that is left still knows its source."""
    changed, i = False, 0
    while i < len(assembly) - 6:
        symbol, jump, other, past, end, mark = assembly[i : i + 6]
        symbols = compile_ir.is_symbol(symbol) and compile_ir.is_symbol(other)
        if symbols and (jump, past, mark) == ("JUMPI", "JUMP", "JUMPDEST") and symbol == end:
            said = f"{getattr(jump, 'error_msg', None) or ''} {_TURNED}"
            kept = compile_ir.Instruction("JUMPI", getattr(jump, "ast_source", None), said)
            assembly[i : i + 4] = ["ISZERO", other, kept]
            changed = True
        else:
            i += 1
    return changed


def _code(name: str, phase: str, code: bytes, errors: dict[int, str], nodes: dict[int, Any]) -> Code:
    branches: dict[int, Branch] = {}
    checks: dict[int, Check] = {}
    operands: Counter[Branch] = Counter()
    for pc, before in _jumps(code):
        node = nodes.get(pc)
        what, _, place = errors.get(pc, "").partition("@")
        kind = _kind(node, what, before)
        if kind is None:
            file, _, line = (place.split() or [""])[0].partition(":")
            checks[pc] = Check(name, pc, what or "whose call it is", file, int(line or 0))
            continue
        branch = _branch(node, kind)
        if kind in ("and", "or"):
            # a function of which two phases have a copy has them twice
            branch = replace(branch, operand=operands[branch] % _jumps_of(node) + 1)
            operands[replace(branch, operand=0)] += 1
        branches[pc] = branch
    marks = {pc: sum(mark in errors.get(pc, "") for mark in (_TURNED, _SWAPPED, "user assert")) for pc in branches}
    return Code(name, phase, code, branches, frozenset(pc for pc, many in marks.items() if many % 2), checks)


def _jumps_of(node: Any) -> int:
    return len(node.values) - 1


def _kind(node: Any, what: str, before: int) -> str | None:
    if isinstance(node, vy_ast.For) and before in (_XOR, _ISZERO):
        return "for, from its end" if before == _XOR else "for, from its start"
    if what and not what.startswith("user"):
        return None
    if isinstance(node, vy_ast.BoolOp):
        return "and" if isinstance(node.op, vy_ast.And) else "or"
    kinds = {vy_ast.If: "if", vy_ast.Assert: "assert", vy_ast.IfExp: "if else"}
    return kinds.get(type(node))


def _branch(node: Any, kind: str) -> Branch:
    function = node.get_ancestor(vy_ast.FunctionDef)
    shown = {"if": "test", "assert": "test"}.get(kind)
    text = (getattr(node, shown) if shown else node.iter if kind.startswith("for") else node).node_source_code
    text = " ".join(text.split())
    return Branch(_file(node), node.lineno, node.col_offset, kind, 0, function.name, text)


def _file(node: Any) -> str:
    return "" if node is None or node.module_node is None else Path(node.module_node.path).name


def _jumps(code: bytes) -> Iterator[tuple[int, int]]:
    """Every conditional jump, with the instruction before the one that pushes its target."""
    pc, earlier, last = 0, 0, 0
    while pc < len(code):
        op = code[pc]
        if op == _JUMPI:
            yield pc, earlier
        earlier, last = last, op
        pc += 1 + (op - _PUSH1 + 1 if _PUSH1 <= op <= _PUSH32 else 0)
