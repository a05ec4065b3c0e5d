"""Commands about elections: set one, bring a table, list what holds and what payroll did otherwise."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from open401k.flows.election import elect_or_stop
from open401k.flows.elections import ElectionsBrought, ElectionsTold, bring_elections
from open401k.kernel import EmployeeId, Money, Refused, Source, day_of
from open401k.recordkeeping import How, NewElection, Part, Slot
from open401k.views import elections as view

from .. import over_sent
from ..problems import ProblemError
from .found import bytes_of, refuse_file
from .places import PlanOption, at_plan
from .say import BadInputError, Voice, fail
from .wiring import Json, wiring_of

commands = typer.Typer(help="What people asked payroll to withhold.", no_args_is_help=True)


@commands.command(name="set")
def set_one(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="Id of the employee: open401k people --json")],
    effective_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First pay dates from this day on.")],
    source: Annotated[str, typer.Option(help="pre_tax, roth or after_tax.")] = "pre_tax",
    percent: Annotated[str, typer.Option(help="Of pay, such as 6 or 6.25.")] = "",
    dollars: Annotated[str, typer.Option(help="For each paycheck, such as 250.00.")] = "",
    part: Annotated[str, typer.Option(help="regular, bonus or catch_up.")] = "regular",
    made_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day of the form; today, unless given.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Stop everything that holds, of every source.")] = False,
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Record what one person elects on paper; 0 elects nothing."""
    if stop == bool(percent or dollars) or (percent and dollars):
        raise BadInputError("An election is a percentage, an amount, or a stop.", fix="Give one of the three.")
    new = NewElection(
        _person(person),
        _slot(source, part),
        effective_on.date(),
        How.ADMINISTRATOR,
        bps=_hundredths(percent),
        cents=_hundredths(dollars),
        made_on=made_on.date() if made_on else None,
    )
    with at_plan(wiring_of(context), "elections set", plan) as place, place.begin() as tx:
        done = elect_or_stop(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, new=new, stop=stop)
        if isinstance(done, Refused):
            fail(done.message, done.fix)
    voice = Voice(json)
    voice.tell({"recorded": done})
    voice.line(f"{done} recorded, from {effective_on.date()} on.")


@commands.command(name="import")
def bring(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV of elections, in the canonical columns.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Record a table of elections; with any fault nothing is recorded. The same table again changes nothing."""
    content = bytes_of(file)
    with at_plan(wiring_of(context), "elections import", plan) as place:
        told = ElectionsTold(place.tenant_id, place.plan_id, file.name, content)
        outcome = bring_elections(place.services.db, actor=place.actor, told=told)
    voice = Voice(json)
    if not isinstance(outcome, ElectionsBrought):
        refuse_file(voice, outcome)
    voice.tell(outcome)
    voice.line(f"{outcome.recorded} recorded of {outcome.people} people, {outcome.already} were on file already.")


@commands.command(name="list")
def list_all(
    context: typer.Context,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today, unless given.")] = None,
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """What holds for everybody, why, what it makes due, and what payroll did otherwise."""
    day = as_of.date() if as_of else None
    with at_plan(wiring_of(context), "elections list", plan) as place, place.begin() as tx:
        shown = view.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, as_of=day or day_of(tx.now))
    voice = Voice(json)
    voice.tell(shown)
    for each in shown.shortcomings:
        voice.line(f"This plan must enroll automatically. {each}")
    if not shown.kept_here:
        voice.line("The plan has no terms of elections: they are kept elsewhere.")
        return
    rows: list[tuple[Any, ...]] = [
        (person.name, line.source, line.part, line.percent, line.dollars, line.since, line.why)
        for person in shown.people
        for line in person.elections
    ]
    rows += [(person.name, None, None, None, None, None, person.why) for person in shown.people if not person.elections]
    voice.table(("Person", "Source", "Part", "Percent", "Dollars", "Since", "Why"), rows, empty="Nobody yet.")
    due = [(line.last, line.what, line.name, line.about, line.cite) for line in shown.duties]
    voice.table(("By", "Due", "Person", "About", "Rule"), due, empty="")
    found = [(case.first, case.last, case.name, ", ".join(case.kinds), case.words, case.cite) for case in shown.cases]
    voice.table(("From", "To", "Person", "Otherwise", "Cure", "Rule"), found, empty="Payroll followed every election.")


@commands.command(name="give-back")
def give_back(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="Id of the employee.")],
    first: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The first pay date of the case, as listed.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Give back what payroll withheld beyond an election, or before entry, by corrected payrolls."""
    with at_plan(wiring_of(context), "elections give-back", plan) as place:
        of: dict[str, Any] = {"actor": place.actor, "tenant_id": place.tenant_id, "plan_id": place.plan_id}
        try:
            done = over_sent.give(place.services.db, **of, employee=person, first=first.date())
        except ProblemError as error:
            fail(error.problem.detail, error.problem.fix)
    voice = Voice(json)
    voice.tell({"cents": done.cents, "pay_dates": done.pay_dates, "waits": done.waits})
    voice.line(over_sent.given_words(done))


def _person(text: str) -> EmployeeId:
    try:
        return EmployeeId.parse(text)
    except ValueError as error:
        raise BadInputError(f"{error}.", fix="Take the id from: open401k people --json") from None


def _slot(source: str, part: str) -> Slot:
    try:
        return Slot(Source(source), Part(part))
    except ValueError:
        told = f"{source} and {part} are not a source and a part of pay."
        raise BadInputError(told, fix="Use pre_tax, roth or after_tax; regular, bonus or catch_up.") from None


def _hundredths(text: str) -> int:
    """Cents of dollars, or basis points of a percentage."""
    try:
        value = Decimal(text.strip().rstrip("%") or "0")
    except InvalidOperation:
        value = Decimal(-1)
    if not 0 <= value < 10**9 or value != round(value, 2):
        raise BadInputError(f"{text!r} is no percentage and no amount.", fix="Write 6, 6.25 or 250.00.")
    return Money.usd(f"{value:.2f}").cents
