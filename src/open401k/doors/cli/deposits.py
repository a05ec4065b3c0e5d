"""Commands about the employer's money: what is due, bank statements, debit files, what the bank sends back."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from open401k import custody
from open401k.custody import AccountChangeId, StatementId
from open401k.custody.accounts import NewAccount, Purpose
from open401k.flows.bank_statement import StatementFile, read_in
from open401k.flows.debit_file import make_file, take_answer
from open401k.flows.deposit_choices import place_line
from open401k.flows.deposit_doubles import settle_twice
from open401k.flows.waiting_money import use_waiting
from open401k.kernel import EntryId, Id, Money, ProposalId, RunId, day_of
from open401k.recordkeeping.over_sent import Way
from open401k.views import deposit_page
from open401k.wire import Unreadable

from .. import over_sent
from ..problems import ProblemError
from .found import bytes_of
from .places import PlanOption, at_plan
from .say import BAD_INPUT, BadInputError, Voice, counted, fail
from .wiring import Json, wiring_of

Kind = TypeVar("Kind", bound=Id)
commands = typer.Typer(help="The employer's money: due, debited, received, returned.", no_args_is_help=True)


@commands.command(name="list")
def list_deposits(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Each payroll's money with its state, and what waits for a person."""
    with at_plan(wiring_of(context), "deposits list", plan) as place, place.begin() as tx:
        shown = deposit_page.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    voice = Voice(json)
    voice.tell(shown)
    rows = [
        (d.pay_date, d.state, d.due, d.outstanding, d.target_on, d.reference, str(d.run_id)) for d in shown.deposits
    ]
    headings = ("Pay date", "State", "Due", "To come", "Send by", "Reference", "Run")
    voice.table(headings, rows, empty="No payroll owes a deposit.")
    for each in shown.deposits:
        if each.to_do:
            voice.line(f"{each.pay_date}: {each.to_do}")
    for owed in shown.corrections:
        came = f"{owed.outstanding} to come" if owed.outstanding else f"came on {owed.received_on}"
        voice.line(f"A correction: {owed.reference}: {owed.due} since {owed.due_on}, {came}: {owed.title}")
    for line in shown.lines:
        name = f"{line.statement_id} {line.line_no}"
        voice.line(f"A line waits: {name}: {line.booked_on} {line.amount} {line.text}")
    for double in shown.twice:
        line, name = double.line, f"{double.line.statement_id} {double.line.line_no}"
        voice.line(f"Probably booked twice: {name}: {line.booked_on} {line.amount} {line.text}: {double.booked_as}")
    for line in shown.set_aside:
        name = f"{line.statement_id} {line.line_no}"
        voice.line(f"Told before by another file: {name}: {line.booked_on} {line.amount} {line.text}")
    for money in shown.money:
        voice.line(f"Money waits: {money.entry_id}: {money.on} {money.amount}")
    for gap in shown.gaps:
        between = f"{gap.first} to {gap.last}" if gap.days else "no day between them"
        moved = f"the balance moved by {Money(gap.cents)}"
        voice.line(f"Statements do not join: {between}: {moved} between {gap.after} and {gap.name}")
    for each_over in shown.lowered:
        told = f"{each_over.pay_date}: {each_over.run_id}: withheld {each_over.withheld}, employer {each_over.employer}"
        voice.line(f"More was sent than is owed: {told}; {', '.join(each_over.ways)}" if each_over.open else "")
        voice.line(each_over.to_payroll)
        for one in each_over.said:
            voice.line(f"{one.decision_id}: {one.words}")
    for change in shown.changes:
        voice.line(f"To decide: {change.account_change_id}: {change.shown}")


@commands.command()
def statement(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="BAI2, camt.053, camt.054 or CSV.")],
    plan: PlanOption = "",
    opening: Annotated[str, typer.Option(help="Opening balance of a CSV that has none, like 1234.50.")] = "",
    closing: Annotated[str, typer.Option(help="Closing balance of a CSV that has none.")] = "",
    json: Json = False,
) -> None:
    """Read a bank statement; lines that explain themselves are posted. The same file again changes nothing."""
    content = bytes_of(file)
    with at_plan(wiring_of(context), "deposits statement", plan) as place:
        of = StatementFile(place.tenant_id, place.plan_id, file.name, content, _cents(opening), _cents(closing))
        result = read_in(place.services.db, actor=place.actor, of=of)
    if isinstance(result, Unreadable):
        _refuse(result)
    voice = Voice(json)
    voice.tell(result["settle"])
    rows = [(each["line"], each["kind"], Money(each["cents"]), each["run_id"]) for each in result["settle"]]
    voice.table(("Line", "Is", "Amount", "Payroll"), rows, empty="No line explains itself; see: open401k deposits list")
    if result["sort_out"]["others"]:
        voice.line(f"Left out: other accounts, ending in {', '.join(result['sort_out']['others'])}.")


@commands.command()
def answer(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A NACHA file with returns or notices of change.")],
    plan: PlanOption = "",
    fragment: Annotated[bool, typer.Option("--fragment", help="It has no header and no controls.")] = False,
    json: Json = False,
) -> None:
    """Read what the bank sends back; debits that were returned are due again."""
    content = bytes_of(file)
    with at_plan(wiring_of(context), "deposits answer", plan) as place:
        result = take_answer(
            place.services.db,
            actor=place.actor,
            tenant_id=place.tenant_id,
            plan_id=place.plan_id,
            data=content,
            fragment=fragment,
        )
    if isinstance(result, Unreadable):
        _refuse(result)
    voice = Voice(json)
    voice.tell({"returned": result.returned, "changes": result.changes, "unknown": result.unknown})
    voice.line(f"{counted(len(result.returned), 'debit')} came back, {counted(result.changes, 'change')} to decide.")
    for each in result.unknown:
        voice.line(f"Not taken: {each}")


@commands.command()
def debit(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="Where to write the NACHA file; it must not exist.")],
    plan: PlanOption = "",
    same_day: Annotated[bool, typer.Option("--same-day", help="Take effect today.")] = False,
) -> None:
    """Make a file of debits of all that is due and not under way, and write it for the bank."""
    if out.exists():
        raise BadInputError(f"{out} exists.", fix="Name another file.")
    with at_plan(wiring_of(context), "deposits debit", plan) as place:
        file_id = make_file(
            place.services.db,
            actor=place.actor,
            tenant_id=place.tenant_id,
            plan_id=place.plan_id,
            key=f"cli/{place.services.ids.new(StatementId)}",
            same_day=same_day,
        )
        if file_id is None:
            fail("Nothing is due that is not under way.")
        with place.begin() as tx:
            data = custody.ach.content(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, file_id=file_id)
    out.touch(mode=0o600)
    out.write_bytes(data)
    Voice(False).line(f"{file_id} is in {out}. It holds account numbers: give it to the bank, then delete it.")


@commands.command()
def account(
    context: typer.Context,
    purpose: Annotated[Purpose, typer.Argument(help="Whose account.")],
    name: Annotated[str, typer.Option(help="Its holder.")],
    routing: Annotated[str, typer.Option(help="Nine digits.")],
    number: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for when it is not given.")],
    plan: PlanOption = "",
    kind: Annotated[str, typer.Option(help="checking or savings.")] = "checking",
    bank_name: Annotated[str, typer.Option(help="For the header of a file.")] = "",
    company_id: Annotated[str, typer.Option(help="As the bank assigned it; for the plan's account.")] = "",
) -> None:
    """Put a bank account on file; its number is sealed."""
    new = NewAccount(purpose, name, routing, number, kind, bank_name, company_id)
    with at_plan(wiring_of(context), "deposits account", plan) as place, place.begin() as tx:
        account_id = custody.accounts.add(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, account=new)
    Voice(False).line(f"{account_id} is on file, ending in {number[-4:] if len(number) > 4 else '····'}.")


@commands.command()
def place(
    context: typer.Context,
    statement_id: Annotated[str, typer.Argument(help="As the list names it.")],
    line_no: Annotated[int, typer.Argument(min=1)],
    run: Annotated[str, typer.Option(help="The payroll it belongs to; without it: none of the plan's deposits.")] = "",
    employers: Annotated[bool, typer.Option("--employers", help="The employer's: it came twice, or too much.")] = False,
    plan: PlanOption = "",
) -> None:
    """Say which payroll a line that waits belongs to."""
    with at_plan(wiring_of(context), "deposits place", plan) as here:
        place_line(
            here.services.db,
            actor=here.actor,
            tenant_id=here.tenant_id,
            plan_id=here.plan_id,
            statement_id=_named(StatementId, statement_id),
            line_no=line_no,
            run_id=_named(RunId, run) if run else None,
            employers=employers,
        )
    Voice(False).line("The line has its place.")


@commands.command()
def twice(
    context: typer.Context,
    statement_id: Annotated[str, typer.Argument(help="As the list names it.")],
    line_no: Annotated[int, typer.Argument(min=1)],
    same: Annotated[bool, typer.Option("--same/--own", help="The same money: take it back; or a payment of its own.")],
    plan: PlanOption = "",
) -> None:
    """Say what a line is that was probably booked twice."""
    with at_plan(wiring_of(context), "deposits twice", plan) as here:
        settle_twice(
            here.services.db,
            actor=here.actor,
            tenant_id=here.tenant_id,
            plan_id=here.plan_id,
            statement_id=_named(StatementId, statement_id),
            line_no=line_no,
            same_money=same,
        )
    Voice(False).line("It was taken back." if same else "Both are payments.")


@commands.command()
def use(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(help="The money that waits, as the list names it.")],
    run: Annotated[str, typer.Option(help="The payroll it pays; with neither: it was given back.")] = "",
    correction: Annotated[str, typer.Option(help="The approved correction it pays.")] = "",
    plan: PlanOption = "",
) -> None:
    """Use the employer's money that waits, or say that it was given back."""
    with at_plan(wiring_of(context), "deposits use", plan) as here:
        rest = use_waiting(
            here.services.db,
            actor=here.actor,
            tenant_id=here.tenant_id,
            plan_id=here.plan_id,
            entry_id=_named(EntryId, entry),
            run_id=_named(RunId, run) if run else None,
            proposal_id=_named(ProposalId, correction) if correction else None,
            on=day_of(here.services.clock.now()),
        )
    applied = f"Applied; {rest} of it waits on." if rest else "Applied."
    Voice(False).line(applied if run or correction else "Recorded as given back.")


@commands.command()
def over(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="The payroll of which money is over, as the list names it.")],
    way: Annotated[Way, typer.Argument(help="What becomes of it.")],
    amount: Annotated[str, typer.Argument(help="Like 364.00.")],
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])],
    reason: Annotated[str, typer.Option(help="Who decided, and on what.")],
    earnings: Annotated[str, typer.Option(help="What it earned where it is invested; with to_employee.")] = "",
    key: Annotated[str, typer.Option(help="The same again changes nothing; told unless given.")] = "",
    plan: PlanOption = "",
) -> None:
    """Say what becomes of money that was sent for a payroll which a corrected file lowered."""
    with at_plan(wiring_of(context), "deposits over", plan) as here:
        said = {"run": run, "way": str(way), "amount": amount, "earnings": earnings, "reason": reason}
        key = key or f"cli/{run}/{way}/{amount}/{on.date()}"
        try:
            done = over_sent.settle(
                here.services.db, actor=here.actor, tenant_id=here.tenant_id, plan_id=here.plan_id, key=key,
                on=on.date(), **said,
            )  # fmt: skip
        except ProblemError as error:
            fail(error.problem.detail, error.problem.fix)
    Voice(False).line(f"On file: {done.words}.")


@commands.command("undo-over")
def undo_over(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(help="As the list names it.")],
    reason: Annotated[str, typer.Option(help="Why it was wrong; it stays on file.")],
    plan: PlanOption = "",
) -> None:
    """Take back what was said of money that is over: it is open again. A second time changes nothing."""
    with at_plan(wiring_of(context), "deposits undo-over", plan) as here:
        of: dict[str, Any] = {"actor": here.actor, "tenant_id": here.tenant_id, "plan_id": here.plan_id}
        try:
            done = over_sent.undo(here.services.db, **of, decision=decision, reason=reason)
        except ProblemError as error:
            fail(error.problem.detail, error.problem.fix)
    Voice(False).line(f"Taken back: {done.words}.")


@commands.command()
def decide(
    context: typer.Context,
    change: Annotated[str, typer.Argument(help="What the bank asks for, as the list names it.")],
    accept: Annotated[bool, typer.Option("--accept/--leave", help="Change the account, or leave it.")],
    plan: PlanOption = "",
) -> None:
    """Decide what a bank asks to change about the employer's account."""
    with at_plan(wiring_of(context), "deposits decide", plan) as here, here.begin() as tx:
        change_id = _named(AccountChangeId, change)
        custody.accounts.decide(
            tx, tenant_id=here.tenant_id, plan_id=here.plan_id, change_id=change_id, accepted=accept
        )
    Voice(False).line("The account was changed." if accept else "The account stays as it is.")


def _named(kind: type[Kind], text: str) -> Kind:
    try:
        return kind.parse(text)
    except ValueError as error:
        raise BadInputError(f"{error}", fix="See: open401k deposits list") from None


def _cents(text: str) -> int | None:
    try:
        return Money.usd(text).cents if text else None
    except ValueError as error:
        raise BadInputError(f"{error}", fix="Write it like 1234.50.") from None


def _refuse(found: Unreadable) -> NoReturn:
    for each in found.problems[:20]:
        typer.echo(str(each), err=True)
    fail("Nothing of the file was used.", "Ask the bank for the file again.", code=BAD_INPUT)
