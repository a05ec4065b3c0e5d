"""What the law or the engine does not allow in terms of elections. Not here: automatic enrollment."""

from collections.abc import Iterator

from open401k.kernel import Source

from .problem import ProvisionProblem
from .provisions import Provisions


def elections(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """Bounds that leave no election, and money that would go where the plan has no place for it."""
    terms, deferrals = provisions.elections, provisions.deferrals
    if terms is None:
        return
    if not 0 <= terms.minimum_bps <= terms.maximum_bps <= 10_000 or terms.maximum_bps == 0:
        yield ProvisionProblem(
            "elections.maximum_bps",
            f"No election lies between {terms.minimum_bps / 100:g} % and {terms.maximum_bps / 100:g} % of pay.",
            "IRC 401(k)(2)(A)",
            "Set minimum_bps from 0, and maximum_bps above it and up to 10,000.",
        )
    if terms.spill_over.to_after_tax and Source.AFTER_TAX not in deferrals.sources:
        yield ProvisionProblem(
            "elections.spill_over",
            "Deferrals above the limit cannot go on as after-tax contributions: the plan has none.",
            "IRC 401(m)(4)(A)",
            "Add after_tax to deferrals.sources, or stop at the limit.",
        )
    if terms.catch_up_apart and not deferrals.catch_up:
        yield ProvisionProblem(
            "elections.catch_up_apart",
            "Catch-up is elected by itself, and the plan has none.",
            "IRC 414(v)(1)",
            "Allow catch-up, or take catch_up_apart out.",
        )
    if len(set(terms.bonus_pay_codes)) < len(terms.bonus_pay_codes):
        yield ProvisionProblem(
            "elections.bonus_pay_codes",
            "A pay code is named more than once.",
            "Reg. 1.401(k)-1(a)(3)(iv)",
            "Name each code once.",
        )
