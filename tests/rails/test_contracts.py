"""What is shipped is what the sources compile to, and every refusal has words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from scripts.contracts import NAMES, compiled

from open401k.rails.artifacts import COMPILED, CONTRACTS, artifact
from open401k.rails.refusals import REFUSALS

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_shipped_is_what_the_sources_compile_to() -> None:
    """The same compiler with the same settings makes the same bytes."""
    assert json.loads(COMPILED.read_text()) == compiled(), "python -m scripts.contracts"
    assert {artifact(name).compiler for name in NAMES} == {json.loads(COMPILED.read_text())["compiler"]}


def test_every_refusal_has_words_and_every_word_its_refusal() -> None:
    text = "".join((CONTRACTS / name).read_text() for name in ("rollover.vy", "signatures.vy", "terms.vy"))
    told = {
        int(code)
        for found in re.findall(r"_refuse\((\d+)\)|raw_revert\(abi_encode\(convert\((\d+),", text)
        for code in found
        if code
    }
    assert told == set(REFUSALS)


def test_no_contract_can_be_replaced_in_place() -> None:
    """No proxies: nothing delegates its code to another."""
    for source in CONTRACTS.glob("*.vy"):
        assert "delegate" not in source.read_text(), source.name


def test_every_condition_of_the_contracts_goes_both_ways_in_their_tests() -> None:
    """By the EVM's program counters and the compiler's map. In a process of its own: Vyper changes decimals."""
    command = [sys.executable, "-m", "scripts.contract_coverage"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
