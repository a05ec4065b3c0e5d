"""Commands of a node's desks: exceptions by clock, and what a desk does about a case that ended. Not here: serving."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from open401k.kernel import Open401kError, SystemClock, day_of

from .say import BadInputError, Voice
from .wiring import Json, wiring_of

if TYPE_CHECKING:
    from open401k.rails.node.deal import Deal, DealUnit
    from open401k.rails.node.desk import Desk
    from open401k.rails.node.following import Verdict
    from open401k.rails.node.office import Office

Config = Annotated[Path, typer.Option("--config", help="The node's settings.")]
CONFIG = Path("node.toml")
CaseId = Annotated[str, typer.Argument(help="The case, as the console and the API name it.")]
Facts = Annotated[Path, typer.Option("--facts", help="A half of the facts, as JSON.")]
T = TypeVar("T")
commands = typer.Typer()


@commands.command("exceptions")
def exceptions(context: typer.Context, config: Config = CONFIG, json: Json = False) -> None:
    """What waits for a desk, by its clock: code, owner, day, and what may be done about it."""
    from open401k.rails.node.codes import queued

    with _office(context, config) as office, office.process.files.begin() as unit:
        waiting = queued(unit.raised(), on=day_of(SystemClock().now()))
    voice = Voice(json)
    voice.tell(
        {"exceptions": [
            {"case": each.raised.case, "code": each.queue.code, "owner": each.queue.owner, "words": each.raised.words,
             "due_on": each.due_on.isoformat(), "is_overdue": each.is_overdue, "steps": list(each.queue.steps)}
            for each in waiting
        ]}
    )  # fmt: skip
    rows = [
        (each.raised.case, str(each.queue.code), each.queue.owner.value,
         f"{each.due_on}{' OVERDUE' if each.is_overdue else ''}", each.raised.words,
         "; ".join(step.value for step in each.queue.steps))
        for each in waiting
    ]  # fmt: skip
    voice.table(("Case", "Code", "Desk", "Until", "What", "Next"), rows, empty="No open exception.")


@commands.command("again")
def again_(context: typer.Context, case: CaseId, config: Config = CONFIG, json: Json = False) -> None:
    """Propose a released case again, with the same election until its deadline; the other custodian is told."""
    from open401k.rails.node.again import again

    with _office(context, config) as office:
        verdict = _verdict(office, case)
        made = _done(office, lambda unit, desk: again(unit, desk, case, _new(office), verdict=verdict))
    _say(Voice(json), made)


@commands.command("residual")
def residual_(context: typer.Context, case: CaseId, facts: Facts, config: Config = CONFIG, json: Json = False) -> None:
    """Move what came in after all was moved, as a child of the case; --facts: our half, with what is there now."""
    from open401k.rails.node.again import residual
    from open401k.rails.node.codec import parsed, read
    from open401k.rails.node.halves import ReleasingHalf

    with _office(context, config) as office:
        half = _read(lambda: read(ReleasingHalf, parsed(facts.read_bytes()), at="facts"))
        verdict = _verdict(office, case)
        made = _done(office, lambda unit, desk: residual(unit, desk, case, _new(office), half, verdict=verdict))
    _say(Voice(json), made)


@commands.command("return")
def return_(
    context: typer.Context,
    case: CaseId,
    facts: Facts,
    by: Annotated[str, typer.Option(help="Who gives back its own part, by its address, where several received.")] = "",
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Ask back what we paid, as a rollover that names the first one; --facts: our half, as who receives."""
    from open401k.rails.node.codec import parsed, read
    from open401k.rails.node.halves import ReceivingHalf
    from open401k.rails.node.returning import give_back

    try:
        who = bytes.fromhex(by.removeprefix("0x")) or None
    except ValueError:
        raise BadInputError(f"{by!r} is no address.", fix="Write 40 letters of 0-9 and a-f.") from None
    with _office(context, config) as office:
        half = _read(lambda: read(ReceivingHalf, parsed(facts.read_bytes()), at="facts"))
        made = _done(office, lambda unit, desk: give_back(unit, desk, case, _new(office), half, at="facts", by=who))
    voice = Voice(json)
    voice.tell({"case": made.case, "gives_back": case})
    voice.line(f"Case {made.case} asks back what case {case} paid. The other custodian is told; the participant signs.")


@commands.command("off-rail")
def off_rail_(
    context: typer.Context,
    case: CaseId,
    check: Annotated[str, typer.Option(help="The number of the check.")] = "",
    wire: Annotated[str, typer.Option(help="The reference of the wire.")] = "",
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Close a case by check or wire with the same transfer file, once nothing is held; the other custodian is told."""
    from open401k.rails.node.again import off_rail
    from open401k.rails.node.cases import Way

    if bool(check) is bool(wire):
        raise BadInputError("A case is closed by a check or by a wire.", fix="Say --check NUMBER or --wire REFERENCE.")
    way, reference = (Way.CHECK, check) if check else (Way.WIRE, wire)
    with _office(context, config) as office:
        closed = _done(office, lambda unit, _: off_rail(unit, case, way, reference))
    voice = Voice(json)
    voice.tell({"case": closed.id, "state": closed.state, "way": way, "reference": reference})
    voice.line(f"Case {closed.id} is closed by {way} {reference}. The other custodian is told.")


@commands.command("close-exception")
def close_exception_(
    context: typer.Context,
    case: CaseId,
    code: Annotated[int, typer.Argument(help="The exception's code, as node exceptions tells it.")],
    by: Annotated[str, typer.Option(help="Who closes it: a desk.")],
    found: Annotated[str, typer.Option(help="What was found; no participant's name.")],
    check: Annotated[str, typer.Option(help="Of a payment that came back: the check that pays it instead.")] = "",
    wire: Annotated[str, typer.Option(help="Of a payment that came back: the wire that pays it instead.")] = "",
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Close an exception that nothing else closes: of a case that ended, or left by a letter. What was found stays."""
    from open401k.rails.node.by_hand import close_exception
    from open401k.rails.node.cases import Way

    if not by.strip() or not found.strip():
        raise BadInputError("Who closes it, or what was found, is empty.", fix="Write both.")
    if check and wire:
        raise BadInputError("It is paid by a check or by a wire.", fix="Say --check NUMBER or --wire REFERENCE.")
    paid = (Way.CHECK, check) if check else (Way.WIRE, wire) if wire else None
    with _office(context, config) as office:
        _done(office, lambda unit, _: close_exception(unit, case, code, found.strip(), by=by.strip(), paid=paid))
    voice = Voice(json)
    voice.tell({"case": case, "code": code, "state": "closed"})
    voice.line(f"Exception {code} of case {case} is closed.")


@commands.command("explanation")
def explanation_(
    context: typer.Context,
    case: CaseId,
    file: Annotated[Path, typer.Argument(help="The document: text in UTF-8, or a PDF.")],
    title: Annotated[str, typer.Option(help="What people call it.")],
    version: Annotated[str, typer.Option(help="Which edition of it.")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Put the explanation of choices (section 402(f)) whose hash our facts name: it is read before the signature."""
    from open401k.rails.node.explaining import put_paper
    from open401k.rails.node.papers import paper_in

    paper = _read(lambda: paper_in(file.read_bytes(), title=title, version=version))
    with _office(context, config) as office:
        _done(office, lambda unit, _: put_paper(unit, case, paper))
    voice = Voice(json)
    voice.tell({"case": case, "hash": paper.fingerprint.hex(), "bytes": len(paper.content), "media": paper.media})
    voice.line(f"Case {case} has the explanation {paper.fingerprint.hex()}; the other custodian is sent it.")


@contextmanager
def _office(context: typer.Context, config: Path) -> "Iterator[Office]":
    from open401k.rails.node.office import Office
    from open401k.rails.node.process import opened, prepare

    with wiring_of(context).node_at(config) as place:
        prepare(place.url, place.around, signer=place.config.signer)
        with opened(place.config, place.url, place.around) as process:
            yield Office(process)


def _verdict(office: "Office", case: str) -> "Verdict":
    from open401k.rails.node.core import SilentError

    try:
        return office.verdict_of(case)
    except LookupError as why:
        raise BadInputError("There is no such case.", fix="Take the id from the console or the API.") from why
    except SilentError as why:
        raise Open401kError(f"The network does not answer: {why}", fix="Try again when it does.") from why


def _done(office: "Office", verb: "Callable[[DealUnit, Desk], T]") -> T:
    """In one transaction; what cannot be done now is said."""
    from open401k.rails.node.asking_first import asking_first
    from open401k.rails.node.cases import MoveError
    from open401k.rails.node.codec import BadInputError as WrongFieldsError
    from open401k.rails.node.exceptions import StillOpenError
    from open401k.rails.node.judging import NotNowError

    desk = office.desk

    def work() -> T:
        with office.process.files.begin() as unit:
            return verb(unit, desk)

    try:
        return asking_first(work)
    except (StillOpenError, NotNowError, MoveError) as why:
        raise BadInputError(str(why), fix="See where it stands: open401k node exceptions, or the console.") from why
    except WrongFieldsError as why:
        raise BadInputError(str(why), fix="Correct each of these places; nothing was done.") from why
    except LookupError as why:
        raise BadInputError("There is no such case.", fix="Take the id from the console or the API.") from why


def _read(reading: Callable[[], T]) -> T:
    from open401k.rails.node.codec import BadInputError as WrongFieldsError

    try:
        return reading()
    except WrongFieldsError as why:
        raise BadInputError(str(why), fix="docs/howto/rails-node.md says what a half is made of.") from why
    except OSError as why:
        raise BadInputError(f"{why.filename}: {why.strerror}", fix="Name a file that can be read.") from why


def _new(office: "Office") -> str:
    return f"again-{office.process.around.random.token(8).hex()}"


def _say(voice: Voice, made: "Deal") -> None:
    reasons = [{"code": each.code.value, "next_step": each.next_step} for each in made.reasons or ()]
    voice.tell({"case": made.case, "part": made.part, "reasons": reasons})
    voice.line(f"Case {made.case} goes on as proposal {made.part} of its election.")
    for each in reasons:
        voice.line(f"{each['code']}: {each['next_step']}")
