"""Commands about what an employer declares for a plan year: list, declare, take back."""

from typing import Annotated, Any

import typer

from open401k import recordkeeping
from open401k.base.access import Permission
from open401k.kernel import FlowId, day_of
from open401k.views import declarations as view

from .. import declaring
from .corrections import By, person_with, refused_aloud
from .places import Place, PlanOption, at_plan
from .say import Voice
from .wiring import Json, wiring_of

commands = typer.Typer(help="What the employer declares for a plan year.", no_args_is_help=True)
Source = Annotated[str, typer.Option(help="match or profit_sharing.")]
Year = Annotated[str, typer.Option("--year-to", help="Last day of the plan year: 2025-12-31.")]
Key = Annotated[str, typer.Option(help="The same key again is the same declaration; left out, it is a new one.")]


@commands.command("list")
def list_them(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Everything declared or taken back, the newest first, with what is in accounts of it."""
    with at_plan(wiring_of(context), "declarations list", plan) as place:
        _tell(place, Voice(json))


@commands.command()
def declare(
    context: typer.Context,
    source: Source,
    year_to: Year,
    by: By,
    tiers: Annotated[str, typer.Option(help="Of a match, % of deferrals to % of pay: 100 to 3, 50 to 5.")] = "",
    cap: Annotated[str, typer.Option(help="Of a match, at most so much for each: 2500.00.")] = "",
    rate: Annotated[str, typer.Option(help="Of profit sharing, % of pay: 3.")] = "",
    excess: Annotated[str, typer.Option(help="Of integrated profit sharing, % of pay above the level: 5.7.")] = "",
    level: Annotated[str, typer.Option(help="Its integration level, dollars of pay: 184500.00.")] = "",
    amount: Annotated[str, typer.Option(help="Of profit sharing, dollars for each participant: 750.00.")] = "",
    shares: Annotated[str, typer.Option(help="By groups: Owners = 20 %; Staff = 3000.00.")] = "",
    total: Annotated[str, typer.Option(help="By points, dollars that they share out: 50000.00.")] = "",
    despite_test: Annotated[bool, typer.Option(help="Declare it although it fails IRC 401(a)(4).")] = False,
    tax_return_due: Annotated[str, typer.Option(help="When the employer's return is due, with extensions.")] = "",
    key: Key = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Declare a contribution: posted on the last day of the plan year, at once where that is over."""
    with at_plan(wiring_of(context), "declarations declare", plan) as place, refused_aloud():
        given = {"tiers": tiers, "cap": cap, "rate": rate, "amount": amount, "excess": excess, "level": level}
        formula = declaring.formula_of(source, **given, shares=shares, total=total)
        _put(place, by, "declarations declare", year_to, formula, tax_return_due, key, despite_test=despite_test)
        _tell(place, Voice(json))


@commands.command("take-back")
def take_back(
    context: typer.Context,
    source: Source,
    year_to: Year,
    by: By,
    key: Key = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Take a declaration back, as long as it is in no account."""
    with at_plan(wiring_of(context), "declarations take-back", plan) as place, refused_aloud():
        _put(place, by, "declarations take-back", year_to, declaring.nothing_of(source), "", key)
        _tell(place, Voice(json))


def _put(
    place: Place,
    by: str,
    command: str,
    year_to: str,
    formula: recordkeeping.Declared,
    due: str,
    key: str,
    *,
    despite_test: bool = False,
) -> None:
    actor = person_with(place, by, command, Permission.PLAN_CHANGE)
    with place.begin() as tx:
        today = day_of(tx.now)
    declaration = recordkeeping.Declaration(
        declaring.day_of_year(year_to, "--year-to"),
        formula,
        today,
        declaring.day_of_year(due, "--tax-return-due") if due else None,
        despite_test,
    )
    of: dict[str, Any] = {"actor": actor, "tenant_id": place.tenant_id, "plan_id": place.plan_id}
    wanted = key or str(place.services.ids.new(FlowId))
    declaring.put_on_file(place.services.db, **of, declaration=declaration, key=wanted)


def _tell(place: Place, voice: Voice) -> None:
    with place.begin() as tx:
        found = view.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    voice.tell(found.lines)
    rows = [
        (each.last_day, each.source.value, each.words, each.declared_on, each.posted, "counts" if each.counts else "–")
        for each in found.lines
    ]
    headings = ("Plan year to", "Source", "Formula", "Declared on", "In accounts", "State")
    voice.table(headings, rows, empty="Nothing has been declared.")
    if found.not_given and not voice.as_json:
        stopped = [(each.last_day, each.name, each.source.value, each.cents) for each in found.not_given]
        voice.table(("Plan year to", "Not given, IRC 415(c)", "Source", "Amount"), stopped, empty="")
