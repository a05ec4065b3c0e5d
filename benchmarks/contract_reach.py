"""Which tests run which lines of the contracts: a mutant is tried by those only. Not here: mutants.

A note is kept of every straight piece of code that the EVM enters; the compiler's map tells of which lines it was made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from eth.abc import OpcodeAPI
from eth.vm.forks.cancun.computation import CancunComputation
from scripts.contract_branches import compiled
from vyper import ast as vy_ast
from vyper.ir import compile_ir

_JUMPI, _JUMPDEST, _PUSH1, _PUSH32 = 0x57, 0x5B, 0x60, 0x7F
Line = tuple[str, int]


@dataclass
class Entered:
    """By the code that ran: where its straight pieces begin that were entered."""

    pieces: dict[bytes, set[int]] = field(default_factory=lambda: defaultdict(set))

    def taken(self) -> dict[bytes, set[int]]:
        """Since it was asked last."""
        told, self.pieces = self.pieces, defaultdict(set)
        return told


class _Noted:
    """In place of an instruction that ends or begins a piece: the same, and a note."""

    def __init__(self, instruction: Any, entered: Entered, *, begins: bool) -> None:
        self._instruction, self._entered, self._begins = instruction, entered, begins
        self.mnemonic, self.gas_cost = instruction.mnemonic, instruction.gas_cost

    def __call__(self, computation: Any) -> None:
        code = computation.code
        pc = code.program_counter
        self._instruction(computation=computation)
        if self._begins or code.program_counter == pc:
            self._entered.pieces[computation.msg.code].add(pc - 1 if self._begins else pc)


@contextmanager
def noted() -> Iterator[Entered]:
    """While this is open, the embedded EVM notes which pieces it enters."""
    entered, before = Entered(), CancunComputation.opcodes
    noting = {at: cast("OpcodeAPI", _Noted(before[at], entered, begins=at == _JUMPDEST)) for at in (_JUMPI, _JUMPDEST)}
    CancunComputation.opcodes = {**before, **noting}
    try:
        yield entered
    finally:
        CancunComputation.opcodes = before


class Lines:
    """The lines of which each piece of a contract was made."""

    def __init__(self, names: Sequence[str]) -> None:
        self._of: list[tuple[bytes, dict[int, set[Line]]]] = [each for name in names for each in _pieces(name)]
        self.known = {line for _, pieces in self._of for lines in pieces.values() for line in lines}

    def of(self, entered: dict[bytes, set[int]]) -> set[Line]:
        """All that were run."""
        found: set[Line] = set()
        for ran, begins in entered.items():
            for code, pieces in self._of:
                if ran.startswith(code):
                    for begin in (0, *begins):
                        found |= pieces.get(begin, set())
        return found


def _pieces(name: str) -> Iterator[tuple[bytes, dict[int, set[Line]]]]:
    data = compiled(name)
    whole, told = compile_ir.assembly_to_evm(data.assembly, compiler_metadata=bytes.fromhex(data.integrity_sum))
    (inside,) = [
        part for part in data.assembly if isinstance(part, list) and isinstance(part[0], compile_ir.RuntimeHeader)
    ]
    runs, _ = compile_ir.assembly_to_evm(inside[1:])
    code = bytes(whole)
    at, nodes = code.index(bytes(runs)), told["pc_raw_ast_map"]
    yield code, _lines(code, nodes)
    yield bytes(runs), _lines(bytes(runs), {pc - at: node for pc, node in nodes.items()})


def _lines(code: bytes, nodes: dict[int, Any]) -> dict[int, set[Line]]:
    found: dict[int, set[Line]] = defaultdict(set)
    pc, begin = 0, 0
    while pc < len(code):
        op = code[pc]
        if op == _JUMPDEST:
            begin = pc
        node = nodes.get(pc)
        if node is not None and node.module_node is not None and not isinstance(node, vy_ast.FunctionDef):
            file = Path(node.module_node.path).stem
            inner = node.test if isinstance(node, vy_ast.If) else node.iter if isinstance(node, vy_ast.For) else node
            found[begin] |= {(file, line) for line in range(node.lineno, (inner.end_lineno or node.lineno) + 1)}
        pc += 1 + (op - _PUSH1 + 1 if _PUSH1 <= op <= _PUSH32 else 0)
        if op == _JUMPI:
            begin = pc
    return found
