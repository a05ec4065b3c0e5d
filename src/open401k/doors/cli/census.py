"""Commands about the year-end census: show it, export it, confirm it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from open401k.flows.year_census import confirm, state_filed
from open401k.kernel import Money, Refused
from open401k.views import census_year

from .places import Place, PlanOption, at_plan
from .say import BAD_INPUT, Voice, fail
from .wiring import Json, wiring_of

commands = typer.Typer(help="The year-end census, derived from payrolls and facts.", no_args_is_help=True)
YearOf = Annotated[int, typer.Argument(min=1974, max=2100, help="In which the plan year begins.")]


@commands.command()
def show(context: typer.Context, year: YearOf, plan: PlanOption = "", json: Json = False) -> None:
    """Everybody of a plan year, what changed since it was confirmed, and the hash to confirm."""
    with at_plan(wiring_of(context), "census show", plan) as place:
        shown = _load(place, year)
    voice = Voice(json)
    voice.tell(shown)
    rows = [
        (
            each.row.name,
            line_status(each.row.status, each.row.participates),
            Money(each.row.plan_cents),
            Money(each.row.pre_tax_cents + each.row.roth_cents),
            Money(each.row.match_cents),
            {True: "HCE", False: "", None: "?"}[each.row.highly_compensated],
            {True: "key", False: "", None: "?"}[each.row.key_employee],
            each.row.vesting_years,
        )
        for each in shown.lines
    ]
    voice.table(("Person", "Status", "Plan pay", "Deferred", "Match", "", "", "Years"), rows, empty="Nobody.")
    voice.line(f"{shown.counts.why} {shown.mandate_why}")
    if shown.owned_too_much:
        voice.line(f"Shares on file come to {shown.owned_too_much} %: a share is wrong, or who sold one still has it.")
    for each in shown.changes:
        voice.line(f"Changed since it was confirmed: {each.name}: {each.what} {each.before} -> {each.now}")
    said = shown.confirmation
    voice.line(f"Confirmed by {said.signed_as} on {said.confirmed_at:%Y-%m-%d}." if said else "Not confirmed.")
    voice.line(f"To confirm it as shown: open401k census confirm {year} --sha256 {shown.sha256} --signed-as NAME")


@commands.command(name="confirm")
def confirm_it(
    context: typer.Context,
    year: YearOf,
    sha256: Annotated[str, typer.Option(help="Of the census as `census show` told it.")],
    signed_as: Annotated[str, typer.Option(help="Who signs for the sponsor.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Sign the census off as it was shown."""
    with at_plan(wiring_of(context), "census confirm", plan) as place, place.begin() as tx:
        done = confirm(
            tx, tenant_id=place.tenant_id, plan_id=place.plan_id, year=year, sha256=sha256, signed_as=signed_as.strip()
        )
    if isinstance(done, Refused):
        fail(done.message, done.fix, code=BAD_INPUT)
    voice = Voice(json)
    voice.tell(done)
    voice.line(f"{done.people} people, confirmed by {done.signed_as}.")


class FiledAs(StrEnum):
    """As what a plan year was reported."""

    SMALL = "small"
    LARGE = "large"


@commands.command()
def filed(
    context: typer.Context,
    year: YearOf,
    size: Annotated[FiledAs, typer.Argument(help="As what Form 5500 was filed for that plan year.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """State as what a plan year was reported: it counts for the year after, with 80 to 120 participants."""
    with at_plan(wiring_of(context), "census filed", plan) as place, place.begin() as tx:
        small = size is FiledAs.SMALL
        done = state_filed(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, year=year, small=small)
    if isinstance(done, Refused):
        fail(done.message, done.fix, code=BAD_INPUT)
    voice = Voice(json)
    voice.tell({"year": year, "filed_as": size.value})
    voice.line(f"The plan year of {year} was filed as {size.value}.")


@commands.command()
def export(
    context: typer.Context,
    year: YearOf,
    file: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    plan: PlanOption = "",
) -> None:
    """Write the census as CSV; Social Security numbers masked."""
    with at_plan(wiring_of(context), "census export", plan) as place:
        shown = _load(place, year)
    file.write_text(census_year.as_csv(shown), encoding="utf-8", newline="")
    Voice(as_json=False).line(f"{shown.people} people are in {file}.")


def line_status(status: str, participates: bool) -> str:
    """In a word or two."""
    return f"{status}, participant" if participates else status


def _load(place: Place, year: int) -> census_year.CensusYear:
    with place.begin() as tx:
        return census_year.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, year=year)
