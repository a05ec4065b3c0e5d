"""What pay still counts for once a deduction took it, cell by cell. Not here: which code is of which kind (census)."""

from open401k.law.pay_items import PayKind, citation

from .counted_pay import Counted, Purpose, meaning_of, reduction_of
from .provisions import Compensation


def meaning_of_deduction(kind: PayKind | None, terms: Compensation) -> dict[Purpose, Counted]:
    """For each purpose whether pay that a deduction takes counts all the same; None is what comes off taxed pay.

    Gross pay holds every deduction. Box 1 and FICA wages are without some of them; section 415 pay adds elective
    deferrals, cafeteria and transportation amounts back (IRC 415(c)(3)(D)), and a definition may leave them out.
    """
    if kind is None:
        taxed = Counted(True, "it comes off pay that was taxed", "")
        return dict.fromkeys(meaning_of(PayKind.REGULAR, terms), taxed)
    off = reduction_of(kind)
    box_1 = "box 1 is without it" if off.reduces_w2 else "it comes off after income tax"
    fica = "it is no FICA wages" if off.reduces_fica else "it is FICA wages all the same"
    told = {
        Purpose.W2: Counted(not off.reduces_w2, box_1, citation(kind)),
        Purpose.FICA: Counted(not off.reduces_fica, fica, citation(kind)),
    }
    return meaning_of(kind, terms) | told
