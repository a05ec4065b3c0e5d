"""Commands about the books and the clock: verify, audit, clock."""

from datetime import UTC, datetime, time
from typing import Annotated

import typer

from open401k.kernel import NEW_YORK
from open401k.views import books

from .places import PlanOption, actor_of, at_plan
from .say import FAILED, BadInputError, Voice
from .wiring import Json, wiring_of

commands = typer.Typer()
clock = typer.Typer(help="The clock business goes by.", no_args_is_help=True)


@commands.command()
def verify(context: typer.Context, json: Json = False) -> None:
    """Recompute balances, entitlements, tests and the audit chain from facts."""
    with wiring_of(context).open() as services:
        found = services.verifier.verify(actor=actor_of("verify"), tenants=None)
    voice = Voice(json)
    voice.tell(dict(found))
    voice.line("The books follow from the facts." if found["ok"] else "DAMAGE FOUND.")
    voice.table(("What was recomputed", "Number"), list(found.get("counts", {}).items()), empty="Nothing is on file.")
    for each in found.get("problems", []):
        voice.line(f"{each['room']}: {each['kind']} at {each['where']}: {each['message']}")
    if not found["ok"]:
        raise typer.Exit(FAILED)


@commands.command()
def audit(
    context: typer.Context,
    plan: PlanOption = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many lines.")] = 50,
    json: Json = False,
) -> None:
    """Who did what, when and why; newest first."""
    with at_plan(wiring_of(context), "audit", plan) as place, place.begin() as tx:
        lines, _ = books.load_audit(tx, tenant_id=place.tenant_id, before=None, limit=limit)
    voice = Voice(json)
    voice.tell(lines)
    rows = [(e.number, e.recorded_at, e.who, e.action, e.subject, e.why) for e in lines]
    voice.table(("No.", "When", "Who", "What", "About", "Why"), rows, empty="Nothing has been done yet.")


@clock.command()
def show(context: typer.Context, json: Json = False) -> None:
    """What the clock says."""
    with wiring_of(context).open() as services:
        at, sandbox = services.clock.now(), services.sandbox is not None
    voice = Voice(json)
    voice.tell({"at": at, "sandbox": sandbox})
    voice.line(f"{at.astimezone(NEW_YORK):%Y-%m-%d %H:%M} New York{' (sandbox)' if sandbox else ''}")


@clock.command()
def advance(
    context: typer.Context,
    to: Annotated[str, typer.Argument(help="A day (2026-08-14: nine in the morning) or an instant with its zone.")],
    json: Json = False,
) -> None:
    """Move a sandbox's clock forward; what falls due on the way happens."""
    instant = instant_of(to)
    with wiring_of(context).open() as services:
        if services.sandbox is None:
            raise BadInputError("This is not a sandbox: its clock is the machine's.", fix="Use it in the demo.")
        happened = list(services.sandbox.advance(actor=actor_of("clock advance"), to=instant))
        now = services.clock.now()
    voice = Voice(json)
    voice.tell({"at": now, "happened": happened})
    voice.line("\n".join(happened) or f"The clock says {now.astimezone(NEW_YORK):%Y-%m-%d %H:%M}.")


def instant_of(text: str) -> datetime:
    """An instant as people type it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"{text!r} is not a day.", fix="Write it as 2026-08-14.") from None
    if len(text) == len("2026-08-14"):
        return datetime.combine(at.date(), time(9), NEW_YORK).astimezone(UTC)
    if at.tzinfo is None:
        raise BadInputError(f"{text!r} has no time zone.", fix="Write it as 2026-08-14T09:00-04:00.")
    return at.astimezone(UTC)
