"""What IRC 415(c) leaves of the money of a pay date: the dollar limit, and pay once the year is over. Pure, in arrays.

Not here: what became of the money (contributions.py), the test of the year (compliance)."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from open401k.kernel import Source
from open401k.law import deferrals, figures

Cents = NDArray[np.int64]

#: Whose own money waits, in this order.
_DEFERRALS = (Source.PRE_TAX, Source.ROTH)
#: What the employer does not give, in this order: what a safe harbor needs comes last (Reg. 1.401(k)-3(b), (c)).
_EMPLOYER = (
    Source.PROFIT_SHARING,
    Source.NONELECTIVE,
    Source.MATCH,
    Source.QMAC,
    Source.QNEC,
    Source.SAFE_HARBOR_MATCH,
    Source.SAFE_HARBOR_NONELECTIVE,
)


@dataclass(frozen=True, slots=True, eq=False)
class YearSoFar:
    """N cents before the pay date: deferrals of the calendar year in all plans, deferrals of the plan year here, and
    all additions of the plan year less catch-up that was made of it in another calendar year."""

    deferrals: Cents
    plan_year_deferrals: Cents
    additions: Cents
    catch_up_elsewhere: Cents
    roth_deferrals: Cents | int = 0  # of the calendar year, in all plans


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What 415(c) looks at beside what is to be credited, N x K cents or, of one pay date, N.

    ``stands`` is allocated already, and is never taken out: whether and how an excess is corrected that is in the
    accounts, a person decides (Rev. Proc. 2021-30 section 6.06(2); ADR-0083). So what is allocated on later days of the
    plan year, ``after`` in all plans, leaves that much less to this one; ``deferred_after`` of it is deferrals of the
    same calendar year. ``corrective`` is what corrections of failures contributed for the plan year, whenever they did:
    an annual addition of it (Reg. 1.415(c)-1(b)(6)(ii)(A)).
    """

    stands: Mapping[Source, Cents] = field(default_factory=dict)
    corrective: Cents | int = 0
    after: Cents | int = 0
    deferred_after: Cents | int = 0

    def at(self, period: int) -> "Beside":
        """One pay date."""

        def of_date(cents: Cents | int) -> Cents | int:
            return cents if isinstance(cents, int) else cents[:, period]

        stands = {source: cents[:, period] for source, cents in self.stands.items()}
        return Beside(stands, of_date(self.corrective), of_date(self.after), of_date(self.deferred_after))


NOTHING_BESIDE = Beside()


@dataclass(frozen=True, slots=True, eq=False)
class Above:
    """N cents by source that the limit keeps out: the employee's own, withheld already, and the employer's."""

    own: Mapping[Source, Cents]
    employer: Mapping[Source, Cents]


def take_above(
    most: int,
    limits: deferrals.DeferralLimits,
    so_far: YearSoFar,
    credited: MutableMapping[Source, Cents],
    *,
    paid: Cents | None = None,
    beside: Beside = NOTHING_BESIDE,
    roth_only: NDArray[np.bool_] | None = None,
) -> Above:
    """Take out of ``credited`` what the year's additions have no room for (IRC 415(c)(1); Reg. 1.415(a)-1(d)(1)).

    After-tax money waits first; then the employer gives that much less; what is over still is deferrals that wait.
    That Rev. Proc. 2021-30 section 6.06(2) returns deferrals before it takes the employer's money is of an excess that
    was allocated: here none is yet. A deferral was elected and withheld, what is not given is in no account; and no
    deferral waits whose match is given, which would have to go with it (the same section).

    ``most`` is the dollar limit. ``paid``, 415(c)(3) pay, is told once the year is over: before, who has deferred all
    pay to date may be paid yet. Above it the employer gives nothing more; nobody's own money waits for it.
    """
    kept = {
        source: np.minimum(np.maximum(cents, 0), credited[source])
        for source, cents in beside.stands.items()
        if source in credited
    }
    so_far = replace(so_far, additions=so_far.additions + beside.corrective + beside.after)
    after = beside.deferred_after
    over, regular, room = _over(most, limits, so_far, credited, roth_only, after)
    waits: dict[Source, Cents] = {}
    not_given: dict[Source, Cents] = {}
    if over.any():
        after_tax = np.minimum(over, _beyond(credited, kept, Source.AFTER_TAX))
        by_itself = np.maximum(over - after_tax - regular, 0)  # over without any deferral
        rest = np.maximum(over - after_tax - by_itself - room, 0)
        waits, _ = _take(credited, (Source.AFTER_TAX,), after_tax, kept)
        not_given, left = _take(credited, _EMPLOYER, by_itself + rest, kept)
        of_deferrals, _ = _take(credited, _DEFERRALS, np.minimum(left, rest), kept)
        waits |= of_deferrals
    if paid is not None:
        over, regular, room = _over(np.minimum(paid, most), limits, so_far, credited, roth_only, after)
        more, _ = _take(credited, _EMPLOYER, np.maximum(over - np.minimum(regular, room), 0), kept)
        not_given |= {source: cents + not_given.get(source, 0) for source, cents in more.items()}
    return Above(waits, not_given)


def _over(
    most: int | Cents,
    limits: deferrals.DeferralLimits,
    so_far: YearSoFar,
    credited: Mapping[Source, Cents],
    roth_only: NDArray[np.bool_] | None,
    after: Cents | int,
) -> tuple[Cents, Cents, Cents]:
    """What is above, catch-up left out (IRC 414(v)(3)(A)); the year's other deferrals; and what catch-up has room for.

    Deferrals above are catch-up as far as there is room (Reg. 1.414(v)-1(b)(1)(i)), and so make room for the employer's
    money; but only as far as there are deferrals, and of who may catch up only as Roth, Roth deferrals of the year
    that are not catch-up yet (IRC 414(v)(7)(A)). ``after`` are deferrals of later days that are allocated already.
    """
    earlier = deferrals.split(so_far.deferrals, limits).catch_up
    deferred = credited[Source.PRE_TAX] + credited[Source.ROTH]
    later = deferrals.split(so_far.deferrals + deferred, limits).catch_up
    if not isinstance(after, int):  # a limit of the plan's own grows with pay by then: 402(g) alone is sure
        above_402g = so_far.deferrals + deferred + after - figures.cents("limit_402g", limits.year)
        later = np.maximum(later, np.minimum(np.maximum(above_402g, 0), limits.catch_up))
    given = sum((cents for source, cents in credited.items() if not source.from_employee), np.zeros_like(deferred))
    own = deferred + credited[Source.AFTER_TAX] - (later - earlier)
    over = np.maximum(so_far.additions - earlier - so_far.catch_up_elsewhere + own + given - most, 0)
    regular = so_far.plan_year_deferrals + deferred + after - later - so_far.catch_up_elsewhere
    room = np.maximum(limits.catch_up - later, 0)
    if roth_only is not None:
        as_roth = np.maximum(so_far.roth_deferrals + credited[Source.ROTH] - later, 0)
        room = np.where(roth_only, np.minimum(room, as_roth), room)
    return over, np.maximum(regular, 0), room


def _take(
    credited: MutableMapping[Source, Cents], order: tuple[Source, ...], cents: Cents, kept: Mapping[Source, Cents]
) -> tuple[dict[Source, Cents], Cents]:
    """Take cents out of the sources in order: what each gave, and what none had."""
    found: dict[Source, Cents] = {}
    for source in order:
        if source in credited:
            part = np.minimum(cents, _beyond(credited, kept, source))
            cents = cents - part
            if part.any():
                found[source] = part
                credited[source] = credited[source] - part
    return found, cents


def _beyond(credited: Mapping[Source, Cents], kept: Mapping[Source, Cents], source: Source) -> Cents:
    """What of a source may be taken out."""
    found: Cents = np.maximum(credited[source] - kept.get(source, 0), 0)
    return found
