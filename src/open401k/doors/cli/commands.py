"""Every command of ``open401k``; app.py builds it over its wiring. Commands call what other doors call, too."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from open401k.kernel import Open401kError

from ..services import Services
from . import doctor as machine_doctor
from .say import BAD_INPUT, FAILED, BadInputError, Voice, fail

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PORT = 4010


class Wiring(Protocol):
    """What app.py knows how to do."""

    def open(self) -> AbstractContextManager[Services]:
        """Services over the configured database; an embedded one is started and stopped."""
        ...

    def serve(self, *, host: str, port: int) -> None:
        """Serve until interrupted."""
        ...

    def demo(self, *, once: bool, reset: bool, host: str, port: int, voice: Voice) -> Any:
        """Play the demo; with ``once`` only play it, else serve afterwards."""
        ...

    def migrate(self) -> Sequence[str]:
        """Apply what is pending; the names of what was applied."""
        ...

    @property
    def data_dir(self) -> Path:
        """Where an embedded server and its keys lie."""
        ...

    @property
    def database_url(self) -> str | None:
        """A server of one's own."""
        ...


def build(wiring: Wiring) -> typer.Typer:
    """The command line over its wiring."""
    from . import books, keys, payroll, plans

    app = typer.Typer(
        name="open401k",
        help="The open-source system of record for US retirement plans.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    _running(app, wiring)
    for part in (plans, payroll, books, keys):
        part.add(app, wiring)
    return app


def run(wiring: Wiring, arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 (refused or failed) or 2 (what was typed cannot be meant)."""
    try:
        build(wiring)(args=list(sys.argv[1:] if arguments is None else arguments), standalone_mode=False)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.Abort:
        return 130
    except BadInputError as error:
        return _said(error, BAD_INPUT)
    except Open401kError as error:
        return _said(error, FAILED)
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # click's own: an option that does not exist
            error.show()
            return int(error.exit_code)
        raise
    return 0


def _said(error: Open401kError, code: int) -> int:
    try:
        fail(error.message, error.fix, code=code)
    except typer.Exit as ended:
        return ended.exit_code


def _running(app: typer.Typer, wiring: Wiring) -> None:
    """Commands about the installation itself."""

    @app.command()
    def serve(
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = PORT,
    ) -> None:
        """Serve pages and API."""
        wiring.serve(host=host, port=port)

    @app.command()
    def demo(
        once: Annotated[bool, typer.Option("--once", help="Play the story and exit.")] = False,
        reset: Annotated[bool, typer.Option("--reset", help="Start over from nothing.")] = False,
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = PORT,
        json: Json = False,
    ) -> None:
        """Play the story of a 12-person plan, then serve it."""
        voice = Voice(json)
        voice.tell(wiring.demo(once=once, reset=reset, host=host, port=port, voice=voice))

    @app.command()
    def doctor(json: Json = False) -> None:
        """Find what is wrong with this machine, and the fix."""
        checks = machine_doctor.examine(
            machine_doctor.Machine(wiring.data_dir, int(os.environ.get("OPEN401K_PORT", PORT)), wiring.database_url)
        )
        voice = Voice(json)
        voice.tell({"ok": machine_doctor.healthy(checks), "checks": [asdict(check) for check in checks]})
        for check in checks:
            voice.line(f"{'ok  ' if check.ok else 'FIX ' if check.needed else 'note'}  {check.name}: {check.what}")
            if check.fix:
                voice.line(f"      {check.fix}")
        if not machine_doctor.healthy(checks):
            raise typer.Exit(FAILED)

    db = typer.Typer(help="The database.", no_args_is_help=True)
    app.add_typer(db, name="db")

    @db.command()
    def migrate(json: Json = False) -> None:
        """Apply pending migrations."""
        applied = list(wiring.migrate())
        voice = Voice(json)
        voice.tell({"applied": applied})
        voice.line("\n".join(applied) or "Nothing was pending.")


Add = Callable[[typer.Typer, Wiring], None]
