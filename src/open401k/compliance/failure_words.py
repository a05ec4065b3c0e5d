"""The correction of a failure in words: what happened, what is owed and why, what waiting costs, the notice. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

from open401k.kernel import Money
from open401k.law.explain import percent
from open401k.law.missed_deferrals import Basis, Lacking, Relief
from open401k.law.self_correction import Bar

from .failure_correction import FailureCorrection, OwedFor, PersonYear, Stage
from .failures import Failure, FailureKind
from .proposal_content import NOT_ON_FILE, Content, Credit, Notice, Waiting

_KINDS = {
    FailureKind.LEFT_OUT: "left out of the plan though eligible",
    FailureKind.ELECTION_NOT_FOLLOWED: "paid without following the election",
    FailureKind.AUTOMATIC_NOT_APPLIED: "not enrolled, or not raised, automatically",
    FailureKind.COMPENSATION_WRONG: "paid with deferrals from too little compensation",
    FailureKind.CATCH_UP_NOT_OFFERED: "not offered catch-up contributions",
}
_RELIEFS = {
    Relief.AUTOMATIC: "nothing: automatic enrollment corrected within 9 1/2 months after the plan year (IRC 414(cc))",
    Relief.THREE_MONTHS: "nothing: corrected within three months (Rev. Proc. 2021-30 App. A .05(9)(a))",
    Relief.QUARTER: "25 %: corrected within the self-correction period of a significant failure (App. A .05(9)(b))",
    Relief.HALF: "50 %: no relief is open (App. A .05(2)(b))",
}
_NAMES = {
    Relief.AUTOMATIC: "0 % under IRC 414(cc)",
    Relief.THREE_MONTHS: "0 % within three months",
    Relief.QUARTER: "25 % within the correction period",
    Relief.HALF: "50 %",
}
_LACKING = {
    Lacking.NOT_AUTOMATIC: "automatic enrollment covers neither what went wrong nor the person",
    Lacking.BEFORE_414CC: "the failure is older than the relief",
    Lacking.BEGUN_TOO_LATE: "correct deferrals began too late, or never",
    Lacking.NOTICE_TOO_LATE: "the notice was not given within 45 days",
    Lacking.NOT_UNIFORM: "not everybody in the same position is corrected in the same way",
}
_BARS = {
    Bar.TOO_LATE: "more than 18 months have passed since it was found: whether that is still a reasonable period "
    "is for a lawyer to say, or the IRS is asked (VCP)",
}
#: Where no investment results are on file, a reasonable estimate may be used (Rev. Proc. 2021-30 section 6.02(5)(a)).
EARNINGS = (
    "Earnings by the DOL's online calculator (IRC 6621(a)(2)), as a reasonable estimate: no investment results of the "
    "plan are on file (Rev. Proc. 2021-30 section 6.02(5)(a))."
)
ALL_OF_IT = "The match that was missed is contributed in full, and earnings until all is paid."


def content_of_failure(found: FailureCorrection, *, plan_name: str, sponsor_name: str) -> Content:
    """Everything that a person needs to decide, with the working."""
    failure, people = found.failure, len({each.employee_id for each in found.people})
    who = "1 person" if people == 1 else f"{people} people"
    last = found.self_correction.last_day if found.self_correction else None
    days = [each.until for each in found.stages if each.until is not None]
    if (match_by := _match_by(found)) is not None:
        days.append(match_by)
    notices = tuple(_notices(found, plan_name, sponsor_name))
    return Content(
        kind=failure.kind.value,
        on=found.on,
        title=NOT_ON_FILE
        if found.needed and not found.people
        else f"{who} {_KINDS[failure.kind]}: {Money(found.principal_cents)} and earnings",
        text=_text(found, who),
        paragraph="; ".join(dict.fromkeys(each.relief.cite for each in found.people)),
        decide_by=min([*days, *([last] if last is not None else [])], default=None),
        credits=tuple(_credits(found)),
        waiting=tuple(_waiting(each) for each in found.stages),
        notices=notices,
        not_ready=found.not_ready or ("" if found.people else " ".join(found.needed)),
        working=_working(found),
        needed=found.needed,
    )


def _text(found: FailureCorrection, who: str) -> str:
    if not found.people:
        return (
            f"{_sentence(found.failure.how_found)} As far as pay is on file, nobody missed any deferral."
            if found.needed
            else f"{_sentence(found.failure.how_found)} As the facts now stand, nobody missed any deferral: nothing is "
            "owed."
        )
    first = min(each.dates[0].on for each in found.people)
    last = max(each.dates[-1].on for each in found.people)
    missed, qnec = sum(each.missed_cents for each in found.people), sum(each.qnec_cents for each in found.people)
    match = sum(each.match_cents for each in found.people)
    earnings = found.earnings_cents
    found_by = _sentence(found.failure.how_found)
    told = [
        f"{found_by} {who} {_KINDS[found.failure.kind]}, on pay dates from {first} to {last}.",
        f"Missed deferrals: {Money(missed)}. Owed of them: {Money(qnec)}; missed match: {Money(match)}; earnings: "
        + (f"{Money(earnings)} if paid on {found.on}." if earnings is not None else "not known yet."),
        _after_tax(found),
        *dict.fromkeys(
            f"Of the missed deferral the employer owes {_RELIEFS[each.relief.relief]}." for each in found.people
        ),
        ALL_OF_IT,
        _match_due(found),
        EARNINGS,
        _may_self_correct(found),
    ]
    return " ".join(each for each in told if each)


def _match_by(found: FailureCorrection) -> date | None:
    """The last day for the match, once it is known when correct deferrals began; before, it is counted from any day.

    IRC 414(cc): the last day of the sixth month after the one in which they began (Notice 2024-2 section F); else the
    end of the third plan year.
    """
    if found.failure.begin_on is None and found.failure.until is None:
        return None
    days = [each.relief.match_by for each in found.people if each.match_cents]
    return min((each for each in days if each != date.max), default=None)


def _match_due(found: FailureCorrection) -> str:
    match_by = _match_by(found)
    automatic = any(each.relief.relief is Relief.AUTOMATIC for each in found.people)
    return f"The match is in time until {match_by} (Notice 2024-2 section F)." if match_by and automatic else ""


def _after_tax(found: FailureCorrection) -> str:
    after_tax = sum(each.missed_after_tax_cents for each in found.people)
    if not after_tax:
        return ""
    return f"In what is owed are 40 % of {Money(after_tax)} of after-tax contributions (App. A .05(3)), in any case."


def _may_self_correct(found: FailureCorrection) -> str:
    period = found.self_correction
    if period is None:
        return ""
    if period.available:
        return f"The sponsor may correct this without asking the IRS until {period.last_day} ({period.cite})."
    why = "; ".join(_BARS.get(each, each.value) for each in period.bars)
    return f"It cannot be self-corrected: {why} ({period.cite})."


def _credits(found: FailureCorrection) -> list[Credit]:
    owed = []
    for each in found.people:
        for source, (cents, earnings) in each.owed_by_source.items():
            owed.append(Credit(each.employee_id, source, each.plan_year.start, cents, earnings))
    return _added(owed)


def _added(owed: list[Credit]) -> list[Credit]:
    """One credit a person, source and plan year: two calendar years of one plan year are one."""
    total: dict[tuple[Any, ...], Credit] = {}
    for each in owed:
        known = total.get(each.key, Credit(*each.key, 0))
        total[each.key] = Credit(*each.key, known.cents + each.cents, known.earnings_cents + each.earnings_cents)
    return [total[key] for key in sorted(total)]


def _waiting(stage: Stage) -> Waiting:
    words = {
        "begin": f"if correct deferrals begin by {stage.until} and the notice follows within 45 days",
        "notice": f"if the notice is given by {stage.until}",
        "later": "later, or without the notice",
        "settled": "whenever it is approved; only earnings go on",
    }
    costs = f"{Money(stage.principal_cents)} ({Money(stage.qnec_cents)} of it for deferrals)"
    return Waiting(stage.until, stage.principal_cents, f"{costs} {words[stage.what]}")


def _notices(found: FailureCorrection, plan_name: str, sponsor_name: str) -> list[Notice]:
    """One for each person to whom it can still be given, where it lowers what is owed; and what was given, as such."""
    told: dict[Any, Notice] = {}
    given = found.failure.notice_on
    for each in found.people:
        if (given is not None or each.relief.relief is not Relief.HALF) and each.employee_id not in told:
            text = notice_text(found.failure, each, plan_name=plan_name, sponsor_name=sponsor_name)
            told[each.employee_id] = Notice(each.employee_id, each.relief.notice_by, text, given)
    return list(told.values())


def notice_text(failure: Failure, person: PersonYear, *, plan_name: str, sponsor_name: str) -> str:
    """The notice to the employee (Rev. Proc. 2021-30 App. A .05(9)(c); Notice 2024-2 section F).

    What only the employer knows, an address at which it can be asked, stands in brackets.
    """
    rate, first = percent(person.rate.rate_bps), person.dates[0].on
    began = failure.begin_on
    if failure.kind is FailureKind.CATCH_UP_NOT_OFFERED:
        what = f"You could have made them from about {first:%B} {first.day}, {first.year} on (IRC 414(v))."
    else:
        what = f"From your pay, {rate} should have been deducted from about {first:%B} {first.day}, {first.year} on, "
        what += "and was not, or not all of it."
    now = f"Correct deductions began on {began}." if began is not None else "Correct deductions will begin shortly."
    match = (
        "The employer contributions that you missed for this reason, and earnings on them, have been or will be "
        "credited to your account."
        if person.match_cents or person.qnec_cents
        else "No employer contributions were missed."
    )
    return "\n\n".join(
        (
            f"Notice about your deferrals under {plan_name}",
            f"By mistake you were {_KINDS[failure.kind]}. {what}",
            now,
            match,
            "You may raise your deferrals to make up for what you missed, within the limits of the plan and of section "
            "402(g) of the Internal Revenue Code.",
            f"Questions: {sponsor_name} [name of a contact, street address, e-mail, telephone].",
        )
    )


def _working(found: FailureCorrection) -> dict[str, Any]:
    """Every figure, by person and plan year."""
    return {
        "people": [_person(each) for each in found.people],
        "earnings": EARNINGS,
        "found_on": found.failure.found_on,
    }


def _person(each: PersonYear) -> dict[str, Any]:
    shut = [f"{_NAMES[kind]}: {_LACKING[why]}" for kind, why in each.relief.shut]
    return {
        "employee_id": each.employee_id,
        "plan_year": str(each.plan_year),
        "calendar_year": each.calendar_year,
        "basis": each.rate.basis.value,
        "basis_words": each.rate.found,
        "basis_cite": _BASIS_CITES[each.rate.basis],
        "rate_bps": each.rate.rate_bps,
        "compensation_cents": each.compensation_cents,
        "deferred_cents": each.deferred_cents,
        "missed_cents": each.missed_cents,
        "over_limit_cents": each.over_limit_cents,
        "relief": each.relief.relief.value,
        "relief_words": _RELIEFS[each.relief.relief],
        "shut": shut,
        "qnec_bps": each.relief.qnec_bps,
        "qnec_cents": each.qnec_cents,
        "match_cents": each.match_cents,
        "begin_by": each.relief.begin_by,
        "notice_by": None if each.relief.notice_by == date.max else each.relief.notice_by,
        "match_by": None if each.relief.match_by == date.max else each.relief.match_by,
        "cite": each.relief.cite,
        "earnings_missing": each.earnings_missing,
        "dates": [_date(one) for one in each.dates],
    }


_BASIS_CITES = {
    Basis.GROUP_AVERAGE: "Rev. Proc. 2021-30 App. A .05(2)(a)",
    Basis.SAFE_HARBOR_MATCH: "Rev. Proc. 2021-30 App. A .05(2)(d)",
    Basis.SAFE_HARBOR_NONELECTIVE: "Rev. Proc. 2021-30 App. A .05(2)(d)",
    Basis.ELECTION: "Rev. Proc. 2021-30 App. A .05(5)",
    Basis.DEFAULT: "Rev. Proc. 2021-30 App. A .05(8)",
    Basis.CATCH_UP: "Rev. Proc. 2021-30 App. A .05(4)",
}


def _date(one: OwedFor) -> dict[str, Any]:
    earnings = one.earnings
    return {
        "on": one.on,
        "missed_cents": one.missed_cents,
        "qnec_cents": one.qnec_cents,
        "match_cents": one.match_cents,
        "earnings_cents": None if earnings is None else earnings.total_cents,
        "periods": []
        if earnings is None
        else [
            {"after": p.after, "last": p.last, "days": p.days, "rate_percent": p.rate_percent}
            for p in earnings.until_recovery
        ],
    }


def _sentence(words: str) -> str:
    """What somebody wrote of their own, ended: the next sentence follows it."""
    words = words.strip()
    return words if words.endswith((".", "!", "?")) else f"{words}."
