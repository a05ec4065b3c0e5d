"""Find Anvil, an EVM network of another make, for the tests of the rails, or install it by npm. Prints its path.

    python3 bootstrap/anvil.py              # prints a path, or one line on what to do, and fails

``OPEN401K_ANVIL`` names one that is elsewhere. The version is pinned in tests/rails/package.json, and the hash of that
for Linux on x86-64 in the lock file beside it. The program itself is started, not npm's launcher: who ends that one
leaves the program running.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKED = ROOT / "tests" / "rails"
PLACE = ROOT / ".bootstrap" / "anvil"
FILES = ("package.json", "package-lock.json")
NPM = [["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "npm"]]


def program() -> Path:
    """Where npm puts this machine's."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    name = f"anvil-{'darwin' if sys.platform == 'darwin' else 'linux'}-{machine}"
    return PLACE / "node_modules" / "@foundry-rs" / name / "bin" / "anvil"


def starts(path: str) -> bool:
    """Whether it does."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "anvil" in answer.stdout.lower()


def find() -> str | None:
    """The named one, or the one that was installed from these very files."""
    named = os.environ.get("OPEN401K_ANVIL")
    if named:
        return named if starts(named) else None
    same = all(
        (PLACE / name).exists() and (PLACE / name).read_bytes() == (LOCKED / name).read_bytes() for name in FILES
    )
    return str(program()) if same and starts(str(program())) else None


def npm() -> str | None:
    """npm, fetched from the system's packages where we may."""
    if not shutil.which("npm") and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing npm for the tests of the rails ...", file=sys.stderr, flush=True)
        for command in NPM:
            quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, env=quiet, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    return shutil.which("npm")


def install() -> str | None:
    """Install the locked version; None, or what went wrong."""
    command = npm()
    if command is None:
        return "npm is missing: sudo apt-get install -y npm."
    print("Installing Anvil for the tests of the rails ...", file=sys.stderr, flush=True)
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    shutil.copy(LOCKED / FILES[1], PLACE)
    shutil.copy(LOCKED / FILES[0], PLACE)
    # Not `npm ci`: it refuses a lock file that lacks the hashes of other platforms' programs.
    asked = [command, "install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund"]
    done = subprocess.run(asked, cwd=PLACE, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        (PLACE / FILES[0]).unlink()
        return f"`npm install` failed: {(done.stderr.strip() or 'no output').splitlines()[-1]}."
    return None


def path() -> str:
    """Anvil's path, installed if need be; a SystemExit with one line otherwise."""
    if os.environ.get("OPEN401K_ANVIL") and not find():
        raise SystemExit(f"OPEN401K_ANVIL={os.environ['OPEN401K_ANVIL']} does not start; name another or unset it.")
    PLACE.parent.mkdir(exist_ok=True)
    with open(PLACE.parent / "anvil.lock", "w") as handle:  # two test processes may come at once
        fcntl.flock(handle, fcntl.LOCK_EX)
        found = find()
        why = None if found else install()
        found = found or find()
    if found:
        return found
    raise SystemExit(f"open401k: the tests of the rails need Anvil: {why or 'it does not start here.'}")


if __name__ == "__main__":
    print(path())
