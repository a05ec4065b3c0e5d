"""Commands about corrections that cost the employer money: list, show, approve, decline."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import typer

from open401k import compliance
from open401k.base import access
from open401k.base.access import Permission
from open401k.base.db import ALL_TENANTS, Actor
from open401k.kernel import EmployeeId, FailureId, FlowId, Money, Open401kError, ProposalId, Refused, named_uuid
from open401k.recordkeeping.overpaid_decided import Became
from open401k.views import corrections as inbox
from open401k.views.corrections import CorrectionLine

from .. import corrections, overpaid
from ..declaring import percent_of
from ..problems import ProblemError
from .places import Place, PlanOption, actor_of, at_plan
from .say import BadInputError, Voice
from .wiring import Json, wiring_of

commands = typer.Typer(help="Corrections that wait for the employer.", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="The correction, as `open401k corrections list` names it (prp_...).")]
By = Annotated[
    str, typer.Option("--by", help="Address of the person who decides: a user with the right at this sponsor.")
]


@commands.command("list")
def list_them(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Every correction: what waits first, with deadline and cost."""
    with at_plan(wiring_of(context), "corrections list", plan) as place, place.begin() as tx:
        shown = inbox.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    lines, voice = [*shown.waiting, *shown.done], Voice(json)
    voice.tell(lines)
    rows = [(str(e.proposal_id), e.state, e.title, e.principal, e.earnings, e.decide_by) for e in lines]
    headings = ("Correction", "State", "What", "Contributions", "Earnings", "First last day")
    voice.table(headings, rows, empty="No correction was ever proposed.")


@commands.command("overpaid")
def list_overpaid(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Money that left an account before it was taken back: whose, who acts, by when."""
    with at_plan(wiring_of(context), "corrections overpaid", plan) as place, place.begin() as tx:
        shown = inbox.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    lines, voice = shown.overpaid, Voice(json)
    voice.tell({"open": lines, "beyond": shown.beyond, "decided": shown.settled})
    rows = [(each.person, each.source, each.amount, each.found_on, each.act_by, each.acts) for each in lines]
    headings = ("Person", "Source", "Overpaid", "Found on", "Act by", "Who acts")
    voice.table(headings, rows, empty="Nothing left an account before it was taken back.")
    for each in lines:
        voice.line(f"{each.person}: {each.text} ({each.cite})")
    for over in shown.beyond:
        voice.line(
            f"{over.person}, {over.source}: {over.amount} came again though it was due; take back what was said."
        )
    for said in shown.settled:
        undone = f" Taken back on {said.undone_on}: {said.undone_because}" if said.undone_on else ""
        voice.line(f"{said.decision_id} {said.person}, {said.source}: {said.words}. {said.reason}{undone}")


@commands.command()
def show(context: typer.Context, which: Which, plan: PlanOption = "", json: Json = False) -> None:
    """One correction: what happened, who gets how much, what waiting costs, the notices."""
    with at_plan(wiring_of(context), "corrections show", plan) as place:
        line = _line(place, _named(which))
    voice = Voice(json)
    voice.tell(line)
    voice.line(f"{line.title} ({line.state})\n{line.text}\n{line.paragraph}")
    rows = [(each.person, each.source, each.amount, each.earnings) for each in line.credits]
    voice.table(("Person", "Source", "Contribution", "Earnings"), rows, empty="Nothing is posted.")
    for waiting in line.waiting:
        voice.line(f"{f'until {waiting.until}' if waiting.until else 'from then on'}: {waiting.text}")
    for notice in line.notices:
        when = f"given on {notice.given_on}" if notice.given_on else f"by {notice.give_by}"
        voice.line(f"\nNotice to {notice.person}, {when}:\n\n{notice.text}")
    for each in line.needed:
        voice.line(f"Not counted. {each}")
    if line.not_ready:
        voice.line(f"Cannot be approved yet. {line.not_ready}")


@commands.command()
def approve(context: typer.Context, which: Which, by: By, plan: PlanOption = "", json: Json = False) -> None:
    """Approve a correction: it is posted with earnings to today. A second time changes nothing."""
    with at_plan(wiring_of(context), "corrections approve", plan) as place:
        actor, wanted = person_who_decides(place, by, "corrections approve"), _named(which)
        of: dict[str, Any] = {
            "actor": actor,
            "tenant_id": place.tenant_id,
            "plan_id": place.plan_id,
            "proposal_id": wanted,
        }
        with refused_aloud():
            to_people = Money(corrections.approve(place.services.db, **of).told.to_people_cents)
        line = _line(place, wanted)
    voice = Voice(json)
    voice.tell(line)
    voice.line(corrections.approved_words(line.total, to_people=to_people))


@commands.command()
def decline(
    context: typer.Context,
    which: Which,
    by: By,
    reason: Annotated[str, typer.Option(help="Why it is not owed, or how it was corrected.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Decline a correction, with a reason."""
    with at_plan(wiring_of(context), "corrections decline", plan) as place:
        actor, wanted = person_who_decides(place, by, "corrections decline"), _named(which)
        of: dict[str, Any] = {
            "actor": actor,
            "tenant_id": place.tenant_id,
            "plan_id": place.plan_id,
            "proposal_id": wanted,
        }
        with refused_aloud():
            corrections.decline(place.services.db, **of, reason=reason)
        line = _line(place, wanted)
    voice = Voice(json)
    voice.tell(line)
    voice.line("Declined; the reason is on file.")


@commands.command()
def received(
    context: typer.Context,
    which: Which,
    on: Annotated[str, typer.Option(help="The day on which it came: 2026-06-01.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Record that the employer's money for an approved correction came. A second time changes nothing."""
    with at_plan(wiring_of(context), "corrections received", plan) as place:
        wanted, day = _named(which), _day(on)
        of: dict[str, Any] = {"tenant_id": place.tenant_id, "plan_id": place.plan_id, "proposal_id": wanted}
        with refused_aloud():
            corrections.received(place.services.db, actor=actor_of("corrections received"), **of, on=day)
        line = _line(place, wanted)
    voice = Voice(json)
    voice.tell(line)
    voice.line(f"On file: {line.total} came on {day}.")


@commands.command()
def became(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="Id of the employee: open401k corrections overpaid --json")],
    source: Annotated[str, typer.Argument(help="Its source: match, profit_sharing ...")],
    what: Annotated[Became, typer.Argument(help="Paid back by the person, restored by somebody else, or left.")],
    amount: Annotated[str, typer.Argument(help="Of what was overpaid: 400.00")],
    on: Annotated[str, typer.Option(help="The day on which the money came, or it was decided: 2026-06-01.")],
    reason: Annotated[str, typer.Option(help="Who decided, and on what; it stays on file.")],
    by: By,
    within_limits: Annotated[
        bool, typer.Option("--within-limits", help="Inadvertent, and not above 401(a)(17) or 415: it may be left.")
    ] = False,
    bank_line: Annotated[
        str, typer.Option(help="Of a line of the bank that paid a payroll by this sum: same or other money.")
    ] = "",
    key: Annotated[str, typer.Option(help="The same again is the same decision; else what is said is the key.")] = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Record what became of money that left an account before it was taken back."""
    with at_plan(wiring_of(context), "corrections became", plan) as place:
        actor, day = person_who_decides(place, by, "corrections became"), _day(on)
        with refused_aloud():
            done = overpaid.settle(
                place.services.db, actor=actor, tenant_id=place.tenant_id, plan_id=place.plan_id,
                key=key or f"cli/{person}/{source}/{what}/{amount}/{on}/{reason}", employee=person, source=source,
                became=what, amount=amount, on=day, reason=reason, within_limits=within_limits,
                line=bank_line,
            )  # fmt: skip
    voice = Voice(json)
    voice.tell(done)
    voice.line(f"On file: {done.words}.")


@commands.command("undo-became")
def undo_became(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(help="As `open401k corrections overpaid` names it.")],
    reason: Annotated[str, typer.Option(help="Why it was wrong; it stays on file.")],
    by: By,
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Take back what was recorded of such money: it is open again. A second time changes nothing."""
    with at_plan(wiring_of(context), "corrections undo-became", plan) as place:
        actor = person_who_decides(place, by, "corrections undo-became")
        of: dict[str, Any] = {"actor": actor, "tenant_id": place.tenant_id, "plan_id": place.plan_id}
        with refused_aloud():
            done = overpaid.undo(place.services.db, **of, decision=decision, reason=reason)
    voice = Voice(json)
    voice.tell(done)
    voice.line(f"Taken back: {done.words}.")


@commands.command()
def failure(
    context: typer.Context,
    kind: Annotated[compliance.FailureKind, typer.Argument(help="What went wrong.")],
    person: Annotated[str, typer.Argument(help="Id of the employee: open401k people --json")],
    found_on: Annotated[str, typer.Option(help="The day on which it was found: 2026-05-13.")],
    how_found: Annotated[str, typer.Option(help="How it was found; it stays on file.")],
    by: By,
    rate: Annotated[
        str, typer.Option(help="Elected or default rate, in percent of pay; none for those left out.")
    ] = "",
    first_on: Annotated[str, typer.Option(help="First pay date that was wrong; left out, from entry.")] = "",
    begin_on: Annotated[str, typer.Option(help="The day on which correct deferrals begin, once it is known.")] = "",
    notice_on: Annotated[str, typer.Option(help="The day on which the notice was given.")] = "",
    told_on: Annotated[str, typer.Option(help="The day on which the employee told the employer.")] = "",
    automatic: Annotated[bool, typer.Option("--automatic", help="The plan enrolls automatically.")] = False,
    key: Annotated[str, typer.Option(help="The same key again is the same failure, with the days known by now.")] = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Record a failure that was found, or more of one. What it costs is counted and proposed; nothing is posted."""
    days = {"first_on": first_on, "begin_on": begin_on, "notice_on": notice_on, "told_on": told_on}
    with at_plan(wiring_of(context), "corrections failure", plan) as place:
        number = key or str(place.services.ids.new(FlowId))
        told = compliance.Failure(
            failure_id=FailureId(named_uuid("failure", str(place.tenant_id), str(place.plan_id), number)),
            plan_id=place.plan_id,
            kind=kind,
            people=(compliance.Affected(_person(person), _rate(rate)),),
            found_on=_day(found_on),
            how_found=how_found[:500],
            automatic=automatic,
        )
        known: dict[str, Any] = {name: _day(text) for name, text in days.items() if text}
        told = replace(told, **known)
        actor = person_with(place, by, "corrections failure", Permission.CENSUS_CHANGE)
        with refused_aloud():
            said = "/".join([number, *days.values()])
            corrections.record(place.services.db, actor=actor, tenant_id=place.tenant_id, failure=told, key=said)
        with place.begin() as tx:
            shown = inbox.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    found = [each for each in shown.waiting if each.failure and each.failure.failure_id == told.failure_id]
    voice = Voice(json)
    voice.tell({"failure_id": told.failure_id, "key": number, "proposed": found})
    voice.line(f"Recorded; more of it is told with --key {number}.")
    for each in found:
        voice.line(f"{each.proposal_id}: {each.title}. {each.not_ready}".strip())


def _rate(text: str) -> int | None:
    return percent_of(text, "the rate") if text else None


def _person(text: str) -> EmployeeId:
    try:
        return EmployeeId.parse(text)
    except ValueError as error:
        raise BadInputError(f"{error}.", fix="Take the id from: open401k people --json") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInputError(str(error), fix="Give the day as 2026-06-01.") from None


@contextmanager
def refused_aloud() -> Iterator[None]:
    """A refusal of the doors as the terminal says it."""
    try:
        yield
    except ProblemError as error:
        raise Open401kError(error.problem.detail or error.problem.title, fix=error.problem.fix) from None


def _line(place: Place, wanted: ProposalId) -> CorrectionLine:
    with place.begin() as tx:
        line = inbox.load_one(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, proposal_id=wanted)
    if line is None:
        raise BadInputError(f"The plan has no correction {wanted}.", fix="List them: open401k corrections list")
    return line


def _named(text: str) -> ProposalId:
    try:
        return ProposalId.parse(text)
    except ValueError as error:
        raise BadInputError(str(error), fix="List them: open401k corrections list") from None


def person_who_decides(place: Place, email: str, command: str) -> Actor:
    """A person who may decide about money of the employer."""
    return person_with(place, email, command, Permission.ALERT_DECIDE)


def person_with(place: Place, email: str, command: str, permission: Permission) -> Actor:
    """Money of the employer is spent by a person with the right to; who has the machine is not yet that person."""
    at = place.services.wall.now()
    with place.services.db.begin(actor_of(command), tenants=ALL_TENANTS) as tx:
        found = access.find_user(tx, email=email)
        principal = None if found is None else access.principal_of(tx, user_id=found.user_id, at=at)
    if principal is None:
        raise BadInputError(f"Nobody has the address {email}.", fix="Check the spelling.")
    refused = access.authorize(principal, permission, place.tenant_id)
    if isinstance(refused, Refused):
        raise BadInputError(refused.message, fix=refused.fix)
    return principal.actor(f"open401k {command}")
