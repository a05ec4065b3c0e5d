"""Commands about the installation itself: serve, day, demo, doctor, migrate."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from . import doctor as machine_doctor
from .places import actor_of
from .say import FAILED, Voice, counted
from .wiring import HOST, PORT, RAILS_PORT, Host, Json, Port, wiring_of

commands = typer.Typer()


class Tale(StrEnum):
    """Which story the demo plays."""

    PLAN = "plan"
    PAYROLL_YEAR = "payroll-year"


@commands.command()
def serve(
    context: typer.Context,
    host: Host = HOST,
    port: Port = PORT,
    day: Annotated[bool, typer.Option(help="Begin each day here; without it, run open401k day from cron.")] = True,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="Processes that answer; in production one for each processor, four at most, else one."
        ),
    ] = None,
) -> None:
    """Serve pages and API."""
    wiring_of(context).serve(host=host, port=port, voice=Voice(as_json=False), day=day, workers=workers)


@commands.command(name="day")
def begin_day(context: typer.Context, json: Json = False) -> None:
    """Begin the day of every plan: tests, projections, alerts. A server does it by itself; twice is once."""
    with wiring_of(context).open() as services:
        made = services.day.begin(actor=actor_of("day"))
    voice = Voice(json)
    if made is None:
        voice.tell({"ok": True, "elsewhere": True})
        voice.line("Another process is at it.")
        return
    voice.tell({**made, "elsewhere": False})
    voice.line(f"{made['on']}: {counted(len(made['done']), 'plan')} begun, {made['already']} begun before.")
    for each in made["done"]:
        for sentence in each["not_tested"][:1]:
            voice.line(f"{each['plan_id']}: not tested. {sentence}")
    voice.table(
        ("Plan that failed", "Why"), [(e["plan_id"], e["reason"]) for e in made["failed"]], empty="None failed."
    )
    for each in made.get("rollovers", ()):
        for problem in each["problems"]:
            which = problem["rollover_id"] or f"{counted(each['open'], 'rollover')} of {each['plan_id']}"
            voice.line(f"{which}: not looked at; {problem['owner']}: {problem['message']} {problem['fix']}")
    if not made["ok"]:
        raise typer.Exit(FAILED)


@commands.command()
def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Play the story and exit.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Start over from nothing.")] = False,
    files: Annotated[
        Path | None,
        typer.Option("--files", help="Write Acme's payroll files into a folder, mistakes included, and exit."),
    ] = None,
    tale: Annotated[
        Tale,
        typer.Option("--story", help="The plan's summer by files, or a payroll year through a stand-in for Gusto."),
    ] = Tale.PLAN,
    rollovers: Annotated[
        bool,
        typer.Option("--rollovers", help="Continue with three rollovers between custodians."),
    ] = False,
    rails_port: Annotated[
        int,
        typer.Option(min=1, max=65_529, help="The first of the seven ports of their network; with --rollovers."),
    ] = RAILS_PORT,
    host: Host = HOST,
    port: Port = PORT,
    json: Json = False,
) -> None:
    """Play the story of a 12-person plan, then serve it."""
    voice = Voice(json)
    if files is not None:
        written = wiring_of(context).hand_out(files)
        voice.tell({"files": [str(place) for place in written]})
        voice.line(f"{len(written)} files are in {files}; where one was wrong, -corrected.csv is beside it.")
        return
    of_payrolls = tale is Tale.PAYROLL_YEAR
    told = wiring_of(context).demo(
        once=once, reset=reset, host=host, port=port, voice=voice, of_payrolls=of_payrolls, rollovers=rollovers,
        rails_port=rails_port,
    )  # fmt: skip
    voice.tell(told)


@commands.command()
def doctor(context: typer.Context, port: Port = PORT, json: Json = False) -> None:
    """Find what is wrong with this machine, and the fix."""
    wiring = wiring_of(context)
    checks = machine_doctor.examine(machine_doctor.Machine(wiring.data_dir, port, wiring.database_url))
    checks += machine_doctor.own_database(wiring.inspect, production=wiring.production)
    voice = Voice(json)
    voice.tell({"ok": machine_doctor.healthy(checks), "checks": [asdict(check) for check in checks]})
    for check in checks:
        voice.line(f"{'ok  ' if check.ok else 'FIX ' if check.needed else 'note'}  {check.name}: {check.what}")
        if check.fix:
            voice.line(f"      {check.fix}")
    if not machine_doctor.healthy(checks):
        raise typer.Exit(FAILED)


@commands.command()
def migrate(context: typer.Context, json: Json = False) -> None:
    """Apply pending migrations to the database."""
    applied = list(wiring_of(context).migrate())
    voice = Voice(json)
    voice.tell({"applied": applied})
    voice.line("\n".join(applied) or "Nothing was pending.")
