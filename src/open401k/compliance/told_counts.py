"""In the working and in words: which employees were counted, who was key before. Not here: counting (law.headcount)."""

from __future__ import annotations

from open401k import law

from .facts import JSON, PlanFacts, Workforce
from .year import Year

Told = tuple[dict[str, JSON], str]

_NEVER_LEFT_OUT = "normally at most 6 months a year, nonresident aliens"
"""What nobody is left out for: it is not on file of anybody."""


def top_paid_group(facts: PlanFacts) -> Told:
    """How large the top-paid group is, and of whom; nothing without the election."""
    count = facts.lookback
    if count is None:
        return {}, ""
    size = law.highly_compensated.top_paid_group_size(count.counted, count.year)
    text = f" The top-paid group of {count.year} is the {size} best paid: 20 % of {_of(count)} (IRC 414(q)(3), (5))."
    return {"top_paid_group": {"size": size, **_working(count)}}, text


def officers(facts: PlanFacts) -> Told:
    """How many officers can be key, and by which employees; nothing where no plan's cap would touch them."""
    count = facts.determination
    if count is None:
        return {}, ""
    cap = law.key_employees.officer_cap(count.counted)
    text = f" At most {cap} officers of {count.year} can be key, by {_of(count)} (IRC 416(i)(1)(A))."
    return {"officers": {"cap": cap, **_working(count)}}, text


def former_key(facts: PlanFacts, year: Year) -> Told:
    """Whose accounts are out of the ratio because they were key, and of which years that is not known."""
    out = int((year.former_key & (year.balances != 0)).sum())
    untold = () if facts.key_facts is None else facts.key_facts.untold
    working: dict[str, JSON] = {}
    text = ""
    if out:
        working["former_key"] = out
        text += f" Accounts of {out} who were key in an earlier year, and are not now, are left out (IRC 416(g)(4)(B))."
    if untold:
        working["former_key_not_on_file"] = list(untold)
        text += f" Who was key by office or by a 1 % share is not known of {', '.join(untold)}: those stay in."
    return working, text


def _of(count: Workforce) -> str:
    out = ", ".join(f"{n} {why}" for why, n in count.left_out)
    unknown = ", ".join(f"{n} {fact}" for fact, n in count.not_on_file)
    told = f"{count.counted} employees counted of {count.worked} who worked in {count.year}"
    told += f"; left out: {out}" if out else ""
    return told + (f"; counted although {unknown}" if unknown else "")


def _working(count: Workforce) -> dict[str, JSON]:
    return {
        "year": str(count.year),
        "worked": count.worked,
        "counted": count.counted,
        "left_out": dict(count.left_out),
        "not_on_file": dict(count.not_on_file),
        "never_left_out": _NEVER_LEFT_OUT,
        "without_a_place_in_the_tests": len(count.others_pay),
    }
