"""A deeply nested document is refused by every process of ours; py-evm would have it end the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import open401k

_LOADS = ("from eth.", "from eth ", "import eth\n")
SRC = Path(open401k.__file__).parent


def loads_evm() -> list[Path]:
    """Modules of ours that load py-evm."""
    return [each for each in SRC.rglob("*.py") if any(f"\n{word}" in each.read_text() for word in _LOADS)]


def test_who_loads_py_evm_sets_the_depth_back() -> None:
    assert len(loads_evm()) > 3
    assert [str(each) for each in loads_evm() if "\nkeep_depth()\n" not in each.read_text()] == []


def test_a_node_refuses_what_is_nested_deeply() -> None:
    told = (
        "import json, open401k.doors.node.serving, open401k.doors.chain",
        "try: json.loads('[' * 100_000)",
        "except RecursionError: print('refused')",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(told)], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
