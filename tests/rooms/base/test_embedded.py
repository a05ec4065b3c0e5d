"""The test shows that the embedded server starts, joins, recovers and keeps to itself; here each one starts its own."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from open401k.base.db import EmbeddedServer, _system, adopt, embedded, migrate, pending
from open401k.kernel import Open401kError, SystemRandom


@pytest.fixture
def place() -> Iterator[Path]:
    """A short directory that the server's user can reach."""
    with tempfile.TemporaryDirectory(prefix="o4k-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def server(place: Path) -> Iterator[EmbeddedServer]:
    made = EmbeddedServer(place / "data")
    try:
        yield made
    finally:
        made.stop()


def count(server: EmbeddedServer) -> int:
    with psycopg.connect(server.urls.owner) as conn:
        row = conn.execute("select count(*) from public.kept").fetchone()
        assert row is not None
        return int(row[0])


def test_a_killed_server_recovers_with_every_commit(server: EmbeddedServer) -> None:
    urls = server.start()
    with psycopg.connect(urls.owner, autocommit=True) as conn:
        conn.execute("create table public.kept (n int)")
        for number in range(20):
            conn.execute("insert into public.kept values (%s)", [number])
    for _ in range(2):
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        server.start()
        assert server.pid != pid
        assert count(server) == 20


def test_a_stale_pid_of_a_stranger_does_not_stop_the_start(server: EmbeddedServer) -> None:
    server.start()
    pid = server.pid
    assert pid is not None
    lines = (server.data / "postmaster.pid").read_text().split("\n")
    os.kill(pid, signal.SIGKILL)
    with subprocess.Popen(["sleep", "60"], user=server.data.stat().st_uid if os.geteuid() == 0 else None) as stranger:
        (server.data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]))
        assert not server.running
        server.start()
        assert server.pid is not None
        assert stranger.poll() is None
        stranger.kill()


def test_starting_twice_and_stopping_twice_is_harmless(server: EmbeddedServer) -> None:
    server.start()
    pid = server.pid
    server.start()
    assert server.pid == pid
    server.stop()
    assert not server.running
    server.stop()


def test_two_processes_that_start_at_once_share_one_server(place: Path) -> None:
    servers = [EmbeddedServer(place / "data") for _ in range(3)]
    threads = [threading.Thread(target=server.start) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({server.pid for server in servers}) == 1
    for server, others_use_it in zip(servers, (True, True, False), strict=True):
        server.release()
        assert server.running is others_use_it


LEAVE = """
    import os, signal, sys
    from pathlib import Path
    from open401k.base.db import EmbeddedServer

    server = EmbeddedServer(Path(sys.argv[1]))
    server.start(keep=sys.argv[2] == "keep")
    if sys.argv[2] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("how", "survives"), [("keep", True), ("leave", False), ("die", True)])
def test_the_server_outlives_its_process_only_when_asked(
    server: EmbeddedServer, place: Path, how: str, survives: bool
) -> None:
    subprocess.run([sys.executable, "-c", textwrap.dedent(LEAVE), str(place / "data"), how], check=False, timeout=60)
    assert server.running is survives
    if how == "die":  # the dead process does not count: the next one to leave stops the server
        server.start()
        server.release()
        assert not server.running


def test_only_we_get_in(server: EmbeddedServer, place: Path) -> None:
    urls = server.start()
    passwords = place / "data" / "passwords.json"
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    for url in (urls.app, urls.owner, urls.superuser):
        user, rest = url.removeprefix("postgresql://").split("@", 1)
        for password in ("wrong", ""):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(f"postgresql://{user.split(':')[0]}:{password}@{rest}", connect_timeout=5)
    with psycopg.connect(urls.superuser) as conn:
        assert conn.execute("show listen_addresses").fetchone() == ("",)
        roles = conn.execute("select rolsuper, rolbypassrls from pg_roles where rolname like 'open401k%'").fetchall()
        assert roles == [(False, False)] * 2


def test_no_directory_is_re_permitted_and_a_closed_one_is_gone_around(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_system, "_STATE", place / "state")
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedServer(closed / "data")
    try:
        server.start()
        assert server.running
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert stat.S_IMODE(place.stat().st_mode) == 0o711
    finally:
        data = server.data
        server.erase()
        assert not data.exists()


def test_a_long_path_gets_a_private_short_socket(place: Path) -> None:
    server = EmbeddedServer(place / ("deep" * 25) / "data")
    try:
        server.start()
        directory = _system.socket_directory(server.data, _system.server_user(server.data))
        assert not directory.is_relative_to(place)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    finally:
        server.erase()
        assert not directory.exists()


def test_an_erasure_that_is_cut_off_is_no_database_that_was_lost(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(path: Path) -> None:
        if path.exists():
            raise KeyboardInterrupt

    server = EmbeddedServer(place / "data")
    server.start()
    with monkeypatch.context() as patched:
        patched.setattr(embedded, "_remove", cut_off)
        with pytest.raises(KeyboardInterrupt):
            server.erase()
    try:
        server.start()
        assert server.running
    finally:
        server.erase()


def test_files_that_another_process_works_on_are_not_erased(place: Path) -> None:
    server, other = EmbeddedServer(place / "data"), EmbeddedServer(place / "data")
    try:
        server.start()
        with pytest.raises(Open401kError, match="Another process uses the database"):
            other.erase()
        assert server.running
    finally:
        server.erase()
    assert not server.data.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_root_starts_what_another_user_began(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = _system.ServerUser(65534, 65534)
    monkeypatch.setattr(_system, "server_user", lambda data: nobody)
    began = EmbeddedServer(place / "data")
    began.start()
    began.stop()
    monkeypatch.undo()
    again = EmbeddedServer(place / "data")
    try:
        again.start()
        assert again.data.stat().st_uid == nobody.uid
    finally:
        again.stop()


def test_an_interrupted_first_start_begins_again(server: EmbeddedServer, place: Path) -> None:
    (place / "data").mkdir(mode=0o711)
    (place / "data" / "postgres.new").mkdir()
    (place / "data" / "postgres.new" / "PG_VERSION").write_text("18")
    server.start()
    assert server.running


@pytest.mark.skipif(os.geteuid() != 0, reason="only root copies files to another owner")
def test_a_copy_that_the_servers_user_cannot_read_is_not_taken_for_a_first_start(
    server: EmbeddedServer, place: Path
) -> None:
    server.start()
    server.stop()
    shutil.copytree(place / "data", place / "copy")  # as cp -r does: everything is root's afterwards
    with pytest.raises(Open401kError, match="cannot be entered") as refused:
        EmbeddedServer(place / "copy").start()
    assert refused.value.fix.startswith("chown -R ")
    for path in (place / "copy" / "postgres").rglob("*"):
        os.chown(path, (place / "data" / "postgres").stat().st_uid, -1)
    os.chown(place / "copy" / "postgres", (place / "data" / "postgres").stat().st_uid, -1)
    copied = EmbeddedServer(place / "copy")
    copied.start()
    copied.stop()


def test_a_data_directory_without_its_database_does_not_begin_an_empty_one(server: EmbeddedServer, place: Path) -> None:
    server.start()
    server.stop()
    shutil.rmtree(place / "data" / "postgres")
    with pytest.raises(Open401kError, match="is not there: it was in "):
        server.start()
    server.erase()
    server.start()


def test_lost_roles_are_made_again(server: EmbeddedServer, place: Path) -> None:
    server.start()
    passwords = place / "data" / "passwords.json"
    found = json.loads(passwords.read_text())
    passwords.write_text(json.dumps({**found, "open401k_app": "changed"}))
    psycopg.connect(server.start().app).close()


def test_an_unwritable_place_is_named_with_its_fix() -> None:
    with pytest.raises(Open401kError, match=r"/proc/nowhere cannot be written.*OPEN401K_DATA_DIR"):
        EmbeddedServer(Path("/proc/nowhere")).start()


def test_a_server_that_cannot_start_says_why(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    (server.data / "postgresql.conf").write_text("no such setting\n")
    with pytest.raises(Open401kError, match=r"did not start: .*postgresql\.conf"):
        server.start()


def test_a_server_by_url_is_prepared_once_and_a_strangers_role_is_left_alone(
    server: EmbeddedServer, place: Path
) -> None:
    admin = server.start().superuser
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute("drop database open401k")
        conn.execute("drop role open401k_app")
        conn.execute("drop role open401k_owner")
    ours = place / "ours" / "passwords.json"
    for _ in range(2):
        urls = adopt(admin, password_file=ours, random=SystemRandom())
    assert migrate(urls.owner, signing_key=bytes(32))
    with psycopg.connect(urls.app) as conn:
        assert pending(conn) == []
    with pytest.raises(Open401kError, match="has a role open401k_owner already"):
        adopt(admin, password_file=place / "theirs" / "passwords.json", random=SystemRandom())
    psycopg.connect(urls.app).close()


OLD = Path("/usr/lib/postgresql/15/bin")


@pytest.mark.skipif(not (OLD / "initdb").exists(), reason="Debian's PostgreSQL 15 is not installed")
def test_the_migrations_run_on_the_oldest_server_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN401K_POSTGRES_BIN", str(OLD))
    server = EmbeddedServer(place / "data")
    try:
        urls = server.start()
        assert migrate(urls.owner, signing_key=bytes(32))
        with psycopg.connect(urls.app) as conn:
            assert conn.info.server_version // 10_000 == 15
            assert pending(conn) == []
    finally:
        server.stop()
