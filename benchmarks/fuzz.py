"""Mutants of payroll files: each is refused with its place and fix, or read as the naive reader reads it.

``python -m benchmarks fuzz --mutants 2000 --seed 1``: ends with 1 when a mutant is read otherwise.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random

from benchmarks.fuzz_files import Sample, samples
from benchmarks.fuzz_mutations import mutate
from benchmarks.naive_reader import UnreadableError, read_naively, read_records_naively

from open401k.payroll import (
    Expectation,
    Findings,
    PayrollRow,
    Severity,
    Standing,
    check,
    open_upload,
    read_records,
)

MIB = 1024
#: Findings about the whole file or its headings have no row, or no column.
_WHOLE_FILE = ("file.", "header.", "pay_date.missing")
_WHOLE_ROW = ("file.", "header.", "row.", "record.", "cells.changed", "columns.swapped")
_EXPECTED = Expectation(today=date(2026, 3, 13), pay_date=None)


@dataclass(slots=True)
class Outcome:
    """What became of the mutants of one run."""

    mutants: int = 0
    refused: int = 0
    asked: int = 0  # the headings are no longer those of a known layout: a person has to say
    read: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    stricter: Counter[str] = field(default_factory=Counter)  # refused, though the naive reader reads it
    by_layout: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, bytes]] = field(default_factory=list)
    slowest: float = 0.0


def run(mutants: int, seed: int) -> Outcome:
    """So many mutants, the same for the same seed."""
    outcome, random = Outcome(), Random(seed)  # noqa: S311 (to be repeated, not to be secret)
    files: list[Sample] = []
    while outcome.mutants < mutants:
        files = files or samples(random)
        sample = files.pop(0)
        for _ in range(min(4 if sample.name.endswith(".xlsx") else 10, mutants - outcome.mutants)):
            data, done = mutate(random, sample)
            outcome.mutants += 1
            outcome.by_layout[sample.layout] += 1
            before = time.perf_counter()
            problem = judge(sample, data, outcome)
            outcome.slowest = max(outcome.slowest, time.perf_counter() - before)
            if problem:
                outcome.wrong.append((f"{sample.layout}, {done}: {problem}", data))
    return outcome


def judge(sample: Sample, data: bytes, outcome: Outcome) -> str:
    """What is wrong with how a mutant was taken; blank if nothing is."""
    asked, findings, rows = _ours(sample, data)
    try:
        if sample.records is not None:
            oracle = read_records_naively(sample.records, data)
        else:
            oracle = read_naively(data, learned=sample.learned)
    except UnreadableError as error:
        oracle, reason = [], str(error)
    else:
        reason = ""
    if asked or findings.rejected:
        outcome.asked += asked
        outcome.refused += not asked
        first = next((each.code.value for each in findings.listed if each.severity is Severity.REJECT), "asked")
        outcome.codes[first] += 1
        outcome.stricter[first] += bool(oracle and not asked)
        return _badly_refused(findings)
    outcome.read += 1
    if reason:
        return f"read, though it is unreadable: {reason}"
    for mine, other in zip(rows, oracle, strict=False):
        if mine != other:
            names = [name for name in PayrollRow.__slots__ if getattr(mine, name) != getattr(other, name)]
            return f"row {mine.row} differs in " + ", ".join(
                f"{name}: {getattr(mine, name)!r}, not {getattr(other, name)!r}" for name in names
            )
    return "" if len(rows) == len(oracle) else f"{len(rows)} rows, not {len(oracle)}"


def _ours(sample: Sample, data: bytes) -> tuple[bool, Findings, list[PayrollRow]]:
    """Whether a person is asked, the findings, and the rows; a refused file may post nothing."""
    if sample.records is not None:
        file = read_records(sample.records, data)
        return False, file.findings, file.rows["census"]
    remembered = [sample.learned] if sample.learned else []
    opened = open_upload(data, file_name=sample.name, provider="northwind", remembered=remembered)
    chunks = list(opened.chunks())
    rows = [row for chunk in chunks for row in chunk]
    findings = Findings()
    findings.extend(opened.findings.listed)  # before the checks of a plan, which knows nobody of these people
    checked = check(chunks, Standing(place={}), _EXPECTED, mapping=opened.mapping, findings=opened.findings)
    if findings.rejected and checked.may_post:
        raise AssertionError("a refused file may post")
    asked = opened.mapping is None and opened.proposal is not None
    return asked, findings, rows


def _badly_refused(findings: Findings) -> str:
    """A refusal says where it is, what it is, and what to do."""
    for each in findings.listed:
        if each.severity is not Severity.REJECT:
            continue
        if not each.reason or not each.fix:
            return f"{each.code} without reason or fix"
        if each.row is None and not each.code.startswith(_WHOLE_FILE):
            return f"{each.code} without a row"
        if not each.column and not each.code.startswith(_WHOLE_ROW):
            return f"{each.code} without a column"
    return ""


def main(arguments: list[str]) -> int:
    """Print what became of them; keep the bytes of those that were read wrongly, if a folder is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks fuzz")
    parser.add_argument("--mutants", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="A folder for the mutants that were read wrongly.")
    asked = parser.parse_args(arguments)
    start = time.perf_counter()
    outcome = run(asked.mutants, asked.seed)
    took = time.perf_counter() - start
    memory = {
        who: round(resource.getrusage(what).ru_maxrss / MIB)
        for who, what in (("ours", resource.RUSAGE_SELF), ("workbook process", resource.RUSAGE_CHILDREN))
    }
    for place, (problem, data) in enumerate(outcome.wrong):
        print(f"WRONG {place}: {problem}")
        if asked.keep:
            asked.keep.mkdir(parents=True, exist_ok=True)
            (asked.keep / f"{asked.seed}-{place}").write_bytes(data)
    figures = {
        "mutants": outcome.mutants,
        "read as the naive reader": outcome.read - len(outcome.wrong),
        "refused with place and fix": outcome.refused,
        "a person is asked": outcome.asked,
        "read otherwise, or badly refused": len(outcome.wrong),
        "seconds": round(took, 1),
        "slowest mutant, seconds": round(outcome.slowest, 2),
        "peak MiB": memory,
        "by layout": dict(outcome.by_layout),
        "first finding": dict(outcome.codes.most_common()),
        "refused, though the naive reader reads it": dict(outcome.stricter.most_common(8)),
    }
    print(json.dumps(figures, indent=2))
    return 1 if outcome.wrong else 0
