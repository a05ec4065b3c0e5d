"""What the law or the engine does not allow in terms of rollovers. Not here: one rollover (rails/preflight)."""

from collections.abc import Iterator

from open401k.kernel import Source

from .problem import ProvisionProblem
from .provisions import Provisions
from .rollover_terms import RolloverKind

#: How long a letter of acceptance may hold: our own bound, a year as most receivers have it.
LONGEST_LETTER_DAYS = 365


def rollovers(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """Roth money without a Roth account, money for nobody, a letter that never ends."""
    terms = provisions.rollovers
    if terms is None:
        return
    if RolloverKind.ROTH in terms.takes and Source.ROTH not in provisions.deferrals.sources:
        yield ProvisionProblem(
            "rollovers.takes",
            "Roth money goes only into a designated Roth account, and this plan has none.",
            "IRC 402A(c)(3)(A); Reg. 1.402A-1 A-5",
            "Let people defer as Roth (deferrals.sources), or take roth out.",
        )
    if not terms.trustee.strip():
        yield ProvisionProblem(
            "rollovers.trustee",
            "A direct rollover is made out to the trustee of the plan that receives it.",
            "Reg. 1.401(a)(31)-1 A-3, A-4",
            "Name the trustee as accounts do: Acme 401(k) Trust.",
        )
    if not 0 < terms.letter_days <= LONGEST_LETTER_DAYS:
        yield ProvisionProblem(
            "rollovers.letter_days",
            "A letter of acceptance holds for a time, and ends.",
            "Reg. 1.401(a)(31)-1 A-14",
            f"Set it from 1 to {LONGEST_LETTER_DAYS} days.",
        )
