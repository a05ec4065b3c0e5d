"""What one kind of employer money counts as plan compensation, where that is not what deferrals count. Data alone."""

from dataclasses import dataclass

from open401k.law.pay_items import PayDefinition, PayKind


@dataclass(frozen=True, slots=True)
class PayTerms:
    """A definition of plan compensation by itself: nothing of what deferrals count holds for it.

    ``excluded_kinds`` may hold ``pre_tax_deferral``, ``cafeteria_reduction`` and ``transportation_reduction``: all
    three of them are the elective contributions that 414(s) lets a plan leave out (Reg. 1.414(s)-1(c)(4)).
    """

    definition: PayDefinition = PayDefinition.W2
    excluded_kinds: tuple[PayKind, ...] = ()
    included_kinds: tuple[PayKind, ...] = ()
    excluded_pay_codes: tuple[str, ...] = ()
