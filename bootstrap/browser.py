"""Find Chromium for the browser tests, or install it. Prints its path. Not here: starting it.

    python3 bootstrap/browser.py            # prints a path, or one line on what to do, and fails

``OPEN401K_CHROMIUM`` names one that is elsewhere.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
OWN = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")


def runs(path: str) -> bool:
    """Ubuntu's chromium is a stub that only says to install a snap: starting it is the only test."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and any(name in answer.stdout for name in ("Chrom", "chrom"))


def find() -> str | None:
    """The first that starts: the named one, the system's, then one that Playwright fetched."""
    named = os.environ.get("OPEN401K_CHROMIUM")
    if named:
        return named if runs(named) else None
    places = [found for found in (shutil.which(name) for name in NAMES) if found]
    if os.path.exists(MAC):
        places.append(MAC)
    for cache in OWN:
        places += sorted(glob.glob(os.path.expanduser(cache) + "/chromium-*/chrome-*/chrome"), reverse=True)
    return next((place for place in places if runs(place)), None)


def driver_starts() -> bool:
    """Whether Playwright's own node does: on a bare Debian 12 a library that it links to is missing."""
    nodes = glob.glob(str(ROOT / ".venv" / "lib" / "python*" / "site-packages" / "playwright" / "driver" / "node"))
    return all(subprocess.run([node, "--version"], capture_output=True, check=False).returncode == 0 for node in nodes)


def distribution() -> str:
    """``debian``, ``ubuntu``, or whatever the system calls itself."""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return sys.platform
    return dict(line.split("=", 1) for line in lines if "=" in line).get("ID", "").strip('"')


def install_command(system: str) -> list[list[str]]:
    """How this system gets a Chromium; none where we do not know."""
    if system == "debian":
        packages = ["chromium", "fonts-liberation", "libatomic1"]
        return [["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *packages]]
    if system == "ubuntu":  # its chromium package needs snapd, which containers and CI machines lack
        return [[str(ROOT / ".venv" / "bin" / "playwright"), "install", "--with-deps", "chromium"]]
    return []


def main() -> int:
    """Print the path of a Chromium that starts, and can be driven."""
    found = find()
    if found and driver_starts():
        print(found)
        return 0
    if not found and os.environ.get("OPEN401K_CHROMIUM"):
        return refuse(f"OPEN401K_CHROMIUM={os.environ['OPEN401K_CHROMIUM']} does not start; name another or unset it.")
    commands = install_command(distribution())
    if not commands:
        return refuse("install Chromium or Chrome, or name one by OPEN401K_CHROMIUM.")
    by_hand = " && ".join(" ".join(command) for command in commands)
    if os.geteuid() != 0:
        return refuse(f"installing it needs root: sudo sh -c '{by_hand}'")
    print("Installing Chromium for the browser tests ...", file=sys.stderr, flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in commands:
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        # An index that cannot be refreshed is no reason to stop: the old one may do.
        if done.returncode != 0 and command[1] != "update":
            last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
            return refuse(f"`{' '.join(command)}` failed: {last}")
    found = find()
    if found and driver_starts():
        print(found)
        return 0
    if found:
        return refuse("Playwright's driver does not start; try `.venv/bin/playwright --version` by hand.")
    return refuse("it was installed but does not start; try `chromium --version` by hand.")


def refuse(what: str) -> int:
    print(f"open401k: the browser tests need Chromium: {what} Without them: make test BROWSER=no", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
