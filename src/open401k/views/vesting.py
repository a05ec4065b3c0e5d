"""What vests people in full: the terms, what ended, the turnover with its inputs, who left vested by it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from open401k import census, fiduciary, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId, day_of

from .heading import heading
from .shown import Percent, PlanHeading
from .vesting_words import BY_WORDS, COUNTED_WORDS, ENDING_WORDS


@dataclass(frozen=True, slots=True)
class EndingLine:
    """What a person stated; ``counts`` is false where it was taken back or another answer took its place."""

    ending_id: str
    kind: str
    words: str
    starts_on: date
    ends_on: date
    stands: bool
    counts: bool
    reason: str
    severed: int | None
    participants: int | None
    recorded_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class SeveranceLine:
    """A participant who left in the period, and whether that counts."""

    employee_id: EmployeeId
    name: str
    left_on: date
    counted_as: str
    why: str


@dataclass(frozen=True, slots=True)
class TurnoverLine:
    """The turnover of a period up to a day, with its inputs."""

    starts_on: date
    ends_on: date
    as_of: date
    at_start: int
    became: int
    severed: int
    participants: int
    rate: Percent
    presumed: bool
    severances: tuple[SeveranceLine, ...]


@dataclass(frozen=True, slots=True)
class OpenTurnover:
    """A plan year whose turnover waits for a decision."""

    starts_on: date
    ends_on: date
    severed: int
    participants: int


@dataclass(frozen=True, slots=True)
class VestedLine:
    """Somebody who left and was vested in full by something else than service."""

    employee_id: EmployeeId
    name: str
    left_on: date
    why: str


@dataclass(frozen=True, slots=True)
class VestingPage:
    """All of it. ``takes_time`` is false where everything is vested at once: then nothing here matters."""

    heading: PlanHeading
    takes_time: bool
    terms: tuple[str, ...]
    waiting: tuple[OpenTurnover, ...]
    turnover: TurnoverLine
    endings: tuple[EndingLine, ...]
    vested: tuple[VestedLine, ...]


def load(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date | None = None, last_day: date | None = None
) -> VestingPage:
    """As of today, with the turnover of the plan year of today, or of the period asked for."""
    today = day_of(tx.now)
    year = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id).plan_year_of(start or today)
    period = (start or year.start, last_day or year.end - timedelta(days=1))
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    people = census.roster(tx, tenant_id=tenant_id)
    names = {each.employee_id: f"{each.first_name} {each.last_name}" for each in people}
    (counted,) = recordkeeping.count_turnover(tx, tenant_id=tenant_id, plan_id=plan_id, periods=[period], as_of=today)
    left = recordkeeping.vested_leavers(tx, tenant_id=tenant_id, plan_id=plan_id, people=people, on=today)
    return VestingPage(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        takes_time=terms.vesting.takes_time,
        terms=tuple(_terms(terms.vesting)),
        waiting=tuple(
            OpenTurnover(each.start, each.last_day, each.severed, each.participants)
            for each in fiduciary.turnover_open(tx, tenant_id=tenant_id, plan_id=plan_id)
        ),
        turnover=_turnover(counted, names),
        endings=tuple(
            ending_line(each) for each in recordkeeping.stated_endings(tx, tenant_id=tenant_id, plan_id=plan_id)
        ),
        vested=tuple(
            VestedLine(each.employee_id, names[each.employee_id], each.left_on, BY_WORDS[each.by]) for each in left
        ),
    )


def ending_line(stated: recordkeeping.StatedEnding) -> EndingLine:
    """A statement as it is shown."""
    ending = stated.ending
    return EndingLine(
        str(stated.ending_id),
        ending.kind.value,
        ENDING_WORDS[ending.kind],
        ending.starts_on,
        ending.ends_on,
        ending.stands,
        stated.counts,
        ending.reason,
        stated.severed,
        stated.participants,
        stated.recorded_at,
        stated.by,
    )


def _turnover(found: recordkeeping.Turnover, names: dict[EmployeeId, str]) -> TurnoverLine:
    result = found.result
    return TurnoverLine(
        found.start,
        found.last_day,
        found.as_of,
        found.at_start,
        found.became,
        result.employer_initiated,
        result.participants,
        Percent(result.turnover_bps),
        result.presumed,
        tuple(
            SeveranceLine(
                each.employee_id,
                names[each.employee_id],
                each.left_on,
                each.counted_as.value,
                COUNTED_WORDS[each.counted_as],
            )
            for each in found.severances
        ),
    )


def _terms(vesting: plan.Vesting) -> list[str]:
    """What vests in full by the terms of today, in words."""
    normal, early = vesting.normal_retirement, vesting.early_retirement
    if normal is None:
        found = ["Normal retirement age: 65 and five years of participation, as the law has it (IRC 411(a)(8))."]
    else:
        years = f" and {normal.years} years of participation" if normal.years else ""
        found = [f"Normal retirement age: {normal.age}{years}."]
    if early is not None:
        years = f" and {early.years} years of service" if early.years else ""
        found.append(f"Early retirement age: {early.age}{years}.")
    found.append("Death vests in full." if vesting.on_death else "Death does not vest by itself.")
    if vesting.on_disability is None:
        found.append("Disability does not vest by itself.")
    else:
        found.append(f"Disability vests in full: {_DISABLED[vesting.on_disability]}.")
    return found


_DISABLED = {
    plan.Disability.NO_GAINFUL_ACTIVITY: "no substantial gainful activity is possible (IRC 72(m)(7))",
    plan.Disability.SOCIAL_SECURITY: "Social Security has awarded disability benefits",
    plan.Disability.LONG_TERM_DISABILITY_PLAN: "the employer's long-term disability plan pays",
}
