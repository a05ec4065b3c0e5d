"""Compile the contracts: ``python -m scripts.contracts`` writes what is shipped, with Vyper, which developers have."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from open401k.rails.artifacts import COMPILED, CONTRACTS

NAMES = ("deposit_token", "network", "rollover")
#: The default pipeline; never the experimental one, of which some 45 repairs came after 0.4.3.
SETTINGS = ("--optimize", "gas", "--evm-version", "cancun", "-f", "bytecode,bytecode_runtime,devdoc")
#: EIP-170.
MOST_RUNTIME = 24_576


def compiled() -> dict[str, object]:
    """What every contract compiles to, by name, with the compiler and its settings."""
    contracts = {}
    for name in NAMES:
        code, runtime, devdoc = _vyper(*SETTINGS, f"{name}.vy").splitlines()
        if "custom:stop" not in json.loads(devdoc):
            raise SystemExit(f"{name}: how to stop it (@custom:stop) is missing")
        runs = bytes.fromhex(runtime[2:])
        size = len(runs)
        if size > MOST_RUNTIME:
            raise SystemExit(f"{name}: {size} bytes, at most {MOST_RUNTIME}")
        body = bytes.fromhex(code[2:])
        contracts[name] = {
            "code": body.hex(), "code_sha256": hashlib.sha256(body).hexdigest(),
            "runtime_at": body.index(runs), "runtime_bytes": size,
        }  # fmt: skip
    sources = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(CONTRACTS.glob("*.vy"))}
    compiler = f"vyper {_vyper('--version').strip()}"
    return {"compiler": compiler, "settings": list(SETTINGS[:4]), "sources_sha256": sources, "contracts": contracts}


def _vyper(*given: str) -> str:
    vyper = Path(sys.executable).parent / "vyper"
    return subprocess.run(  # noqa: S603  # our own compiler on our own sources
        [vyper, *given], cwd=CONTRACTS, capture_output=True, text=True, check=True
    ).stdout


def main() -> None:
    """Write what is shipped."""
    COMPILED.write_text(json.dumps(compiled(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
