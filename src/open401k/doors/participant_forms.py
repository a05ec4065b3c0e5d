"""What the forms of a participant's page say, as a wish. What was not chosen is not wished."""

from collections.abc import Iterable, Mapping

from open401k.kernel import Money
from open401k.recordkeeping import RolloverWay
from open401k.recordkeeping.rollover_explanations import needed_for
from open401k.recordkeeping.rollover_wishes import Wished, WishedPart
from open401k.views.wish_words import INTO_WORDS, KIND_WORDS

from .problems import FieldProblem, Problem, ProblemError


def wish_in(said: Mapping[str, str], way: RolloverWay) -> Wished:
    """A wish of one way; an amount that is none, or a place that there is not, is a problem with its field."""
    parts = tuple(_coming(said) if way is RolloverWay.INTO else _going(said))
    fits = f"explanation_{needed_for(each.kind for each in parts)}"
    read = said.get(fits, "") if said.get("read") == "yes" else ""
    return Wished(said.get("custodian", ""), said.get("account", ""), parts, read)


def _coming(said: Mapping[str, str]) -> Iterable[WishedPart]:
    return [WishedPart(kind, "plan") for kind in KIND_WORDS if said.get(f"kind_{kind}") == "yes"]


def _going(said: Mapping[str, str]) -> Iterable[WishedPart]:
    """All of a kind to one place; or an amount, and the rest to another or left where it is."""
    for kind in KIND_WORDS:
        into, rest = _place(said, f"into_{kind}"), _place(said, f"rest_{kind}")
        cents = _cents(said.get(f"amount_{kind}", ""), f"amount_{kind}")
        if into:
            yield WishedPart(kind, into, cents)
        if rest and rest != into and cents is not None:
            yield WishedPart(kind, rest)


def _place(said: Mapping[str, str], name: str) -> str:
    given = said.get(name, "")
    if given and given not in INTO_WORDS:
        raise _wrong(name, "is one of the places that are offered")
    return given


def _cents(text: str, name: str) -> int | None:
    if not text.strip():
        return None
    try:
        found = Money.typed(text).cents
    except ValueError:
        raise _wrong(name, "is an amount such as 1234.50, or empty for all of it") from None
    if found <= 0:
        raise _wrong(name, "is more than zero, or empty for all of it")
    return found


def _wrong(name: str, reason: str) -> ProblemError:
    said, fix = f"{name.replace('_', ' ')} {reason}.", "Go back, correct it."
    field = FieldProblem(said, fix, "invalid", f"/{name}")
    return ProblemError(Problem(422, "invalid", "That cannot be asked for.", said, fix, errors=[field]))
