"""Do the tests of the contracts notice a wrong line? Mutants of the Vyper sources, each run against those tests.

``python -m benchmarks contract-mutants --sample 100 --seed 3``; without ``--sample`` all of them. Tests are collected
and run once; then every mutant is compiled in a fork of that process and tried there by the tests that run its line:
those first that killed others of this line, of this function, or most of all, until one fails. Nothing of the project
on disk is touched. A mutant that compiles to the same code is none, two of the same code are one, and one that no test
can notice is named with the reason in ``contract_equivalents.py``; none of these count. With ``--keep FILE`` a run that
was stopped goes on: as long as the contracts stay as they are, what was killed is not tried again, what survived is.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from benchmarks.contract_equivalents import EQUIVALENT
from benchmarks.contract_mutations import FILES, Mutation, mutations
from benchmarks.contract_reach import Line, Lines, noted
from benchmarks.contract_trying import shipped, tried
from benchmarks.mutant_runs import OPTIONS, Tell, told_by
from scripts.contract_coverage import CONTRACTS as NAMES
from scripts.contract_coverage import TESTS
from tests.rails import world

from open401k.rails.artifacts import CONTRACTS

LEAST_KILLED = 95
_FOLDER = Path(__file__).parent.parent / "tests" / "rails"
#: The twin beside the EVM: the same tests and generated calls, and every event compared.
_BESIDE = "test_twin.py"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One mutant, what came of it, and by which test."""

    mutation: Mutation
    verdict: str  # "killed", "killed by time", "survived", "same code", "no code"
    by: str
    code: str = ""  # hash of what it compiles to

    @property
    def killed(self) -> bool:
        return self.verdict.startswith("killed")

    @property
    def counts(self) -> bool:
        return self.verdict not in ("same code", "no code") and self.mutation.name not in EQUIVALENT


class Loop:
    """Takes the place of pytest's own loop over the collected tests."""

    def __init__(self, chosen: Sequence[Mutation], *, workers: int, say: Callable[[str], None], keep: Keep) -> None:
        self.keep, self.workers, self.say = keep, workers, say
        self.outcomes = [keep.killed[each] for each in chosen if each in keep.killed]
        self.chosen = [each for each in chosen if each not in keep.killed]
        self.of = len(chosen)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        tests = _without(session)
        if session.testsfailed:
            raise pytest.UsageError("the tests fail without any mutant")
        self.say(f"{len(session.items)} tests, {sum(tests.seconds.values()):.0f} s without a mutant")
        for told in told_by(
            self.workers, lambda worker, tell: _work(session, tests, self.chosen[worker :: self.workers], tell)
        ):
            self._note(Outcome(Mutation(**told.pop("mutation")), **told))
        return True

    def _note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.keep.note(outcome)
        if outcome.verdict == "survived" and outcome.counts:
            self.say(f"survived {outcome.mutation.place} {outcome.mutation.name}")
        if len(self.outcomes) % 10 == 0:
            counted = counting(self.outcomes)
            killed = sum(each.killed for each in counted)
            self.say(f"{len(self.outcomes)} of {self.of}: {killed} of {len(counted)} killed")


class Keep:
    """What was killed before, in a file, a line each; nothing of it counts once the contracts are others."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.killed = path, dict[Mutation, Outcome]()
        sources = b"".join((CONTRACTS / f"{name}.vy").read_bytes() for name in FILES)
        self.of = sha256(sources).hexdigest()
        for line in path.read_text().splitlines() if path is not None and path.exists() else ():
            told = json.loads(line)
            if told.pop("of") == self.of:
                outcome = Outcome(Mutation(**told.pop("mutation")), **told)
                self.killed[outcome.mutation] = outcome
        self.killed = {each: outcome for each, outcome in self.killed.items() if outcome.verdict != "survived"}

    def note(self, outcome: Outcome) -> None:
        if self.path is not None:
            with self.path.open("a") as file:
                file.write(json.dumps({"of": self.of, **asdict(outcome)}) + "\n")


def counting(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those that count: not what no test can notice, and of the same code one."""
    first: dict[str, Outcome] = {}
    for outcome in outcomes:
        if outcome.counts:
            first.setdefault(outcome.code or outcome.mutation.name, outcome)
    return list(first.values())


@dataclass
class Tests:
    """How long each takes, and by which each line is run; ``known`` are all lines that code is made of."""

    seconds: dict[str, float]
    by_line: dict[Line, set[str]]
    known: set[Line]
    founding: set[Line] = field(default_factory=set)

    def of(self, mutation: Mutation) -> set[str]:
        """Those that run what is changed; all of them where nobody can tell (constants, declarations)."""
        line = (mutation.file, mutation.line)
        return self.by_line.get(line, set()) if mutation.function and line in self.known else set(self.seconds)

    def founds(self, mutation: Mutation) -> bool:
        """Whether founding a network may run what is changed."""
        line = (mutation.file, mutation.line)
        return mutation.function in ("", "__init__") or line not in self.known or line in self.founding


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
    told.founding = _founding(lines)
    for line in told.founding:
        told.by_line[line] = set(told.seconds)
    return told


def _founding(lines: Lines) -> set[Line]:
    """Lines that founding a network runs: every test does, though it is done once."""
    world._founded.cache_clear()
    with noted() as entered:
        world.founded()
        return lines.of(entered.taken())


def _work(session: pytest.Session, tests: Tests, mine: Sequence[Mutation], tell: Tell) -> None:
    """Mutant by mutant; what killed others of this line, of this function, or most of all comes first."""
    kills: dict[object, Counter[str]] = defaultdict(Counter)
    for mutation in mine:
        near = [kills[each] for each in ((mutation.file, mutation.line), (mutation.file, mutation.function), None)]
        reached = [item for item in session.items if item.nodeid in tests.of(mutation)]
        items = sorted(reached, key=lambda item: (*(-each[_short(item)] for each in near), tests.seconds[item.nodeid]))
        verdict = tried(session, items, mutation, founds=tests.founds(mutation))
        for each in near:
            each[verdict.by] += 1
        tell({"mutation": asdict(mutation), **asdict(verdict)})


def _short(item: pytest.Item) -> str:
    return item.nodeid.rpartition("::")[2]


def chosen(*, sample: int, seed: int, files: Sequence[str]) -> tuple[list[Mutation], int]:
    """A sample of all mutants, the same for a seed; and of how many."""
    every = [each for file in files or FILES for each in mutations(file)]
    return random.Random(seed).sample(every, min(sample or len(every), len(every))), len(every)  # noqa: S311 (no secret)


def run(sample: Sequence[Mutation], *, workers: int, say: Callable[[str], None], keep: Keep) -> list[Outcome]:
    """Every mutant of the sample against the tests of the contracts."""
    shipped()
    loop = Loop(sample, workers=workers, say=say, keep=keep)
    code = pytest.main([*OPTIONS, *(str(_FOLDER / name) for name in (*TESTS, _BESIDE))], plugins=[loop])
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
    parser.add_argument("--keep", type=Path, help="go on where a run stopped that kept this file")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args(arguments)
    sample, of = chosen(sample=told.sample, seed=told.seed, files=told.files)
    say = partial(print, file=sys.stderr, flush=True)
    outcomes = run(sample, workers=told.workers, say=say, keep=Keep(told.keep))
    counted = counting(outcomes)
    killed = sum(outcome.killed for outcome in counted)
    share = killed / max(len(counted), 1) * 100
    rows = [asdict(each.mutation) | {"verdict": each.verdict, "by": each.by, "code": each.code} for each in outcomes]
    if told.json:
        json.dump({"tried": len(counted), "of": of, "killed": killed, "mutants": rows}, sys.stdout, indent=2)
    else:
        _print(outcomes)
        print(f"\nkilled {killed} of {len(counted)} ({share:.1f} %); {len(sample)} of {of:,} tried, seed {told.seed}\n")
    needless = [each for each in outcomes if each.killed and each.mutation.name in EQUIVALENT]
    for outcome in counted:
        if not outcome.killed:
            print(f"survived: {outcome.mutation.place} {outcome.mutation.name}")
    for outcome in needless:
        print(f"killed, though it is said to be equivalent: {outcome.mutation.name} (by {outcome.by})")
    return int(share < LEAST_KILLED or bool(needless))


def _print(outcomes: Sequence[Outcome]) -> None:
    print("| source | mutants | killed | survived | equivalent | same code as | no code | |")
    print("|---|---|---|---|---|---|---|---|")
    counted = counting(outcomes)
    for file in sorted({outcome.mutation.file for outcome in outcomes}):
        mine = [outcome for outcome in outcomes if outcome.mutation.file == file]
        counts = [outcome for outcome in counted if outcome.mutation.file == file]
        dead = sum(outcome.killed for outcome in counts)
        none = sum(outcome.verdict == "no code" for outcome in mine)
        named = sum(outcome.mutation.name in EQUIVALENT and outcome.verdict == "survived" for outcome in mine)
        share = dead / max(len(counts), 1) * 100
        rest = f"{named} | {len(mine) - len(counts) - none - named} | {none} | {share:.1f} % |"
        print(f"| {file}.vy | {len(counts)} | {dead} | {len(counts) - dead} | {rest}")
