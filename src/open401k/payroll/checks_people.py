"""Who a row is and whether its dates can be: names, birth dates, employment. Not here: amounts (checks_limits.py)."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TypeAlias

from open401k.kernel import LimitationYear, anniversary
from open401k.law import compensation

from .beside import hired_of
from .cells import shown
from .chunks import Chunk
from .findings import Code, Finding, Severity
from .rows import Field, PayrollRow, masked_ssn
from .standing import Doubt, Expectation, NumberAgain, Standing

#: Days a system writes when it does not know the birth date.
PLACEHOLDERS = frozenset(
    {date(1900, 1, 1), date(1901, 1, 1), date(1970, 1, 1), date(1980, 1, 1), date(1990, 1, 1), date(2000, 1, 1)}
)
YOUNGEST, OLDEST = 14, 100
MOST_HOURS_HUNDREDTHS = 744_00  # every hour of a 31-day month
#: A month's pay, paid two weeks after it: our own choice, where a file does not say the pay period.
_PERIOD_AND_LAG = timedelta(days=45)

Found: TypeAlias = Iterator[Finding]
Say: TypeAlias = Callable[..., Finding]


def check(chunk: Chunk, expected: Expectation, pay_date: date | None, new_people: list[PayrollRow]) -> Found:
    """Findings about the people of a chunk; complete new people are also put on ``new_people``."""
    day = pay_date or expected.today
    youngest = _years_before(day, YOUNGEST)
    oldest = _years_before(day, OLDEST)
    alike: dict[tuple[str, str], int] | None = None
    fresh: dict[str, list[PayrollRow]] | None = None  # the rows of each, where anybody is new
    for row, place in zip(chunk.rows, chunk.places.tolist(), strict=True):
        born = row.birth_date
        if born is not None and (born > youngest or born < oldest or born in PLACEHOLDERS):
            yield _birth_date(chunk, row, day)
        if row.hire_date is not None or row.termination_date is not None or row.period_end is not None:
            yield from _order(chunk, row, day)
        if row.hours_hundredths is not None and row.hours_hundredths > _most_hours(row):
            said = f"{row.hours_hundredths / 100:g}"
            reason, fix = f"{said} hours do not fit into the pay period.", "Send the hours of this pay period."
            yield chunk.finding(row, Severity.REJECT, Code.HOURS_RANGE, reason, fix, Field.HOURS, value=said)
        if (
            row.ssn
            and row.employee_id
            and chunk.standing.place.get(row.employee_id, -1) != chunk.standing.place.get(row.ssn, -1)
        ):
            reason = "The SSN and the employee id name two different people, or one of them nobody."
            fix = "Send one of them, or correct it."
            yield chunk.finding(row, Severity.REJECT, Code.PERSON_CONFLICT, reason, fix, Field.SSN)
        if (before := chunk.standing.numbers_again.get(row.row)) is not None:
            yield _number_again(chunk, row, before)
        if (doubt := chunk.standing.doubts.get(row.row)) is not None:
            yield _doubt(chunk, row, doubt, known=place >= 0)
        elif place >= 0 and row.row in chunk.standing.answered:
            continue  # a person looked at what the row says, and said who it is
        elif place >= 0:
            yield from _known(chunk, row, chunk.standing, place, pay_date)
        else:
            if alike is None:
                alike = _by_name(chunk.standing)
            if fresh is None:
                fresh = {}
                for each in chunk.rows:
                    fresh.setdefault(each.key, []).append(each)
            own = fresh[row.key]
            if row is own[0] or any(each.last_name != row.last_name for each in own) or not own[0].hire_date:
                yield from _unknown(chunk, row, alike, new_people, hired_of(own))


def _years_before(day: date, years: int) -> date:
    return anniversary(day, -min(years, day.year - 1))


def _most_hours(row: PayrollRow) -> int:
    if row.period_start is not None and row.period_end is not None and row.period_start <= row.period_end:
        return min(MOST_HOURS_HUNDREDTHS, ((row.period_end - row.period_start).days + 1) * 24_00)
    return MOST_HOURS_HUNDREDTHS


def _birth_date(chunk: Chunk, row: PayrollRow, day: date) -> Finding:
    born = str(row.birth_date)
    if row.birth_date in PLACEHOLDERS:
        reason = f"{born} is what systems write when the birth date is not known."
        fix = "Ask the employee; if it is right, confirm. Catch-up and eligibility depend on it."
        return chunk.finding(
            row, Severity.NOTE, Code.DOB_PLACEHOLDER, reason, fix, Field.BIRTH_DATE, value=born, confirm=True
        )
    reason = f"Born {born}, the employee would be younger than {YOUNGEST} or older than {OLDEST} on {day}."
    return chunk.finding(
        row, Severity.REJECT, Code.DOB_RANGE, reason, "Correct the birth date.", Field.BIRTH_DATE, value=born
    )


def _order(chunk: Chunk, row: PayrollRow, day: date) -> Found:
    hired, left, rehired = row.hire_date, row.termination_date, row.rehire_date
    pairs = (
        (hired, day, Field.HIRE_DATE, "hire date", "the pay date"),
        (hired, left, Field.TERMINATION_DATE, "hire date", "the termination date"),
        (hired, rehired, Field.REHIRE_DATE, "hire date", "the rehire date"),
        (rehired, day, Field.REHIRE_DATE, "rehire date", "the pay date"),
        (row.birth_date, hired, Field.BIRTH_DATE, "birth date", "the hire date"),
        (row.period_start, row.period_end, Field.PERIOD_START, "period start", "the period end"),
    )
    for earlier, later, field, name, of in pairs:
        if earlier is not None and later is not None and earlier > later:
            reason = f"The {name} {earlier} is after {of} {later}."
            yield chunk.finding(
                row, Severity.REJECT, Code.DATE_ORDER, reason, "Correct one of them.", field, value=str(earlier)
            )


def _doubt(chunk: Chunk, row: PayrollRow, doubt: Doubt, *, known: bool) -> Finding:
    """The file waits until a person said who the row is; the answer is remembered."""
    code = Code.PERSON_CONFLICT if known else Code.PERSON_UNKNOWN
    fix = "Say under “Who is who” whether it is the same person, another one, or a new hire; or correct the file."
    detail = (("question", doubt.question),)
    return chunk.finding(row, Severity.REJECT, code, doubt.reason, fix, Field.SSN, detail=detail)


def _number_again(chunk: Chunk, row: PayrollRow, before: NumberAgain) -> Finding:
    """Systems give the number of somebody who left to somebody new; two people at work do not share one."""
    number = shown(row.employee_number)
    reason = f"The employee number {number} was {before.name}'s, who {'left' if before.left else 'works here still'}."
    fix = (
        f"Nothing to do if payroll gave it to {row.first_name} {row.last_name}."
        if before.left
        else ("Confirm that the number is given anew; else the numbers of two rows are swapped: correct the file.")
    )
    code, field = Code.PERSON_NUMBER_AGAIN, Field.EMPLOYEE_NUMBER
    return chunk.finding(row, Severity.NOTE, code, reason, fix, field, value=number, confirm=not before.left)


def _plain(name: str) -> str:
    """A name without case, blanks and punctuation: O'Neil-Smith and ONEIL SMITH are one."""
    return "".join(filter(str.isalpha, name.casefold()))


def _known(chunk: Chunk, row: PayrollRow, standing: Standing, place: int, pay_date: date | None) -> Found:
    first, last = standing.first_name[place], standing.last_name[place]
    born = standing.birth_date[place] if standing.birth_date else None
    if born is not None and row.birth_date is not None and born != row.birth_date:
        reason = f"The birth date on file is {born}, the row says {row.birth_date}."
        fix = "Confirm that the row is right, or correct it."
        yield chunk.finding(
            row,
            Severity.NOTE,
            Code.DOB_CHANGED,
            reason,
            fix,
            Field.BIRTH_DATE,
            value=str(row.birth_date),
            confirm=True,
        )
    hired = standing.employment[place] if standing.employment else ()
    if row.hours_hundredths and hired and hired[-1][1] is not None:
        yield from _hours_after(chunk, row, hired[-1][1], pay_date)
    if hired and row.hire_date is not None and all(span[0] != row.hire_date for span in hired):
        reason = f"The hire date on file is {hired[-1][0]}, the row says {row.hire_date}."
        fix = "If the row is right, correct the census: entry, vesting and contributions are computed again from it."
        value = str(row.hire_date)
        yield chunk.finding(row, Severity.NOTE, Code.HIRE_DATE_CHANGED, reason, fix, Field.HIRE_DATE, value=value)
    if (row.last_name == last and row.first_name == first) or not (row.last_name or row.first_name):
        return
    same_last, same_first = _plain(row.last_name) == _plain(last), _plain(row.first_name) == _plain(first)
    if same_last and same_first:
        return
    same_person = same_first or same_last or (born is not None and born == row.birth_date)
    if not same_person:
        reason = f"The SSN is on file for {first} {last}; the row names {row.first_name} {row.last_name}."
        fix = "Correct the SSN or the name; if the census is wrong, correct it there first."
        yield chunk.finding(row, Severity.REJECT, Code.PERSON_CONFLICT, reason, fix, Field.SSN)
        return
    reason = f"On file is {first} {last}; the row names {row.first_name} {row.last_name}."
    field = Field.FIRST_NAME if same_last else Field.LAST_NAME
    value = row.first_name if same_last else row.last_name
    fix = "If the name changed (marriage, for one), confirm; else correct the row."
    yield chunk.finding(
        row, Severity.NOTE, Code.PERSON_NAME_CHANGED, reason, fix, field, value=value, confirm=not same_last
    )


def _hours_after(chunk: Chunk, row: PayrollRow, left_on: date, pay_date: date | None) -> Found:
    """Hours of work or of paid leave count though employment has ended (29 CFR 2530.200b-2(a)(1), (2)), others not."""
    begins, back = row.period_start, row.rehire_date or row.hire_date
    if row.hours_hundredths is None or (back is not None and back > left_on):
        return
    if begins is not None and begins > left_on:
        after = "the pay period begins after it"
    elif begins is None and pay_date is not None and pay_date > left_on + _PERIOD_AND_LAG:
        after = f"the pay date is more than {_PERIOD_AND_LAG.days} days later"
    else:
        return
    said = f"{row.hours_hundredths / 100:g}"
    reason = (
        f"Employment ended on {left_on}, and {after}: its {said} hours count as service, as they do where they are paid"
        " for work or for leave (29 CFR 2530.200b-2(a))."
    )
    fix = (
        "If they were hired again, say from which day. Nothing to do if the hours were worked before, or are of paid"
        " leave; pay for something else, severance pay for one, is sent without hours."
    )
    yield chunk.finding(row, Severity.NOTE, Code.HOURS_AFTER_LEAVING, reason, fix, Field.HOURS, value=said)


def _by_name(standing: Standing) -> dict[tuple[str, str], int]:
    names = zip(standing.last_name, standing.first_name, strict=True)
    return {(_plain(last), _plain(first)): place for place, (last, first) in enumerate(names)}


def _unknown(
    chunk: Chunk,
    row: PayrollRow,
    alike: dict[tuple[str, str], int],
    new_people: list[PayrollRow],
    hired_on: date | None,
) -> Found:
    standing = chunk.standing
    twin = alike.get((_plain(row.last_name), _plain(row.first_name)))
    if twin is not None and row.ssn and row.row not in standing.said_new and _may_be_same(row, standing, twin):
        last4 = standing.ssn_last4[twin] if standing.ssn_last4 else ""
        reason = (
            f"Nobody has the SSN {masked_ssn(row.ssn)}; {row.first_name} {row.last_name} is on file with"
            f" {masked_ssn('00000' + last4) if last4 else 'another SSN'}."
        )
        fix = "Correct the SSN; if this is another person of the same name, give the birth date."
        yield chunk.finding(row, Severity.REJECT, Code.PERSON_UNKNOWN, reason, fix, Field.SSN)
        return
    needed = {
        Field.FIRST_NAME: row.first_name,
        Field.LAST_NAME: row.last_name,
        Field.BIRTH_DATE: row.birth_date,
        Field.HIRE_DATE: row.hire_date,
    }
    lacking = [field for field, value in needed.items() if not value]
    if row.by_number:
        number, named = shown(row.employee_number), f"{row.first_name} {row.last_name}".strip() or "nobody"
        reason = f"The row has no SSN, and nobody on file is known to be its employee number {number}, {named}."
        fix = "Add as new hire with: ssn, first name, last name, birth date, hire date."
        yield chunk.finding(row, Severity.REJECT, Code.PERSON_UNKNOWN, reason, fix, Field.EMPLOYEE_NUMBER)
    elif not row.ssn:
        reason = f"There is no employee {shown(row.employee_id)}."
        fix = "Add as new hire with: ssn, first name, last name, birth date, hire date."
        yield chunk.finding(row, Severity.REJECT, Code.PERSON_UNKNOWN, reason, fix, Field.EMPLOYEE_ID)
    elif lacking == [Field.HIRE_DATE]:
        reason = f"{row.first_name} {row.last_name} is new to the plan, and the row has no hire date."
        fix = "Add the hire date: eligibility, entry and vesting start from it."
        yield chunk.finding(row, Severity.REJECT, Code.HIRE_DATE_MISSING, reason, fix, Field.HIRE_DATE)
    elif lacking:
        fields = ", ".join(field.replace("_", " ") for field in lacking)
        fix = f"Add as new hire: the row still needs {fields}."
        yield chunk.finding(
            row, Severity.REJECT, Code.PERSON_UNKNOWN, "Nobody with this SSN is on file.", fix, Field.SSN
        )
    else:
        new_people.append(row)
        reason = f"{row.first_name} {row.last_name} is new and will be added as hired on {hired_on}."
        fix = "Nothing to do if that is right. Add as new hire took: name, birth date, hire date."
        yield chunk.finding(row, Severity.NOTE, Code.PERSON_UNKNOWN, reason, fix, Field.SSN)


def _may_be_same(row: PayrollRow, standing: Standing, place: int) -> bool:
    born = standing.birth_date[place] if standing.birth_date else None
    return born is None or row.birth_date is None or born == row.birth_date


def left_long_ago(row: PayrollRow, standing: Standing, place: int, pay_date: date, year: LimitationYear) -> date | None:
    """The last day of work of somebody whose pay no longer counts on the pay date; None for anyone else.

    Regular pay after severance counts for 2 1/2 months, and to the end of the limitation year of the severance
    (Reg. 1.415(c)-2(e)(3)(i)); ``year`` is that of the pay date.
    """
    left = row.termination_date if row.rehire_date is None else None
    if place >= 0 and standing.employment and standing.employment[place]:
        spans = standing.employment[place]
        left = spans[-1][1] or left
    if left is None or compensation.counts_after_severance(severed=left, paid=pay_date, year=year):
        return None
    return left
