"""Commands about the rollover rails: the exhaustive model. They need no database."""

from typing import Annotated

import typer

from open401k.rails.simulation.explore import FULL, Explored, explore
from open401k.rails.simulation.model import ASSUMPTIONS, BUG_IN_WORDS, Bounds, Bug

from .say import FAILED, Voice
from .wiring import Json

commands = typer.Typer(help="Rollover rails: proven and tried.", no_args_is_help=True)


@commands.command()
def model(
    bug: Annotated[Bug | None, typer.Option(help="Plant this mistake; without it, none.")] = None,
    blocks: Annotated[int, typer.Option(min=1, max=20, help="Blocks that are not final at once.")] = FULL.blocks,
    reorgs: Annotated[int, typer.Option(min=0, max=20, help="Reorganizations.")] = FULL.reorgs,
    json: Json = False,
) -> None:
    """Look at every state of one rollover; then plant each mistake and find the shortest way to its harm."""
    bounds = Bounds(blocks, reorgs)
    planted = [bug] if bug else list(Bug)
    designed = explore(bounds)
    found = {each: _found(bounds, each) for each in planted}
    voice = Voice(json)
    told = {each.value: {"words": BUG_IN_WORDS[each], **_told(found[each])} for each in planted}
    voice.tell({"bounds": bounds, "designed": _told(designed), "bugs": told, "assumptions": ASSUMPTIONS})
    voice.line(f"As designed: {designed.states:,} states, {designed.steps:,} steps; {_verdict(designed)}.")
    for each in planted:
        voice.line(f"\n{each.value}: {BUG_IN_WORDS[each]}\n  {_verdict(found[each])}")
        for number, words in enumerate(found[each].trace, 1):
            voice.line(f"  {number:>2}. {words}")
    voice.line("\nThis rests on:")
    for words in ASSUMPTIONS:
        voice.line(f"  - {words}")
    if not designed.is_sound or any(each.is_sound for each in found.values()):
        raise typer.Exit(FAILED)


def _found(bounds: Bounds, bug: Bug) -> Explored:
    """The harm if it does any, else the rule of order that it breaks."""
    harm = explore(bounds, frozenset({bug}), only_harm=True)
    return explore(bounds, frozenset({bug})) if harm.is_sound else harm


def _told(found: Explored) -> dict[str, object]:
    return {"states": found.states, "violation": found.violation, "stuck": found.stuck, "trace": found.trace}


def _verdict(found: Explored) -> str:
    if found.violation is not None:
        return f"violated: {found.violation}"
    return f"{found.stuck} states cannot end" if found.stuck else "nothing violated, and every state can end"
