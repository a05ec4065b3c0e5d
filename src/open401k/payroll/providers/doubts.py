"""In what an answer of a provider contradicts itself, and what of it cannot be read. Pure; not here: what follows.

A doubt says no name and no amount: it is shown to whoever looks at the connection.
"""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence

from .connector import ProviderError, Trouble
from .reading import Told
from .statements import Unread

_TWICE = re.compile(r"It pays (?:one person|\d+ people) twice\.")


def unread(provider_id: str, error: ProviderError) -> Unread:
    """What an odd answer about one person or payroll comes to; anything else than an odd answer is raised again."""
    if error.trouble is not Trouble.BUG:
        raise error
    return Unread(provider_id, str(error))


def undated(provider_id: str, told: Told, key: str) -> Unread | None:
    """An entry of a list whose day is missing, or none."""
    try:
        told.day(key)
    except ProviderError as error:
        return unread(provider_id, error)
    return None


def in_pages(*, counted: int | None, came: int) -> tuple[str, ...]:
    """Whether as many came as there are said to be; None: nothing is said."""
    return () if counted in (None, came) else (f"It is said to have {counted} pay statements; {came} came.",)


def told_twice(each: Iterable[Hashable]) -> tuple[str, ...]:
    """The same person, or the same pay statement, more than once."""
    twice = sum(1 for times in Counter(each).values() if times > 1)
    return (f"It pays {_people(twice)} twice.",) if twice else ()


def is_twice(doubt: str) -> bool:
    """Whether that is all of a doubt: two true checks may be alike, and only a person knows."""
    return _TWICE.fullmatch(doubt) is not None


def against_list(*, listed: Collection[str], came: Sequence[str], complete: bool) -> tuple[str, ...]:
    """Pay statements against the people whom the list says are paid; ``complete``: all of them must be there."""
    if not listed:
        return ()
    strange, missing = len(set(came) - set(listed)), len(set(listed) - set(came))
    found = [f"It pays {_people(strange)} whom its list does not name."] if strange else []
    if complete and missing:
        found.append(f"It pays nothing to {_people(missing)} whom its list names.")
    return tuple(found)


def _people(number: int) -> str:
    return "one person" if number == 1 else f"{number} people"
