"""Every calculator by name: those made from the rules of the law, and those written here by person.

Not here: how one computes (calculator.py), what is called differently or left out (names.py).
"""

import inspect
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from types import ModuleType

from .. import law
from ..kernel import Open401kError
from ..law import (
    average_benefit,
    bond,
    compensation_ratio,
    coverage,
    cross_testing,
    deferrals,
    excess_deferrals,
    general_test,
    loan_schedules,
    loans,
    missed_deferrals,
    nondiscrimination,
    permitted_disparity,
    roth,
)
from ..law.exact_rates import Rates
from . import by_person
from .calculator import Calculator, Function, built, call_of
from .names import LEFT_OUT, NAMES

#: Modules that carry the law or say it, and hold no rule.
CARRIERS = ("arrays", "edition", "explain", "figures", "given", "sourced", "tables")

#: Results that other rules are handed: the rule that makes each, whose inputs are asked for instead.
MAKERS: Mapping[type, tuple[str, Function]] = {
    average_benefit.AverageBenefitPercentage: (
        "average_benefit.average_benefit_percentage",
        average_benefit.average_benefit_percentage,
    ),
    bond.Bond: ("bond.bond", bond.bond),
    compensation_ratio.CompensationRatioTest: (
        "compensation_ratio.compensation_ratio_test",
        compensation_ratio.compensation_ratio_test,
    ),
    coverage.CoverageTest: ("coverage.coverage_of_counts", coverage.coverage_of_counts),
    deferrals.DeferralLimits: ("deferrals.deferral_limits", deferrals.deferral_limits),
    excess_deferrals.ExcessDeferral: ("excess_deferrals.excess_deferral", excess_deferrals.excess_deferral),
    loan_schedules.LoanSchedule: ("loan_schedules.loan_schedule", loan_schedules.loan_schedule),
    loans.LoanLimit: ("loans.maximum_loan", loans.maximum_loan),
    missed_deferrals.CorrectionWindows: ("missed_deferrals.correction_windows", missed_deferrals.correction_windows),
    missed_deferrals.MissedDeferral: ("missed_deferrals.missed_deferrals", missed_deferrals.missed_deferrals),
    nondiscrimination.RatioTest: ("nondiscrimination.ratio_test", nondiscrimination.ratio_test),
    permitted_disparity.IntegrationLevel: (
        "permitted_disparity.integration_level",
        permitted_disparity.integration_level,
    ),
    roth.FiveYearPeriod: ("roth.five_year_period", roth.five_year_period),
    roth.RothPayment: ("roth.roth_payment", roth.roth_payment),
}

#: The same for single rules: their rates have to be those of the pay beside them.
MAKERS_OF: Mapping[str, Mapping[type, tuple[str, Function]]] = {
    "imputed_disparity.impute_to_allocations": {
        Rates: ("general_test.allocation_rates", general_test.allocation_rates),
    },
    "imputed_disparity.impute_to_benefits": {
        Rates: ("cross_testing.equivalent_accrual_rates", cross_testing.equivalent_accrual_rates),
    },
}

#: Plain sequences that go by person, as the columns of the same rule do; and arrays of others than those people.
AGAINST_TYPE: Mapping[str, frozenset[str]] = {
    "corrections.refund": frozenset({"catch_up_room", "in_tested_plan"}),
    "highly_compensated.highly_compensated": frozenset({"others_compensation"}),
    "highly_compensated.top_paid": frozenset({"others_compensation"}),
    "key_employees.key_employees": frozenset({"other_officers_compensation"}),
}


class UnknownCalculator(Open401kError):  # noqa: N818 (says what the matter is)
    """There is no calculator of that name; the nearest ones are told."""


def rules() -> Iterator[tuple[str, Function, ModuleType]]:
    """Every public rule of the law: ``subject.function``, the function, its module."""
    for found in pkgutil.iter_modules(law.__path__):
        if found.name in CARRIERS or found.name.startswith(("_", "explain_")):
            continue
        module = import_module(f"{law.__name__}.{found.name}")
        for name, member in vars(module).items():
            function = inspect.unwrap(member) if callable(member) else member  # some are kept once worked out
            own = inspect.isfunction(function) and function.__module__ == module.__name__
            if own and not name.startswith("_"):
                yield f"{found.name}.{name}", function, module


@cache
def calculators() -> Mapping[str, Calculator]:
    """Every calculator by name, in order of name."""
    by_person = _written_here()
    covered = {rule for each in by_person for rule in each.rules}
    found = {each.name: each for each in by_person}
    for rule, function, module in rules():
        if rule not in LEFT_OUT and rule not in covered:
            made = of_rule(rule, function, module)
            if made.name in found:
                raise TypeError(f"{rule}: there is a calculator {made.name} already; name this one in names.py")
            found[made.name] = made
    return dict(sorted(found.items()))


def of_rule(rule: str, function: Function, module: ModuleType) -> Calculator:
    """The calculator of one rule of the law."""
    name = NAMES.get(rule) or rule.partition(".")[2].removesuffix("_cents").removesuffix("_bps").replace("_", "-")
    makers = {**MAKERS, **MAKERS_OF.get(rule, {})}
    call = call_of(rule, function, makers, AGAINST_TYPE.get(rule, frozenset()))
    subject = rule.partition(".")[0]
    return built(call, name=name, subject=subject, module_said=inspect.getdoc(module) or "")


def find(name: str) -> Calculator:
    """The calculator of that name; otherwise the nearest names are told."""
    known = calculators()
    if name in known:
        return known[name]
    close = nearest(name)
    told = f"Did you mean {' or '.join(close)}?" if close else "All of them: open401k calc --list"
    raise UnknownCalculator(f"There is no calculator {name[:60]!r}.", fix=told)


def nearest(name: str) -> Sequence[str]:
    """Names that look like it, the best first."""
    known, plain = list(calculators()), name[:60].lower().replace("_", "-").replace(" ", "-")
    close = get_close_matches(plain, known, n=3, cutoff=0.5)
    return close or [each for each in known if plain and plain in each][:3]


#: Calculators written here, the subject each stands under, and the rules of the law that they are.
_WRITTEN_HERE: Sequence[tuple[str, Function, str, tuple[str, ...]]] = (
    ("adp-test", by_person.adp_test, "nondiscrimination", ("nondiscrimination.adp_test",)),
    ("acp-test", by_person.acp_test, "nondiscrimination", ("nondiscrimination.acp_test",)),
    ("adp-refund", by_person.adp_refund, "corrections", ("corrections.refund",)),
    ("acp-refund", by_person.acp_refund, "corrections", ("corrections.refund",)),
    ("coverage-ratio", by_person.coverage_ratio, "coverage", ("coverage.coverage_test",)),
    ("top-heavy", by_person.top_heavy_ratio, "top_heavy", ("top_heavy.top_heavy_test",)),
    ("deferral-limit", by_person.deferral_limit, "deferrals", ()),
    ("general-test", by_person.general_test_by_person, "general_test", ("general_test.general_test",)),
    ("cross-testing", by_person.cross_testing_by_person, "cross_testing", ()),
)


def _written_here() -> Sequence[Calculator]:
    found = []
    for name, function, subject, covered in _WRITTEN_HERE:
        call = call_of(f"by_person.{function.__name__}", function, {}, frozenset())
        made = built(call, name=name, subject=subject, module_said="")
        found.append(replace(made, rules=covered))
    return found
