"""A core that speaks ISO 20022 and the bank behind it: the stand-ins, and how the kit reaches the bank."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from open401k.kernel import NEW_YORK, SystemClock
from open401k.rails.node.core import CustodianCore

from .connections import sandboxes
from .nights import Stays, each_line
from .say import Voice

if TYPE_CHECKING:
    from open401k.rails.node.certifying import Check

#: What a stand-in's books begin with: cents by fund.
ACCOUNTS = {"S-1001": {"PRETAX": 10_000_00, "ROTH": 2_000_00}, "R-1001": {"PRETAX": 0}}
#: Names in payments of the kit: fictional, as the account numbers are.
_US, _THEM = ("Custodian under test", "111000", "021000021"), ("Settlement bank", "900100", "026009593")

BankFolder = Annotated[Path | None, typer.Option("--bank", help="The folder shared with the bank behind the core.")]


@sandboxes.command("core-iso")
def core_iso(
    folder: Annotated[Path, typer.Option(help="The folder that node and core share.")] = Path("core-files"),
    books: Annotated[Path, typer.Option("--books", help="Where its books are kept (SQLite).")] = Path("core-iso.db"),
    bank: BankFolder = None,
    stays: Stays = False,
) -> None:
    """Run a night of a stand-in for a core that speaks ISO 20022, and of the bank behind it if there is one."""
    from open401k.standins.bank_iso import Bank
    from open401k.standins.core_iso import night_at

    now, voice = SystemClock().now(), Voice(as_json=False)
    at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    core = night_at(str(books), folder, ACCOUNTS, at=at)
    behind = Bank(f"{books}.bank", bank, at, now.astimezone(NEW_YORK).date().isoformat()) if bank else None

    def work() -> list[str]:
        return core.run() + (behind.run() if behind else [])

    if stays:
        each_line(work)
    else:
        for name in work():
            voice.line(f"Wrote {name}.")


def with_bank(
    make: Callable[[], CustodianCore], folder: Path, *, night: Callable[[], None], is_stand_in: bool
) -> tuple[Callable[[], CustodianCore], Callable[[], None], "tuple[Check, ...]"]:
    """A core with the bank of this folder behind it: how to connect anew, a night, and what is tried."""
    from open401k.rails.node.adapters.bank import Banked, BankFiles
    from open401k.rails.node.adapters.trouble import bank_trouble_at
    from open401k.rails.node.bank_checks import bank_checks
    from open401k.wire import mx

    def files() -> BankFiles:
        return BankFiles(folder, SystemClock(), mx.Party(*_US), mx.Party(*_THEM))

    checks = bank_checks(files, bank_trouble_at(folder) if is_stand_in else None)

    def whole_night() -> None:
        files().close_day()
        night()

    return lambda: Banked(make(), files()), whole_night, checks
