"""Commands about student loan payments that employees certify for the match."""

from typing import Annotated, Any

import typer

from open401k.base.access import Permission
from open401k.kernel import FlowId
from open401k.views import student_loans as view

from .. import student_loans
from .corrections import By, person_with, refused_aloud
from .places import Place, PlanOption, at_plan
from .say import Voice
from .wiring import Json, wiring_of

commands = typer.Typer(help="Student loan payments that employees certify for the match.", no_args_is_help=True)


@commands.command("list")
def list_them(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Everything certified or taken back, the newest first."""
    with at_plan(wiring_of(context), "student-loans list", plan) as place:
        _tell(place, Voice(json))


@commands.command()
def certify(
    context: typer.Context,
    employee: Annotated[str, typer.Argument(help="Who paid (emp_...).")],
    paid_on: Annotated[str, typer.Option(help="The day of the payment: 2026-05-04.")],
    amount: Annotated[str, typer.Option(help="Dollars and cents: 312.50; 0 takes back what was certified.")],
    certified_on: Annotated[str, typer.Option(help="The day the employee certified it: 2026-05-05.")],
    by: By,
    loan: Annotated[str, typer.Option(help="Tells two loans of one person apart.")] = "",
    key: Annotated[str, typer.Option(help="The same key again is the same payment; left out, a new one.")] = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Record a payment: matched on the last day of its plan year, quarter or month, at once where that is over."""
    with at_plan(wiring_of(context), "student-loans certify", plan) as place, refused_aloud():
        actor = person_with(place, by, "student-loans certify", Permission.CENSUS_CHANGE)
        payment = student_loans.payment_of(
            employee=employee, paid_on=paid_on, amount=amount, certified_on=certified_on, loan=loan
        )
        of: dict[str, Any] = {"actor": actor, "tenant_id": place.tenant_id, "plan_id": place.plan_id}
        wanted = key or str(place.services.ids.new(FlowId))
        student_loans.put_on_file(place.services.db, **of, payment=payment, key=wanted)
        _tell(place, Voice(json))


def _tell(place: Place, voice: Voice) -> None:
    with place.begin() as tx:
        found = view.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    voice.tell(found.lines)
    rows = [
        (each.name, each.paid_on, each.loan or "–", each.amount, each.certified_on, "counts" if each.counts else "–")
        for each in found.lines
    ]
    headings = ("Who", "Paid on", "Loan", "Amount", "Certified on", "State")
    voice.table(headings, rows, empty="Nothing has been certified.")
    for each in found.over:
        when = "was taken back" if each.taken_back else "goes back"
        voice.line(
            f"{each.name}: {each.amount} of the match {when} on {each.on}: payments and deferrals of the year are "
            "above the limit of 402(g) (IRC 401(m)(4)(D)(i))."
        )
