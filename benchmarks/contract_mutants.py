"""Do the tests of the contracts notice a wrong line? Mutants of the Vyper sources, each run against those tests.

``python -m benchmarks contract-mutants --sample 100 --seed 3``; without ``--sample`` all of them. Tests are collected
and run once; then every mutant is compiled in a fork of that process and tried there on a network founded anew, the
tests that killed most before it first, until one fails. Nothing on disk is touched. A mutant that compiles to the same
code is none; one that no test can notice is named with the reason in ``contract_equivalents.py`` and does not count.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from benchmarks.contract_compiling import code, plain_code
from benchmarks.contract_equivalents import EQUIVALENT
from benchmarks.contract_mutations import FILES, Mutation, mutated, mutations
from benchmarks.contract_reach import Line, Lines, noted
from scripts.contract_coverage import CONTRACTS as NAMES
from scripts.contract_coverage import TESTS
from tests.rails import world

from open401k.rails import artifacts
from open401k.rails.artifacts import CONTRACTS

LEAST_KILLED = 95
#: What is compiled anew when a source changes.
_USED_BY = {"council": ("network",), "signatures": ("network", "rollover"), "terms": ("rollover",)}
_FOLDER = Path(__file__).parent.parent / "tests" / "rails"
#: The twin beside the EVM: the same tests and generated calls, and every event compared.
_BESIDE = "test_twin.py"
_MOST_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """One mutant, what came of it, and by which test."""

    mutation: Mutation
    verdict: str  # "killed", "killed by time", "survived", "same code", "no code"
    by: str

    @property
    def killed(self) -> bool:
        return self.verdict.startswith("killed")

    @property
    def counts(self) -> bool:
        return self.verdict not in ("same code", "no code") and self.mutation.name not in EQUIVALENT


class Loop:
    """Takes the place of pytest's own loop over the collected tests."""

    def __init__(self, chosen: Sequence[Mutation], *, workers: int, say: Callable[[str], None]) -> None:
        self.chosen, self.workers, self.say = chosen, workers, say
        self.outcomes: list[Outcome] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        tests = _without(session)
        if session.testsfailed:
            raise pytest.UsageError("the tests fail without any mutant")
        self.say(f"{len(session.items)} tests, {sum(tests.seconds.values()):.0f} s without a mutant")
        reading, writing = os.pipe()
        for worker in range(self.workers):
            if os.fork() == 0:
                _work(session, tests, self.chosen[worker :: self.workers], writing)
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as stream:
            for line in stream:
                self._note(json.loads(line))
        for _ in range(self.workers):
            os.wait()
        return True

    def _note(self, told: dict[str, Any]) -> None:
        outcome = Outcome(Mutation(**told["mutation"]), told["verdict"], told["by"])
        self.outcomes.append(outcome)
        if outcome.verdict == "survived" and outcome.counts:
            self.say(f"survived {outcome.mutation.place} {outcome.mutation.name}")
        if len(self.outcomes) % 10 == 0:
            counted = [each for each in self.outcomes if each.counts]
            killed = sum(each.killed for each in counted)
            self.say(f"{len(self.outcomes)} of {len(self.chosen)}: {killed} of {len(counted)} killed")


@dataclass
class Tests:
    """How long each takes, and by which each line is run; ``known`` are all lines that code is made of."""

    seconds: dict[str, float]
    by_line: dict[Line, set[str]]
    known: set[Line]

    def of(self, mutation: Mutation) -> set[str]:
        """Those that run what is changed; all of them where nobody can tell (constants, declarations)."""
        line = (mutation.file, mutation.line)
        return self.by_line.get(line, set()) if mutation.function and line in self.known else set(self.seconds)


def _without(session: pytest.Session) -> Tests:
    """Run every test once on what is shipped, each on a network founded before it."""
    lines = Lines(NAMES)
    told = Tests({}, defaultdict(set), lines.known)
    with noted() as entered:
        for item in session.items:
            begun = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            told.seconds[item.nodeid] = time.process_time() - begun
            for line in lines.of(entered.taken()):
                told.by_line[line].add(item.nodeid)
    founding = _founding(lines)
    for line in founding:
        told.by_line[line] = set(told.seconds)
    return told


def _founding(lines: Lines) -> set[Line]:
    """Lines that founding a network runs: every test does, though it is done once."""
    world._founded.cache_clear()
    with noted() as entered:
        world.founded()
        return lines.of(entered.taken())


def _work(session: pytest.Session, tests: Tests, mine: Sequence[Mutation], writing: int) -> None:
    """Mutant by mutant, each in a process of its own; what killed most comes first."""
    kills: Counter[str] = Counter()
    for mutation in mine:
        reached = [item for item in session.items if item.nodeid in tests.of(mutation)]
        items = sorted(reached, key=lambda item: (-kills[_short(item)], tests.seconds[item.nodeid]))
        verdict, by = _try(session, items, mutation)
        kills[by] += 1
        told = {"mutation": asdict(mutation), "verdict": verdict, "by": by}
        os.write(writing, f"{json.dumps(told)}\n".encode())


def _short(item: pytest.Item) -> str:
    return item.nodeid.rpartition("::")[2]


def _try(session: pytest.Session, items: Sequence[pytest.Item], mutation: Mutation) -> tuple[str, str]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _run(session, items, mutation, writing)
    os.close(writing)
    with os.fdopen(reading) as stream:
        told = stream.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return "killed by time", ""
    verdict, _, by = told.partition("\n")
    return verdict, by


def _run(session: pytest.Session, items: Sequence[pytest.Item], mutation: Mutation, writing: int) -> None:
    """In the mutant's own process; it never returns."""
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    told = "no code"
    try:
        codes = _compiled(mutation)
        if codes is not None:
            told = _tried(session, items, codes)
    except BaseException as why:
        told = f"killed\nas a whole: {why!r}"
    os.write(writing, told.encode())
    os._exit(0)


def _compiled(mutation: Mutation | None) -> dict[str, bytes] | None:
    """The code of the contracts that the changed source is part of; None where it does not compile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in CONTRACTS.glob("*.vy"):
            shutil.copy(source, folder)
        if mutation is None:
            return {each: plain_code(each, folder) for each in NAMES}
        (folder / f"{mutation.file}.vy").write_text(mutated(mutation))
        try:
            return {each: code(each, folder) for each in _USED_BY.get(mutation.file, (mutation.file,))}
        except Exception:  # the compiler has many ways to refuse
            return None


@functools.cache
def _shipped() -> dict[str, bytes]:
    """The codes of the sources as they are, without the hash of the source at their end."""
    codes = _compiled(None)
    assert codes is not None
    if codes != {each: code(each, CONTRACTS) for each in NAMES}:
        raise SystemExit("the compiler in a hurry makes other code: look at contract_compiling.py")
    return codes


def _tried(session: pytest.Session, items: Sequence[pytest.Item], codes: dict[str, bytes]) -> str:
    if all(code == _shipped()[name] for name, code in codes.items()):
        return "same code"
    _deploy({**_shipped(), **codes})
    signal.setitimer(signal.ITIMER_PROF, _MOST_SECONDS)
    for item in items:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if session.testsfailed:
            return f"killed\n{_short(item)}"
    return "survived"


def _deploy(codes: dict[str, bytes]) -> None:
    """From now on tests found their networks with these."""
    told = {name: artifacts.Artifact(name, code, "", "") for name, code in codes.items()}
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("tests.rails") and hasattr(module, "artifact"):
            setattr(module, "artifact", told.__getitem__)  # noqa: B010 (not every module has it)
    world._founded.cache_clear()


def chosen(*, sample: int, seed: int, files: Sequence[str]) -> tuple[list[Mutation], int]:
    """A sample of all mutants, the same for a seed; and of how many."""
    every = [each for file in files or FILES for each in mutations(file)]
    return random.Random(seed).sample(every, min(sample or len(every), len(every))), len(every)  # noqa: S311 (no secret)


def run(sample: Sequence[Mutation], *, workers: int, say: Callable[[str], None]) -> list[Outcome]:
    """Every mutant of the sample against the tests of the contracts."""
    _shipped()
    loop = Loop(sample, workers=workers, say=say)
    options = [
        "-q",
        "--no-header",
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--capture=sys",
    ]
    code = pytest.main([*options, *(str(_FOLDER / name) for name in (*TESTS, _BESIDE))], plugins=[loop])
    if len(loop.outcomes) < len(sample):
        raise SystemExit(f"only {len(loop.outcomes)} of {len(sample)} mutants were tried (pytest: {code})")
    return sorted(loop.outcomes, key=lambda outcome: outcome.mutation)


def main(arguments: Sequence[str]) -> int:
    """Try the sample and print it; 1 when fewer than 95 % are killed, or a survivor's reason is not needed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks contract-mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="so many, by chance; all without it")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2, choices=(1, 2))
    parser.add_argument("--files", nargs="*", default=[], choices=FILES, help="only mutants of these sources")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args(arguments)
    sample, of = chosen(sample=told.sample, seed=told.seed, files=told.files)
    outcomes = run(sample, workers=told.workers, say=lambda line: print(line, file=sys.stderr, flush=True))
    counted = [outcome for outcome in outcomes if outcome.counts]
    killed = sum(outcome.killed for outcome in counted)
    share = killed / max(len(counted), 1) * 100
    rows = [asdict(each.mutation) | {"verdict": each.verdict, "by": each.by} for each in outcomes]
    if told.json:
        json.dump({"tried": len(counted), "of": of, "killed": killed, "mutants": rows}, sys.stdout, indent=2)
    else:
        _print(outcomes)
        print(f"\nkilled {killed} of {len(counted)} ({share:.1f} %); {len(sample)} of {of:,} tried, seed {told.seed}\n")
    needless = [each for each in outcomes if each.killed and each.mutation.name in EQUIVALENT]
    for outcome in outcomes:
        if outcome.verdict == "survived" and outcome.counts:
            print(f"survived: {outcome.mutation.place} {outcome.mutation.name}")
    for outcome in needless:
        print(f"killed, though it is said to be equivalent: {outcome.mutation.name} (by {outcome.by})")
    return int(share < LEAST_KILLED or bool(needless))


def _print(outcomes: Sequence[Outcome]) -> None:
    print("| source | mutants | killed | survived | equivalent | same code | no code | |")
    print("|---|---|---|---|---|---|---|---|")
    for file in sorted({outcome.mutation.file for outcome in outcomes}):
        mine = [outcome for outcome in outcomes if outcome.mutation.file == file]
        counted = [outcome for outcome in mine if outcome.counts]
        dead = sum(outcome.killed for outcome in counted)
        verdicts = Counter(outcome.verdict for outcome in mine)
        named = sum(outcome.mutation.name in EQUIVALENT for outcome in mine)
        share = dead / max(len(counted), 1) * 100
        rest = f"{named} | {verdicts['same code']} | {verdicts['no code']} | {share:.1f} % |"
        print(f"| {file}.vy | {len(counted)} | {dead} | {len(counted) - dead} | {rest}")
