"""Commands that read a plan: plans, tests, alerts."""

from typing import Annotated

import typer

from open401k.base.db import ALL_TENANTS
from open401k.views import advisor_book, alert, plan_health, test_detail

from .places import PlanOption, actor_of, at_plan
from .say import BadInputError, Voice
from .wiring import Json, wiring_of

commands = typer.Typer()


@commands.command()
def plans(context: typer.Context, json: Json = False) -> None:
    """Every plan, those that need someone first."""
    with wiring_of(context).open() as services, services.db.begin(actor_of("plans"), tenants=ALL_TENANTS) as tx:
        book = advisor_book.load(tx)
    voice = Voice(json)
    voice.tell(book)
    rows = [
        (
            line.heading.plan_name,
            str(line.heading.plan_id),
            line.heading.eligible,
            line.plan_assets,
            line.alerts,
            line.worst,
        )
        for line in book.plans
    ]
    voice.table(("Plan", "Id", "Eligible", "Assets", "Alerts", "Worst test"), rows, empty="There is no plan yet.")


@commands.command(name="tests")
def standings(
    context: typer.Context,
    plan: PlanOption = "",
    test: Annotated[str, typer.Option(help="One test with its working.")] = "",
    year: Annotated[int | None, typer.Option(help="Of the plan year that began in it.", min=1975, max=2199)] = None,
    json: Json = False,
) -> None:
    """Every test after the last payroll, or one with its working."""
    voice = Voice(json)
    with at_plan(wiring_of(context), "tests", plan) as place, place.begin() as tx:
        if test:
            detail = test_detail.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, key=test, year=year)
            if detail is None:
                raise BadInputError(f"There is no test {test!r}, or it has not run yet.", fix="See: open401k tests")
            voice.tell(detail)
            voice.table(("Step", "Value", "How"), [(s.label, s.value, s.formula) for s in detail.steps], empty="")
            voice.table(
                ("Person", "Group", *detail.columns),
                [(p.name, p.group, *p.values) for p in detail.people],
                empty="",
            )
            return
        overview = test_detail.load_overview(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, year=year)
    voice.tell(overview)
    rows = [
        (
            line.key,
            line.title,
            line.measured,
            line.limit,
            line.standing,
            line.projection.fails if line.projection else None,
        )
        for line in overview.tests
    ]
    voice.table(("Test", "Title", "Now", "Limit", "Standing", "Year ends that fail"), rows, empty="No payroll yet.")


@commands.command()
def alerts(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Open alerts with their cures."""
    voice = Voice(json)
    with at_plan(wiring_of(context), "alerts", plan) as place, place.begin() as tx:
        health = plan_health.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
        details = [
            alert.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, alert_id=line.alert_id)
            for line in health.alerts
        ]
    voice.tell(details)
    if not details:
        voice.line("No alert is open.")
    for detail in details:
        if detail is None:
            continue
        voice.line(f"{detail.alert.title}. {detail.alert.sentence}")
        rows = [(c.title, c.employer_cost, c.decide_by, c.decided_by, c.why_not) for c in detail.cures]
        voice.table(("Cure", "Employer cost", "Decide by", "Who decides", "Not available because"), rows, empty="")
