"""What the law or the engine does not allow in terms of forfeitures. Not here: when they arise (recordkeeping)."""

from collections.abc import Iterator

from open401k.kernel import Source
from open401k.law.forfeitures import ForfeitureUse

from .problem import ProvisionProblem
from .provisions import Provisions

_USES = "Prop. Reg. 1.401-7(b)(1)"


def forfeitures(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """A plan says what forfeitures are used for, in an order; what is allocated goes where the plan has a place."""
    terms = provisions.forfeitures
    if terms is None:
        return
    if not terms.uses or len(set(terms.uses)) < len(terms.uses):
        yield ProvisionProblem(
            "forfeitures.uses",
            "A plan names what its forfeitures are used for: one use or several, each once, in their order.",
            _USES,
            f"Name some of {', '.join(ForfeitureUse)}.",
        )
    if ForfeitureUse.ALLOCATION in terms.uses and Source.PROFIT_SHARING not in provisions.may_declare:
        yield ProvisionProblem(
            "forfeitures.uses",
            "Forfeitures are allocated as profit sharing declared for a plan year, and here none may be declared.",
            f"{_USES}; Reg. 1.401-1(b)(1)(ii)",
            "Name profit_sharing in may_declare, or take allocation out of the uses.",
        )
