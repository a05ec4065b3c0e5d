"""The match that people would have, had more been withheld from them: by the very computation that settles the books.

Reads only. Not here: how much should have been withheld, what is owed for it (compliance.failure_correction).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import repeat

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


def match_supposing(
    tx: Tx, *, scope: Scope, more: Sequence[WithheldMore], brought: bool = False
) -> dict[EmployeeId, MatchByDay]:
    """What should be with that much more withheld, minus what is posted: of matches, by person, source and day.

    Catch-up that is not matched, entry for the match, caps, longer periods, true-ups and conditions of a year that is
    over are those of the books. Days of a year whose end is not known yet have what has been given by them.
    ``brought``: some of it in a period paid before the plan came here. What others gave then need not be what is
    computed here, so it is minus what the same computation gives without.
    """
    moved: list[tuple[date, ledger.Contributed]] = []
    people = tuple(dict.fromkeys(each.employee_id for each in more))
    plain = replace(scope, employees=people, brought=brought)
    supposed = compare(tx, scope=replace(plain, without=census.Without(None, moved), withheld=more))
    without = (each for each, _ in compare(tx, scope=plain)) if brought else repeat(None)
    found: dict[EmployeeId, dict[tuple[Source, date], int]] = defaultdict(dict)
    # Lazy: each part of the scope begins with what the parts before it would have.
    for (should_be, posted), as_it_was in zip(supposed, without, strict=False):
        for day, given in moved_of(should_be, as_it_was or posted):
            moved.append((day, given))
            for row in given.rows():
                if row.source in MATCHES:
                    found[row.employee_id][row.source, day] = row.cents
    return dict(found)
