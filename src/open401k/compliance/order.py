"""An order of people, and a seed, that follow from what is known of them, never from ids. Not here: projecting.

Chance is drawn place by place, and cures take the first of equals: in the order of ids, which are random, the same plan
in another database would have other probabilities and other costs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from open401k import plan
from open401k.kernel import EmployeeId, IdColumn

from .facts import (
    Cents,
    EarlierCalendarYear,
    Flags,
    KeyFacts,
    Kin,
    OtherPlan,
    PayHistory,
    PlanFacts,
    Receiving,
    Workforce,
)

_Marks = npt.NDArray[np.uint64]
_Part = TypeVar("_Part", PlanFacts, PayHistory, EarlierCalendarYear, KeyFacts, OtherPlan, Receiving)
_Any = TypeVar("_Any")

#: Any odd number with its bits well spread makes a mark of all columns that one changed cent changes.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


@dataclass(frozen=True, slots=True, eq=False)
class Ordered:
    """The same facts with the people in another order; ``places`` says where each of them was."""

    facts: PlanFacts
    places: Cents
    seed: int


def ordered(facts: PlanFacts, *, is_hce: Flags, is_key: Flags) -> Ordered:
    """The best paid first, and of equal pay in an order that all other facts make; the seed is of the facts too.

    Who is highly compensated or key is not asked again: of equals at the edge of a group, the run has chosen.
    """
    marks = _marks(facts, is_hce, is_key)
    # Names part those only of whom everything else is equal: it does not matter which of them is which.
    places = np.lexsort((np.array(facts.labels, dtype=np.str_), marks, -facts.compensation))
    return Ordered(_moved(facts, places), places, _seed(facts, marks[places]))


def _seed(facts: PlanFacts, marks: _Marks) -> int:
    """The same facts always give the same seed, whichever plan, run or edition of the engine asks."""
    head = [
        str(facts.plan_year),
        facts.as_of.isoformat(),
        plan.provisions_to_json(facts.provisions),
        None if facts.prior_ratios is None else [facts.prior_ratios.adp_bps, facts.prior_ratios.acp_bps],
        facts.other_nonelective,
        [] if facts.history is None else [day.isoformat() for day in facts.history.pay_dates],
    ]
    digest = hashlib.sha256(json.dumps(head, sort_keys=True).encode() + b"\0" + marks.tobytes()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFF_FFFF


# --- marks: one number for all that is known of a person


def _marks(facts: PlanFacts, is_hce: Flags, is_key: Flags) -> _Marks:
    found = _mixed(_columns(facts), len(facts))
    for part in (facts.key_facts, facts.earlier, facts.history, facts.receiving):
        found = _mixed(_arrays(part), len(facts), found)
    # Plans have an order of their own, which is that of their ids: sums know none.
    others = sum((_mixed(_arrays(each), len(facts)) for each in facts.others), np.zeros(len(facts), dtype=np.uint64))
    return _mixed([is_hce, is_key, others], len(facts), found)


def _columns(facts: PlanFacts) -> Iterator[npt.NDArray[Any]]:
    yield from _arrays(facts)
    yield from (_days(each) for each in _dated(facts) if each)
    for k in range(max(map(len, facts.employment), default=0)):
        spans = [each[k] if k < len(each) else None for each in facts.employment]
        yield _days([None if span is None else span.hired_on for span in spans])
        yield _days([None if span is None else span.terminated_on for span in spans])
    if facts.classes:
        yield np.unique(facts.classes, return_inverse=True)[1]


def _dated(facts: PlanFacts) -> tuple[tuple[date | None, ...], ...]:
    apart = facts.tested_on, facts.match_on, facts.nonelective_on
    return facts.birth_dates, facts.eligible_on, facts.kept_out_on, *apart


def _arrays(part: Any) -> Iterator[npt.NDArray[Any]]:
    """Columns of everybody, pay dates one after the other."""
    if part is None:
        return
    for each in fields(part):
        value = getattr(part, each.name)
        if isinstance(value, np.ndarray):
            yield from value.T if value.ndim > 1 else (value,)


def _days(days: Sequence[date | None]) -> Cents:
    return np.array([0 if day is None else day.toordinal() for day in days], dtype=np.int64)


def _mixed(columns: Iterable[npt.NDArray[Any]], size: int, before: _Marks | None = None) -> _Marks:
    found = np.zeros(size, dtype=np.uint64) if before is None else before
    for column in columns:
        found = (found ^ column.astype(np.uint64)) * _SPREAD
        found ^= found >> _SHIFT
    return found


# --- the same facts, in that order


def _moved(facts: PlanFacts, places: Cents) -> PlanFacts:
    now = np.empty_like(places)
    now[places] = np.arange(len(places))
    return replace(
        _taken(facts, places),
        employee_ids=IdColumn(EmployeeId, IdColumn.of(EmployeeId, facts.employee_ids).raw[places]),
        labels=_each(facts.labels, places),
        birth_dates=_each(facts.birth_dates, places),
        employment=_each(facts.employment, places),
        eligible_on=_each(facts.eligible_on, places),
        classes=_each(facts.classes, places),
        kept_out_on=_each(facts.kept_out_on, places),
        tested_on=_each(facts.tested_on, places),
        match_on=_each(facts.match_on, places),
        nonelective_on=_each(facts.nonelective_on, places),
        kin=tuple(Kin(int(now[each.person]), int(now[each.relative]), each.relation) for each in facts.kin),
        key_facts=None if facts.key_facts is None else _taken(facts.key_facts, places),
        lookback=_ranked(facts.lookback, places),
        determination=_ranked(facts.determination, places),
        earlier=None if facts.earlier is None else _taken(facts.earlier, places),
        others=tuple(_taken(each, places) for each in facts.others),
        history=None if facts.history is None else _taken(facts.history, places),
        receiving=None if facts.receiving is None else _taken(facts.receiving, places),
    )


def _taken(part: _Part, places: Cents) -> _Part:
    """Every array of it, in this order: each is of everybody."""
    moved: dict[str, Any] = {}
    for each in fields(part):
        value = getattr(part, each.name)
        if isinstance(value, np.ndarray):
            moved[each.name] = value[places]
    return replace(part, **moved)


def _ranked(count: Workforce | None, places: Cents) -> Workforce | None:
    """Its other arrays are of people without a place here."""
    return None if count is None else replace(count, ranked=count.ranked[places])


def _each(values: Sequence[_Any], places: Cents) -> tuple[_Any, ...]:
    return tuple(values[place] for place in places.tolist()) if values else ()
