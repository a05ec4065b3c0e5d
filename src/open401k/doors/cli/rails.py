"""Commands about the rollover rails: the exhaustive model, the simulation of whole rollovers. They need no database."""

from typing import TYPE_CHECKING, Annotated

import typer

from open401k.rails.simulation import model as model_
from open401k.rails.simulation.explore import FULL, TWO, Explored, explore
from open401k.rails.simulation.mistakes import BUG_IN_WORDS, FORGETFUL, OF_SEVERAL, OF_WALLETS, Bug
from open401k.rails.simulation.model import Bounds
from open401k.rails.simulation.model_chain import RECEIVER, SOURCE

from .say import FAILED, Voice
from .wiring import Json

if TYPE_CHECKING:
    from open401k.rails.simulation.run import Outcome

commands = typer.Typer(help="Rollover rails: proven and tried.", no_args_is_help=True)


@commands.command()
def model(
    bug: Annotated[Bug | None, typer.Option(help="Plant this mistake; without it, each in turn.")] = None,
    blocks: Annotated[int, typer.Option(min=1, max=20, help="Blocks that are not final at once.")] = FULL.blocks,
    reorgs: Annotated[int, typer.Option(min=0, max=20, help="Reorganizations.")] = FULL.reorgs,
    json: Json = False,
) -> None:
    """Look at every state of one rollover; then plant each mistake and find the shortest way to its harm."""
    bounds = Bounds(blocks, reorgs, forgets_terms=True)
    two = Bounds(min(blocks, TWO.blocks), min(reorgs, TWO.reorgs), receivers=2)
    paying, taking = (Bounds(two.blocks, two.reorgs, wallets=each) for each in (SOURCE, RECEIVER))
    planted = [bug] if bug else list(Bug)
    designed, several, wallets = explore(bounds), explore(two), [explore(each) for each in (paying, taking)]
    within = dict.fromkeys(OF_SEVERAL, two) | dict.fromkeys(OF_WALLETS, paying)
    found = {each: _found(within.get(each, Bounds(blocks, reorgs, each in FORGETFUL)), each) for each in planted}
    voice = Voice(json)
    told = {each.value: {"words": BUG_IN_WORDS[each], **_told(found[each])} for each in planted}
    as_designed = {
        "designed": _told(designed), "two_receivers": {"bounds": two, **_told(several)},
        "wallets": [{"bounds": each.bounds, **_told(each)} for each in wallets],
    }  # fmt: skip
    voice.tell({"bounds": bounds, **as_designed, "bugs": told, "assumptions": model_.ASSUMPTIONS})
    voice.line(f"As designed: {designed.states:,} states, {designed.steps:,} steps; {_verdict(designed)}.")
    voice.line(f"With two receivers: {several.states:,} states, {several.steps:,} steps; {_verdict(several)}.")
    for name, each in zip(("source", "receiver"), wallets, strict=True):
        voice.line(f"The {name} by a wallet: {each.states:,} states, {each.steps:,} steps; {_verdict(each)}.")
    for bug_ in planted:
        voice.line(f"\n{bug_.value}: {BUG_IN_WORDS[bug_]}\n  {_verdict(found[bug_])}")
        for number, words in enumerate(found[bug_].trace, 1):
            voice.line(f"  {number:>2}. {words}")
    _rests_on(voice, model_.ASSUMPTIONS)
    if not all(each.is_sound for each in (designed, several, *wallets)) or any(
        each.is_sound for each in found.values()
    ):
        raise typer.Exit(FAILED)


@commands.command()
def simulate(
    seeds: Annotated[int, typer.Option(min=1, help="How many, from --from on.")] = 200,
    first: Annotated[int, typer.Option("--from", min=0, help="The first seed.")] = 0,
    seed: Annotated[int | None, typer.Option(min=0, help="Replay this one and print what happened.")] = None,
    evm: Annotated[bool, typer.Option("--evm", help="All on the shipped contracts, not each twentieth.")] = False,
    json: Json = False,
) -> None:
    """Play whole rollovers with faults: one seed is one schedule. Fails if anything is violated or stuck."""
    # the EVM and its packages are an extra, and take a second to load: other commands do without
    from open401k.rails.simulation import chance
    from open401k.rails.simulation import simulate as simulate_

    voice = Voice(json)
    if seed is not None:
        one = simulate_.play(seed, evm=evm or seed % 20 == 0)
        _replayed(voice, one)
        raise typer.Exit(FAILED if one.violation or one.stuck else 0)
    found = simulate_.simulate(range(first, first + seeds), evm=evm)
    voice.tell(
        {
            "seeds": found.seeds, "violations": len(found.violating), "stuck": len(found.stuck),
            "coverage": found.coverage(), "seconds": round(found.seconds, 1), "violating": found.violating,
            "stuck_seeds": found.stuck, "on_evm": found.on_evm, "safety_only": found.safety, "ends": found.ends,
            "returned": found.returned, "two_receivers": found.several,
            "by_wallet": found.by_wallet, "batches": found.batches,
            "boundaries": chance.BOUNDARIES, "not_played": chance.MISSING, "assumptions": simulate_.ASSUMPTIONS,
        }
    )  # fmt: skip
    voice.line(
        f"{found.seeds:,} seeds ({found.on_evm} on the EVM, {found.safety} for safety only) in {found.seconds:.1f} s: "
        f"{len(found.violating)} violated, {len(found.stuck)} stuck."
    )
    for number, why in [*found.violating, *((number, f"stuck: {', '.join(names)}") for number, names in found.stuck)]:
        voice.line(f"  open401k rails simulate --seed {number}: {why}")
    rows = [
        (at, chance.BOUNDARIES[at], ", ".join(f"{fault} {met:,}" for fault, met in faults.items()))
        for at, faults in found.coverage().items()
    ]
    voice.table(("", "Boundary", "Faults met"), rows, empty="")
    _rests_on(voice, simulate_.ASSUMPTIONS)
    raise typer.Exit(0 if found.is_good else FAILED)


def _replayed(voice: Voice, one: "Outcome") -> None:
    faults = {f"{at}: {fault}": met for (at, fault), met in one.seen.items()}
    told = {"seed": one.seed, "mode": one.mode, "engine": one.engine, "violation": one.violation}
    voice.tell({**told, "stuck": one.stuck, "ends": one.ends, "faults": faults, "lines": one.lines})
    for line in one.lines:
        voice.line(line)
    voice.line(f"Seed {one.seed} ({one.mode}, {one.engine}): {one.violation or 'nothing violated'}; {one.ends}")


def _rests_on(voice: Voice, assumptions: tuple[str, ...]) -> None:
    voice.line("\nThis rests on:")
    for words in assumptions:
        voice.line(f"  - {words}")


def _found(bounds: Bounds, bug: Bug) -> Explored:
    """The harm if it does any, else the rule of order that it breaks."""
    harm = explore(bounds, frozenset({bug}), only_harm=True)
    return explore(bounds, frozenset({bug})) if harm.is_sound else harm


def _told(found: Explored) -> dict[str, object]:
    return {"states": found.states, "violation": found.violation, "stuck": found.stuck, "trace": found.trace}


def _verdict(found: Explored) -> str:
    if found.violation is not None:
        return f"violated: {found.violation}"
    dead = f" where {found.dead} is dead" if found.dead else ""
    return f"{found.stuck} states cannot end{dead}" if found.stuck else "nothing violated, and every state can end"
