"""Do the tests of the law notice a wrong line? A sample of its mutants, each run against the tests that reach it.

``python -m benchmarks mutants --sample 1000 --seed 3``. Nothing on disk is touched: tests are collected and run once,
with a note of which functions each one calls; then every mutant is a fork of that process in which one function has
other code, and runs the tests that call it, fastest first, until one fails. A mutant that takes far more processor time
than its tests did is killed too. Equivalent mutants, which no test can notice, count as survivors.
"""

from __future__ import annotations

import argparse
import ast
import functools
import importlib
import json
import os
import random
import signal
import sys
import time
import types
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from benchmarks.mutant_runs import OPTIONS, Tell, kept_apart, told_by
from benchmarks.mutations import Mutation, mutated, mutations

from open401k import law

HERE = Path(law.__path__[0])
TESTS = Path(__file__).parent.parent / "tests" / "law"
LEAST_KILLED = 85
#: Reading the figures again for every mutant would be most of the time; only mutants of these modules do it.
_READ_ONCE = {"figures", "tables", "sourced", "edition"}


@dataclass(slots=True)
class Reach:
    """What the run without a mutant told: seconds of each test, and which tests call which function."""

    seconds: dict[str, float] = field(default_factory=dict)
    called: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One mutant: by how many tests it was tried, and what came of it."""

    mutation: Mutation
    tests: int
    verdict: str  # "killed", "killed by time", "survived", "no test"

    @property
    def killed(self) -> bool:
        return self.verdict.startswith("killed")


class Loop:
    """Takes the place of pytest's own loop over the collected tests."""

    def __init__(self, chosen: Sequence[Mutation], *, workers: int, say: Callable[[str], None]) -> None:
        self.chosen, self.workers, self.say = chosen, workers, say
        self.outcomes: list[Outcome] = []

    def pytest_configure(self) -> None:
        import hypothesis  # not before pytest has looked at it

        hypothesis.settings.register_profile(
            "mutants",
            derandomize=True,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        reach = _explore(session)
        if session.testsfailed:
            raise pytest.UsageError("the tests fail without any mutant")
        self.say(f"{len(session.items)} tests, {sum(reach.seconds.values()):.0f} s without a mutant")
        for line in told_by(self.workers, lambda worker, tell: self._work(session, reach, worker, tell)):
            outcome = Outcome(self.chosen[line["at"]], line["tests"], line["verdict"])
            self.outcomes.append(outcome)
            if len(self.outcomes) % 100 == 0:
                self.say(f"{len(self.outcomes)} of {len(self.chosen)}")
            if not outcome.killed:
                self.say(f"{outcome.verdict:9} {outcome.mutation.place} {outcome.mutation.what}")
        return True

    def _work(self, session: pytest.Session, reach: Reach, worker: int, tell: Tell) -> None:
        """Every n-th mutant."""
        for at in range(worker, len(self.chosen), self.workers):
            tests, verdict = _try(session, reach, self.chosen[at])
            tell({"at": at, "tests": tests, "verdict": verdict})


def _explore(session: pytest.Session) -> Reach:
    """Run every test once, and note whom it calls."""
    reach, folder = Reach(), str(HERE) + os.sep

    def noticed(frame: types.FrameType, _event: str, _argument: object) -> None:
        code = frame.f_code
        if code.co_filename.startswith(folder):
            owner = code.co_qualname.split(".<")[0]
            reach.called[Path(code.co_filename).stem, owner].add(test.nodeid)

    for test in session.items:
        _forget(set())
        begun = time.process_time()
        sys.settrace(noticed)
        test.config.hook.pytest_runtest_protocol(item=test, nextitem=None)
        sys.settrace(None)
        reach.seconds[test.nodeid] = time.process_time() - begun
    return reach


def _try(session: pytest.Session, reach: Reach, mutation: Mutation) -> tuple[int, str]:
    """One mutant in a process of its own."""
    items = _tests_of(session, reach, mutation)
    if not items:
        return 0, "no test"
    pid = os.fork()
    if pid == 0:
        _run(session, reach, mutation, items)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return len(items), "killed by time"
    return len(items), "killed" if os.WEXITSTATUS(status) else "survived"


def _run(session: pytest.Session, reach: Reach, mutation: Mutation, items: list[pytest.Item]) -> None:
    kept_apart()
    try:
        _apply(mutation)
        _forget({mutation.module})
        for item in items:
            # Of processors: a busy machine kills no mutant.
            signal.setitimer(signal.ITIMER_PROF, 3 + 5 * reach.seconds[item.nodeid])
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if session.testsfailed:
                os._exit(1)
    except BaseException:
        os._exit(1)
    os._exit(0)


def _tests_of(session: pytest.Session, reach: Reach, mutation: Mutation) -> list[pytest.Item]:
    """Those that call the function; for a constant, those that call anything of its module; fastest first."""
    if mutation.owner:
        names = set(reach.called.get((mutation.module, mutation.owner), set()))
    else:
        names = {name for (module, _), tests in reach.called.items() if module == mutation.module for name in tests}
    if mutation.module in _READ_ONCE or not names:
        # Called once and remembered: every test of a file that imports the module.
        names |= {item.nodeid for item in session.items if mutation.module in Path(item.path).read_text().split()}
        names |= {item.nodeid for item in session.items if f"test_{mutation.module}" in item.nodeid}
    return sorted((item for item in session.items if item.nodeid in names), key=lambda item: reach.seconds[item.nodeid])


def _apply(mutation: Mutation) -> None:
    """Other code in the same function; or another value wherever the constant was imported to."""
    file = HERE / f"{mutation.module}.py"
    tree = mutated(_source(mutation.module), mutation.number)
    module = importlib.import_module(f"open401k.law.{mutation.module}")
    if mutation.owner:
        _function(module, mutation.owner).__code__ = _code(compile(tree, str(file), "exec"), mutation.owner)
    else:
        _set_constants(module, tree, mutation.line)


def _function(module: types.ModuleType, owner: str) -> types.FunctionType:
    found: Any = module
    for name in owner.split("."):
        found = found.__dict__[name]
    while not isinstance(found, types.FunctionType):
        inner = ("fget", "__wrapped__", "__func__", "func")
        found = next(getattr(found, name) for name in inner if hasattr(found, name))
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    function: types.FunctionType = found
    return function


def _code(code: types.CodeType, owner: str) -> types.CodeType:
    for name in owner.split("."):
        inner = (each for each in code.co_consts if isinstance(each, types.CodeType) and each.co_name == name)
        code = list(inner)[-1]
    return code


def _set_constants(module: types.ModuleType, tree: ast.Module, line: int) -> None:
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not node.lineno <= line <= (node.end_lineno or 0):
            continue
        before = dict(module.__dict__)
        exec(compile(ast.Module([node], []), module.__file__ or "", "exec"), module.__dict__)  # noqa: S102 (our own module)
        for name, value in list(module.__dict__.items()):
            if name in before and before[name] is value:
                continue
            for other in list(sys.modules.values()):
                ours = getattr(other, "__name__", "").startswith(("open401k", "tests"))
                if ours and other is not module and other.__dict__.get(name) is before.get(name, other):
                    setattr(other, name, value)


@functools.cache
def _source(module: str) -> str:
    """As it was when the run began: it goes on while somebody writes."""
    return (HERE / f"{module}.py").read_text(encoding="utf-8")


def _forget(changed: set[str]) -> None:
    """Empty what functions of the law remember; what was read from files only where its reader changed."""
    for each in _remembering():
        home = (each.__module__ or "").rpartition(".")[2]
        if home not in _READ_ONCE or changed & _READ_ONCE:
            each.cache_clear()


@functools.cache
def _remembering() -> list[Any]:
    # Not by the collector: it does not tell of what was frozen, as every process of ours does with what it imports.
    kind = type(functools.cache(lambda: None))
    ours = [module for name, module in sys.modules.items() if name.startswith("open401k.law")]
    return [each for module in ours for each in vars(module).values() if isinstance(each, kind)]


def chosen(*, sample: int, seed: int, modules: Sequence[str]) -> tuple[list[Mutation], int]:
    """A sample of all mutants, the same for a seed; and of how many."""
    files = sorted(HERE.glob("*.py"))
    names = [file.stem for file in files if file.stem != "__init__" and (not modules or file.stem in modules)]
    every = [each for name in names for each in mutations(name, _source(name))]
    return sorted(random.Random(seed).sample(every, min(sample, len(every)))), len(every)  # noqa: S311 (no secret)


def run(sample: Sequence[Mutation], *, workers: int, say: Callable[[str], None]) -> list[Outcome]:
    """Every mutant of the sample against its tests."""
    # A shuffled order gives the workers alike work; results are sorted again.
    shuffled = random.Random(0).sample(sample, len(sample))  # noqa: S311 (no secret)
    loop = Loop(shuffled, workers=workers, say=say)
    code = pytest.main([*OPTIONS, str(TESTS)], plugins=[loop])
    if len(loop.outcomes) < len(sample):
        raise SystemExit(f"only {len(loop.outcomes)} of {len(sample)} mutants were tried (pytest: {code})")
    return sorted(loop.outcomes, key=lambda outcome: outcome.mutation)


def main(arguments: Sequence[str]) -> int:
    """Try the sample and print it; 1 when fewer than 85 % are killed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--modules", nargs="*", default=[], help="only mutants of these modules of the law")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args(arguments)
    sample, of = chosen(sample=told.sample, seed=told.seed, modules=told.modules)
    out = sys.stdout
    outcomes = run(sample, workers=told.workers, say=lambda line: print(line, file=sys.stderr, flush=True))
    killed = sum(outcome.killed for outcome in outcomes)
    share = killed / max(len(outcomes), 1) * 100
    if told.json:
        rows = [asdict(outcome.mutation) | {"tests": outcome.tests, "verdict": outcome.verdict} for outcome in outcomes]
        json.dump(
            {"sample": len(sample), "of": of, "seed": told.seed, "killed": killed, "mutants": rows}, out, indent=2
        )
        return int(share < LEAST_KILLED)
    print("| module | mutants | killed | |\n|---|---|---|---|")
    for module in sorted({outcome.mutation.module for outcome in outcomes}):
        mine = [outcome for outcome in outcomes if outcome.mutation.module == module]
        dead = sum(outcome.killed for outcome in mine)
        print(f"| {module} | {len(mine)} | {dead} | {dead / len(mine) * 100:.0f} % |")
    print(f"\nkilled {killed} of {len(sample)} ({share:.1f} %), sampled of {of:,} with seed {told.seed}\n")
    for outcome in outcomes:
        if not outcome.killed:
            print(f"{outcome.verdict}: {outcome.mutation.place} {outcome.mutation.owner} {outcome.mutation.what}")
    return int(share < LEAST_KILLED)
