"""One figure beside its peer and limit, and how it is printed. Not here: measuring."""

from __future__ import annotations

import json
import operator
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Held:
    """A figure that is held to a limit: ``value`` in ``unit`` against ``limit``; ``passed`` None was not measured."""

    name: str
    figure: str
    peer: str
    value: float | None
    unit: str
    sign: str  # "<=", ">=", "<"
    limit: float
    note: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether the limit holds."""
        compare = {"<=": operator.le, ">=": operator.ge, "<": operator.lt}[self.sign]
        return None if self.value is None else bool(compare(self.value, self.limit))

    @property
    def verdict(self) -> str:
        return {None: "not measured", True: "pass", False: "FAIL"}[self.passed]


def machine() -> dict[str, str]:
    """Where and of what this was measured."""
    root = Path(__file__).parent
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True)
    return {
        "processor": _processor(),
        "python": platform.python_version(),
        "commit": commit.stdout.strip() or "unknown",
        "load": Path("/proc/loadavg").read_text().split()[0] if Path("/proc/loadavg").exists() else "unknown",
    }


def show(held: Sequence[Held], *, as_json: bool) -> None:
    """Print the table, or one JSON document."""
    if as_json:
        rows = [asdict(each) | {"passed": each.passed} for each in held]
        print(json.dumps({"machine": machine(), "figures": rows}, indent=2))
        return
    print("  ".join(f"{name} {value}" for name, value in machine().items()))
    print("| figure | measured | peer, in the same run | value | limit | |\n|---|---|---|---|---|---|")
    for each in held:
        value = (
            ""
            if each.value is None
            else f"{each.value:,.3g} {each.unit}"
            if each.value < 1_000
            else f"{each.value:,.0f} {each.unit}"
        )
        limit = f"{each.sign} {each.limit:g} {each.unit}"
        print(f"| {each.name} | {each.figure} | {each.peer} | {value} | {limit} | {each.verdict} |")
        if each.note:
            print(f"|  | {each.note} | | | | |")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()
