"""Mutants of the contracts that no test can notice, and why."""

from __future__ import annotations

#: By the name that ``python -m benchmarks contract-mutants`` prints.
EQUIVALENT: dict[str, str] = {}
