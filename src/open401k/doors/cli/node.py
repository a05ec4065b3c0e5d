"""Commands about a custodian's node: certify a way into a core system, run stand-ins for cores."""

import importlib
import time
from collections.abc import Callable, Sequence
from json import loads as json_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from open401k.kernel import SystemClock, SystemRandom
from open401k.rails.node.core import CustodianCore

from .connections import sandboxes
from .core_iso import ACCOUNTS, BankFolder, with_bank
from .nights import Stays, each_line, nights
from .say import FAILED, BadInputError, Voice, counted
from .wiring import HOST, Host, Json, Port

if TYPE_CHECKING:
    from open401k.rails.node.certifying import Result

commands = typer.Typer(no_args_is_help=True, help="A custodian's node on the rollover rails.")
CORE_PORT = 4022
MAIL_PORT = 4025

Adapter = Annotated[str, typer.Option(help="rest, batch, or package.module:function that answers a core.")]
Folder = Annotated[Path, typer.Option(help="The folder that node and core share, for batch.")]
LayoutName = Annotated[str, typer.Option("--layout", help="fixed, csv or iso, for batch.")]
Books = Annotated[Path, typer.Option("--books", help="Where the stand-in keeps its books (SQLite).")]
Accounts = Annotated[
    Path | None,
    typer.Option("--accounts", help='Its accounts at the beginning: {"S-1": {"PRETAX": cents, "ROTH": cents}}.'),
]


@commands.command()
def certify(
    adapter: Adapter = "rest",
    source: Annotated[str, typer.Option(help="A test account with a dollar of each kind.")] = "S-1001",
    receiver: Annotated[str, typer.Option(help="A test account that takes money.")] = "R-1001",
    url: Annotated[str, typer.Option(help="Where the core answers, for rest.")] = f"http://{HOST}:{CORE_PORT}",
    token: Annotated[str, typer.Option(help="The core's token, for rest.")] = "",
    seconds: Annotated[float, typer.Option(help="How long an answer is waited for, for rest.")] = 1.0,
    stand_in: Annotated[bool, typer.Option("--stand-in", help="It is a stand-in: have it make trouble.")] = False,
    folder: Folder = Path("core-files"),
    layout: LayoutName = "fixed",
    night: Annotated[str, typer.Option(help="A command that has the core work through its files, for batch.")] = "",
    stays: Stays = False,
    bank: BankFolder = None,
    json: Json = False,
) -> None:
    """Try every promise of a way into a core system, with faults; exit code 1 if one is not kept."""
    from open401k.rails.node.certifying import Bench, certify
    from open401k.rails.node.checks import CHECKS

    voice, cause = Voice(json), None
    if stand_in and adapter == "rest":
        from open401k.rails.node.adapters.trouble import trouble_at

        cause = trouble_at(url, token=token, seconds=seconds)
    make, rest_of_night = _way(adapter, url=url, token=token, seconds=seconds, folder=folder, layout=layout)

    with nights(rest_of_night, night, stays=stays) as whole_night:
        _are_known(make, source=source, receiver=receiver)
        results = certify(Bench(make, source, receiver, _new_id, night=whole_night, cause=cause), CHECKS)
        if bank is not None:
            banked, with_payments, checks = with_bank(make, bank, night=whole_night, is_stand_in=stand_in)
            results += certify(Bench(banked, source, receiver, _new_id, night=with_payments), checks)
    _told(voice, results)


def _are_known(make: Callable[[], CustodianCore], **accounts: str) -> None:
    """One word where an account is mistyped, which every check would fail for; what else is wrong the checks say."""
    from open401k.rails.node.certifying import ended
    from open401k.rails.node.core import Refused, SilentError

    core = make()
    try:
        for option, account in accounts.items():
            found = core.look_up(account)
            if isinstance(found, Refused):
                fix = "Name two test accounts of this core."
                raise BadInputError(f"--{option} {account}: {found.code}, {found.words}.", fix=fix)
    except SilentError:
        return  # it may answer only after its first night
    finally:
        ended(core)


def _new_id() -> bytes:
    return SystemRandom().token(32)


def _told(voice: Voice, results: "Sequence[Result]") -> None:
    words = {True: "passed", False: "FAILED", None: "not tried"}
    rows = [(r.check.boundary, r.check.fault, r.check.promise, words[r.passed], r.words) for r in results]
    names = ("boundary", "fault", "promise", "result", "why")
    voice.tell({"checks": [dict(zip(names, row, strict=True)) for row in rows]})
    voice.table(("Boundary", "Fault", "Promise", "Result", "Why"), rows, empty="No check.")
    broken = sum(r.passed is False for r in results)
    untried = sum(r.passed is None for r in results)
    voice.line(f"{counted(len(results), 'check')}: {broken} failed, {untried} not tried.")
    if broken:
        raise typer.Exit(FAILED)


@sandboxes.command("core-rest")
def core_rest(
    host: Host = HOST, port: Port = CORE_PORT, books: Books = Path("core-rest.db"), accounts: Accounts = None
) -> None:
    """Run a stand-in for a custodian's core that answers over HTTP, and /_sandbox to tell it what to do."""
    from open401k.standins.core_rest import TOKEN, serve, service_at

    opened = _accounts(accounts)
    server = serve(service_at(str(books), opened), host=host, port=port)
    voice = Voice(as_json=False)
    voice.line(f"A stand-in for a core on http://{host}:{server.server_address[1]}; its token is {TOKEN}.")
    voice.line(f"Accounts: {', '.join(opened)}. Stop with Ctrl-C.")
    server.serve_forever()


@sandboxes.command("mail")
def mail(
    host: Host = HOST,
    port: Port = MAIL_PORT,
    folder: Annotated[Path, typer.Option(help="Where each mail becomes a file.")] = Path("mails"),
) -> None:
    """Run a stand-in for a mail server (SMTP): it keeps what it takes; refused@ and later@ are answered so."""
    from open401k.standins.smtp import serve

    server = serve(folder, host=host, port=port)
    voice = Voice(as_json=False)
    voice.line(f"A stand-in for a mail server on {host}:{server.server_address[1]}; mails are in {folder}.")
    voice.line("Stop with Ctrl-C.")
    server.serve_forever()


@sandboxes.command("core-batch")
def core_batch(
    folder: Folder = Path("core-files"),
    layout: LayoutName = "fixed",
    books: Books = Path("core-batch.db"),
    every: Annotated[int, typer.Option(min=0, help="Seconds between nights; 0: one night, and end.")] = 0,
    stays: Stays = False,
    accounts: Accounts = None,
) -> None:
    """Run a stand-in for a custodian's core that works overnight, by files in a folder."""
    from open401k.standins.core_batch import night_at

    core, voice = night_at(str(books), folder, _accounts(accounts), is_csv=_is_csv(layout)), Voice(as_json=False)
    if stays:
        each_line(core.run)
        return
    while True:
        for name in core.run():
            voice.line(f"Wrote {name}.")
        if not every:
            return
        time.sleep(every)


def _way(
    adapter: str, *, url: str, token: str, seconds: float, folder: Path, layout: str
) -> tuple[Callable[[], CustodianCore], Callable[[], None]]:
    """How to connect anew, and what is ours to do at night."""
    if adapter == "rest":
        from open401k.rails.node.adapters.rest import RestCore

        return lambda: RestCore(url, token=token, seconds=seconds), lambda: None
    if adapter == "batch":
        from open401k.rails.node.adapters.batch import BatchCore
        from open401k.rails.node.adapters.layouts import Layout

        if layout not in list(Layout):
            raise BadInputError(f"There is no layout {layout!r}.", fix=f"Say {', '.join(Layout)}.")

        def connected() -> BatchCore:
            return BatchCore(folder, Layout(layout), SystemClock())

        def close_day() -> None:
            connected().close_day()

        return connected, close_day
    module, _, name = adapter.partition(":")
    try:
        made = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadInputError(
            f"There is no adapter {adapter!r}: {error}",
            fix="Say rest, batch, or package.module:function of a function without arguments that answers a core. "
            "Install its package here, or say PYTHONPATH=. for one in this folder.",
        ) from error
    return cast("Callable[[], CustodianCore]", made), lambda: None


def _accounts(file: Path | None) -> dict[str, dict[str, int]]:
    """What a stand-in's books begin with."""
    if file is None:
        return ACCOUNTS
    fix = 'Write {"S-1": {"PRETAX": 100000, "ROTH": 0}}, in cents.'
    try:
        told = json_of(file.read_text())
    except (OSError, ValueError) as why:
        raise BadInputError(f"{file} cannot be read: {why}.", fix=fix) from None
    if not isinstance(told, dict) or not all(isinstance(funds, dict) for funds in told.values()):
        raise BadInputError(f"{file}: accounts are objects of funds.", fix=fix)
    for account, funds in told.items():
        for fund, cents in funds.items():
            if not isinstance(cents, int) or isinstance(cents, bool) or cents < 0:
                raise BadInputError(f"{file}, {account}, {fund}: {cents!r} is no number of cents.", fix=fix)
    return told


def _is_csv(layout: str) -> bool:
    if layout not in ("fixed", "csv"):
        raise BadInputError(f"There is no layout {layout!r}.", fix="Say fixed or csv.")
    return layout == "csv"
