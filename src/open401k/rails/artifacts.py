"""The compiled contracts, as they are deployed. Not here: compiling them (scripts/contracts.py)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CONTRACTS = Path(__file__).parent / "contracts"
COMPILED = CONTRACTS / "compiled.json"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One contract: the code that deploys it, its hash (SHA-256), the compiler, and what is deployed.

    A deployed contract has its immutable words after ``runtime``.
    """

    name: str
    code: bytes
    code_sha256: str
    compiler: str
    runtime: bytes = b""


@cache
def artifact(name: str) -> Artifact:
    """The contract of this name: ``network``, ``rollover`` or ``deposit_token``."""
    told = json.loads(COMPILED.read_text())
    one = told["contracts"][name]
    code = bytes.fromhex(one["code"])
    runtime = code[one["runtime_at"] :][: one["runtime_bytes"]]
    return Artifact(name, code, one["code_sha256"], told["compiler"], runtime)
