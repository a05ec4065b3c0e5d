"""What a provider's roster tells of somebody on file: facts, and what does not fit. Pure; writes nothing.

What changed at the provider since it was last told is a fact. What has always been different there is no news: somebody
may have corrected it here, and only a person can say which of the two is right.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from open401k import census

from .providers import Employed, Person

#: What a pull tells again until it is gone: nobody has to say anything of it, and it does not end by itself.
DIFFERENCE: Final = "difference"


@dataclass(slots=True)
class Changes:
    """Facts with their days, and in words what is on file otherwise than the provider has it."""

    facts: list[tuple[census.Fact, date]] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)


def first_seen(now: Person, on_file: census.Employee, *, today: date) -> Changes:
    """Somebody found on file: what is missing there is learned, what contradicts is told."""
    found = _birth_date_seen(now, on_file, today)
    spans = on_file.employment
    for place, told in enumerate(now.employment):
        if place >= len(spans):
            known_to_be_gone = not spans or spans[-1].terminated_on is not None
            if known_to_be_gone or place > len(spans):
                found.facts += list(_whole(told))
            else:
                found.differs.append("employment")
            continue
        if spans[place].hired_on != told.hired_on:
            found.differs.append("hire date")
        elif told.ends_unknown:  # what is on file stands
            continue
        elif told.terminated_on is not None and spans[place].terminated_on is None:
            found.facts.append((census.Terminated(), told.terminated_on))
        elif told.terminated_on != spans[place].terminated_on:
            found.differs.append("termination date")
    return found


def seen_elsewhere(now: Person, elsewhere: Person, on_file: census.Employee, *, today: date) -> Changes:
    """Somebody whom another company of the plan told already: what this one adds to their employment is learned.

    ``now`` and ``elsewhere`` have the employment with this company and without it; the rest is as of anybody found.
    """
    found = _birth_date_seen(now, on_file, today)
    found.facts += changed(replace(now, employment=elsewhere.employment), now, today=today).facts
    return found


def _birth_date_seen(now: Person, on_file: census.Employee, today: date) -> Changes:
    found = Changes()
    if on_file.birth_date is None and now.birth_date is not None:
        found.facts.append((census.BirthDate(now.birth_date), _since(now, today)))
    elif now.birth_date is not None and now.birth_date != on_file.birth_date:
        found.differs.append("birth date")
    return found


def changed(before: Person, now: Person, *, today: date) -> Changes:
    """What happened at the provider between two tellings."""
    found = Changes()
    if now.birth_date is not None and now.birth_date != before.birth_date:
        found.facts.append((census.BirthDate(now.birth_date), _since(now, today)))
    if (now.first_name, now.last_name) != (before.first_name, before.last_name):
        found.facts.append((census.Name(now.first_name, now.last_name), today))
    for place in range(max(len(before.employment), len(now.employment))):
        old = before.employment[place] if place < len(before.employment) else None
        new = now.employment[place] if place < len(now.employment) else None
        found.facts += list(_moved(old, new))
    return found


def _moved(old: Employed | None, new: Employed | None) -> Iterator[tuple[census.Fact, date]]:
    """One employment, then and now."""
    if old is None and new is not None:
        yield from _whole(new)
    elif new is None and old is not None:
        if old.terminated_on is not None:
            yield census.NotTerminated(), old.terminated_on
        yield census.NotHired(), old.hired_on
    elif old is not None and new is not None:
        if new.hired_on != old.hired_on:
            yield census.Hired(instead_of=old.hired_on), new.hired_on
        if new.ends_unknown:  # no end that was told before is taken back by one that is not told
            return
        if new.terminated_on is not None and new.terminated_on != old.terminated_on:
            yield census.Terminated(instead_of=old.terminated_on), new.terminated_on
        elif new.terminated_on is None and old.terminated_on is not None:
            yield census.NotTerminated(), old.terminated_on


def _whole(span: Employed) -> Iterator[tuple[census.Fact, date]]:
    yield census.Hired(), span.hired_on
    if span.terminated_on is not None:
        yield census.Terminated(), span.terminated_on


def _since(now: Person, today: date) -> date:
    """A birth date has held since the first day here."""
    return now.employment[0].hired_on if now.employment else today


def asked(told: Person, conflict: census.Conflict) -> dict[str, Any]:
    """Who it may be. Names are the plan's own people; numbers are not among what is said."""
    return {
        "what": "person",
        "provider_id": told.provider_id,
        "name": f"{told.first_name} {told.last_name}",
        "why": str(conflict.why),
        "candidates": [str(each) for each in conflict.candidates],
        "message": f"{told.first_name} {told.last_name} may be somebody on file.",
        "fix": "Say who it is, or that it is somebody new.",
    }


def different(told: Person, what: str) -> dict[str, Any]:
    """What is told of a difference, until either side is corrected."""
    return {
        "what": DIFFERENCE,
        "provider_id": told.provider_id,
        "name": f"{told.first_name} {told.last_name}",
        "why": what,
        "message": f"The provider has another {what} for {told.first_name} {told.last_name} than is on file.",
        "fix": "Correct whichever is wrong: a correction of the person here, or the roster there.",
    }
