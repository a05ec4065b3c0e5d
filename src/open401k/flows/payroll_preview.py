"""What posting a file would compute for its people, before anything is recorded. Not here: the checks that tell it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from open401k import census, payroll, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import Source
from open401k.recordkeeping import Cents

from .payroll_columns import Waits, elected, joined, own_and_moved, waits
from .payroll_reported import in_doubt, in_other_plans, paid_in_doubt, paid_that_day, reported

Rows = Sequence[payroll.PayrollRow]


@dataclass(frozen=True, slots=True)
class Previewed:
    """What the preview of a file's rows is made of, read once a file."""

    asked: payroll.Asked
    before: recordkeeping.Before
    to_date: payroll.ToDate
    watch: payroll.CodeWatch
    elections: recordkeeping.ElectionsOnFile | None = None

    @property
    def bonus_codes(self) -> Sequence[str]:
        """The pay codes of bonuses, where elections are kept here."""
        terms = self.asked.provisions.elections
        return () if terms is None else terms.bonus_pay_codes


@dataclass(frozen=True, slots=True)
class _Found:
    """Of some people, in their order."""

    match: Cents
    held: Waits
    moved: Waits
    elected: Mapping[Source, Cents] | None
    not_given: Cents


def scope_of(asked: payroll.Asked) -> recordkeeping.Scope:
    """The plan's books of the pay date, of everybody."""
    return recordkeeping.Scope(asked.tenant_id, asked.plan_id, asked.pay_date, asked.pay_date, without=asked.without)


def previewed(
    tx: Tx, of: Previewed | None, standing: payroll.Standing, people: Sequence[census.Employee], rows: Rows
) -> payroll.Standing:
    """What posting will compute for the people of these rows: the match by the formula, and what it will hold.

    A row of somebody who has one already is judged by itself; of another employer or pay group, by what it adds.
    """
    paid = [(standing.place[row.key], row) for row in rows if row.key in standing.place]
    if not paid or of is None:
        return standing
    first, again = _first_and_again(paid)
    found = [_found(tx, of, people, first)]
    if again:
        beside = payroll.rows_again(rows, standing.place)
        earlier = {place: [row] for place, row in first}
        judged: list[payroll.RowAgain] = []
        for turn in again[: payroll.MOST_OF_ONE - 1]:
            before = [[*earlier[place]] if beside[row.row] else [] for place, row in turn]
            alone = [(number, row) for number, (_, row) in enumerate(turn)]
            found.append(_found(tx, of, [people[place] for place, _ in turn], alone, before))
            for (place, row), rest in zip(turn, before, strict=True):
                judged.append(payroll.RowAgain.of(row, place, rest))
                earlier[place].append(row)
        standing = standing.with_rows_again(judged)
    size = len(standing)
    match = joined([each.match for each in found], size, payroll.UNKNOWN)
    not_given = joined([each.not_given for each in found], size, 0)
    asked: dict[str, Any] = elected([each.elected for each in found], size)
    return replace(
        standing,
        computed_match=match if of.asked.provisions.match is not None else standing.computed_match,
        not_given=not_given,
        held=waits([each.held for each in found], [len(each.match) for each in found], size),
        moved=waits([each.moved for each in found], [len(each.match) for each in found], size),
        elsewhere=in_other_plans(tx, of.asked, of.before, standing),
        **asked,
    )


def _first_and_again(
    paid: list[tuple[int, payroll.PayrollRow]],
) -> tuple[list[tuple[int, payroll.PayrollRow]], list[list[tuple[int, payroll.PayrollRow]]]]:
    """The first row of each person, then their second ones, and so on."""
    if len({place for place, _ in paid}) == len(paid):
        return paid, []
    turns: list[list[tuple[int, payroll.PayrollRow]]] = []
    seen: dict[int, int] = {}
    for place, row in paid:
        turn = seen[place] = seen.get(place, -1) + 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append((place, row))
    return turns[0], turns[1:]


def _turns(before: Sequence[Rows]) -> Iterator[list[tuple[int, payroll.PayrollRow]]]:
    """The first of the rows of each, with the place of the person, then the second ones, and so on."""
    for number in range(max(map(len, before), default=0)):
        yield [(place, rows[number]) for place, rows in enumerate(before) if len(rows) > number]


def _found(
    tx: Tx,
    of: Previewed,
    people: Sequence[census.Employee],
    rows: Sequence[tuple[int, payroll.PayrollRow]],
    before: Sequence[Rows] = (),
) -> _Found:
    """The preview of one row a person; ``rows`` name the place of theirs, ``before`` has their rows beside it."""
    pay = reported(rows, len(people), of.watch.codes, of.bonus_codes)
    paid = paid_that_day(of.to_date, people)
    doubted = in_doubt(of.watch, rows, len(people))
    paid_doubted = paid_in_doubt(tx, of.asked, people)
    for turn in _turns(before):
        more = reported(turn, len(people), of.watch.codes, of.bonus_codes)
        paid = more if paid is None else paid + more
        waiting = in_doubt(of.watch, turn, len(people))
        if waiting is not None:
            paid_doubted = waiting if paid_doubted is None else paid_doubted | waiting
    found = recordkeeping.preview(
        tx,
        scope=scope_of(of.asked),
        provisions=of.asked.provisions,
        employees=people,
        before=of.before,
        pay=pay,
        paid=paid,
        elections=of.elections,
        in_doubt=doubted,
        paid_in_doubt=paid_doubted,
    )
    match = found.match if found.match is not None else np.full(len(people), payroll.UNKNOWN, dtype=np.int64)
    match = match if doubted is None else np.where(doubted, payroll.UNKNOWN, match)
    not_given = found.not_given if found.not_given is not None else np.zeros(len(people), dtype=np.int64)
    if paid is None:
        held = {(source, str(reason)): cents for (source, reason), cents in found.held.items()}
        return _Found(match, held, {}, found.elected, not_given)
    return _Found(match, *own_and_moved(pay, found), found.elected, not_given)
