"""Commands about forfeitures: what there is and by when it is used, approving a use."""

from typing import Annotated

import typer

from open401k.kernel import FlowId, Money
from open401k.law.forfeitures import ForfeitureUse
from open401k.views import forfeitures as view

from .. import forfeitures
from .corrections import By, person_who_decides, refused_aloud
from .places import PlanOption, at_plan
from .say import BadInputError, Voice
from .wiring import Json, wiring_of

commands = typer.Typer(help="Forfeitures: held, and used.", no_args_is_help=True)


@commands.command()
def show(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Forfeitures by plan year with the last day to use them, whose they were and why, what they paid."""
    with at_plan(wiring_of(context), "forfeitures show", plan) as place, place.begin() as tx:
        shown = view.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, named=True)
    voice = Voice(json)
    voice.tell(shown)
    if not shown.kept:
        voice.line("The terms of this plan keep no forfeitures.")
        return
    voice.line(f"Balance {shown.balance}, of which {shown.waiting} wait for payrolls.")
    lots = [(each.plan_year, each.incurred, each.unallocated, each.left, each.use_by) for each in shown.lots]
    voice.table(("Plan year", "Forfeited", "Unallocated", "Left", "Use by"), lots, empty="Nothing was forfeited.")
    if (ended := shown.year_end) is not None:
        voice.line(f"Of plan years that are over {ended.left} are left, to be used by {ended.use_by}. {ended.words}")
        if ended.used_for:
            more = f" --reference {ended.reference}" if ended.reference else ""
            voice.line(f"Approve it: open401k forfeitures use {ended.used_for} {_plain(ended.amount)}{more} --by EMAIL")
    people = [(each.on, each.name, each.source, each.amount, each.why) for each in shown.people]
    voice.table(("Day", "Person", "Source", "Amount", "Why"), people, empty="")
    uses = [(each.on, each.used_for, each.amount, each.reference, each.by) for each in shown.uses]
    voice.table(("Day", "Used for", "Amount", "Reference", "By"), uses, empty="Nothing was used.")


def _plain(amount: Money) -> str:
    return f"{amount.cents // 100}.{amount.cents % 100:02d}"


@commands.command()
def use(
    context: typer.Context,
    used_for: Annotated[ForfeitureUse, typer.Argument(help="One of the uses that the plan names.")],
    amount: Annotated[str, typer.Argument(help="Dollars and cents: 250.00")],
    by: By,
    reference: Annotated[str, typer.Option(help="The expense; or the last day of the plan year, 2026-12-31.")] = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Approve a use: an expense or an allocation is posted at once; for contributions, payrolls to come use it."""
    try:
        money = Money.usd(amount)
    except ValueError as error:
        raise BadInputError(str(error), fix="Write the amount as 250.00.") from error
    with at_plan(wiring_of(context), "forfeitures use", plan) as place:
        actor = person_who_decides(place, by, "forfeitures use")
        with refused_aloud():
            done = forfeitures.approve(
                place.services.db,
                actor=actor,
                tenant_id=place.tenant_id,
                plan_id=place.plan_id,
                key=str(place.services.ids.new(FlowId)),
                used_for=used_for,
                cents=money.cents,
                reference=reference,
            )
    voice = Voice(json)
    voice.tell(view.approval_line(done))
    voice.line(f"Approved: {money} for {used_for.value}.")
