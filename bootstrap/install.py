"""Set up .venv with the locked packages, with python3 alone: no pip, no venv, no curl. Not here: the product.

    python3 bootstrap/install.py

Order: find or fetch uv (pinned, hash checked) -> find a Python that the project supports -> ``uv sync --frozen``
-> stamp. The stamp is written last, so whatever was interrupted is seen at the next run and done again from scratch.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import html.parser
import json
import os
import platform
import re
import shutil
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Iterator

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".open401k-installed"
BEGUN = ROOT / ".bootstrap" / "installing"
TOOLS = ROOT / ".bootstrap"
SUPPORTED = ((3, 11), (3, 13))
AGAIN = "Then run the same command again; it goes on from there."


class SetupError(Exception):
    """Something the reader can put right; the text says what and how."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def lock_hash() -> str:
    """What the environment was made from; a change of any of it means: install again."""
    made_from = [(ROOT / name).read_bytes() for name in ("uv.lock", "pyproject.toml")]
    made_from.append(str(ROOT).encode())
    return hashlib.sha256(b"\0".join(made_from)).hexdigest()


def contents() -> list[str]:
    """The programs and the packages of .venv, by their names: what a half-deleted one no longer has."""
    found = [*VENV.glob("bin/*"), *VENV.glob("lib/python*/site-packages/*")]
    return sorted(str(each.relative_to(VENV)) for each in found if each.name != "__pycache__")


def stamped() -> bool:
    """An earlier run finished with this very lock file."""
    return STAMP.exists() and STAMP.read_text().split("\n", 1)[0].strip() == lock_hash()


def is_ready() -> bool:
    """Stamped, nothing of it deleted since, and the interpreter still starts and finds the packages."""
    if BEGUN.exists() or not stamped():
        return False
    if not all((VENV / name).exists() for name in STAMP.read_text().splitlines()[1:]):
        return False
    probe = [str(VENV / "bin" / "python"), "-c", "import numpy, psycopg, yaml, open401k"]
    try:
        return subprocess.run(probe, capture_output=True, check=False, cwd="/").returncode == 0
    except OSError:
        return False


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two terminals may run make at once: the second waits for the first."""
    TOOLS.mkdir(exist_ok=True)
    with open(TOOLS / "lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up of this folder is running; waiting for it ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# --- uv ---------------------------------------------------------------------------------------------------------------


def version_of(command: str) -> tuple[int, ...]:
    """The version of a uv, or () where there is none that runs."""
    try:
        answer = subprocess.run([command, "--version"], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"uv (\d+)\.(\d+)\.(\d+)", answer.stdout)
    return tuple(int(part) for part in found.groups()) if found and answer.returncode == 0 else ()


def find_uv() -> str:
    """A uv that is new enough: the machine's own, ours of an earlier run, or one fetched now."""
    pins = json.loads((ROOT / "bootstrap" / "uv.json").read_text())
    at_least = tuple(int(part) for part in pins["at_least"].split("."))
    for candidate in (shutil.which("uv"), str(TOOLS / "uv")):
        if candidate and version_of(candidate) >= at_least:
            return candidate
    return fetch_uv(pins)


def platform_name() -> str:
    """As in uv.json."""
    machine = {"amd64": "x86_64", "arm64": "arm64" if sys.platform == "darwin" else "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    if list(Path("/lib").glob("ld-musl-*")) and not platform.libc_ver()[0]:
        raise SetupError(
            "This system uses musl (Alpine?), for which PostgreSQL's package does not exist. Use Debian or Ubuntu."
        )
    return sys.platform + "-" + machine


def fetch_uv(pins: dict) -> str:  # type: ignore[type-arg]
    """Fetch the pinned wheel, compare its hash, take the one program out of it."""
    name = platform_name()
    if name not in pins["wheels"]:
        known = ", ".join(sorted(pins["wheels"]))
        raise SetupError(f"No uv is pinned for {name} (only {known}). Install uv {pins['version']} yourself. {AGAIN}")
    wheel = pins["wheels"][name]
    say(f"Fetching uv {pins['version']} (installs the packages; about 18 MB) ...")
    data = download(wheel_url(wheel["file"]))
    if hashlib.sha256(data).hexdigest() != wheel["sha256"]:
        raise SetupError(
            f"{wheel['file']} is not the file that bootstrap/uv.json pins (its sha256 differs): a broken download, or "
            "an index that serves something else. Nothing of it was used. Check PIP_INDEX_URL or UV_INDEX_URL."
        )
    fresh = TOOLS / "wheel"
    fresh.write_bytes(data)
    with zipfile.ZipFile(fresh) as archive:
        member = next(entry for entry in archive.namelist() if entry.endswith("/scripts/uv"))
        part = TOOLS / "uv.part"
        part.write_bytes(archive.read(member))
    fresh.unlink()
    part.chmod(part.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    part.replace(TOOLS / "uv")
    return str(TOOLS / "uv")


def locked_index() -> str:
    """The package index that the lock file was made from."""
    found = re.search(r'registry = "([^"]+)"', (ROOT / "uv.lock").read_text())
    if found is None:
        raise SetupError("uv.lock is damaged: it names no package index. Restore it: git checkout uv.lock")
    return found.group(1)


def index_url() -> str:
    """This machine's package index if it has one of its own, else the lock file's."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name]
    return locked_index()


class _Links(html.parser.HTMLParser):
    """The links of an index page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.links.append(href)


def wheel_url(file: str) -> str:
    """Where the index keeps one file of uv."""
    page = index_url().rstrip("/") + "/uv/"
    parser = _Links()
    parser.feed(download(page).decode("utf-8", "replace"))
    for link in parser.links:
        address = urllib.parse.urljoin(page, link)
        if urllib.parse.unquote(urllib.parse.urlsplit(address).path).endswith("/" + file):
            return address
    raise SetupError(f"The package index {safe_to_print(page)} does not list {file}. Install uv yourself. {AGAIN}")


def safe_to_print(url: str) -> str:
    """An address without the password that may be in it."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def download(url: str) -> bytes:
    """All of one address, with credentials from it if it carries some."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("https", "http", "file"):
        raise SetupError(f"Cannot fetch {safe_to_print(url)}: only http and https addresses are understood.")
    bare = urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
    if parts.username:
        user, password = urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or "")
        passwords.add_password(None, bare, user, password, is_authenticated=True)
    authority = os.environ.get("SSL_CERT_FILE") or os.environ.get("PIP_CERT") or None
    context = ssl.create_default_context(cafile=authority)
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), urllib.request.HTTPBasicAuthHandler(passwords)
    )
    try:
        with opener.open(bare, timeout=120) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        raise SetupError(f"The package index answered {error.code} for {safe_to_print(url)}.") from error
    except (urllib.error.URLError, OSError) as error:
        reason = str(getattr(error, "reason", error))
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            raise SetupError(
                f"The certificate of {parts.hostname} is not trusted here: apt-get install -y ca-certificates, or name "
                f"your proxy's authority by SSL_CERT_FILE. {AGAIN}"
            ) from error
        raise SetupError(
            f"Cannot reach the package index {parts.hostname} ({reason}). Setting up needs the network once; behind a "
            f"proxy set https_proxy, with an index of your own set PIP_INDEX_URL. {AGAIN}"
        ) from error


# --- Python and packages ----------------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """The caller's, less what would send uv to another environment than ours."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    }
    kept["UV_PROJECT_ENVIRONMENT"] = str(VENV)
    kept["UV_NO_PROGRESS"] = kept.get("UV_NO_PROGRESS", "1" if not sys.stderr.isatty() else "0")
    if ssl.get_default_verify_paths().cafile:  # the machine's own authorities, a company's proxy among them
        kept.setdefault("UV_SYSTEM_CERTS", "1")
    if kept.get("PIP_CERT") and not kept.get("SSL_CERT_FILE"):
        kept["SSL_CERT_FILE"] = kept["PIP_CERT"]
    return kept


def run_uv(uv: str, *arguments: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    pipe = subprocess.PIPE if quiet else None
    command, nothing = [uv, *arguments], subprocess.DEVNULL
    return subprocess.run(
        command, cwd=ROOT, env=environment(), text=True, check=False, stdin=nothing, stdout=pipe, stderr=pipe
    )


def find_python(uv: str) -> str:
    """A Python in the supported range: this one, another on the machine, or one that uv installs."""
    first, last = SUPPORTED
    if first <= sys.version_info[:2] <= last and sys.implementation.name == "cpython":
        return sys.executable
    wanted = f">={first[0]}.{first[1]},<{last[0]}.{last[1] + 1}"
    found = run_uv(uv, "python", "find", "--no-project", "--system", wanted, quiet=True)
    if found.returncode == 0:
        return found.stdout.strip()
    say(f"This machine's Python is {platform.python_version()}; fetching {last[0]}.{last[1]} ...")
    if run_uv(uv, "python", "install", f"{last[0]}.{last[1]}", quiet=True).returncode == 0:
        return run_uv(uv, "python", "find", "--no-project", wanted, quiet=True).stdout.strip()
    raise SetupError(
        f"Python {first[0]}.{first[1]} to {last[0]}.{last[1]} is needed; here is {platform.python_version()}, and none "
        f"could be fetched. Install one (Debian 12, 13 and Ubuntu 24.04 have it: apt-get install -y python3). {AGAIN}"
    )


def sync(uv: str, python: str) -> None:
    """Make .venv hold exactly what uv.lock says."""
    if index_url().rstrip("/") == locked_index().rstrip("/"):
        loudness = () if sys.stderr.isatty() else ("--quiet",)
        must(run_uv(uv, "sync", "--frozen", "--all-extras", "--python", python, *loudness))
        return
    # The lock file carries addresses of its own index, which a machine with another index may not reach;
    # the hashes hold wherever the files come from.
    wanted = TOOLS / "requirements.txt"
    everything = ("--frozen", "--all-extras", "--all-groups", "--no-emit-project", "--quiet", "-o", str(wanted))
    must(run_uv(uv, "export", *everything))
    must(run_uv(uv, "venv", "--clear", "--python", python, str(VENV)))
    index = ("--default-index", index_url(), "--python", str(VENV / "bin" / "python"))
    must(run_uv(uv, "pip", "sync", "--require-hashes", *index, str(wanted)))
    must(run_uv(uv, "pip", "install", "--no-deps", *index, "--editable", str(ROOT)))


def must(done: subprocess.CompletedProcess[str]) -> None:
    """Go on only if that worked; uv has already said what went wrong."""
    if done.returncode != 0:
        raise SetupError(
            f"The packages could not be installed (uv says why above). If it is the network, try again. {AGAIN} "
            "Still failing? make clean, then the same command."
        )


def install() -> None:
    """Bring .venv from any state, also a half-made one, to the locked one."""
    TOOLS.mkdir(exist_ok=True)
    uv = find_uv()
    python = find_python(uv)
    if BEGUN.exists() or stamped():
        say("The environment is half made or damaged; making it afresh ...")
        shutil.rmtree(VENV, ignore_errors=True)
    BEGUN.write_text("removed when the set-up is complete\n")
    STAMP.unlink(missing_ok=True)
    say("Installing the locked packages into .venv (first time: a minute or two) ...")
    sync(uv, python)
    STAMP.write_text("\n".join([lock_hash(), *contents()]) + "\n")
    BEGUN.unlink()
    if not is_ready():
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError("The new environment does not start. It was removed; run the same command again.")


def refuse_unwritable() -> None:
    """Say it before anything is fetched."""
    for place in (ROOT, TOOLS, VENV):
        if place.exists() and not os.access(place, os.W_OK | os.X_OK):
            raise SetupError(
                f"Cannot write to {place}. Give it to yourself (sudo chown -R \"$(id -un)\" '{place}') or clone the "
                "repository into a folder of your own."
            )


def main() -> int:
    """Set up; 0 when .venv is ready, 1 with one message that says what to do."""
    try:
        if is_ready():
            return 0
        refuse_unwritable()
        with one_at_a_time():
            if not is_ready():
                install()
    except SetupError as error:
        say(f"open401k: {error}")
        return 1
    except KeyboardInterrupt:
        say("\nopen401k: stopped. The same command goes on from there.")
        return 130
    except OSError as error:
        fixes = {errno.ENOSPC: "The disk is full; about 1.5 GB are needed.", errno.EROFS: "The disk is read-only."}
        fix = fixes.get(error.errno or 0, "Check the owner and rights of this folder, or make clean.")
        say(f"open401k: {error}. {fix} {AGAIN}")
        return 1
    return 0


if __name__ == "__main__":
    if sys.platform == "win32":
        sys.exit("open401k: Windows is not supported; use WSL with Ubuntu 24.04.")
    sys.exit(main())
