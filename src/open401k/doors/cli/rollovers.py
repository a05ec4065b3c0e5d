"""Commands about rollovers of a plan: list, show, ask, release, tell, follow."""

import json as plain
from pathlib import Path
from typing import Annotated, Any

import typer

from open401k.kernel import EmployeeId, RolloverId
from open401k.views import rollovers as view

from .. import explaining, invalid_rollovers, rollovers, withheld_rollovers
from ..provided import GivenExplanation
from .corrections import By, person_who_decides, refused_aloud
from .found import bytes_of
from .places import Place, PlanOption, actor_of, at_plan
from .say import BadInputError, Voice
from .wiring import Json, wiring_of

commands = typer.Typer(help="Rollovers into a plan and out of it, over its custodian's node.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(help="Whose money (emp_...).")]
Which = Annotated[str, typer.Argument(help="The rollover, as `open401k rollovers list` names it (rol_...).")]
Facts = Annotated[Path, typer.Option("--facts", help="A JSON file with facts by name.")]
Key = Annotated[str, typer.Option(help="The same key is the same request.")]


@commands.command("list")
def list_them(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Every rollover that was asked for: what is open first."""
    with at_plan(wiring_of(context), "rollovers list", plan) as place, place.begin() as tx:
        shown = view.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    _list(shown, Voice(json))


@commands.command()
def show(context: typer.Context, which: Which, plan: PlanOption = "", json: Json = False) -> None:
    """One rollover: what it waits for, what the books followed."""
    with at_plan(wiring_of(context), "rollovers show", plan) as place, refused_aloud():
        found = rollovers.shown(place.services, **_of(place, "rollovers show"), rollover_id=named_rollover(which))
    say_rollover(found, Voice(json))


@commands.command()
def ask(
    context: typer.Context, employee: Who, facts: Facts, key: Key, plan: PlanOption = "", json: Json = False
) -> None:
    """Ask the custodian that has somebody's money to pay it into the plan."""
    with at_plan(wiring_of(context), "rollovers ask", plan) as place, refused_aloud():
        of = _of(place, "rollovers ask")
        who, told = named_person(employee), facts_of(facts)
        found = rollovers.ask_into(place.services, **of, employee_id=who, told=told, key=key)
    say_rollover(found, Voice(json))


@commands.command()
def release(
    context: typer.Context, employee: Who, by: By, facts: Facts, key: Key,
    case: Annotated[str, typer.Option(help="The case of our node in which we are asked to pay.")],
    plan: PlanOption = "", json: Json = False,
) -> None:  # fmt: skip
    """Answer another custodian's request to pay, with the plan's own records and these facts."""
    with at_plan(wiring_of(context), "rollovers release", plan) as place, refused_aloud():
        of = _of(place, "rollovers release") | {"actor": person_who_decides(place, by, "rollovers release")}
        who, told = named_person(employee), facts_of(facts)
        found = rollovers.release(place.services, **of, employee_id=who, case=case, told=told, key=key)
    say_rollover(found, Voice(json))


@commands.command()
def tell(context: typer.Context, which: Which, by: By, facts: Facts, plan: PlanOption = "", json: Json = False) -> None:
    """Tell more of an open rollover, or something else: of each fact the newest counts."""
    with at_plan(wiring_of(context), "rollovers tell", plan) as place, refused_aloud():
        of = _of(place, "rollovers tell") | {"actor": person_who_decides(place, by, "rollovers tell")}
        found = rollovers.tell(place.services, **of, rollover_id=named_rollover(which), told=facts_of(facts))
    say_rollover(found, Voice(json))


@commands.command()
def follow(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Look where every open rollover stands at the node, and keep it."""
    with at_plan(wiring_of(context), "rollovers follow", plan) as place, refused_aloud():
        shown = rollovers.follow(place.services, **_of(place, "rollovers follow"))
    _list(shown, Voice(json))


@commands.command()
def invalid(
    context: typer.Context, which: Which, by: By,
    why: Annotated[str, typer.Option(help="not_eligible, required_minimum, source_not_qualified, too_late, ...")],
    detail: Annotated[str, typer.Option(help="By what it was found.")],
    leg: Annotated[list[str], typer.Option(help="A leg and its invalid amount, as 0=120.50; once for each.")],
    plan: PlanOption = "", json: Json = False,
) -> None:  # fmt: skip
    """Determine that money which came could not be rolled over: it is to be paid back."""
    with at_plan(wiring_of(context), "rollovers invalid", plan) as place, refused_aloud():
        of = _of(place, "rollovers invalid") | {"actor": person_who_decides(place, by, "rollovers invalid")}
        legs = {_leg(name): amount for name, amount in _pairs(leg).items()}
        found = invalid_rollovers.determine(
            place.services, **of, rollover_id=named_rollover(which), why=why, detail=detail, legs=legs
        )
    say_rollover(found, Voice(json))


@commands.command()
def withheld(
    context: typer.Context, which: Which, by: By,
    leg: Annotated[list[str], typer.Option(help="A leg paid to the person and what was withheld, as 0=80.00.")],
    why: Annotated[str, typer.Option(help="How that was found out.")],
    plan: PlanOption = "", json: Json = False,
) -> None:  # fmt: skip
    """Say what tax was withheld where network and books differ, or the node cannot be asked any more."""
    with at_plan(wiring_of(context), "rollovers withheld", plan) as place, refused_aloud():
        of = _of(place, "rollovers withheld") | {"actor": person_who_decides(place, by, "rollovers withheld")}
        legs = {_leg(name): amount for name, amount in _pairs(leg).items()}
        found = withheld_rollovers.settle(
            place.services, **of, rollover_id=named_rollover(which), legs=legs, why=why
        )  # fmt: skip
    say_rollover(found, Voice(json))


@commands.command("pay-back")
def pay_back(
    context: typer.Context, which: Which, by: By,
    withheld: Annotated[str, typer.Option(help="The tax that is withheld; 0.00 for none.")],
    earnings: Annotated[list[str] | None, typer.Option(help="A source and its earnings, as rollover=3.10.")] = None,
    plan: PlanOption = "", json: Json = False,
) -> None:  # fmt: skip
    """Approve that an invalid rollover is paid to the person with its earnings."""
    with at_plan(wiring_of(context), "rollovers pay-back", plan) as place, refused_aloud():
        of = _of(place, "rollovers pay-back") | {"actor": person_who_decides(place, by, "rollovers pay-back")}
        told = _pairs(earnings) if earnings else None
        found = invalid_rollovers.pay_back(
            place.services, **of, rollover_id=named_rollover(which), withheld=withheld, earnings=told
        )
    say_rollover(found, Voice(json))


@commands.command()
def explanation(
    context: typer.Context, by: By,
    file: Annotated[Path, typer.Argument(help="Plain text, or a PDF, of at most 1,000,000 bytes.")],
    title: Annotated[str, typer.Option(help="As people call it.")],
    version: Annotated[str, typer.Option(help="Its edition.")],
    of_roth: Annotated[bool, typer.Option("--of-roth/--not-of-roth", help="It tells of Roth money.")] = True,
    of_other: Annotated[bool, typer.Option("--of-other/--not-of-other", help="It tells of other money.")] = True,
    plan: PlanOption = "", json: Json = False,
) -> None:  # fmt: skip
    """Give this explanation of section 402(f) from now on with every rollover that the plan pays."""
    with at_plan(wiring_of(context), "rollovers explanation", plan) as place, refused_aloud():
        actor = person_who_decides(place, by, "rollovers explanation")
        at = explaining.Putting(place.services, actor, place.tenant_id, place.plan_id)
        given = GivenExplanation(title, version, of_roth, of_other, bytes_of(file))
        found = explaining.put(at, given)
    voice = Voice(json)
    voice.tell(found)
    voice.line(f"{found.title} ({found.version}) is given from now on; what is signed of it is {found.fingerprint}.")


def _pairs(said: list[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in said]
    wrong = [name for name, equals, _ in pairs if not equals]
    if wrong:
        raise BadInputError(f"{wrong[0]} has no amount.", fix="Write it as 0=120.50 or rollover=3.10.")
    return {name.strip(): amount.strip() for name, _, amount in pairs}


def _leg(name: str) -> int:
    if not name.isdecimal():
        raise BadInputError(f"{name} is no leg.", fix="Legs are numbered from 0: open401k rollovers show.")
    return int(name)


def _of(place: Place, command: str) -> dict[str, Any]:
    return {"actor": actor_of(command), "tenant_id": place.tenant_id, "plan_id": place.plan_id}


def named_rollover(text: str) -> RolloverId:
    """The rollover, or the wish, of this id."""
    try:
        return RolloverId.parse(text)
    except ValueError as error:
        raise BadInputError(str(error), fix="Take the id from: open401k rollovers list") from None


def named_person(text: str) -> EmployeeId:
    """The person of this id."""
    try:
        return EmployeeId.parse(text)
    except ValueError as error:
        raise BadInputError(str(error), fix="Take the id from: open401k people --json") from None


def facts_of(file: Path) -> dict[str, Any]:
    """Facts by name, of a file."""
    try:
        told = plain.loads(bytes_of(file))
    except ValueError as error:
        raise BadInputError(f"{file} is not JSON: {error}.", fix="Write an object of facts by name.") from None
    if not isinstance(told, dict):
        raise BadInputError(f"{file} is no object.", fix="Write an object of facts by name.")
    return told


def _list(shown: view.PlanRollovers, voice: Voice) -> None:
    voice.tell(shown.lines)
    rows = [
        (str(e.rollover_id), e.way, e.name, e.words, ", ".join(m.code for m in e.missing), e.amount or "")
        for e in shown.lines
    ]
    empty = "Nobody asked for a rollover yet." if shown.offered else "The plan's terms say nothing of rollovers."
    voice.table(("Rollover", "Way", "Person", "State", "Missing", "Amount"), rows, empty=empty)


def say_rollover(found: view.RolloverDetail, voice: Voice) -> None:
    """One rollover, in lines."""
    line = found.line
    voice.tell(found)
    amount = f", {line.amount} on {line.booked_on}" if line.amount is not None else ""
    voice.line(f"{line.rollover_id}: {line.way}, {line.name}, {line.words}{amount}; case {found.case or '-'}.")
    for to in found.receivers:
        voice.line(f"To {to.custodian}: {to.words}.")
    for each in line.missing:
        voice.line(f"{each.code} ({each.owner} {'tells' if each.unknown else 'acts'}): {each.detail}")
    rows = [
        (e.kind, e.amount, e.basis, e.roth_since or "", ", ".join(f"{s.source} {s.amount}" for s in e.sources))
        for e in found.parts
    ]
    if found.settled is not None:
        voice.line(f"Tax withheld: {found.settled.withheld}, as {found.settled.by} found: {found.settled.why}")
    elif found.differs is not None:
        voice.line(f"Tax withheld: {found.withheld} by the network, {found.differs} by the books.")
    if found.invalid is not None:
        state = f"paid back on {found.invalid.paid_on}" if found.invalid.paid_on else "to be paid back"
        voice.line(f"Invalid ({found.invalid.why}): {found.invalid.total} with earnings, {state}.")
    voice.table(("Kind", "Amount", "Basis", "Roth since", "Sources"), rows, empty="Nothing is booked.")
