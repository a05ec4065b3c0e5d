"""Commands that bring a plan over from elsewhere: sponsor, terms, people, balances. Each may be repeated."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from open401k import plan as plans
from open401k.base.db import ALL_TENANTS, Actor, Database
from open401k.flows.opening_balances import Opened, bring_balances, take_back_balances
from open401k.flows.opening_expected import OpeningBalances
from open401k.flows.roster import Roster, RosterBrought, bring_people
from open401k.kernel import EntryId, PlanId, Refused, SponsorId, named_uuid

from ..described import sent
from .found import bytes_of, provisions_in, refuse_file, told_if_refused
from .places import PlanOption, SponsorOption, actor_of, at_plan, at_sponsor
from .say import BadInputError, Voice, fail
from .wiring import Json, wiring_of

commands = typer.Typer(help="Bring a plan over from elsewhere, step by step.", no_args_is_help=True)
_TERMS: Any = sent(plans.Provisions)


@commands.command()
def sponsor(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Legal name of the employer.")],
    ein: Annotated[str, typer.Option(help="Employer identification number, 12-3456789.")],
    established_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day it was founded.")],
    json: Json = False,
) -> None:
    """Register an employer. The same one again changes nothing."""
    with wiring_of(context).open() as services:
        sponsor_id, already = _registered(services.db, name, ein, established_on.date())
    voice = Voice(json)
    voice.tell({"sponsor_id": str(sponsor_id), "already": already})
    voice.line(f"{name} {'was registered already' if already else 'is registered'}: {sponsor_id}")


@commands.command()
def plan(
    context: typer.Context,
    terms: Annotated[Path, typer.Argument(help="JSON of the provisions; what is left out has its usual value.")],
    name: Annotated[str, typer.Option(help="Name of the plan.")],
    sponsor: SponsorOption = "",
    number: Annotated[str, typer.Option(help="Three digits, as on Form 5500.")] = "001",
    effective_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="If not the day of adoption.")
    ] = None,
    json: Json = False,
) -> None:
    """Adopt a plan from its provisions. The same one again changes nothing."""
    provisions = _provisions(terms)
    if not (len(number) == 3 and number.isascii() and number.isdigit()):
        raise BadInputError(f"{number!r} is no number of a plan.", fix="Give three digits, such as 001.")
    starts = effective_on.date() if effective_on else None
    with at_sponsor(wiring_of(context), "takeover plan", sponsor) as (services, actor, at):
        plan_id, already = _adopted(services.db, actor, at.sponsor_id, (name, number, starts), provisions)
    voice = Voice(json)
    voice.tell({"plan_id": str(plan_id), "already": already})
    voice.line(f"{name} {'was adopted already' if already else 'is adopted'}: {plan_id}")


@commands.command()
def people(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV of a roster, in the canonical columns.")],
    sponsor: SponsorOption = "",
    json: Json = False,
) -> None:
    """Put everybody on the roster, with the pay of the year before; with any fault nobody is added."""
    content = bytes_of(file)
    with at_sponsor(wiring_of(context), "takeover people", sponsor) as (services, actor, at):
        outcome = bring_people(services.db, actor=actor, told=Roster(at.sponsor_id, file.name, content))
    voice = Voice(json)
    if not isinstance(outcome, RosterBrought):
        refuse_file(voice, outcome)
    voice.tell(outcome)
    voice.line(f"{outcome.added} people were added, {outcome.already} were on the roster already.")


@commands.command()
def balances(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV of opening balances, in the canonical columns.")],
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day elsewhere.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Post what each account held at the end of a day; with any fault nothing is posted."""
    content = bytes_of(file)
    with at_plan(wiring_of(context), "takeover balances", plan) as place:
        told = OpeningBalances(place.tenant_id, place.plan_id, as_of.date(), file.name, content)
        with told_if_refused():
            outcome = bring_balances(place.services.db, actor=place.actor, told=told)
    voice = Voice(json)
    if not isinstance(outcome, Opened):
        refuse_file(voice, outcome)
    voice.tell(outcome)
    said = "were in the books already" if outcome.already else "are in the books"
    voice.line(f"{outcome.total} of {outcome.people} people as of {outcome.as_of} {said}: {outcome.entry_id}")


@commands.command(name="reverse-balances")
def reverse_balances(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(help="Id of the entry that brought them.")],
    reason: Annotated[str, typer.Option(help="Why; it stays on record.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Take opening balances back that were wrong; then the right ones may be brought."""
    if not reason.strip():
        raise BadInputError("The reason is blank.", fix="Say in a sentence what was wrong.")
    with at_plan(wiring_of(context), "takeover reverse-balances", plan) as place:
        who: dict[str, Any] = {"actor": place.actor, "tenant_id": place.tenant_id, "plan_id": place.plan_id}
        with told_if_refused():
            outcome = take_back_balances(place.services.db, **who, entry_id=_entry(entry), why=reason.strip())
    if isinstance(outcome, Refused):
        fail(outcome.message, outcome.fix)
    voice = Voice(json)
    voice.tell(outcome)
    said = "were taken out of the books already" if outcome.already else "are taken out of the books"
    voice.line(f"{outcome.total} as of {outcome.as_of} {said}: {outcome.reversed_by}")


def _registered(db: Database, name: str, ein: str, established_on: date) -> tuple[SponsorId, bool]:
    """The employer of this number, registered now or before; the id follows from the number."""
    digits, actor = plans.parse_ein(ein), actor_of("takeover sponsor")
    with db.begin(actor, tenants=ALL_TENANTS) as tx:
        for known in plans.list_sponsors(tx):
            if known.ein == digits:
                if (known.name, known.established_on) == (name.strip(), established_on):
                    return known.sponsor_id, True
                told = f"{known.ein_written} is {known.name}, established on {known.established_on}."
                raise BadInputError(told, fix="Give name and day as they are on file, or correct the number.")
        sponsor_id = SponsorId(named_uuid("sponsor", "takeover", digits))
        plans.register_sponsor(tx, name=name, ein=digits, established_on=established_on, sponsor_id=sponsor_id)
        return sponsor_id, False


def _adopted(
    db: Database,
    actor: Actor,
    tenant_id: SponsorId,
    called: tuple[str, str, date | None],
    provisions: plans.Provisions,
) -> tuple[PlanId, bool]:
    """The plan of this number, adopted now or before with the same first terms."""
    name, number, effective_on = called
    with db.begin(actor, tenants=[tenant_id]) as tx:
        for known in plans.list_plans(tx, tenant_id=tenant_id):
            if known.number == number:
                first = plans.history(tx, tenant_id=tenant_id, plan_id=known.plan_id)[0]
                starts = effective_on or provisions.adopted_on
                if (known.name, first.provisions, first.effective_on) == (name, provisions, starts):
                    return known.plan_id, True
                told = f"The sponsor has a plan {number} already, {known.name}, with another name or other terms."
                raise BadInputError(told, fix="Use the next free number, or amend that plan.")
        of: dict[str, Any] = {"name": name, "number": number, "effective_on": effective_on}
        return plans.adopt(tx, tenant_id=tenant_id, provisions=provisions, **of), False


def _provisions(file: Path) -> plans.Provisions:
    """The provisions of a file that can stand; else everything that cannot, by its place."""
    told = provisions_in(file, _TERMS)
    provisions = plans.provisions_from_json(told.model_dump(mode="json"))
    problems = plans.problems(provisions)
    if problems:
        reasons = "; ".join(f"{each.field}: {each.reason} ({each.citation})" for each in problems)
        raise BadInputError(reasons, fix=" ".join(each.fix for each in problems))
    return provisions


def _entry(text: str) -> EntryId:
    try:
        return EntryId.parse(text)
    except ValueError as error:
        raise BadInputError(f"{error}.", fix="Take the id from what the loading answered.") from None
