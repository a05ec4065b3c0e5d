"""Decisions about amendments: what changes, and what may not be taken back. Not here: storing them (adoption.py)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from open401k.kernel import Refused, Source

from .lawful import match_on, problems, slower_than
from .problem import ProvisionProblem
from .provisions import Match, MatchPeriod, MatchTier, Nonelective, Provisions
from .provisions_json import provisions_to_json


class AmendmentRefusal(StrEnum):
    """Why an amendment was not put in force. Checked, and listed, in order of precedence."""

    BEFORE_ADOPTION = "before_adoption"
    ADOPTION_DAY_CHANGED = "adoption_day_changed"
    NOTHING_CHANGES = "nothing_changes"
    NOT_ALLOWED = "not_allowed"
    CUTS_VESTING = "cuts_vesting"
    CUTS_CONTRIBUTIONS = "cuts_contributions"
    CONTRADICTS_LATER_TERMS = "contradicts_later_terms"


@dataclass(frozen=True, slots=True)
class Change:
    """One provision before and after, as JSON values."""

    field: str
    before: Any
    after: Any


def changes_between(before: Provisions, after: Provisions) -> tuple[Change, ...]:
    """What differs, provision by provision, named like ``eligibility.minimum_age``."""
    old, new = _leaves(provisions_to_json(before)), _leaves(provisions_to_json(after))
    return tuple(
        Change(name, old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def decide_amendment(
    terms: Sequence[tuple[date, Provisions]], amended: Provisions, *, effective_on: date, signed_on: date
) -> tuple[tuple[date, Provisions], ...] | Refused[AmendmentRefusal]:
    """The terms to append, by effective day, or why not. ``terms`` are those in force, in order of their days.

    Terms that start later keep what they changed themselves and take over the rest of the amendment.
    """
    held = [provisions for day, provisions in terms if day <= effective_on]
    if not held:
        return Refused(
            AmendmentRefusal.BEFORE_ADOPTION,
            f"The plan has no terms on {effective_on} that could be amended.",
            "Choose a day on or after the plan takes effect.",
        )
    refused = _refuse_terms(held[-1], amended) or _refuse_cuts(held[-1], amended, retroactive=effective_on < signed_on)
    if refused is not None:
        return refused
    return _with_later(held[-1], amended, effective_on, [each for each in terms if each[0] > effective_on])


def objections(
    terms: Sequence[tuple[date, Provisions]], amended: Provisions, *, effective_on: date, signed_on: date
) -> tuple[Refused[AmendmentRefusal], ...]:
    """Everything that stands against an amendment, all at once; empty where :func:`decide_amendment` has terms."""
    outcome = decide_amendment(terms, amended, effective_on=effective_on, signed_on=signed_on)
    if not isinstance(outcome, Refused):
        return ()
    before = next((held for day, held in reversed(terms) if day <= effective_on), None)
    unlawful = [_not_allowed(each) for each in problems(amended)] if amended != before else []
    cuts = [] if before is None or effective_on >= signed_on else list(_cuts(before, amended))
    found = (*unlawful, *cuts)
    return found if any(each.reason is outcome.reason for each in found) else (outcome, *found)


def _not_allowed(each: ProvisionProblem) -> Refused[AmendmentRefusal]:
    return Refused(AmendmentRefusal.NOT_ALLOWED, f"{each.field}: {each.reason} ({each.citation})", each.fix)


def _refuse_terms(before: Provisions, after: Provisions) -> Refused[AmendmentRefusal] | None:
    if after.adopted_on != before.adopted_on:
        return Refused(
            AmendmentRefusal.ADOPTION_DAY_CHANGED,
            f"The plan was adopted on {before.adopted_on}; an amendment cannot move that to {after.adopted_on}.",
            "Keep adopted_on; the amendment's own day is effective_on.",
        )
    if after == before:
        return Refused(AmendmentRefusal.NOTHING_CHANGES, "These are the terms in force already.", "Change a provision.")
    found = problems(after)
    if found:
        return Refused(
            AmendmentRefusal.NOT_ALLOWED,
            f"{found[0].field}: {found[0].reason} ({found[0].citation})",
            found[0].fix,
            {each.field: f"{each.reason} ({each.citation})" for each in found},
        )
    return None


def _refuse_cuts(before: Provisions, after: Provisions, *, retroactive: bool) -> Refused[AmendmentRefusal] | None:
    """What was vested or earned before the amendment was signed stays so (IRC 411(a)(10)(A), 411(d)(6))."""
    return next(_cuts(before, after), None) if retroactive else None


def _cuts(before: Provisions, after: Provisions) -> Iterator[Refused[AmendmentRefusal]]:
    """What terms from a day in the past would take away, in order of precedence."""
    slower = [source for source in Source if slower_than(after.vesting.of(source), before.vesting.of(source))]
    if slower:
        yield Refused(
            AmendmentRefusal.CUTS_VESTING,
            f"From a day in the past, {slower[0]} would vest more slowly than it already has (IRC 411(a)(10)(A)).",
            "Let the slower schedule start on the day of the amendment or later.",
            {source.value: "vests more slowly" for source in slower},
        )
    moved = _moved_to_slower(before, after)
    if moved is not None:
        yield Refused(
            AmendmentRefusal.CUTS_VESTING,
            f"From a day in the past, {moved[0]} would become {moved[1]}, which vests more slowly (IRC 411(a)(10)(A)).",
            "Let the other source start on the day of the amendment or later.",
        )
    less = _earned_less(before, after)
    if less:
        yield Refused(
            AmendmentRefusal.CUTS_CONTRIBUTIONS,
            f"From a day in the past, {less} would be less than people have already earned (IRC 411(d)(6)(A)).",
            "Let the lower contribution start on the day of the amendment or later.",
        )


def _moved_to_slower(before: Provisions, after: Provisions) -> tuple[Source, Source] | None:
    """The first employer contribution that changes to a source that vests more slowly: from which, to which."""
    for old, new in ((before.match, after.match), (before.nonelective, after.nonelective)):
        if old is None or new is None or old.source is new.source:
            continue
        if slower_than(after.vesting.of(new.source), before.vesting.of(old.source)):
            return old.source, new.source
    return None


def _earned_less(before: Provisions, after: Provisions) -> str:
    """The first employer contribution that somebody gets less of, or nothing."""
    old, new = before.match, after.match
    if before.safe_harbor_hces and not after.safe_harbor_hces:
        return "the safe harbor contribution"
    if old is not None and _matches_less(old, new):
        return "the match"
    if before.nonelective is not None:
        rate = 0 if after.nonelective is None else after.nonelective.rate_bps
        stricter = after.nonelective is not None and _asks_more(before.nonelective, after.nonelective)
        if rate < before.nonelective.rate_bps or stricter:
            return "the nonelective contribution"
    return ""


def _matches_less(old: Match, new: Match | None) -> bool:
    """Whether with some years of service, at some rate of deferral, the formula gives less, or a cap is lower."""
    if new is None:
        return any(tier.rate_bps for band in old.bands for tier in band.tiers)
    every = {band.years for each in (old, new) for band in each.bands}
    for years in every:
        had, has = _tiers_after(old, years), _tiers_after(new, years)
        if any(match_on(has, tier.up_to_bps_of_pay) < match_on(had, tier.up_to_bps_of_pay) for tier in (*had, *has)):
            return True
    caps = ((old.cap_cents, new.cap_cents), (old.cap_per_period_cents, new.cap_per_period_cents))
    lower = any(cap is not None and (before is None or cap < before) for before, cap in caps)
    counts_less = (old.matches_catch_up and not new.matches_catch_up) or (old.student_loans and not new.student_loans)
    counts_less = counts_less or (old.student_loans and new.student_loan_months < old.student_loan_months)
    if old.student_loans and old.student_loan_period is not new.student_loan_period:
        return True  # over other days some of them may be given less
    if _asks_more(old, new) or counts_less:
        return True
    return lower or (old.true_up and not new.true_up and new.period is not MatchPeriod.PLAN_YEAR)


def _asks_more(old: Match | Nonelective, new: Match | Nonelective) -> bool:
    """Whether somebody could have to meet what was not asked before: any other conditions may."""
    return new.conditions.asks and new.conditions != old.conditions


def _tiers_after(match: Match, years: int) -> tuple[MatchTier, ...]:
    return [band.tiers for band in match.bands if band.years <= years][-1]


def _with_later(
    before: Provisions, after: Provisions, effective_on: date, later: Sequence[tuple[date, Provisions]]
) -> tuple[tuple[date, Provisions], ...] | Refused[AmendmentRefusal]:
    """The amended terms and, for each later day, its own terms with the amendment's changes carried into them."""
    names = [each.name for each in fields(Provisions) if getattr(before, each.name) != getattr(after, each.name)]
    result = [(effective_on, after)]
    for day, terms in later:
        own = [name for name in names if getattr(terms, name) != getattr(before, name)]
        carried = replace(terms, **{name: getattr(after, name) for name in names if name not in own})
        if problems(carried):
            return Refused(
                AmendmentRefusal.CONTRADICTS_LATER_TERMS,
                f"Together with the terms on file from {day}, this would be: {problems(carried)[0].reason}",
                f"Amend from {day} first.",
            )
        if carried != terms:
            result.append((day, carried))
    return tuple(result)


def _leaves(terms: dict[str, Any]) -> dict[str, Any]:
    """One level deep: sections are split into their provisions; a section that is missing is one value."""
    flat: dict[str, Any] = {}
    for name, value in terms.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": each for inner, each in value.items()}
        elif value is not None:
            flat[name] = value
    return flat
