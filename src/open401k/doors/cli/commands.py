"""Every command of ``open401k``, and how one is run. Commands call what other doors call, too."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from open401k.kernel import Open401kError

from .. import calc
from . import (
    amending,
    books,
    census,
    chain,
    connections,
    corrections,
    declarations,
    deposits,
    elections,
    evidence,
    forfeitures,
    instructions,
    keys,
    loans,
    network,
    node,
    node_desk,
    node_letter_keys,
    node_receivers,
    node_retention,
    node_running,
    node_sign,
    node_signer,
    node_voters,
    participants,
    pay_codes,
    payroll,
    people,
    plans,
    rails,
    rollovers,
    running,
    student_loans,
    takeover,
    users,
    vesting,
    webhooks,
)
from .say import BAD_INPUT, FAILED, BadInputError, fail
from .wiring import Json, Wiring

INTERRUPTED = 130

app = typer.Typer(
    name="open401k",
    help="The open-source system of record for US retirement plans.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for _part in (running, plans, amending, books):
    app.add_typer(_part.commands)
app.add_typer(payroll.commands, name="payroll")
app.add_typer(people.commands, name="people")
app.add_typer(census.commands, name="census")
app.add_typer(deposits.commands, name="deposits")
app.add_typer(connections.commands, name="connections")
app.add_typer(connections.sandboxes, name="sandbox")
app.add_typer(node.commands, name="node")
node.commands.add_typer(node_running.commands)
node.commands.add_typer(node_letter_keys.commands, name="letter-key")
node.commands.add_typer(node_sign.commands, name="sign")
node.commands.add_typer(node_signer.commands, name="signer")
node.commands.add_typer(node_desk.commands)
node.commands.add_typer(node_voters.commands)
node.commands.add_typer(node_receivers.commands)
node.commands.add_typer(node_retention.commands)
app.add_typer(pay_codes.commands, name="pay-codes")
app.add_typer(corrections.commands, name="corrections")
app.add_typer(forfeitures.commands, name="forfeitures")
app.add_typer(vesting.commands, name="vesting")
app.add_typer(declarations.commands, name="declarations")
app.add_typer(student_loans.commands, name="student-loans")
app.add_typer(takeover.commands, name="takeover")
app.add_typer(elections.commands, name="elections")
app.add_typer(instructions.commands, name="instructions")
app.add_typer(loans.commands, name="loans")
app.add_typer(rollovers.commands, name="rollovers")
app.add_typer(participants.commands, name="participants")
app.add_typer(books.clock, name="clock")
app.add_typer(keys.commands, name="keys")
app.add_typer(rails.commands, name="rails")
app.add_typer(users.commands, name="users")
app.add_typer(webhooks.commands, name="webhooks")
app.add_typer(chain.commands, name="chain")
app.add_typer(evidence.commands, name="rollover")
app.add_typer(network.commands, name="network")


@app.command("calc", help=calc.HELP)
def _calc(
    name: Annotated[str | None, typer.Argument(help="The calculator, as --list names it.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Every calculator; with --json also its schema.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="The JSON Schema of the input.")] = False,
    example: Annotated[bool, typer.Option("--example", help="An input that works.")] = False,
    as_json: Json = False,
    file: Annotated[str | None, typer.Option("--input", help="A file with the input; else standard input.")] = None,
    fields: Annotated[list[str] | None, typer.Option("--set", help="FIELD=VALUE; may be repeated.")] = None,
) -> None:
    flags = {"--list": listed, "--schema": schema, "--example": example, "--json": as_json}
    typed = [*([name] if name else []), *(flag for flag, given in flags.items() if given)]
    typed += ["--input", file] if file else []
    raise typer.Exit(calc.main([*typed, *(part for each in fields or () for part in ("--set", each))]))


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
    except Exception as error:  # raised again but for what typer's click says of a command line: its types are private
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
