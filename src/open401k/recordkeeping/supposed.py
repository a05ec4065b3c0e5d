"""The match that people would have, had more been withheld from them: by the very computation that settles the books.

Reads only. Not here: how much should have been withheld, what is owed for it (compliance.failure_correction).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from open401k import census, ledger
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Source

from .contributions import MATCHES
from .replaced import moved_of
from .scope import Scope
from .settlement import compare
from .supposed_pay import WithheldMore

#: Cents of match by source and day; below zero where the books have more than there would be.
MatchByDay = Mapping[tuple[Source, date], int]


def match_supposing(tx: Tx, *, scope: Scope, more: Sequence[WithheldMore]) -> dict[EmployeeId, MatchByDay]:
    """What should be with that much more withheld, minus what is posted: of matches, by person, source and day.

    Catch-up that is not matched, entry for the match, caps, longer periods, true-ups and conditions of a year that is
    over are those of the books. Days of a year whose end is not known yet have what has been given by them.
    """
    moved: list[tuple[date, ledger.Contributed]] = []
    people = tuple(dict.fromkeys(each.employee_id for each in more))
    without = census.Without(None, moved)
    found: dict[EmployeeId, dict[tuple[Source, date], int]] = defaultdict(dict)
    # Lazy: each part of the scope begins with what the parts before it would have.
    for should_be, posted in compare(tx, scope=replace(scope, employees=people, without=without, withheld=more)):
        for day, given in moved_of(should_be, posted):
            moved.append((day, given))
            for row in given.rows():
                if row.source in MATCHES:
                    found[row.employee_id][row.source, day] = row.cents
    return dict(found)
