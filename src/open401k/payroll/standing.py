"""What the plan knows about the people of a file, in columns, for the checks. Not here: gathering it (a flow)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from open401k.census import AskedRow
from open401k.kernel import EmployeeId, LimitationYear, Source
from open401k.plan import Compensation

from .pay_codes import NO_CODES, CodesOfPlan
from .rows import PayrollRow
from .said import NOTHING_SAID, Said

Cents: TypeAlias = NDArray[np.int64]

#: In place of an amount nobody knows (an election, a prior year's wages).
UNKNOWN = -1


def _none() -> Cents:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class OtherPlan:
    """What another plan of the sponsor was given before, in the order of the people of a :class:`Standing`.

    It fills the same limits: Reg. 1.401(a)-30(a), IRC 414(v)(2)(D), 415(f)(1)(B).
    """

    name: str
    deferrals: Cents  # calendar year
    roth: Cents  # of these
    additions: Cents  # limitation year of the plan that is checked, catch-up included


@dataclass(frozen=True, slots=True)
class OverdueLoan:
    """Installments that are missing once the file is posted; ``curable``: they may still be paid, until ``cure_by``."""

    cents: int
    due_on: date
    cure_by: date
    curable: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """A row of which a person has to say who it is: the question, and why nothing else says it."""

    question: str
    reason: str
    asked: AskedRow


@dataclass(frozen=True, slots=True)
class NumberAgain:
    """An employee number that was somebody else's: their name, and whether they have left."""

    name: str
    left: bool


class RowAgain(NamedTuple):
    """A later row of somebody: its number, the place of the person, what rows beside it deferred of that pay date."""

    row: int
    place: int
    pre_tax_cents: int = 0
    roth_cents: int = 0

    @classmethod
    def of(cls, row: PayrollRow, place: int, beside: Sequence[PayrollRow]) -> "RowAgain":
        """A row, and the rows of the person before it that stand beside it."""
        pre_tax = sum(each.pre_tax_cents + each.pre_tax_catch_up_cents for each in beside)
        return cls(row.row, place, pre_tax, sum(each.roth_cents + each.roth_catch_up_cents for each in beside))


@dataclass(frozen=True, slots=True)
class Standing:
    """Column ``i`` of everything is one known person; ``place`` finds it by SSN and by employee id text.

    Year-to-date columns stop before the file's pay date; deferrals count the other payrolls of that date as well. An
    empty numeric column means that the fact is not known for anyone, and the checks that need it stay silent.
    """

    place: Mapping[str, int]
    employee_id: Sequence[EmployeeId] = ()
    first_name: Sequence[str] = ()
    last_name: Sequence[str] = ()
    ssn_last4: Sequence[str] = ()
    birth_date: Sequence[date | None] = ()
    employment: Sequence[Sequence[tuple[date, date | None]]] = ()  # (hired on, terminated on)
    eligible_on: Sequence[date | None] | None = None  # first day deferrals may be made; None inside: not in sight
    ytd_pre_tax: Cents = field(default_factory=_none)  # calendar year, catch-up codes included
    ytd_roth: Cents = field(default_factory=_none)
    ytd_additions: Cents = field(default_factory=_none)  # limitation year: everything 415(c) counts, catch-up left out
    ytd_gross: Cents = field(default_factory=_none)
    ytd_hours_hundredths: Cents = field(default_factory=_none)
    previous_gross: Cents = field(default_factory=_none)  # the last payroll: 0 when absent from it
    previous_pre_tax: Cents = field(default_factory=_none)
    previous_roth: Cents = field(default_factory=_none)
    previous_match: Cents = field(default_factory=_none)
    fica_prior_year: Cents = field(default_factory=_none)  # 3121(a) wages from this employer; UNKNOWN
    elected_pre_tax: Cents = field(default_factory=_none)  # cents expected in this payroll; UNKNOWN
    elected_roth: Cents = field(default_factory=_none)
    elected_after_tax: Cents = field(default_factory=_none)
    computed_match: Cents = field(default_factory=_none)  # by the plan's formula, for this payroll; UNKNOWN
    not_given: Cents = field(default_factory=_none)  # employer money of this payroll that 415(c) keeps out
    #: What posting this payroll will hold, by source and reason; None where that was not computed.
    held: Mapping[tuple[Source, str], Cents] | None = None
    #: What posting moves beyond that of other payrolls of the day: more that waits, or (negative) less.
    moved: Mapping[tuple[Source, str], Cents] = field(default_factory=dict)
    again: Mapping[int, int] = field(default_factory=dict)  # row number -> its column, of a person's later rows
    loans: Sequence[Mapping[str, int]] | None = None  # loans: reference, as the file says it -> payoff cents
    overdue: Sequence[Mapping[str, OverdueLoan]] | None = None  # reference -> what is missing of it
    installments: Sequence[Sequence[int]] | None = None  # of each open loan of the plan the level payment
    elsewhere: Sequence[OtherPlan] = ()
    doubts: Mapping[int, Doubt] = field(default_factory=dict)  # row number -> why a person is asked who it is
    answered: frozenset[int] = frozenset()  # numbers of rows about which a person said who they are
    said_new: frozenset[int] = frozenset()  # of these, somebody new
    numbers_again: Mapping[int, NumberAgain] = field(default_factory=dict)  # row number -> whose number it was

    def __len__(self) -> int:
        return len(self.employee_id)

    def with_rows_again(self, rows: Sequence[RowAgain]) -> "Standing":
        """A column more for each of these rows of somebody who has a row already; to date is with the rows before."""
        places = [each.place for each in rows]
        deferred = {
            "ytd_pre_tax": [each.pre_tax_cents for each in rows],
            "ytd_roth": [each.roth_cents for each in rows],
        }
        longer: dict[str, Any] = {}
        for each in fields(self):
            column = getattr(self, each.name)
            if each.name in _NOT_COLUMNS or column is None or not len(column):
                continue
            more = [column[place] for place in places]
            if each.name in deferred:
                more = [to_date + cents for to_date, cents in zip(more, deferred[each.name], strict=True)]
            elif each.name.startswith("previous_"):  # the last payroll was of all rows: the first is held against it
                more = [0] * len(places)
            longer[each.name] = np.append(column, more) if isinstance(column, np.ndarray) else [*column, *more]
        again = {each.row: len(self) + number for number, each in enumerate(rows)}
        return replace(self, again=again, **longer)

    def at(self, column: Cents, places: Cents, *, default: int = 0) -> Cents:
        """The values of a column at ``places`` (-1 is nobody known); ``default`` where nothing is known."""
        if not len(column):
            return np.full(len(places), default, dtype=np.int64)
        return np.where(places >= 0, column[np.maximum(places, 0)], default).astype(np.int64, copy=False)


_NOT_COLUMNS = frozenset({"place", "held", "moved", "again", "doubts", "answered", "said_new", "numbers_again"})
NOBODY = Standing(place={})


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """The few provisions that decide a finding; taken from the plan on the pay date."""

    sources: frozenset[Source] = frozenset(
        {Source.PRE_TAX, Source.ROTH, Source.MATCH, Source.SAFE_HARBOR_MATCH, Source.NONELECTIVE}
    )
    catch_up: bool = True
    higher_catch_up_60_63: bool = True
    most_bps_of_pay: int | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the checks hold a file against besides the people: the day, the plan, and what the sender announced."""

    today: date
    terms: PlanTerms = field(default_factory=PlanTerms)
    pay_date: date | None = None  # announced with the upload, for layouts without the column
    closed_before: date | None = None  # first open day: earlier pay dates belong to a closed plan year
    ask_before: date | None = None  # earlier pay dates are asked about: most are a slip of the year
    before_plan: date | None = None  # a pay date on which the plan has no terms
    said: Said = NOTHING_SAID
    codes: CodesOfPlan = NO_CODES  # what the pay codes mean for the plan on the pay date
    compensation: Compensation = field(default_factory=Compensation)  # as the plan defines it
    limitation_year: LimitationYear | None = None  # of the plan, holding the pay date; None is the calendar year
    #: First day deferrals of someone new may be made, from birth date and hire date; None inside: not in sight.
    eligible_on: Callable[[date, date], date | None] | None = None
