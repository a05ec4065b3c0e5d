"""Does every condition of the contracts go both ways in their tests? ``python -m scripts.contract_coverage``

Tests run as they are; a note is kept of every conditional jump of the EVM, with its program counter and whether it was
taken, and the compiler's own map tells which condition of the source made it. Ends with 1 where an outcome was never
seen, or where one that cannot be (``UNREACHABLE``) was. ``--checks`` lists the jumps that the compiler made by itself.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from eth.abc import OpcodeAPI
from eth.vm.forks.cancun.computation import CancunComputation
from scripts.contract_branches import OUTCOMES, Branch, Check, Code, codes_of, conditions
from scripts.contract_unreachable import CHECKS, UNREACHABLE

from open401k.rails.artifacts import artifact

ROOT = Path(__file__).parent.parent
#: The files that test the contracts; the others of their folder test what is around them.
TESTS = (
    "test_network.py", "test_council_and_token.py", "test_rollover.py", "test_refusals.py", "test_wallets.py",
    "test_passkeys.py", "test_returns.py", "test_events.py", "test_edges.py", "test_edges_of_rules.py",
)  # fmt: skip
CONTRACTS = ("deposit_token", "network", "rollover")
FILES = ("council", "deposit_token", "network", "rollover", "signatures", "terms")
_JUMPI = 0x57

#: By code that ran: program counter, and whether the jump was taken.
Seen = dict[bytes, set[tuple[int, bool]]]


class _Noted:
    """In place of the instruction: the same, and a note."""

    def __init__(self, instruction: Any, seen: Seen) -> None:
        self._instruction, self._seen = instruction, seen
        self.mnemonic, self.gas_cost = instruction.mnemonic, instruction.gas_cost

    def __call__(self, computation: Any) -> None:
        code = computation.code
        pc = code.program_counter
        self._instruction(computation=computation)
        notes = computation.__dict__.get("jumps")
        if notes is None:
            notes = computation.__dict__["jumps"] = self._seen[computation.msg.code]
        notes.add((pc - 1, code.program_counter != pc))


@contextmanager
def noted() -> Iterator[Seen]:
    """While this is open, every conditional jump of the embedded EVM is noted."""
    seen: Seen = defaultdict(set)
    before = CancunComputation.opcodes
    CancunComputation.opcodes = {**before, _JUMPI: cast("OpcodeAPI", _Noted(before[_JUMPI], seen))}
    try:
        yield seen
    finally:
        CancunComputation.opcodes = before


def outcomes(codes: Sequence[Code], seen: Seen) -> tuple[dict[Branch, set[str]], dict[Check, set[bool]]]:
    """What was seen of every condition, wherever it was compiled to, and of every check of the compiler."""
    branches: dict[Branch, set[str]] = {branch: set() for code in codes for branch in code.branches.values()}
    checks: dict[Check, set[bool]] = {}
    for code in codes:
        notes = {note for ran, notes in seen.items() if ran.startswith(code.code) for note in notes}
        for pc, taken in notes:
            if pc in code.branches:
                branches[code.branches[pc]].add(code.outcome(pc, taken=taken))
        if code.phase == "runs":
            checks |= {check: {taken for at, taken in notes if at == pc} for pc, check in code.checks.items()}
    return branches, checks


def faults(branches: dict[Branch, set[str]]) -> list[str]:
    """Outcomes that were never seen, and those that were although none should."""
    told, used = [], set()
    for branch, seen in sorted(branches.items()):
        for outcome in OUTCOMES[branch.kind]:
            name = f"{branch.name}: {outcome}"
            if name in UNREACHABLE:
                used.add(name)
            if (outcome in seen) == (name in UNREACHABLE):
                why = "seen, though it cannot be" if outcome in seen else "never seen"
                told.append(f"{branch.file}:{branch.line}:{branch.column} {name}: {why}")
    return told + [f"no such condition: {name}" for name in sorted(set(UNREACHABLE) - used)]


def table(branches: dict[Branch, set[str]]) -> list[str]:
    """By file: conditions, outcomes, how many of them were seen or cannot be."""
    lines = ["| source | conditions | outcomes | seen | cannot be | |", "|---|---|---|---|---|---|"]
    for file in (f"{name}.vy" for name in FILES):
        mine = {branch: seen for branch, seen in branches.items() if branch.file == file}
        seen, of = sum(map(len, mine.values())), 2 * len(mine)
        cannot = sum(f"{branch.name}: {each}" in UNREACHABLE for branch in mine for each in OUTCOMES[branch.kind])
        share = 100.0 if of == cannot else seen / (of - cannot) * 100
        lines.append(f"| {file} | {len(mine)} | {of} | {seen} | {cannot} | {share:.1f} % |")
    return lines


def all_codes(folder: Path | None = None) -> list[Code]:
    """The codes of the contracts; every condition of their sources is in one of them."""
    given = () if folder is None else (folder,)
    codes = [code for name in CONTRACTS for code in codes_of(name, *given)]
    found = {(branch.file, branch.line, branch.column) for code in codes for branch in code.branches.values()}
    for name in FILES:
        if lost := conditions(name, *given) - found:
            raise SystemExit(f"no jump was found for conditions at {sorted(lost)}")
    for code in codes:
        if folder is None and code.code not in artifact(code.contract).code:
            raise SystemExit(f"{code.contract}: what is shipped is not what its source compiles to")
    return codes


def run(tests: Sequence[str]) -> Seen:
    """The tests, with every jump noted."""
    with noted() as seen:
        files = [str(ROOT / "tests" / "rails" / name) for name in tests]
        code = pytest.main(["-q", "-x", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", *files])
    if code != 0:
        raise SystemExit(f"the tests fail (pytest: {code})")
    return seen


def _tell_checks(checks: dict[Check, set[bool]], say: Callable[[str], None]) -> None:
    kinds = Counter(check.what for check in checks)
    say(
        "\n| jumps of the compiler's own | how many | both ways | why they cannot or need not fail |\n|---|---|---|---|"
    )
    for what, many in kinds.most_common():
        both = sum(len(seen) == 2 for check, seen in checks.items() if check.what == what)
        say(f"| {what} | {many} | {both} | {_reason(what)} |")
    for check, seen in sorted(checks.items(), key=lambda each: (each[0].contract, each[0].pc)):
        ways = {0: "never reached", 1: "one way", 2: "both ways"}[len(seen)]
        say(f"{check.contract} {check.pc}: {check.what}, {check.file}:{check.line}, {ways}")


def _reason(what: str) -> str:
    return next((why for words, why in CHECKS.items() if words in what), "")


def main() -> int:
    """Run the tests and tell; 1 unless every condition went both ways."""
    parser = argparse.ArgumentParser(prog="python -m scripts.contract_coverage", description=__doc__)
    parser.add_argument("--checks", action="store_true", help="list the jumps that the compiler made by itself")
    told = parser.parse_args()
    branches, checks = outcomes(all_codes(), run(TESTS))
    say = print
    say("\n".join(table(branches)))
    if told.checks:
        _tell_checks(checks, say)
    wrong = faults(branches)
    wrong += [
        f"no reason is told for: {what}" for what in sorted({check.what for check in checks}) if not _reason(what)
    ]
    for line in wrong:
        say(line)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
