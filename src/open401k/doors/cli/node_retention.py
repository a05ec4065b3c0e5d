"""Commands about the records of ended cases: until when they are kept, legal holds, erasure. Not here: the rules."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, cast

import typer

from open401k.kernel import day_of

from .node_desk import CONFIG, CaseId, Config, _done, _office
from .say import BadInputError, Voice
from .wiring import Json

if TYPE_CHECKING:
    from open401k.rails.node.erasing import Standing
    from open401k.rails.node.kept_deals import KeptDealUnit
    from open401k.rails.node.office import Office

commands = typer.Typer()
By = Annotated[str, typer.Option(help="Who decided it; it stays on file.")]
Why = Annotated[str, typer.Option(help="Why, as a docket number; it stays on file, so name no person.")]
Case = Annotated[str, typer.Argument(help="The case; left out, with --every, all of them.")]
Every = Annotated[bool, typer.Option("--every", help="Every case of this node.")]


@commands.command("retention")
def retention_(context: typer.Context, case: CaseId, config: Config = CONFIG, json: Json = False) -> None:
    """Until when the records of a case are kept, by which rule, its legal holds, and whether it was erased."""
    with _office(context, config) as office:
        found = _standing(office, case)
    _say(Voice(json), found)


@commands.command("legal-hold")
def legal_hold(
    context: typer.Context,
    by: By,
    why: Why,
    case: Case = "",
    every: Every = False,
    ends: Annotated[bool, typer.Option("--ends", help="The hold ends.")] = False,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Hold the records of a case, or of every case, back from erasure; --ends lets them go."""
    from open401k.rails.node.erasing import EVERY, hold, let_go

    if bool(case) is every:
        raise BadInputError("Which records?", fix="Name a case, or say --every.")
    verb: Callable[..., None] = let_go if ends else hold
    with _office(context, config) as office:
        at = office.process.around.seconds()
        _done(office, lambda unit, _: verb(_kept(unit), case or EVERY, by=by, why=why, at=at))
    voice = Voice(json)
    voice.tell({"case": case or None, "every": every, "is_held": not ends})
    voice.line(f"{'Every case' if every else f'Case {case}'}: the legal hold {'has ended' if ends else 'is on'}.")


@commands.command("erase")
def erase_(context: typer.Context, case: CaseId, by: By, config: Config = CONFIG, json: Json = False) -> None:
    """Erase what is of a person in a case that ended, after its time; what proves the rollover stays."""
    from open401k.rails.node.erasing import erase

    with _office(context, config) as office:
        process = office.process
        on, at, more = day_of(process.around.clock.now()), process.around.seconds(), process.config.more_years or 0
        was_now = _done(office, lambda unit, _: erase(_kept(unit), case, by=by, on=on, at=at, more_years=more))
    voice = Voice(json)
    voice.tell({"case": case, "erased": True, "was_now": was_now})
    voice.line(f"Case {case}: the records of its person {'are erased' if was_now else 'were erased before'}.")


def _kept(unit: object) -> "KeptDealUnit":
    """Erasure is of the node's own database, whose unit this is."""
    return cast("KeptDealUnit", unit)


def _standing(office: "Office", case: str) -> "Standing":
    from open401k.rails.node.erasing import standing

    process = office.process
    on, more = day_of(process.around.clock.now()), process.config.more_years or 0
    return _done(office, lambda unit, _: standing(_kept(unit), case, on=on, more_years=more))


def _say(voice: Voice, found: "Standing") -> None:
    kept = found.kept
    acts = [{"act": each.act, "case": each.case or None, "by": each.by_whom, "why": each.why, "at": each.at}
            for each in found.acts]  # fmt: skip
    voice.tell(
        {"case": found.case, "kept_through": kept.through.isoformat() if kept else None,
         "cite": kept.cite if kept else None, "why_kept": found.why, "on_hold": found.on_hold,
         "erased": found.is_erased, "acts": acts}
    )  # fmt: skip
    voice.line(f"Case {found.case} {found.why or 'may be erased'}.")
    for each in acts:
        voice.line(f"{each['case'] or 'Every case'}: {each['act']} by {each['by']}: {each['why']}")
