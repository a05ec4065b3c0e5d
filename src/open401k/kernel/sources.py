"""The sources of money in an account: the words on every statement. Catch-up is not one: it is derived."""

from enum import StrEnum


class Source(StrEnum):
    """Where money in a participant's account came from, with its tax character."""

    PRE_TAX = "pre_tax"
    ROTH = "roth"
    AFTER_TAX = "after_tax"
    MATCH = "match"
    SAFE_HARBOR_MATCH = "safe_harbor_match"
    NONELECTIVE = "nonelective"
    SAFE_HARBOR_NONELECTIVE = "safe_harbor_nonelective"
    PROFIT_SHARING = "profit_sharing"
    QNEC = "qnec"
    QMAC = "qmac"
    ROLLOVER = "rollover"
    #: Designated Roth money that came from another plan; ``rollover`` is what was not taxed yet.
    ROTH_ROLLOVER = "roth_rollover"
    #: After-tax money that came from another plan: the amounts themselves; their earnings came as ``rollover``.
    AFTER_TAX_ROLLOVER = "after_tax_rollover"

    @property
    def is_deferral(self) -> bool:
        """Elective deferrals in the sense of 402(g)."""
        return self in (Source.PRE_TAX, Source.ROTH)

    @property
    def from_employee(self) -> bool:
        return self in (Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX)

    @property
    def is_rollover(self) -> bool:
        """Brought from another plan or IRA: no contribution in any limit or test (IRC 402(g), 415(c)(2), 401(k)(3))."""
        return self in (Source.ROLLOVER, Source.ROTH_ROLLOVER, Source.AFTER_TAX_ROLLOVER)
