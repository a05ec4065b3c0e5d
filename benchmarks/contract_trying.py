"""One mutant of the contracts in a process of its own: compiled, put on a chain, tried. Not here: which."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from benchmarks.contract_compiling import Kept, code, plain_code
from benchmarks.contract_mutations import Mutation, mutated
from benchmarks.mutant_runs import kept_apart
from eth_hash.auto import keccak
from scripts.contract_coverage import CONTRACTS as NAMES
from tests.rails import world

from open401k.rails import artifacts
from open401k.rails.artifacts import CONTRACTS

#: What is compiled anew when a source changes.
_USED_BY = {"council": ("network",), "signatures": ("network", "rollover"), "terms": ("rollover",)}
_MOST_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a mutant: by which test, and the hash of its code."""

    verdict: str
    by: str = ""
    code: str = ""


def tried(session: pytest.Session, items: Sequence[pytest.Item], mutation: Mutation, *, founds: bool) -> Verdict:
    """Try it by these tests until one fails, on a network founded anew if founding one runs what is changed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _run(session, items, mutation, writing, founds=founds)
    os.close(writing)
    with os.fdopen(reading) as stream:
        told = stream.read().split("\n")
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return Verdict("killed by time", "", told[0])
    hashed, verdict, by = told
    return Verdict(verdict, by, hashed)


def _run(
    session: pytest.Session, items: Sequence[pytest.Item], mutation: Mutation, writing: int, *, founds: bool
) -> None:
    """In the mutant's own process; it never returns."""
    kept_apart()
    verdict, by = "no code", ""
    try:
        codes = compiled(mutation)
        hashed = "" if codes is None else keccak(b"".join(codes[name] for name in sorted(codes))).hex()
        os.write(writing, f"{hashed}\n".encode())
        if codes is not None:
            verdict, by = _tried(session, items, codes, founds=founds)
    except BaseException as why:
        verdict, by = "killed", f"as a whole: {why!r}".replace("\n", " ")
    os.write(writing, f"{verdict}\n{by}".encode())
    os._exit(0)


def _tried(
    session: pytest.Session, items: Sequence[pytest.Item], codes: dict[str, bytes], *, founds: bool
) -> tuple[str, str]:
    if all(code == shipped()[name] for name, code in codes.items()):
        return "same code", ""
    _deploy({**shipped(), **codes}, founds=founds)
    signal.setitimer(signal.ITIMER_PROF, _MOST_SECONDS)
    for item in items:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if session.testsfailed:
            return "killed", item.nodeid.rpartition("::")[2]
    return "survived", ""


# ---- compiled


def compiled(mutation: Mutation) -> dict[str, bytes] | None:
    """The code of the contracts that the changed source is part of; None where it does not compile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in CONTRACTS.glob("*.vy"):
            shutil.copy(source, folder)
        (folder / f"{mutation.file}.vy").write_text(mutated(mutation))
        try:
            return {each: _code(each, folder, mutation) for each in _USED_BY.get(mutation.file, (mutation.file,))}
        except Exception:  # the compiler has many ways to refuse
            return None


def _code(name: str, folder: Path, mutation: Mutation) -> bytes:
    if mutation.function:
        try:
            return _kept().code(name, folder, (mutation.file, mutation.function))
        except Exception:  # refused, or more than this function changes: the whole tells
            return code(name, folder)
    return code(name, folder)


@functools.cache
def _kept() -> Kept:
    kept = Kept()
    for name in NAMES:
        kept.keep(name, CONTRACTS)
    return kept


@functools.cache
def shipped() -> dict[str, bytes]:
    """The codes of the sources as they are, without the hash of the source at their end."""
    codes = {each: plain_code(each, CONTRACTS) for each in NAMES}
    quick = [code(each, CONTRACTS) for each in NAMES]
    partly = [_kept().code(each, CONTRACTS, (each, _SOME[each])) for each in NAMES]
    if not list(codes.values()) == quick == partly:
        raise SystemExit("the compiler in a hurry makes other code: look at contract_compiling.py")
    return codes


#: A function of each contract, to hold what is made of parts to the whole.
_SOME = {"deposit_token": "mint", "network": "standing", "rollover": "settle"}


# ---- put on a chain


def _deploy(codes: dict[str, bytes], *, founds: bool) -> None:
    """From now on tests meet these."""
    told = {name: artifacts.Artifact(name, code, "", "") for name, code in codes.items()}
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("tests.rails") and hasattr(module, "artifact"):
            setattr(module, "artifact", told.__getitem__)  # noqa: B010 (not every module has it)
    if founds or not all(_replaced(name, code) for name, code in codes.items() if code != shipped()[name]):
        world._founded.cache_clear()


def _replaced(name: str, put: bytes) -> bool:
    """On the network that was founded before: the code of a contract, which founding did not run, for another."""
    store, *_ = world._founded()
    there = world.founded()
    was = there.chain.code({"network": there.network, "rollover": there.rollover, "deposit_token": there.token}[name])
    begin = shipped()[name].find(was[:64])
    runs, head = shipped()[name][begin:], shipped()[name][:begin]
    if begin < 0 or not was.startswith(runs) or len(put[:begin]) != len(head):
        return False
    store[keccak(was)] = put[begin:] + was[len(runs) :]  # what a constructor writes stands behind the code
    return True
