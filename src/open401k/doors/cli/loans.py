"""Commands about participant loans: list, show, ask, approve, decline, leave, offset, report."""

from typing import Annotated, Any

import typer

from open401k.kernel import EmployeeId, LoanId
from open401k.views import loans as view

from .. import loans
from .corrections import By, person_who_decides, refused_aloud
from .places import Place, PlanOption, actor_of, at_plan
from .say import BadInputError, Voice
from .wiring import Json, wiring_of

commands = typer.Typer(help="Loans to participants, repaid through payroll.", no_args_is_help=True)
_NO_SCHEDULE = {
    view.ASKED: "It waits for a decision: there is no schedule yet.",
    view.DECLINED: "It was declined: there is no schedule.",
}
Which = Annotated[str, typer.Argument(help="The loan, as `open401k loans list` names it (lon_...).")]


@commands.command("list")
def list_them(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Every loan that was asked for: what waits for a decision first, then what is late."""
    with at_plan(wiring_of(context), "loans list", plan) as place, place.begin() as tx:
        shown = view.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    voice = Voice(json)
    voice.tell(shown.lines)
    rows = [
        (str(e.loan_id), e.reference, e.name, e.state, e.amount, e.balance, e.missed, e.cure_by or "")
        for e in shown.lines
    ]
    titles = ("Loan", "Reference", "Person", "State", "Amount", "Owed", "Missed", "Cure by")
    voice.table(titles, rows, empty="Nobody asked for a loan yet." if shown.offered else "The plan lends nothing.")


@commands.command()
def show(context: typer.Context, which: Which, plan: PlanOption = "", json: Json = False) -> None:
    """One loan: its schedule, and what payrolls repaid."""
    with at_plan(wiring_of(context), "loans show", plan) as place, refused_aloud():
        found = loans.shown(place.services.db, **_of(place, "loans show"), loan_id=_named(which))
    _say(found, Voice(json))


@commands.command()
def ask(
    context: typer.Context,
    employee: Annotated[str, typer.Argument(help="Who borrows (emp_...).")],
    amount: Annotated[str, typer.Argument(help="Dollars: 5000.00.")],
    installments: Annotated[int, typer.Option(help="How many installments.")],
    key: Annotated[str, typer.Option(help="The same key is the same request.")],
    frequency: Annotated[str, typer.Option(help="weekly, biweekly, semimonthly, monthly or quarterly.")] = "biweekly",
    residence: Annotated[bool, typer.Option("--residence", help="It buys the principal residence.")] = False,
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Ask for a loan. Nothing moves before somebody approves it."""
    with at_plan(wiring_of(context), "loans ask", plan) as place:
        try:
            who = EmployeeId.parse(employee)
        except ValueError as error:
            raise BadInputError(str(error), fix="Take the id from: open401k people --json") from None
        with refused_aloud():
            wanted = loans.wanted_of(amount=amount, installments=installments, frequency=frequency, residence=residence)
            found = loans.ask(place.services.db, **_of(place, "loans ask"), employee_id=who, wanted=wanted, key=key)
    _say(found, Voice(json))


@commands.command()
def approve(
    context: typer.Context,
    which: Which,
    by: By,
    prime: Annotated[str, typer.Option(help="The prime rate of today in percent: 7.50.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Lend it today: the money leaves the sources, and payroll is told. A second time changes nothing."""
    with at_plan(wiring_of(context), "loans approve", plan) as place:
        of = _of(place, "loans approve") | {"actor": person_who_decides(place, by, "loans approve")}
        with refused_aloud():
            found = loans.approve(place.services.db, **of, loan_id=_named(which), prime=prime)
    _say(found, Voice(json))


@commands.command()
def decline(
    context: typer.Context,
    which: Which,
    by: By,
    reason: Annotated[str, typer.Option(help="Why nothing is lent.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Decline a loan, with a reason."""
    with at_plan(wiring_of(context), "loans decline", plan) as place:
        of = _of(place, "loans decline") | {"actor": person_who_decides(place, by, "loans decline")}
        with refused_aloud():
            found = loans.decline(place.services.db, **of, loan_id=_named(which), reason=reason)
    _say(found, Voice(json))


@commands.command()
def leave(
    context: typer.Context,
    which: Which,
    first: Annotated[str, typer.Argument(help="The first day of the leave: 2026-03-01.")],
    key: Annotated[str, typer.Option(help="The same key is the same leave.")],
    until: Annotated[str, typer.Option(help="Its last day; without it, the leave is taken back.")] = "",
    military: Annotated[bool, typer.Option("--military", help="Service in uniform.")] = False,
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Pause installments for a leave (Reg. 1.72(p)-1 Q&A-9), or take one back."""
    with at_plan(wiring_of(context), "loans leave", plan) as place, refused_aloud():
        told = loans.leave_of(first=first, last=until, military=military)
        of = _of(place, "loans leave")
        found = loans.pause(place.services.db, **of, loan_id=_named(which), told=told, key=key)
    _say(found, Voice(json))


@commands.command()
def offset(context: typer.Context, which: Which, by: By, plan: PlanOption = "", json: Json = False) -> None:
    """Reduce the account of somebody who left by what is owed. A second time changes nothing."""
    with at_plan(wiring_of(context), "loans offset", plan) as place:
        of = _of(place, "loans offset") | {"actor": person_who_decides(place, by, "loans offset")}
        with refused_aloud():
            found = loans.offset(place.services.db, **of, loan_id=_named(which))
    _say(found, Voice(json))


@commands.command()
def report(context: typer.Context, which: Which, by: By, plan: PlanOption = "", json: Json = False) -> None:
    """Say that a deemed distribution was reported on Form 1099-R."""
    with at_plan(wiring_of(context), "loans report", plan) as place:
        of = _of(place, "loans report") | {"actor": person_who_decides(place, by, "loans report")}
        with refused_aloud():
            found = loans.report(place.services.db, **of, loan_id=_named(which))
    _say(found, Voice(json))


def _of(place: Place, command: str) -> dict[str, Any]:
    return {"actor": actor_of(command), "tenant_id": place.tenant_id, "plan_id": place.plan_id}


def _named(text: str) -> LoanId:
    try:
        return LoanId.parse(text)
    except ValueError as error:
        raise BadInputError(str(error), fix="Take the id from: open401k loans list") from None


def _say(found: view.LoanDetail, voice: Voice) -> None:
    line = found.line
    voice.tell(found)
    rate = f" at {line.rate}" if line.rate else ""
    voice.line(f"{line.reference}: {line.amount} to {line.name}{rate}, {line.state}; {line.balance} owed.")
    if line.cure_by is not None:
        voice.line(f"{line.missed} missed; to be paid by {line.cure_by}, or {line.deemed} is a deemed distribution.")
    for each in found.leaves:
        service = " (service in uniform)" if each.military else ""
        voice.line(f"Paused from {each.leave_on} to {each.until} at {each.rate}{service}.")
    if found.offset is not None:
        taxable = found.offset.taxable
        voice.line(f"Offset on {found.offset.on}: {found.offset.amount}, of it {taxable} not taxed before.")
    rows = [(e.number, e.due_on, e.payment, e.interest, e.principal, "paid" if e.paid else "") for e in found.schedule]
    titles = ("No.", "Due", "Payment", "Interest", "Principal", "")
    voice.table(titles, rows, empty=_NO_SCHEDULE.get(line.state, ""))
