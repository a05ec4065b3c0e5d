"""The Vyper compiler for thousands of mutants: the same code in half the time. Not here: which mutants.

What it does twice is done once: it optimizes what runs as a part of what deploys, and again alone; it optimizes an
expression each time somebody asks whether that would make it simpler. And no garbage is collected meanwhile.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from scripts.contract_branches import compiled
from vyper.codegen.ir_node import IRnode
from vyper.compiler import phases
from vyper.compiler.phases import generate_bytecode
from vyper.ir import optimizer


def code(name: str, folder: Path) -> bytes:
    """A contract's code without the hash of its source at the end; an exception of the compiler's if it refuses."""
    with _quick():
        return bytes(generate_bytecode(compiled(name, folder).assembly, compiler_metadata=None))


def plain_code(name: str, folder: Path) -> bytes:
    """The same by the compiler as it is: what :func:`code` is held to."""
    return bytes(generate_bytecode(compiled(name, folder).assembly, compiler_metadata=None))


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
        ):
            yield
    finally:
        if was_on:
            gc.enable()
