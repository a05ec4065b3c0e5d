"""Commands about payroll: upload a file, say that there is none, list runs, show one, bring over the year before."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from open401k.flows.year_to_date import Brought, bring
from open401k.flows.year_to_date_expected import YearToDate
from open401k.kernel import Refused, RunId
from open401k.payroll import Said, control_totals, encoding_of
from open401k.views import payroll_history, payroll_upload
from open401k.views.shown import RunState

from ..payroll_words import came_from
from ..provided import RunHeader, RunOutcome
from .convert import convert_file
from .found import bytes_of, refuse_file, tell_findings, told_if_refused
from .places import Place, PlanOption, at_plan
from .say import BAD_INPUT, FAILED, BadInputError, Voice, counted, fail
from .wiring import Json, wiring_of

Answer = TypeVar("Answer")


commands = typer.Typer(help="Payroll files and runs.", no_args_is_help=True)
commands.command(name="convert")(convert_file)


@commands.command()
def upload(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV or Excel file of a payroll provider.")],
    plan: PlanOption = "",
    provider: Annotated[str, typer.Option(help="Whose file it is; its columns are remembered by this name.")] = "",
    pay_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="If the file does not say.")] = None,
    replaces: Annotated[str, typer.Option(help="The run that this corrected file takes the place of.")] = "",
    reason: Annotated[
        str, typer.Option("--second-run", help="Why the same file, or the same amounts, are a second payroll.")
    ] = "",
    totals: Annotated[
        list[str] | None,
        typer.Option("--control-total", help="What the rows add up to: rows=120, employee_money=5400.00; may repeat."),
    ] = None,
    nothing: Annotated[
        bool, typer.Option("--no-contributions", help="The file has no rows: nothing is contributed on the pay date.")
    ] = False,
    encoding: Annotated[str, typer.Option(help="Of the file, if it is not UTF-8: cp1252.")] = "",
    accept: Annotated[bool, typer.Option("--accept-columns", help="Accept the proposed columns.")] = False,
    confirm: Annotated[bool, typer.Option("--confirm", help="Say yes to findings that ask for one.")] = False,
    json: Json = False,
) -> None:
    """Read, check and post a payroll file; the same file again changes nothing."""
    content, said = bytes_of(file), Said(_totals(totals or []), nothing, _encoding(encoding))
    # All that is said of the bytes: the same file with a pay date that it lacked is another command.
    told = "|".join((replaces, reason.strip(), said.text, provider, str(pay_date or ""))).encode()
    with at_plan(wiring_of(context), "payroll upload", plan) as place:
        run_id = _run_id(replaces) if replaces else None
        received = place.services.payroll.receive_file(
            place.order("cli " + hashlib.sha256(content + told).hexdigest()),
            name=file.name,
            content=content,
            provider=provider or None,
            pay_date=pay_date.date() if pay_date else None,
            replaces=run_id,
            second_run_reason=reason.strip()[:200],
            said=said,
        )
        posted = _carry_on(place, _done(received), accept=accept, confirm=confirm)
    _report(Voice(json), posted)


@commands.command(name="no-contributions")
def no_contributions(
    context: typer.Context,
    pay_date: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day for which there is no payroll.")],
    plan: PlanOption = "",
    replaces: Annotated[str, typer.Option(help="The run in whose place nothing is contributed after all.")] = "",
    confirm: Annotated[bool, typer.Option("--confirm", help="Say yes to findings that ask for one.")] = False,
    json: Json = False,
) -> None:
    """Say that nothing is contributed on a pay date: on file as its payroll, and nothing is posted."""
    with at_plan(wiring_of(context), "payroll no-contributions", plan) as place:
        header = RunHeader(
            pay_date.date(),
            replaces=_run_id(replaces) if replaces else None,
            confirmed=confirm,
            said=Said(no_contributions=True),
        )
        order = place.order(f"cli {place.plan_id} nothing {pay_date.date()} {replaces} {confirm}")
        told = _done(place.services.payroll.receive_rows(order, run=header, rows=()))
    _report(Voice(json), told)


@commands.command()
def close(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="Id of the run.")],
    why: Annotated[str, typer.Option(help="Why it is not to be posted; it stays on file.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Close a payroll that waits and is not to be posted, for good. A second time changes nothing."""
    with at_plan(wiring_of(context), "payroll close", plan) as place:
        order = place.order(f"cli close {run}")
        told = _done(place.services.payroll.close(order, run_id=_run_id(run), why=why))
    voice = Voice(json)
    voice.tell(told)
    voice.line(f"{told.run_id} is closed: nothing of it is posted.")


@commands.command(name="list")
def list_runs(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """The payrolls of a plan, newest first."""
    with at_plan(wiring_of(context), "payroll list", plan) as place, place.begin() as tx:
        shown = payroll_history.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, after=None)
    voice = Voice(json)
    voice.tell(shown)
    rows = [
        (r.pay_date, came_from(r.provider, r.file_name), r.rows, r.employee, r.employer, r.state, str(r.run_id))
        for r in shown.payrolls
    ]
    voice.table(("Pay date", "Source", "Rows", "Employee", "Employer", "State", "Id"), rows, empty="No payroll yet.")


@commands.command()
def show(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="Id of the run.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """One run with its findings and rows."""
    with at_plan(wiring_of(context), "payroll show", plan) as place, place.begin() as tx:
        shown = payroll_history.load_run(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, run_id=_run_id(run))
    if shown is None:
        raise BadInputError(f"There is no run {run}.", fix="See: open401k payroll list")
    voice = Voice(json)
    voice.tell(shown)
    for words in _said_words(shown):
        voice.line(words)
    tell_findings(voice, shown.findings)
    rows = [(r.line_no, r.name, r.plan_compensation, r.pre_tax, r.roth, r.match, r.held) for r in shown.rows]
    voice.table(("Row", "Person", "Plan pay", "Pre-tax", "Roth", "Match", "Held"), rows, empty="No rows.")


@commands.command(name="year-to-date")
def year_to_date(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV of year-to-date figures, in the canonical columns.")],
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day whose payrolls are in it.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Bring over the year's figures of payrolls made before the plan came here; with any fault nothing is changed."""
    content = bytes_of(file)
    with at_plan(wiring_of(context), "payroll year-to-date", plan) as place:
        told = YearToDate(place.tenant_id, place.plan_id, as_of.date(), file.name, content)
        with told_if_refused():
            outcome = bring(place.services.db, actor=place.actor, told=told)
    voice = Voice(json)
    if not isinstance(outcome, Brought):
        refuse_file(voice, outcome)
    voice.tell(outcome)
    said = "were on file already" if outcome.already else "are on file"
    voice.line(
        f"The figures of {outcome.people} people as of {outcome.as_of} {said}: {outcome.plan_compensation} of pay,"
        f" {outcome.employee} of employees, {outcome.employer} of the employer. Nothing was posted for them."
    )
    if outcome.entries:
        voice.line(f"{outcome.entries} entries correct payrolls that were posted here.")


def _carry_on(place: Place, outcome: RunOutcome, *, accept: bool, confirm: bool) -> RunOutcome:
    """Columns, then posting, as far as was agreed to."""
    story, run_id = place.services.payroll, outcome.run_id
    if outcome.state is RunState.MAPPING:
        with place.begin() as tx:
            proposal = payroll_upload.load_mapping(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, run_id=run_id)
        if proposal is None or not accept:
            words = "; ".join(f"{c.heading} is {c.field or 'not used'}" for c in proposal.columns) if proposal else ""
            raise BadInputError(f"These columns are new: {words}.", fix="If that is right, add --accept-columns.")
        fields = {column.position: column.field for column in proposal.columns}
        outcome = _done(story.confirm_mapping(place.order(f"cli {run_id} mapping"), run_id=run_id, fields=fields))
    if outcome.state is not RunState.CHECKED or (outcome.needs_confirmation and not confirm):
        return outcome
    return _done(story.post(place.order(f"cli {run_id} post"), run_id=run_id, confirmed=confirm))


def _done(outcome: Answer | Refused[Any]) -> Answer:
    if isinstance(outcome, Refused):
        fail(outcome.message, outcome.fix, code=FAILED)
    return outcome


def _report(voice: Voice, outcome: RunOutcome) -> None:
    voice.tell(outcome)
    tell_findings(voice, outcome.findings)
    if outcome.posted:
        voice.line(f"{outcome.run_id} is posted{' already' if outcome.already else ''}.")
        return
    told = f"{outcome.run_id} is not posted ({outcome.state})."
    if outcome.needs_confirmation:
        fail(told, "Look at the findings, then run it again with --confirm.")
    fail(told, "Send a corrected file.", code=BAD_INPUT)


def _said_words(shown: payroll_history.RunDetail) -> Iterator[str]:
    """What was said of a run besides its rows."""
    if shown.no_contributions:
        yield "It was said that nothing is contributed this period."
    totals = [] if shown.announced_rows is None else [counted(shown.announced_rows, "row")]
    totals += [f"{each.label} {each.amount}" for each in shown.announced_totals]
    if totals:
        yield f"Control totals given: {', '.join(totals)}."


def _totals(given: Sequence[str]) -> dict[str, int]:
    try:
        if unlike := [each for each in given if "=" not in each]:
            raise ValueError(f"{unlike[0]!r} is no control total")
        names = [each.partition("=")[0] for each in given]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"The control total {twice[0]} is given twice")
        return control_totals(dict(each.split("=", 1) for each in given))
    except ValueError as error:
        raise BadInputError(f"{error}.", fix="Write it as --control-total rows=120.") from None


def _encoding(given: str) -> str:
    try:
        return encoding_of(given)
    except ValueError as error:
        raise BadInputError(f"{error}.", fix="Write --encoding cp1252, or leave it out for UTF-8.") from None


def _run_id(text: str) -> RunId:
    try:
        return RunId.parse(text)
    except ValueError as error:
        raise BadInputError(f"{error}.", fix="See: open401k payroll list") from None
