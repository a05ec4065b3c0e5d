"""One figure beside its peer and limit, and how it is printed. Not here: measuring."""

from __future__ import annotations

import json
import operator
import platform
import subprocess
from collections.abc import Iterable
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


def show(measured: Iterable[Held], *, as_json: bool) -> int:
    """Print each figure as it comes, or one JSON document; 1 when one of them misses its limit."""
    held = []
    if not as_json:
        print("  ".join(f"{name} {value}" for name, value in machine().items()))
        print("| figure | measured | peer, in the same run | value | limit | |\n|---|---|---|---|---|---|", flush=True)
    for each in measured:
        held.append(each)
        if not as_json:
            _print(each)
    if as_json:
        rows = [asdict(each) | {"passed": each.passed} for each in held]
        print(json.dumps({"machine": machine(), "figures": rows}, indent=2))
    return int(any(each.passed is False for each in held))


def _print(each: Held) -> None:
    number = "" if each.value is None else f"{each.value:,.0f}" if each.value >= 1_000 else f"{each.value:,.3g}"
    value = f"{number} {each.unit}" if number else ""
    limit = f"{each.sign} {each.limit:,g} {each.unit}"
    figure = f"{each.figure}; {each.note}" if each.note else each.figure
    print(f"| {each.name} | {figure} | {each.peer} | {value} | {limit} | {each.verdict} |", flush=True)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()
