"""Declarations as both doors and the terminal ask for them: parsed in one way, refused in the same words."""

import re
from datetime import date

from open401k import recordkeeping
from open401k.base.db import Actor, Database
from open401k.flows.declaration import Declared, declare
from open401k.kernel import FlowId, PlanId, Refused, Source, SponsorId, named_uuid
from open401k.plan import MatchTier

from .problems import Problem, ProblemError

#: What may be declared at all; a plan's terms say which of them.
SOURCES = (Source.MATCH, Source.PROFIT_SHARING)
_TIER = re.compile(r"\s*(\d{1,3}(?:\.\d{1,2})?)\s*%?\s*(?:to|of)\s*(\d{1,3}(?:\.\d{1,2})?)\s*%?\s*", re.IGNORECASE)
_RATE = re.compile(r"\s*(\d{1,3}(?:\.\d{1,2})?)\s*%?\s*")
_DOLLARS = re.compile(r"\s*\$?(\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(\.\d{2})?\s*")


def put_on_file(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    declaration: recordkeeping.Declaration,
    key: str,
) -> None:
    """Declare, or take back what is in no account yet; the same key is the same declaration."""
    flow_id = FlowId(named_uuid("declaration", str(tenant_id), str(plan_id), key))
    done = declare(db, actor=actor, declared=Declared(tenant_id, plan_id, flow_id, declaration))
    if isinstance(done, Refused):
        raise ProblemError(Problem(422, str(done.reason), "Nothing was declared.", done.message, done.fix))


def formula_of(
    source: str,
    *,
    tiers: str = "",
    cap: str = "",
    rate: str = "",
    amount: str = "",
    excess: str = "",
    level: str = "",
    shares: str = "",
    total: str = "",
) -> recordkeeping.Declared:
    """As people write it: ``50 to 6, 25 to 8`` for tiers, ``3`` for a share of pay, ``750.00`` for each.

    ``excess`` is the share of pay above ``level`` dollars, where it is another one. ``shares`` are those of groups, as
    ``Owners = 20 %; Staff = 3000.00``, and ``total`` is what points share out.
    """
    if source not in {each.value for each in SOURCES}:
        known = " or ".join(each.value for each in SOURCES)
        raise ProblemError(Problem(422, "source_invalid", f"{source!r} cannot be declared.", fix=f"Name {known}."))
    return recordkeeping.Declared(
        Source(source),
        tiers_of(tiers),
        cents_of(cap, "cap") or None,
        percent_of(rate, "rate"),
        cents_of(amount, "amount"),
        percent_of(excess, "excess"),
        cents_of(level, "level"),
        shares_of(shares),
        cents_of(total, "total"),
    )


def shares_of(text: str) -> tuple[recordkeeping.GroupShare, ...]:
    """Groups, parted by semicolons: the name of each, and its share of pay or its amount."""
    found = []
    for each in text.split(";") if text.strip() else ():
        group, equals, share = each.rpartition("=")
        if not equals or not group.strip():
            fix = "Write the name of each group and what it has: Owners = 20 %; Staff = 3000.00."
            raise ProblemError(Problem(422, "shares_invalid", f"{each.strip()!r} is no share of a group.", fix=fix))
        found.append(share_of(group.strip(), share))
    return tuple(found)


def share_of(group: str, text: str) -> recordkeeping.GroupShare:
    """What one group has: ``20 %`` of pay, or ``3000.00`` for all of it together."""
    if text.strip().endswith("%"):
        return recordkeeping.GroupShare(group, rate_bps=percent_of(text, f"the share of {group}"))
    return recordkeeping.GroupShare(group, cents=cents_of(text, f"the share of {group}"))


def nothing_of(source: str) -> recordkeeping.Declared:
    """What takes a declaration back."""
    return formula_of(source)


def tiers_of(text: str) -> tuple[MatchTier, ...]:
    """Tiers, parted by commas: each a rate of deferrals and the share of pay up to which it goes."""
    found = []
    for each in text.split(",") if text.strip() else ():
        tier = _TIER.fullmatch(each)
        if tier is None:
            fix = "Write the rate of deferrals and up to which share of pay: 50 to 6, or 100 to 3, 50 to 5."
            raise ProblemError(Problem(422, "tiers_invalid", f"{each.strip()!r} is no tier of a match.", fix=fix))
        found.append(MatchTier(_hundredths(tier[1]), _hundredths(tier[2])))
    return tuple(found)


def day_of_year(text: str, name: str) -> date:
    """A day as it is written."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        fix = f"Write {name} as 2025-12-31."
        raise ProblemError(Problem(422, "date_invalid", f"{text!r} is no date.", fix=fix)) from None


def percent_of(text: str, name: str) -> int:
    """A percentage as people write it, in hundredths of a percent."""
    if not text.strip():
        return 0
    found = _RATE.fullmatch(text)
    if found is None:
        fix = f"Write {name} as 3 or 3.25, in percent of pay."
        raise ProblemError(Problem(422, "rate_invalid", f"{text!r} is no share of pay.", fix=fix))
    return _hundredths(found[1])


def cents_of(text: str, name: str) -> int:
    """Dollars as people write them; nothing is nothing."""
    if not text.strip():
        return 0
    found = _DOLLARS.fullmatch(text)
    if found is None:
        fix = f"Write {name} in dollars and cents, as 750.00."
        raise ProblemError(Problem(422, "amount_invalid", f"{text!r} is no amount.", fix=fix))
    return int(found[1].replace(",", "")) * 100 + int((found[2] or ".00")[1:])


def _hundredths(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))
