"""Money against pay, law, plan and elections, in arrays; what is held and what refuses. Not here: people, dates.

Order of taking, so that no cent is held twice: not in the plan or not eligible (everything), a pay code in doubt
(everything), catch-up coded before age 50, over 402(g) and catch-up, catch-up that had to be Roth, over the plan's own
limit, over 415(c). Other than elected holds nothing. Loans: checks_loans.py.
"""

from collections.abc import Generator, Iterator, Sequence
from datetime import date
from typing import TypeAlias

import numpy as np

from open401k.kernel import CalendarYear, LimitationYear, Money, Source
from open401k.law import additions, deferrals

from . import checks_loans
from .checks_people import left_long_ago
from .chunks import Chunk
from .findings import Code, Finding, Hold, Severity
from .rows import DEFERRALS, EMPLOYER_MONEY, Field, PayrollRow
from .standing import UNKNOWN, Cents, Expectation

Found: TypeAlias = Iterator[tuple[Finding | None, Hold | None]]
Flags: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

#: Reasons of the books for what is held here, in whose words posting tells what it will hold.
_OVER_LIMIT, _MUST_BE_ROTH, _OVER_ADDITIONS = "over_limit", "catch_up_must_be_roth", "over_additions"
IMPLAUSIBLE_PAY = 10_000_000_00  # in one payroll
SOURCES = {Field.PRE_TAX: Source.PRE_TAX, Field.ROTH: Source.ROTH, Field.AFTER_TAX: Source.AFTER_TAX}


def check(chunk: Chunk, expected: Expectation, pay_date: date) -> Found:
    """Findings about amounts, each with the hold it causes, if one."""
    refused = np.zeros(len(chunk.rows), dtype=np.bool_)
    year_415 = expected.limitation_year or LimitationYear.starting(date(pay_date.year, 1, 1))
    most_additions = additions.dollar_limit(year_415, on=pay_date)
    yield from _impossible(chunk, most_additions, refused)
    left = {
        Field.PRE_TAX: np.where(refused, 0, chunk.amounts["pre_tax"] + chunk.amounts["pre_tax_catch_up"]),
        Field.ROTH: np.where(refused, 0, chunk.amounts["roth"] + chunk.amounts["roth_catch_up"]),
        Field.AFTER_TAX: np.where(refused, 0, chunk.amounts["after_tax"]),
    }
    ages = _ages(chunk, CalendarYear(pay_date.year))
    yield from _not_allowed(chunk, expected, pay_date, left)
    yield from _catch_up_too_young(chunk, ages, left)
    yield from _elections(chunk, left)
    catch_up, room = yield from _deferral_limits(chunk, expected, CalendarYear(pay_date.year), ages, left)
    yield from _additions(chunk, most_additions, catch_up, room, left)
    yield from _not_given(chunk, most_additions)
    yield from ((finding, None) for finding in checks_loans.check(chunk))
    yield from _match(chunk)
    yield from _employer_money_without_terms(chunk, expected)


def _dollars(cents: int) -> str:
    return str(Money(int(cents)))


def _as_posted(chunk: Chunk, field: Field, reason: str, found: Cents, left: dict[Field, Cents]) -> Cents:
    """What posting will hold of people on file; of others, and where that was not computed, what was found here."""
    held = chunk.standing.held
    if held is None:
        return found
    column = held.get((SOURCES[field], reason), np.zeros(0, dtype=np.int64))
    return np.where(chunk.places >= 0, np.minimum(chunk.of_standing(column), left[field]), found)


def _rows(chunk: Chunk, flags: Flags) -> Iterator[tuple[int, PayrollRow]]:
    for place in np.flatnonzero(flags).tolist():
        yield place, chunk.rows[place]


def _hold(row: PayrollRow, field: Field, cents: int, code: Code) -> Hold:
    return Hold(row.row, row.key, SOURCES[field], int(cents), code)


def _ages(chunk: Chunk, year: CalendarYear) -> Cents:
    """Age on 31 December, 0 when the birth date is known nowhere; the census goes before the file."""
    on_file = chunk.standing.birth_date
    years = []
    for row, place in zip(chunk.rows, chunk.places.tolist(), strict=True):
        born = (on_file[place] if place >= 0 and on_file else None) or row.birth_date
        years.append(born.year if born else 0)
    return deferrals.ages_at_year_end(np.array(years, dtype=np.int64), year)


def _impossible(chunk: Chunk, most_additions: int, refused: Flags) -> Found:
    """What no payroll can be: contradictions and slipped columns refuse the file."""
    amounts = chunk.amounts
    for field in (Field.GROSS, *DEFERRALS, *EMPLOYER_MONEY):
        most = IMPLAUSIBLE_PAY if field is Field.GROSS else most_additions
        for place, row in _rows(chunk, amounts[str(field)] > most):
            refused[place] = True
            value = Money(int(amounts[str(field)][place])).plain()
            reason = (
                f"{_dollars(amounts[str(field)][place])} in one payroll is over {_dollars(most)}, the most of a year."
            )
            if field is Field.GROSS:
                reason = f"{_dollars(amounts['gross'][place])} of pay in one payroll is not plausible."
            fix = "Check the decimal point and the columns."
            yield chunk.finding(row, Severity.REJECT, Code.AMOUNT_IMPLAUSIBLE, reason, fix, field, value=value), None
    if not chunk.carries(Field.GROSS) and not chunk.carries(Field.EARNINGS):
        return
    withheld = sum((amounts[str(field)] for field in DEFERRALS), np.zeros(len(chunk.rows), dtype=np.int64))
    for place, row in _rows(chunk, (withheld > amounts["gross"]) & ~refused):
        refused[place] = True
        reason = f"{_dollars(withheld[place])} was withheld from {_dollars(amounts['gross'][place])} of pay."
        value = Money(int(withheld[place])).plain()
        fix = "Correct the amount, or the gross pay."
        yield (
            chunk.finding(row, Severity.REJECT, Code.AMOUNT_EXCEEDS_PAY, reason, fix, Field.PRE_TAX, value=value),
            None,
        )


def _not_allowed(chunk: Chunk, expected: Expectation, pay_date: date, left: dict[Field, Cents]) -> Found:
    """Money of people who may not contribute, or of a source the plan does not have: all of it is held."""
    for field, source in SOURCES.items():
        if source not in expected.terms.sources:
            for place, row in _rows(chunk, left[field] > 0):
                reason = f"The plan has no {source.replace('_', '-')} contributions."
                fix = "Amend the plan, or give the money back to the employee through payroll."
                cents = int(left[field][place])
                left[field][place] = 0
                finding = chunk.finding(row, Severity.HOLD, Code.SOURCE_NOT_IN_PLAN, reason, fix, field)
                yield finding, _hold(row, field, cents, Code.SOURCE_NOT_IN_PLAN)
    anything = (left[Field.PRE_TAX] + left[Field.ROTH] + left[Field.AFTER_TAX]) > 0
    for place, row in _rows(chunk, anything):
        refusal = _may_not_contribute(chunk, expected, pay_date, row, int(chunk.places[place]))
        if refusal is None:
            continue
        code, reason, fix = refusal
        yield chunk.finding(row, Severity.HOLD, code, reason, fix, Field.PRE_TAX), None
        yield from _all_of_it(row, place, code, left)
    if chunk.in_doubt:  # the finding of the code says why: code_watch.py
        for place, row in enumerate(chunk.rows):
            if row.row in chunk.in_doubt:
                yield from _all_of_it(row, place, Code.PAY_CODE_UNCONFIRMED, left)


def _all_of_it(row: PayrollRow, place: int, code: Code, left: dict[Field, Cents]) -> Found:
    for field in SOURCES:
        cents = int(left[field][place])
        if cents:
            left[field][place] = 0
            yield None, _hold(row, field, cents, code)


def _may_not_contribute(
    chunk: Chunk, expected: Expectation, pay_date: date, row: PayrollRow, place: int
) -> tuple[Code, str, str] | None:
    standing = chunk.standing
    year = expected.limitation_year or LimitationYear.starting(date(pay_date.year, 1, 1))
    left_on = left_long_ago(row, standing, place, pay_date, year)
    if left_on is not None:
        reason = (
            f"Employment ended on {left_on}, more than 2 1/2 months before the pay date and in an earlier year: pay so"
            " late is no compensation (26 CFR 1.415(c)-2(e)(3)(i))."
        )
        return Code.PERSON_TERMINATED, reason, "Say that the employee was rehired, or return the money."
    if place >= 0:
        if standing.eligible_on is None:
            return None
        eligible_on = standing.eligible_on[place]
    elif expected.eligible_on is not None and row.birth_date and row.hire_date:
        eligible_on = expected.eligible_on(row.birth_date, row.hire_date)
    else:
        return None
    if eligible_on is not None and eligible_on <= pay_date:
        return None
    when = f"from {eligible_on} on" if eligible_on else "not in sight of"
    reason = f"The employee is not a participant on {pay_date}: {when} entry by age, service and entry date."
    return Code.PERSON_NOT_ELIGIBLE, reason, "Return the money through payroll, or correct the hire or birth date."


def _catch_up_too_young(chunk: Chunk, ages: Cents, left: dict[Field, Cents]) -> Found:
    """Catch-up codes of people who are not 50 this year: the coded amount is held in full."""
    for code_field, field in ((Field.PRE_TAX_CATCH_UP, Field.PRE_TAX), (Field.ROTH_CATCH_UP, Field.ROTH)):
        coded = np.minimum(chunk.amounts[str(code_field)], left[field])
        for place, row in _rows(chunk, (coded > 0) & (ages > 0) & (ages < 50)):
            cents = int(coded[place])
            left[field][place] -= cents
            reason = f"{_dollars(cents)} came as catch-up, but the employee is {ages[place]} this year (IRC 414(v)(5))."
            fix = "Send it as a regular deferral if elected so, or return it."
            finding = chunk.finding(row, Severity.HOLD, Code.LIMIT_CATCHUP_AGE, reason, fix, code_field)
            yield finding, _hold(row, field, cents, Code.LIMIT_CATCHUP_AGE)


def _elections(chunk: Chunk, left: dict[Field, Cents]) -> Found:
    """Other than elected by more than a cent of rounding: told, and asked about, since either side may be wrong."""
    standing = chunk.standing
    # Nothing is left of a row whose pay code waits, though it was sent: it is looked at once the code is known.
    doubted = np.array([row.row in chunk.in_doubt for row in chunk.rows] if chunk.in_doubt else False, dtype=np.bool_)
    columns = (
        (Field.PRE_TAX, standing.elected_pre_tax),
        (Field.ROTH, standing.elected_roth),
        (Field.AFTER_TAX, standing.elected_after_tax),
    )
    for field, column in columns:
        if not len(column):
            continue
        elected = chunk.of_standing(column, default=UNKNOWN)
        differs = (elected != UNKNOWN) & (np.abs(left[field] - elected) > 1) & (chunk.places >= 0) & ~doubted
        for place, row in _rows(chunk, differs):
            sent, wanted = int(left[field][place]), int(elected[place])
            reason = f"Elected is {_dollars(wanted)}, sent was {_dollars(sent)}."
            fix = (
                "Correct the deduction in payroll (if payroll was told another one, press Tell it again under Told to "
                "payroll); if the election changed, record it; or confirm what was sent."
            )
            detail = (("elected_cents", str(wanted)), ("sent_cents", str(sent)))
            yield (
                chunk.finding(
                    row,
                    Severity.NOTE,
                    Code.ELECTION_MISMATCH,
                    reason,
                    fix,
                    field,
                    detail=detail,
                    confirm=True,
                ),
                None,
            )


def _deferral_limits(
    chunk: Chunk, expected: Expectation, year: CalendarYear, ages: Cents, left: dict[Field, Cents]
) -> Generator[tuple[Finding | None, Hold | None], None, tuple[Cents, Cents]]:
    """402(g) with catch-up, and catch-up that had to be Roth; returns this payroll's catch-up and what room is left."""
    terms, standing = expected.terms, chunk.standing
    wages = chunk.of_standing(standing.fica_prior_year, default=UNKNOWN)
    must_roth = deferrals.roth_catch_up_required(wages, year)
    limits = deferrals.deferral_limits(
        ages,
        year,
        plan_allows_catch_up=terms.catch_up,
        higher_60_to_63=terms.higher_catch_up_60_63,
        roth_required=must_roth,
        plan_has_roth=Source.ROTH in terms.sources,
    )
    pre_tax_before, roth_before = chunk.of_standing(standing.ytd_pre_tax), chunk.of_standing(standing.ytd_roth)
    before = pre_tax_before + roth_before
    for other in standing.elsewhere:
        before = before + chunk.of_standing(other.deferrals)
        roth_before = roth_before + chunk.of_standing(other.roth)
    split = deferrals.accept_by_source(
        before=before,
        roth_before=roth_before,
        pre_tax=left[Field.PRE_TAX],
        roth=left[Field.ROTH],
        limits=limits,
        roth_required=must_roth,
    )
    over = {
        field: _as_posted(chunk, field, _OVER_LIMIT, excess, left)
        for field, excess in ((Field.PRE_TAX, split.excess_pre_tax), (Field.ROTH, split.excess_roth))
    }
    by_law = {field: np.minimum(over[field], excess) for field, excess in _excess(split).items()}
    if terms.most_bps_of_pay is None:
        by_law = over
    for field, excess in by_law.items():
        for place, row in _rows(chunk, excess > 0):
            yield _over_402g(chunk, row, field, place, excess, before, left, limits.total, year)
    for field, excess in by_law.items():
        left[field] -= excess
    yield from _plan_limit(chunk, expected, ages, {field: over[field] - by_law[field] for field in over}, left)
    wrong = _as_posted(chunk, Field.PRE_TAX, _MUST_BE_ROTH, split.must_be_roth, left)
    yield from _must_be_roth(chunk, wrong, wages, year)
    coded = np.clip(chunk.amounts["pre_tax_catch_up"] - wrong, 0, np.maximum(left[Field.PRE_TAX] - wrong, 0))
    yield from _no_catch_up_yet(chunk, np.where(must_roth & (ages >= 50), coded, 0))
    left[Field.PRE_TAX] -= wrong
    year_to_date = deferrals.split(before + left[Field.PRE_TAX] + left[Field.ROTH], limits).catch_up
    catch_up = year_to_date - deferrals.split(before, limits).catch_up
    return catch_up, np.maximum(limits.catch_up - year_to_date, 0)  # read by `yield from`


def _must_be_roth(chunk: Chunk, wrong: Cents, wages: Cents, year: CalendarYear) -> Found:
    """Catch-up that came pre-tax from somebody who may catch up only as Roth."""
    for place, row in _rows(chunk, wrong > 0):
        cents = int(wrong[place])
        reason = (
            f"{_dollars(cents)} of catch-up came pre-tax, but last year's FICA wages of {_dollars(wages[place])} are"
            f" over the {year.year} threshold: it must be Roth (IRC 414(v)(7))."
        )
        fix = "Send it as Roth, use the deemed Roth election, or correct by Form W-2 or in-plan Roth rollover."
        finding = chunk.finding(row, Severity.HOLD, Code.LIMIT_ROTH_CATCHUP, reason, fix, Field.PRE_TAX)
        yield finding, _hold(row, Field.PRE_TAX, cents, Code.LIMIT_ROTH_CATCHUP)


def _no_catch_up_yet(chunk: Chunk, coded: Cents) -> Found:
    """Coded as catch-up, pre-tax, before any limit is passed: an ordinary deferral, whatever payroll calls it."""
    for place, row in _rows(chunk, coded > 0):
        reason = (
            f"{_dollars(coded[place])} came as pre-tax catch-up of somebody whose catch-up must be Roth. No limit of"
            " the year is passed by it, so it is no catch-up (Reg. 1.414(v)-1(a)(1), (c)(1)) and posts as a deferral."
        )
        fix = "Nothing for now. Have what comes above the year's limit withheld as Roth."
        yield chunk.finding(row, Severity.NOTE, Code.LIMIT_ROTH_CATCHUP, reason, fix, Field.PRE_TAX), None


def _excess(split: deferrals.AcceptedBySource) -> dict[Field, Cents]:
    return {Field.PRE_TAX: split.excess_pre_tax, Field.ROTH: split.excess_roth}


def _over_402g(
    chunk: Chunk,
    row: PayrollRow,
    field: Field,
    place: int,
    excess: Cents,
    before: Cents,
    left: dict[Field, Cents],
    most: Cents,
    year: CalendarYear,
) -> tuple[Finding, Hold]:
    cents, limit = int(excess[place]), int(most[place])
    room = max(0, limit - int(before[place]))
    with_row = int(before[place] + left[Field.PRE_TAX][place] + left[Field.ROTH][place])
    reason = (
        f"This row would bring the year's deferrals to {_dollars(with_row)}, over the {_dollars(limit)} that this"
        f" employee may defer in {year.year} (IRC 402(g), 414(v)); {_dollars(room)} was left."
    )
    told, elsewhere = _elsewhere(chunk, place, [other.deferrals for other in chunk.standing.elsewhere])
    fix = f"If the pay date is past: {_dollars(cents)} waits in suspense, to be returned by April 15; else send less."
    detail = (
        ("limit_cents", str(limit)),
        ("before_cents", str(int(before[place]))),
        ("remaining_cents", str(room)),
        ("excess_cents", str(cents)),
        *elsewhere,
    )
    finding = chunk.finding(row, Severity.HOLD, Code.LIMIT_402G, reason + told, fix, field, detail=detail)
    return finding, _hold(row, field, cents, Code.LIMIT_402G)


def _elsewhere(chunk: Chunk, place: int, columns: Sequence[Cents]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """In words, and as detail: what of a year-to-date figure stands in the sponsor's other plans, if anything does."""
    found = [int(chunk.of_standing(column)[place]) for column in columns]
    named = [f"{_dollars(c)} of it in {o.name}" for o, c in zip(chunk.standing.elsewhere, found, strict=True) if c]
    if not named:
        return "", ()
    told = f" There is {' and '.join(named)}: the limit is one for all plans of the employer."
    return told, (("in_other_plans_cents", str(sum(found))),)


def _plan_limit(
    chunk: Chunk, expected: Expectation, ages: Cents, posted: dict[Field, Cents], left: dict[Field, Cents]
) -> Found:
    """The plan's own share of pay, above which begins catch-up: what posting will hold; of new people, of this pay."""
    bps = expected.terms.most_bps_of_pay
    if bps is None:
        return
    young = ages < 50 if expected.terms.catch_up else np.ones(len(chunk.rows), dtype=np.bool_)
    most = chunk.amounts["gross"] * bps // 10_000
    of_new = np.where(young, np.maximum(left[Field.PRE_TAX] + left[Field.ROTH] - most, 0), 0)
    computed = (chunk.places >= 0) & (chunk.standing.held is not None)
    over = np.where(computed, posted[Field.PRE_TAX] + posted[Field.ROTH], of_new if chunk.carries(Field.GROSS) else 0)
    for place, row in _rows(chunk, over > 0):
        reason = f"The deferral is {_dollars(over[place])} over the plan's limit of {bps / 100:g} % of pay to date."
        fix = "Lower the election, or return the part over the limit."
        finding = chunk.finding(row, Severity.HOLD, Code.LIMIT_PLAN, reason, fix, Field.PRE_TAX)
        yield finding, None
        if computed[place]:
            for field, cents in posted.items():
                yield from _take(row, place, int(cents[place]), (field,), left, Code.LIMIT_PLAN)
        else:
            yield from _take(row, place, int(over[place]), (Field.PRE_TAX, Field.ROTH), left, Code.LIMIT_PLAN)


def _take(
    row: PayrollRow, place: int, cents: int, order: tuple[Field, ...], left: dict[Field, Cents], code: Code
) -> Found:
    """Take cents out of the sources in order."""
    for field in order:
        part = min(cents, int(left[field][place]))
        if part > 0:
            left[field][place] -= part
            cents -= part
            yield None, _hold(row, field, part, code)


def _additions(chunk: Chunk, most: int, catch_up: Cents, room: Cents, left: dict[Field, Cents]) -> Found:
    """415(c): after-tax money goes first, then deferrals beyond what catch-up room takes up (EPCRS order)."""
    employer = sum((chunk.amounts[str(field)] for field in EMPLOYER_MONEY), np.zeros(len(chunk.rows), dtype=np.int64))
    others = [other.additions for other in chunk.standing.elsewhere]
    before = sum((chunk.of_standing(each) for each in others), chunk.of_standing(chunk.standing.ytd_additions))
    own = left[Field.PRE_TAX] + left[Field.ROTH] + left[Field.AFTER_TAX] - catch_up  # 414(v)(3)(A): outside of 415
    over = np.minimum(np.maximum(before + own + employer - most, 0), own)
    after_tax = np.minimum(over, left[Field.AFTER_TAX])
    by_source = {field: np.zeros(len(chunk.rows), dtype=np.int64) for field in SOURCES}
    posted = {field: _as_posted(chunk, field, _OVER_ADDITIONS, cents, left) for field, cents in by_source.items()}
    computed = (chunk.places >= 0) & (chunk.standing.held is not None)
    found = after_tax + np.maximum(over - after_tax - room, 0)
    held = np.where(computed, sum(posted.values(), np.zeros(len(chunk.rows), dtype=np.int64)), found)
    for place, row in _rows(chunk, held > 0):
        cents = int(held[place])
        total = most + cents if computed[place] else int(before[place] + own[place] + employer[place])
        reason = f"The year's additions would be {_dollars(total)}, over the {_dollars(most)} of IRC 415(c)."
        fix = "Stop this employee's after-tax money and deferrals for the year; the part over waits in suspense."
        told, elsewhere = _elsewhere(chunk, place, others)
        detail = (("limit_cents", str(most)), ("excess_cents", str(cents)), *elsewhere)
        finding = chunk.finding(row, Severity.HOLD, Code.LIMIT_415, reason + told, fix, Field.PRE_TAX, detail=detail)
        yield finding, None
        if computed[place]:
            for field, of_source in posted.items():
                yield from _take(row, place, int(of_source[place]), (field,), left, Code.LIMIT_415)
        else:
            order = (Field.AFTER_TAX, Field.PRE_TAX, Field.ROTH)
            yield from _take(row, place, cents, order, left, Code.LIMIT_415)


def _not_given(chunk: Chunk, most: int) -> Found:
    """Employer money of the plan's terms that 415(c) keeps out: it is neither owed nor held."""
    cents = chunk.of_standing(chunk.standing.not_given)
    for place, row in _rows(chunk, cents > 0):
        reason = (
            f"The year's additions reach the {_dollars(most)} of IRC 415(c): of what the employer gives by the plan's"
            f" terms up to this pay date, {_dollars(cents[place])} is not given."
        )
        fix = "It is neither posted nor due. Where payroll computes it, leave it out."
        detail = (("limit_cents", str(most)), ("not_given_cents", str(int(cents[place]))))
        code = Code.LIMIT_415_EMPLOYER
        yield chunk.finding(row, Severity.NOTE, code, reason, fix, Field.MATCH, detail=detail), None


def _match(chunk: Chunk) -> Found:
    """A reported match that differs from the plan's formula: told with both; what posts is the formula."""
    computed = chunk.of_standing(chunk.standing.computed_match, default=UNKNOWN)
    stopped = chunk.of_standing(chunk.standing.not_given)
    reported = chunk.amounts["match"] + chunk.amounts["safe_harbor_match"]
    carried = np.array(
        [row.match_cents is not None or row.safe_harbor_match_cents is not None for row in chunk.rows], dtype=np.bool_
    )
    for place, row in _rows(chunk, carried & (computed != UNKNOWN) & (np.abs(reported - computed) > 1)):
        sent, formula = int(reported[place]), int(computed[place])
        reason = f"The file says a match of {_dollars(sent)}, the plan's formula gives {_dollars(formula)}"
        reason += " as far as IRC 415(c) lets it." if stopped[place] > 0 else "."
        fix = "The formula's amount is posted; correct the match in payroll."
        detail = (("computed_cents", str(formula)), ("sent_cents", str(sent)))
        finding = chunk.finding(row, Severity.HOLD, Code.MATCH_MISMATCH, reason, fix, Field.MATCH, detail=detail)
        yield finding, None


#: Employer money by the terms that would have to be in the plan.
_MATCHES = ((Field.MATCH, Field.SAFE_HARBOR_MATCH), (Source.MATCH, Source.SAFE_HARBOR_MATCH))
_NONELECTIVES = (
    (Field.NONELECTIVE, Field.SAFE_HARBOR_NONELECTIVE, Field.PROFIT_SHARING),
    (Source.NONELECTIVE, Source.SAFE_HARBOR_NONELECTIVE, Source.PROFIT_SHARING),
)


def _employer_money_without_terms(chunk: Chunk, expected: Expectation) -> Found:
    """Employer money that no term of the plan gives: told, because nothing of it is posted."""
    for fields, sources in (_MATCHES, _NONELECTIVES):
        if not expected.terms.sources.isdisjoint(sources):
            continue
        for field in fields:
            for place, row in _rows(chunk, chunk.amounts[str(field)] > 0):
                cents = int(chunk.amounts[str(field)][place])
                reason = f"The file says {_dollars(cents)} of employer money that the plan does not give."
                fix = "Nothing of it is posted; amend the plan, or stop it in payroll."
                yield chunk.finding(row, Severity.HOLD, Code.SOURCE_NOT_IN_PLAN, reason, fix, field), None
