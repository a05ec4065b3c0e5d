"""What an employer declares for a plan year: a discretionary match, or profit sharing. Facts; not here: posting it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from open401k import census, plan
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, LimitationYear, Money, PlanId, PlanYear, Refused, Source, SponsorId
from open401k.law import NotEnacted, limitation_years, permitted_disparity
from open401k.law.matching import MatchFormula

from . import _store
from .allocating import Declared, GroupShare
from .declared_shares import wrong_shares

_KINDS = {
    Source.MATCH: limitation_years.AdditionKind.MATCH,
    Source.PROFIT_SHARING: limitation_years.AdditionKind.NONELECTIVE,
}


_FIX = "Give tiers for a match, a rate or an amount else; by groups or points where the plan allocates so."


class DeclarationRefusal(StrEnum):
    """Why nothing was declared. Checked, and listed, in order of precedence."""

    NO_PLAN_YEAR = "no_plan_year"
    NOT_PROVIDED = "not_provided"
    NOTHING_DECLARED = "nothing_declared"
    NO_FORMULA = "no_formula"
    TOO_MUCH_DISPARITY = "too_much_disparity"
    TOO_LATE = "too_late"
    LESS_THAN_BEFORE = "less_than_before"
    NOBODY_TO_SHARE = "nobody_to_share"
    DISCRIMINATES = "discriminates"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A formula for one plan year. ``tax_return_due``: of the employer, extensions included, where that is known.

    A formula of nothing takes back what was declared, as far as it is in no account yet.
    """

    last_day: date
    formula: Declared
    declared_on: date
    tax_return_due: date | None = None
    #: Declared although the test of amounts fails: somebody will amend the plan (Reg. 1.401(a)(4)-11(g)).
    despite_test: bool = False

    @property
    def takes_back(self) -> bool:
        """Whether it says that nothing is declared any more."""
        return of_nothing(self.formula)


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A declaration as it was recorded; the newest of a plan year and source counts."""

    last_day: date
    formula: Declared
    declared_on: date
    recorded_at: datetime
    counts: bool


def of_nothing(formula: Declared) -> bool:
    """Neither tiers, nor a share of pay, nor an amount, of anybody."""
    given = any(each.rate_bps or each.cents for each in formula.shares) or formula.total_cents
    return not given and not any((formula.tiers, formula.rate_bps, formula.flat_cents, formula.excess_bps))


def decide_declaration(
    declaration: Declaration, terms: plan.Provisions | None, *, known: bool = False
) -> PlanYear | Refused[DeclarationRefusal]:
    """The plan year, or why it cannot be declared. ``terms`` are those of its last day, None before the plan began.

    ``known``: something is declared for the year and source, and could be taken back.
    """
    formula, last = declaration.formula, declaration.last_day
    if terms is None or terms.plan_year_of(last).last_day != last:
        return Refused(
            DeclarationRefusal.NO_PLAN_YEAR, f"No plan year ends on {last}.", "Name the last day of a plan year."
        )
    if formula.source not in terms.may_declare:
        return Refused(
            DeclarationRefusal.NOT_PROVIDED,
            f"The plan does not let the employer declare {formula.source} (Reg. 1.401-1(b)(1)).",
            "Amend the plan first: name the source in may_declare.",
        )
    if declaration.takes_back:
        return terms.plan_year_of(last) if known else _nothing(declaration)
    wrong = wrong_shares(formula, terms.profit_sharing) or ("" if formula.is_shared else _wrong(formula))
    if wrong:
        return Refused(DeclarationRefusal.NO_FORMULA, wrong, _FIX)
    year = terms.plan_year_of(last)
    if disparity := _beyond_disparity(formula, year):
        return disparity
    credited = limitation_years.credited_limitation_year(
        kind=_KINDS[formula.source],
        limitation_year=LimitationYear(year.start, year.end),
        contributed_on=declaration.declared_on,
        tax_return_due=declaration.tax_return_due or date.max.replace(year=last.year + 2),
    )
    if not credited.in_time:
        return Refused(
            DeclarationRefusal.TOO_LATE,
            f"Declared on {declaration.declared_on}, it is no addition of the year any more: that ended with "
            f"{credited.last_day} ({credited.cite}; IRC 404(a)(6)).",
            "Declare it for the plan year in which it is paid.",
        )
    return year


def _nothing(declaration: Declaration) -> Refused[DeclarationRefusal]:
    return Refused(
        DeclarationRefusal.NOTHING_DECLARED,
        f"No {declaration.formula.source} is declared for the plan year to {declaration.last_day}.",
        "Look at what is declared; give tiers for a match, a rate or an amount else, to declare something.",
    )


def _beyond_disparity(formula: Declared, year: PlanYear) -> Refused[DeclarationRefusal] | None:
    """Why an integrated share of pay is none that section 401(l) permits, if it is not."""
    if not formula.excess_bps:
        return None
    try:
        test = permitted_disparity.disparity_test(
            base_bps=formula.rate_bps,
            excess_bps=formula.excess_bps,
            level_cents=formula.integration_cents,
            plan_year=year,
        )
    except NotEnacted as missing:
        return Refused(DeclarationRefusal.TOO_MUCH_DISPARITY, str(missing), missing.fix)
    if test.satisfied:
        return None
    level = test.integration
    return Refused(
        DeclarationRefusal.TOO_MUCH_DISPARITY,
        f"{formula.excess_bps / 100:g} % above {Money(formula.integration_cents)} is no permitted disparity beside "
        f"{formula.rate_bps / 100:g} % below it: {', '.join(each.replace('_', ' ') for each in test.shortcomings)} "
        f"(IRC 401(l)(2); Reg. 1.401(l)-2).",
        f"Set the level to the wage base of {Money(level.wage_base_cents)} or less, and the excess rate to at most "
        f"{float(formula.rate_bps + test.allowance_bps) / 100:g} %.",
    )


def _wrong(formula: Declared) -> str:
    """What is wrong with a formula, or nothing."""
    of_match = formula.source is Source.MATCH
    given = [bool(formula.tiers), formula.rate_bps > 0, formula.flat_cents > 0]
    if given.count(True) != 1 or of_match != bool(formula.tiers):
        return "A match is declared as tiers, any other contribution as a share of pay or as an amount for each."
    if bool(formula.excess_bps) != bool(formula.integration_cents) or (formula.excess_bps and not formula.rate_bps):
        return "A share of pay above an integration level has that level, and a share of the pay below it."
    if formula.excess_bps < 0 or formula.integration_cents < 0 or formula.excess_bps > 10_000:
        return f"{formula.excess_bps} basis points above {Money(formula.integration_cents)} are no share of pay."
    if formula.rate_bps > 10_000 or formula.rate_bps < 0 or formula.flat_cents < 0:
        return f"{formula.rate_bps} basis points and {Money(formula.flat_cents)} are not both a contribution."
    if formula.cap_cents is not None and (not of_match or formula.cap_cents <= 0):
        return "A cap is an amount above zero, and one of a match."
    try:
        if of_match:
            MatchFormula.of(formula.tiers, formula.cap_cents)
    except ValueError as error:
        return str(error)
    return ""


def record_declaration(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, declaration: Declaration
) -> PlanYear | Refused[DeclarationRefusal]:
    """Put it on file; whoever asks settles the books afterwards."""
    heads.lock(tx, tenant_id=tenant_id)
    last = declaration.last_day
    in_effect = plan.in_effect(tx, tenant_id=tenant_id, plan_id=plan_id, on=last)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=last) if in_effect else None
    of_year = declared_for(tx, tenant_id=tenant_id, plan_id=plan_id, terms=terms, last_day=last) if terms else ()
    known = any(each.source is declaration.formula.source for each in of_year)
    year = decide_declaration(declaration, terms, known=known)
    if isinstance(year, Refused):
        return year
    if stranger := _stranger(tx, tenant_id, terms, declaration.formula):
        return Refused(DeclarationRefusal.NO_FORMULA, f"Nobody here has the id {stranger}.", _FIX)
    formula = _plain(declaration.formula)
    _store.insert_declaration(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        last_day=last,
        source=declaration.formula.source.value,
        declared_on=declaration.declared_on,
        formula=formula,
    )
    told: dict[str, Any] = {"last_day": last.isoformat(), "declared_on": declaration.declared_on.isoformat()}
    if declaration.despite_test:
        told["despite_test"] = True
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="recordkeeping.declared",
        subject=str(plan_id),
        after={**told, "source": declaration.formula.source.value, **formula},
    )
    return year


def _stranger(tx: Tx, tenant_id: SponsorId, terms: plan.Provisions | None, formula: Declared) -> str:
    """Somebody named as a group of one who is not on file, if there is one."""
    if terms is None or terms.profit_sharing is None or not terms.profit_sharing.each_alone:
        return ""
    named = [EmployeeId.parse(each.group) for each in formula.shares]
    known = {each.employee_id for each in census.roster(tx, tenant_id=tenant_id, employee_ids=named)}
    return next((str(each) for each in named if each not in known), "")


def declared_for(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    terms: plan.Provisions,
    last_day: date,
    known_at: datetime | None = None,
) -> tuple[Declared, ...]:
    """What counts for a plan year; no statement where the plan lets nothing be declared."""
    if not terms.may_declare:
        return ()
    rows = _store.declarations(tx, tenant_id=tenant_id, plan_id=plan_id, last_day=last_day, known_at=known_at)
    found = [_read(Source(source), formula) for source, formula in rows if Source(source) in terms.may_declare]
    return tuple(each for each in found if not of_nothing(each))


def declarations(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[OnRecord]:
    """Everything that was ever declared or taken back for a plan, the newest first."""
    seen: set[tuple[date, Source]] = set()
    found = []
    for last_day, source, recorded_at, declared_on, plain in _store.every_declaration(
        tx, tenant_id=tenant_id, plan_id=plan_id
    ):
        formula = _read(Source(source), plain)
        newest = (last_day, formula.source) not in seen
        seen.add((last_day, formula.source))
        found.append(OnRecord(last_day, formula, declared_on, recorded_at, newest and not of_nothing(formula)))
    return found


def _plain(formula: Declared) -> dict[str, Any]:
    integrated = {"excess_bps": formula.excess_bps, "integration_cents": formula.integration_cents}
    return {
        "tiers": [list(tier) for tier in formula.tiers],
        "cap_cents": formula.cap_cents,
        "rate_bps": formula.rate_bps,
        "flat_cents": formula.flat_cents,
        **(integrated if formula.excess_bps else {}),
        **({"shares": [list(each) for each in formula.shares]} if formula.shares else {}),
        **({"total_cents": formula.total_cents} if formula.total_cents else {}),
    }


def _read(source: Source, formula: dict[str, Any]) -> Declared:
    tiers = tuple(plan.MatchTier(*tier) for tier in formula["tiers"])
    return Declared(
        source, tiers, formula["cap_cents"], formula["rate_bps"], formula["flat_cents"],
        formula.get("excess_bps", 0), formula.get("integration_cents", 0),
        tuple(GroupShare(*each) for each in formula.get("shares", ())), formula.get("total_cents", 0),
    )  # fmt: skip
