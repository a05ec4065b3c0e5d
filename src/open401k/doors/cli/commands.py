"""Every command of ``open401k``, and how one is run. Commands call what other doors call, too."""

import sys
from collections.abc import Sequence

import typer

from open401k.kernel import Open401kError

from . import books, keys, payroll, plans, running, takeover, users
from .say import BAD_INPUT, FAILED, BadInputError, fail
from .wiring import Wiring

INTERRUPTED = 130

app = typer.Typer(
    name="open401k",
    help="The open-source system of record for US retirement plans.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _part in (running, plans, books):
    app.add_typer(_part.commands)
app.add_typer(payroll.commands, name="payroll")
app.add_typer(takeover.commands, name="takeover")
app.add_typer(books.clock, name="clock")
app.add_typer(keys.commands, name="keys")
app.add_typer(users.commands, name="users")


def run(wiring: Wiring, arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 (refused or failed) or 2 (what was typed cannot be meant)."""
    try:
        typed = list(sys.argv[1:] if arguments is None else arguments)
        code = app(args=typed, prog_name="open401k", standalone_mode=False, obj=wiring)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BadInputError as error:
        return _said(error, BAD_INPUT)
    except Open401kError as error:
        return _said(error, FAILED)
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # click's own: an option that does not exist
            error.show()
            return int(error.exit_code)
        raise
    return code if isinstance(code, int) else 0  # outside of its standalone mode click answers what Exit carried


def _said(error: Open401kError, code: int) -> int:
    try:
        fail(error.message, error.fix, code=code)
    except typer.Exit as ended:
        return ended.exit_code
